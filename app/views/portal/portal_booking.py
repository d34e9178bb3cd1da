"""`/portal/book`: a time is chosen, kept for some minutes, and confirmed; and moving one.

Four taps: book, the kind of visit, a time, confirm. Choosing a doctor or a later week is one more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from flask import flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import _
from app.models import Action, Appointment, ClinicError, Conflict, NotFound, VisitType
from app.models.base.clock import day_at
from app.models.people.staff import Doctor
from app.models.portal import portal, portal_times
from app.models.portal.portal_times import Ask
from app.security import audit
from app.security.scope import as_key
from app.views.generated import writing
from app.views.generated.guard import BadQuery, actor
from app.views.generated.values import encode
from app.views.portal.portal import card, clock
from app.views.portal.portal_shell import (
    MAY,
    PERMISSION,
    acting_patient,
    now,
    own_visit,
    page,
    terms,
)

Done = TypeVar("Done")
ROOM_TRIES = 5


@dataclass(frozen=True)
class Choice:
    """The times of a kind of visit, with one doctor or with whoever is free first."""

    kind: VisitType | None
    doctors: list[Doctor]
    doctor: Doctor | None
    days: list[portal_times.Day]
    first: date
    later: date | None
    enough: str | None = None
    """Why no time is shown, where it is that the patient may book no more."""

    def begins_before(self, moment: datetime) -> bool:
        """Whether one of the times lies before the moment."""
        return any(slot.start < moment for day in self.days for slot in day.slots)

    @property
    def names(self) -> dict[int, str]:
        """The names of the doctors by key."""
        return {doctor.doctor_id: doctor.name for doctor in self.doctors}


class PortalBookingView(BaseView):
    """Booking and moving by the patient."""

    route_base = "/portal/book"
    default_view = "kinds"
    class_permission_name = "Portal"
    may = MAY

    @expose("/")
    @has_access
    @permission_name(PERMISSION)
    def kinds(self) -> Any:
        """The kinds of visit that can be booked here."""
        acting_patient()
        return page("kinds", kinds=portal_times.kinds(db.session()))

    @expose("/<kind>", methods=["GET", "POST"])
    @has_access
    @permission_name(PERMISSION)
    def times(self, kind: str) -> Any:
        """The free times; by POST one is kept until it is confirmed."""
        wanted, patient = bookable(kind), acting_patient()
        if request.method == "GET":
            return _times_page(wanted)
        try:
            visit = _hold(wanted.visit_type_id, patient.patient_id, *_picked())
        except ClinicError as error:
            return _times_page(bookable(kind), error=error)
        return redirect(url_for("PortalBookingView.keep", key=visit.appointment_id))

    @expose("/keep/<key>")
    @has_access
    @permission_name(PERMISSION)
    def keep(self, key: str) -> Any:
        """The time that is kept, to be confirmed."""
        visit = own_visit(key)
        audit.read(actor(), "show", Appointment, visit)
        if visit.status != "pending":
            return redirect(url_for("PortalView.visit", key=visit.appointment_id))
        return page("keep", visit=card(visit))

    @expose("/move/<key>", methods=["GET", "POST"])
    @has_access
    @permission_name(PERMISSION)
    def move(self, key: str) -> Any:
        """The free times for a visit that is booked; by POST it is moved there."""
        visit = own_visit(key)
        audit.read(actor(), "show", Appointment, visit)
        if request.method == "GET":
            return _times_page(visit.visit_type, moved=visit)
        try:
            _move(key, *_picked())
        except ClinicError as error:
            visit = own_visit(key)
            return _times_page(visit.visit_type, moved=visit, error=error)
        flash(_("Your visit is moved."), "success")
        return redirect(url_for("PortalView.visit", key=visit.appointment_id))


def _hold(kind: int, patient_id: int, start: datetime, doctor_id: int) -> Appointment:
    def attempt() -> Appointment:
        visit = Appointment(
            patient_id=patient_id, visit_type_id=kind, appointment_datetime=start,
            doctor_id=doctor_id,
        )  # fmt: skip
        session = db.session()
        writing.save(
            session, actor(), visit, Action.ADD,
            lambda row: portal.hold(session, actor(), row, now(), terms()),
        )  # fmt: skip
        return visit

    return _as_long_as_a_room_is_free(attempt)


def _move(key: str, start: datetime, doctor_id: int) -> None:
    def attempt() -> None:
        visit, session = own_visit(key), db.session()
        writing.require_version(visit, request.form.get("version"))
        writing.save(
            session, actor(), visit, Action.EDIT,
            lambda row: portal.move(session, actor(), row, start, doctor_id, now(), terms()),
        )  # fmt: skip

    _as_long_as_a_room_is_free(attempt)


def _as_long_as_a_room_is_free(attempt: Callable[[], Done]) -> Done:
    """The patient asked for a time with a doctor; where another booking took the room of it just
    now, the next room is taken. A doctor who was taken just now is said in the patient's words."""
    for _attempt in range(ROOM_TRIES):
        try:
            return attempt()
        except Conflict as error:
            lost = error.details.get("constraint")
            if lost in ("appointment_doctor_taken", "appointment_patient_taken"):
                raise Conflict(portal.GONE) from None
            if lost != "appointment_room_taken":
                raise
    raise Conflict(portal.GONE)


def _times_page(
    kind: VisitType | None, *, moved: Appointment | None = None, error: ClinicError | None = None
) -> Any:
    choice, cutoff = _choice(kind, moved), terms().cutoff
    return page(
        "times",
        error.status if error else 200,
        choice=choice,
        last_choices=moved is not None and choice.begins_before(now() + cutoff),
        cutoff_hours=cutoff // timedelta(hours=1),
        moved=card(moved) if moved else None,
        said=error.message if error else None,
        spell=encode,
        clock=clock,
    )


def _choice(kind: VisitType | None, moved: Appointment | None) -> Choice:
    moment, session = now(), db.session()
    ask = Ask(acting_patient().patient_id, kind, moved)
    doctors = portal_times.doctors_for(session, kind)
    doctor = _doctor(doctors)
    first = _first(moment)
    keys = [doctor.doctor_id] if doctor else [d.doctor_id for d in doctors]
    days = portal_times.days_with_times(session, ask, keys, first, moment, terms())
    full = len(days) == portal_times.DAYS_SHOWN
    later = days[-1].day + timedelta(days=1) if full else None
    stop = not days and portal_times.is_full(session, ask, moment, terms())
    return Choice(
        kind, doctors, doctor, days, first, later, portal.enough(terms()) if stop else None
    )


def _doctor(doctors: Sequence[Doctor]) -> Doctor | None:
    raw = request.args.get("doctor", "")
    if not raw:
        return None
    key = as_key(raw)
    for doctor in doctors:
        if doctor.doctor_id == key:
            return doctor
    raise NotFound(_("This doctor is not to be booked for that kind of visit."))


def _first(moment: datetime) -> date:
    today = day_at(moment)
    raw = request.args.get("from", "")
    try:
        return max(today, date.fromisoformat(raw)) if raw else today
    except ValueError:
        raise BadQuery(_("from must be a date like 2026-05-31.")) from None


def _picked() -> tuple[datetime, int]:
    """The time and the doctor of the button that was pressed: `2026-05-04T08:00:00Z 3`."""
    start, doctor = (*request.form.get("time", "").split(" ", 1), "")[:2]
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        raise ClinicError(_("Choose one of the times.")) from None
    if moment.tzinfo is None:
        raise ClinicError(_("Choose one of the times."))
    return moment.astimezone(UTC), as_key(doctor)


def bookable(raw: str) -> VisitType:
    """A kind of visit that patients may book. Raises NotFound."""
    kind: VisitType | None = db.session.get(VisitType, as_key(raw))
    if kind is None or not kind.bookable_online:
        raise NotFound(_("There is no such kind of visit to book."))
    return kind
