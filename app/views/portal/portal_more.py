"""`/portal/more`: messages, how one is reached, who opened the record, and one's login."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.extensions import db
from app.language import LANGUAGES, _, _l, current
from app.models import AuditEvent, ContactPreference, NotFound, Notification, Patient, PortalAccess
from app.models.base.clock import clinic_zone
from app.models.base.refusals import words
from app.models.messages import inbox
from app.models.people import login_setting
from app.models.portal import portal_access, shared
from app.security import audit
from app.security.scope import as_key
from app.views.generated import writing
from app.views.generated.guard import BadQuery, actor
from app.views.generated.values import show
from app.views.portal.portal_shell import MAY, PERMISSION, acting_patient, now, page

DID = {
    "open": _l("opened"), "show": _l("looked at"), "list": _l("listed"),
    "search": _l("found"), "export": _l("took a copy of"),
    "add": _l("added"), "edit": _l("changed"), "delete": _l("deleted"), "sign": _l("signed"),
    "answer": _l("answered"),
    "break-glass": _l("broke the glass to open"), "amend": _l("amended"),
    "portal-invitation": _l("made"), "portal-reset": _l("made"),
    "invitation-use": _l("used"), "reset-use": _l("used"),
}  # fmt: skip
WHAT = {
    "Patient": _l("your record"), "MedicalRecord": _l("a visit in your record"),
    "Appointment": _l("an appointment"),
    "AllergyIntolerance": _l("an allergy"), "MedicationRequest": _l("a prescription"),
    "Condition": _l("a diagnosis"),
    "Observation": _l("a measurement"), "GlassBreak": _l("your restricted record"),
    "ChartRestriction": _l("who may read your record"), "CareTeam": _l("who may read your record"),
    "PortalToken": _l("a link to the portal"),
    "RecordAmendment": _l("a visit in your record"), "PatientReport": _l("what you told us"),
    "PortalAccess": _l("who acts for you"), "ContactPreference": _l("how we reach you"),
    "Attachment": _l("a document"), "CorrectionRequest": _l("a correction you asked for"),
}  # fmt: skip


class PortalMoreView(BaseView):
    """The rest of the portal, one page each."""

    route_base = "/portal/more"
    default_view = "more"
    class_permission_name = "Portal"
    may = MAY

    @expose("/")
    @has_access
    @permission_name(PERMISSION)
    def more(self) -> Any:
        """What else there is, and how many messages are new."""
        patient = acting_patient()
        mine = inbox.of_patient(patient.patient_id)
        rows = inbox.page(db.session(), mine)
        return page("more", unread=sum(row.read_at is None for row in rows))

    @expose("/messages", methods=["GET", "POST"])
    @has_access
    @permission_name(PERMISSION)
    def messages(self) -> Any:
        """The inbox; a post marks all as read, since showing a page changes nothing."""
        key, session = acting_patient().patient_id, db.session()
        if request.method == "POST":
            inbox.mark_read(session, inbox.of_patient(key), now())
            session.commit()
            return redirect(url_for("PortalMoreView.messages"))
        audit.read(actor(), "list", Notification, page="portal")
        return page("messages", rows=inbox.page(session, inbox.of_patient(key)), show=show)

    @expose("/reach", methods=["GET", "POST"])
    @has_access
    @permission_name(PERMISSION)
    def reach(self) -> Any:
        """Channels, language, or no messages at all."""
        patient, session = acting_patient(), db.session()
        row = session.scalars(
            select(ContactPreference).where(ContactPreference.patient_id == patient.patient_id)
        ).one_or_none() or ContactPreference(patient_id=patient.patient_id, email=True, sms=True)
        if request.method == "GET":
            spoken = row.language or patient.language or current()
            names = [(code, lang.own, code == spoken) for code, lang in LANGUAGES.items()]
            return page("reach", row=row, languages=names, patient=patient)
        language = request.form.get("language")
        if language not in LANGUAGES:
            raise BadQuery(_("Choose one of the languages."))
        row.language = language
        row.email, row.sms = "email" in request.form, "sms" in request.form
        row.stopped_at = (row.stopped_at or now()) if "stop" in request.form else None
        session.add(row)
        if patient.user_id == actor().user_id:  # the portal speaks it too
            login_setting.made_for(session, actor().user_id).language = language
        writing.keep(session, actor(), lambda: row, lambda kept: [("edit", kept)])
        flash(_("That is how we reach you from now on."), "success")
        return redirect(url_for("PortalMoreView.more"))

    @expose("/privacy")
    @has_access
    @permission_name(PERMISSION)
    def privacy(self) -> Any:
        """Who opened the record and when; who acts for the patient."""
        patient, session = acting_patient(), db.session()
        audit.read(actor(), "show", Patient, patient, page="privacy")
        events = shared.openings(session, patient.patient_id)
        guardians = portal_access.guardians(session, patient.patient_id, now())
        own = actor().patient_id == patient.patient_id
        return page("privacy", lines=_lines(events), guardians=guardians, own=own)

    @expose("/guardian/<key>/end", methods=["POST"])
    @has_access
    @permission_name(PERMISSION)
    def end_guardian(self, key: str) -> Any:
        """The patient themself ends that somebody acts for them; a guardian ends their own."""
        patient, session = acting_patient(), db.session()
        known = portal_access.guardians(session, patient.patient_id, now())
        row = next((r for r in known if r.portal_access_id == as_key(key)), None)
        own = actor().patient_id == patient.patient_id
        if row is None or not (own or row.user_id == actor().user_id):
            audit.refused(session, actor(), "edit", PortalAccess, key)
            raise NotFound(_("There is no such entry, or it is not yours to end."))
        row.ended_at = now()
        writing.keep(session, actor(), lambda: row, lambda kept: [("edit", kept)])
        flash(
            _("%(holder)s no longer acts for %(name)s.", holder=row.holder, name=patient.name),
            "success",
        )
        return redirect(url_for("PortalView.home"))


@dataclass(frozen=True)
class Line:
    """What one person did, with the moment of the last time of so many that day."""

    who: str
    did: str
    moment: str
    times: int


def _lines(events: Sequence[AuditEvent]) -> list[Line]:
    """The events in words, newest first; what was done again and again in a row is one line."""
    names = _names({event.user_id for event in events if event.user_id})
    zone = clinic_zone()

    def alike(event: AuditEvent) -> tuple[str, str, date]:
        return _who(event, names), _did(event), event.recorded.astimezone(zone).date()

    return [
        Line(who, did, show(same[0].recorded), len(same))
        for (who, did, _day), rows in groupby(events, alike)
        for same in [list(rows)]
    ]


def _names(keys: set[int]) -> dict[int, str]:
    query = select(User.id, User.first_name, User.last_name).where(User.id.in_(keys))
    return {row.id: f"{row.first_name} {row.last_name}" for row in db.session.execute(query)}


def _who(event: AuditEvent, names: dict[int, str]) -> str:
    if event.user_id == actor().user_id:
        return _("You")
    return names.get(event.user_id or 0) or event.agent or _("The clinic’s computer")


def _did(event: AuditEvent) -> str:
    what = WHAT.get(event.entity, _("something in your record"))
    return _("%(did)s %(what)s", did=DID.get(event.action, words(event.action)), what=what)
