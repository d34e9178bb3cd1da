"""`/portal/`: a patient's own visits, made for a phone held in one hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import _
from app.models import Action, Appointment, Conflict
from app.models.base.clock import clinic_zone
from app.models.clinic import visit_form
from app.models.portal import portal, portal_waiting
from app.models.visits import holds
from app.models.visits.appointment import NOT_BEGUN
from app.security import audit
from app.spelling import spelled
from app.views.generated import writing
from app.views.generated.guard import actor
from app.views.portal.portal_shell import (
    MAY,
    PERMISSION,
    acting_patient,
    now,
    own_visit,
    page,
    terms,
)
from app.views.visits.feeds import visit_file


@dataclass(frozen=True)
class VisitCard:
    """A visit in words; times are the clinic's."""

    key: int
    day: str
    short_day: str
    time: str
    until: str
    kind: str
    doctor: str
    room: str | None
    status: str
    held_until: str | None
    instructions: str | None
    unconfirmed: bool
    last_choice: bool
    """Whether it is too soon to be moved or cancelled here once it is confirmed."""
    changeable: bool
    can_check_in: bool
    answerable: bool
    version: int


class PortalView(BaseView):
    """The portal's start, the patient's visits, and one of them with what can be done with it."""

    route_base = "/portal"
    default_view = "home"
    class_permission_name = "Portal"
    may = MAY

    @expose("/")
    @has_access
    @permission_name(PERMISSION)
    def home(self) -> Any:
        """The visits to come, and times that are kept for the patient."""
        return home_page()

    @expose("/visits")
    @has_access
    @permission_name(PERMISSION)
    def visits(self) -> Any:
        """The visits to come, those that were, and what the patient waits for."""
        patient, moment, session = acting_patient(), now(), db.session()
        coming = [card(v) for v in portal.to_come(session, patient.patient_id, moment)]
        past = [card(v) for v in portal.past(session, patient.patient_id, moment)]
        audit.read(actor(), "list", Appointment, page="portal visits")
        waits = portal_waiting.waiting(session, patient.patient_id, moment)
        return page("visits", coming=coming, past=past, waits=waits)

    @expose("/visit/<key>")
    @has_access
    @permission_name(PERMISSION)
    def visit(self, key: str) -> Any:
        """One visit, with the questions asked before it."""
        found = own_visit(key)
        audit.read(actor(), "show", Appointment, found)
        asked = visit_form.questions(db.session(), found)
        given = visit_form.answers(db.session(), found) if asked else {}
        return page("visit", visit=card(found), asked=asked, given=given)

    @expose("/visit/<key>.ics")
    @has_access
    @permission_name(PERMISSION)
    def ics(self, key: str) -> Response:
        """The visit as a file for a calendar."""
        found = own_visit(key)
        audit.read(actor(), "export", Appointment, found)
        return visit_file(found)

    @expose("/visit/<key>/confirm", methods=["POST"])
    @has_access
    @permission_name(PERMISSION)
    def confirm(self, key: str) -> Any:
        """Take a time that was kept; where it is gone meanwhile, others are shown."""
        visit, session = own_visit(key), db.session()
        kind = visit.visit_type_id
        try:
            writing.save(
                session, actor(), visit, Action.EDIT,
                lambda row: holds.confirm(session, actor(), row, now()),
            )  # fmt: skip
        except Conflict as error:
            if "constraint" not in error.details or kind is None:
                raise
            flash(portal.GONE, "warning")  # the time was kept no longer, and somebody else has it
            return redirect(url_for("PortalBookingView.times", kind=kind))
        flash(_("Your visit is booked."), "success")
        return redirect(url_for("PortalView.visit", key=visit.appointment_id))

    @expose("/visit/<key>/cancel", methods=["GET", "POST"])
    @has_access
    @permission_name(PERMISSION)
    def cancel(self, key: str) -> Any:
        """Ask once more; by POST the visit is cancelled. Raises ClinicError after the cut-off."""
        visit, session = own_visit(key), db.session()
        if request.method == "GET":
            audit.read(actor(), "show", Appointment, visit)
            return page("cancel", visit=card(visit))
        writing.save(
            session, actor(), visit, Action.EDIT,
            lambda row: portal.cancel(session, actor(), row, now(), terms()),
        )  # fmt: skip
        flash(_("Your visit is cancelled. The time is free for someone else."), "success")
        return redirect(url_for("PortalView.home"))


def clock(moment: datetime) -> str:
    """The time on the clinic's clock."""
    return f"{moment.astimezone(clinic_zone()):%H:%M}"


def short_day(start: datetime, moment: datetime) -> str:
    """The day of a visit by the clinic's clock: with its weekday, or with its year where that is over,
    as the day alone would be taken for one of this year."""
    day = start.astimezone(clinic_zone())
    return spelled(
        day, "d MMM y" if day.year < moment.astimezone(clinic_zone()).year else "EEE d MMM"
    )


def home_page(status: int = 200, problem: str | None = None) -> tuple[str, int]:
    """The portal's start; `problem` is what stood in the way of an answer given there."""
    patient, moment = acting_patient(), now()
    coming = [card(v) for v in portal.to_come(db.session(), patient.patient_id, moment)]
    audit.read(actor(), "list", Appointment, page="portal")
    offered = [
        (o, card(o.appointment))
        for o in portal_waiting.offers(db.session(), patient.patient_id, moment)
    ]
    kept = {visit.key for _, visit in offered}
    return page(
        "home", status, patient=patient, offered=offered, clock=clock, problem=problem,
        coming=[visit for visit in coming if visit.key not in kept],
    )  # fmt: skip


def card(visit: Appointment) -> VisitCard:
    """What a page shows of a visit, in clinic time, with what can be done with it now."""
    moment = now()
    start, end = (t.astimezone(clinic_zone()) for t in (visit.appointment_datetime, visit.end))
    held = visit.status == "pending" and visit.hold_until is not None
    return VisitCard(
        key=visit.appointment_id,
        day=spelled(start, _("EEEE d MMMM y")),
        short_day=short_day(start, moment),
        time=f"{start:%H:%M}",
        until=f"{end:%H:%M}",
        kind=visit.visit_type.name if visit.visit_type else _("Visit"),
        doctor=visit.doctor.name,
        room=visit.room.name if visit.room else None,
        status=visit.status,
        held_until=f"{visit.hold_until.astimezone(clinic_zone()):%H:%M}"
        if held and visit.hold_until
        else None,
        instructions=visit.visit_type.instructions if visit.visit_type else None,
        unconfirmed=visit.status == "pending" and not held,
        last_choice=held and visit.appointment_datetime - moment < terms().cutoff,
        changeable=terms().open_to_change(visit, moment) and not held,
        can_check_in=portal.can_check_in(visit, moment),
        answerable=visit.status in NOT_BEGUN and visit.end > moment and not held,
        version=visit.version,
    )
