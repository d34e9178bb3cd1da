"""The pages behind the links of messages: they work without a login, and opening one changes
nothing, because scanners of mail open every link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, current_app, render_template, request
from flask_appbuilder import BaseView, expose

from app.extensions import csrf, db
from app.language import _, in_language
from app.models import Appointment, ClinicError, Conflict, NotFound, Patient, Role
from app.models.base.clock import clinic_zone, day_at
from app.models.messages import contact_preference, links, reach, replies, wording
from app.models.messages.links import Link
from app.models.portal import portal, portal_times
from app.models.visits import confirming
from app.security import audit
from app.views.generated import writing
from app.views.generated.parsing import parse
from app.views.generated.values import encode
from app.views.portal.portal_shell import terms

Said = dict[str, str]


@dataclass(frozen=True)
class ByLink:
    """Who acts through a link: the patient of the visit, without a login."""

    patient_id: int
    user_id: int | None = None
    username: str = "link"
    roles: frozenset[Role] = frozenset({Role.PATIENT})
    staff_id: int | None = None
    doctor_id: int | None = None


class VisitLinkView(BaseView):
    """`/visit/<purpose>/…`: see, confirm, move or cancel one visit."""

    route_base = "/visit"
    default_view = "show"

    @expose("/<purpose>/<token>", methods=["GET"])
    def show(self, purpose: str, token: str) -> Any:
        link, visit = _opened(purpose, token)
        audit.read(None, "show", Appointment, visit, link=purpose)
        return _visit_page(link, visit)

    @expose("/<purpose>/<token>", methods=["POST"])
    def act(self, purpose: str, token: str) -> Any:
        link, visit = _opened(purpose, token)
        if not _is_as_told(link, visit) or purpose == links.SEE:
            return _visit_page(link, visit)
        session, now = db.session(), datetime.now(UTC)
        try:
            with writing.transaction(session):
                _do(link, visit, now)
                session.flush()
                _note("edit", visit, purpose)
        except ClinicError as error:
            _, visit = _opened(purpose, token)
            return _visit_page(link, visit, said=error.message, status=error.status)
        return _visit_page(link, visit, done=True)


class StopLinkView(BaseView):
    """`/messages/stop/…`: no more messages, in one click (RFC 8058), and the way back."""

    route_base = "/messages/stop"
    default_view = "show"

    @expose("/<token>", methods=["GET"])
    def show(self, token: str) -> Any:
        patient = _patient(token)
        return _stop_page(patient, contact_preference.of(db.session(), patient.patient_id))

    @expose("/<token>", methods=["POST"])
    def act(self, token: str) -> Any:
        patient, session, now = _patient(token), db.session(), datetime.now(UTC)
        with writing.transaction(session):
            said = contact_preference.of(session, patient.patient_id)
            if request.form.get("do") == "start":
                said.stopped_at = None
            elif said.stopped_at is None:
                said.stopped_at = now
            session.flush()
            _note("edit", said, links.STOP)
        return _stop_page(patient, said, done=True)


class TextReplyView(BaseView):
    """`/messages/reply/…`: what patients answer to a text message, as its provider posts it."""

    route_base = "/messages/reply"
    default_view = "take"

    @expose("/<token>", methods=["POST"])
    def take(self, token: str) -> Any:
        if links.read(links.REPLY, token, datetime.now(UTC)) is None:
            raise NotFound(_("There is no such page."))
        session = db.session()
        number = request.form.get("From") or request.form.get("msisdn") or ""
        text = request.form.get("Body") or request.form.get("text") or ""
        with writing.transaction(session):
            for said in replies.take(session, number[:40], text[:500]):
                _note("edit", said, links.REPLY)
        return Response(status=204)


for name in ("act", "take"):  # the signature in the address is the authority, no cookie is
    csrf.exempt(f"{__name__}.{name}")


def _opened(purpose: str, token: str) -> tuple[Link, Appointment]:
    link = links.read(purpose, token, datetime.now(UTC)) if purpose in links.OF_VISIT else None
    visit = db.session.get(Appointment, link.key) if link else None
    if link is None or visit is None:
        raise LinkEnded
    return link, visit


class LinkEnded(NotFound):
    """The address opens nothing: forged, cut short, or its visit has begun."""

    def __init__(self) -> None:
        words = wording.shipped("en")["page"]
        super().__init__(f"{words['ended']}. {words['ended_more']}")


def _do(link: Link, visit: Appointment, now: datetime) -> None:
    session, person = db.session(), ByLink(visit.patient_id)
    with session.no_autoflush:
        if link.purpose == links.CONFIRM:
            confirming.confirm(session, visit, now)
        elif link.purpose == links.CANCEL:
            portal.cancel(session, person, visit, now, terms())
        else:
            start = _picked()
            portal.move(session, person, visit, start, visit.doctor_id, now, terms())


def _picked() -> datetime:
    start: datetime | None = parse(
        Appointment.columns()["appointment_datetime"], request.form.get("time", "")
    )
    if start is None:
        raise Conflict(_("Choose a time."))
    return start


def _is_as_told(link: Link, visit: Appointment) -> bool:
    """Whether the visit is still the one that the message spoke of."""
    return visit.appointment_datetime == link.stamp and visit.status == "booked"


def _visit_page(
    link: Link, visit: Appointment, *, done: bool = False, said: str = "", status: int = 200
) -> tuple[str, int]:
    language = _language(visit.patient_id)
    words = wording.shipped(language)["page"]
    as_told, now = _is_as_told(link, visit), datetime.now(UTC)
    if not done and not said and not as_told:
        said = words["cancelled"] if visit.status == "cancelled" else words["changed"]
    changeable = terms().open_to_change(visit, now)
    start, end = visit.appointment_datetime, visit.end
    facts = {
        "day": wording.day(start, language, clinic_zone()),
        "time": wording.clock(start, language, clinic_zone()),
        "until": wording.clock(end, language, clinic_zone()),
        "doctor": visit.doctor.name,
    }
    ways = {
        name: links.path_of_visit(name, visit.appointment_id, start)
        for name in (links.CONFIRM, links.MOVE, links.CANCEL)
    }
    moving = link.purpose == links.MOVE and as_told and changeable and not done
    return _page(
        "visit", status, language=language, purpose=link.purpose, visit=facts, ways=ways, said=said,
        done=done, open=as_told and not done, changeable=changeable,
        **(_times(visit, now) if moving else {}),
    )  # fmt: skip


def _times(visit: Appointment, now: datetime) -> dict[str, Any]:
    """The next days with free times, from the address's day on."""
    try:
        first = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        first = day_at(now)
    session, ask = db.session(), portal_times.Ask(visit.patient_id, visit.visit_type, visit)
    known = [doctor.doctor_id for doctor in portal_times.doctors_for(session, visit.visit_type)]
    same = [key for key in known if key == visit.doctor_id]
    days = portal_times.days_with_times(session, ask, same, first, now, terms())
    language = _language(visit.patient_id)
    full = len(days) == portal_times.DAYS_SHOWN
    return {
        "later": (days[-1].day + timedelta(days=1)).isoformat() if full else None,
        "days": [
            (
                wording.day(day.slots[0].start, language, clinic_zone()),
                [
                    (encode(slot.start), wording.clock(slot.start, language, clinic_zone()))
                    for slot in day.slots
                ],
            )
            for day in days
        ],
    }


def _patient(token: str) -> Patient:
    link = links.read(links.STOP, token, datetime.now(UTC))
    patient: Patient | None = db.session.get(Patient, link.key) if link else None
    if patient is None:
        raise LinkEnded
    return patient


def _stop_page(patient: Patient, said: Any, *, done: bool = False) -> tuple[str, int]:
    stopped = said.stopped_at is not None
    if not done:
        db.session.rollback()
    language = _language(patient.patient_id)
    return _page("stop", language=language, stopped=stopped, done=done)


def _language(patient_id: int) -> str:
    return reach.of_patients(db.session(), [patient_id])[patient_id].language


def _page(template: str, status: int = 200, *, language: str, **facts: Any) -> tuple[str, int]:
    config = current_app.config
    clinic = {"phone": config["CLINIC_PHONE"], "address": config["CLINIC_ADDRESS"]}
    words = wording.shipped(language)["page"]
    with in_language(language):
        return render_template(
            f"links/{template}.html", words=words, clinic=clinic, language=language, **facts
        ), status


def _note(action: str, row: Any, purpose: str) -> None:
    audit.note(
        db.session(), None, action, type(row).__name__, key=row.pk, patient_id=row.patient_id,
        detail={"link": purpose},
    )  # fmt: skip
