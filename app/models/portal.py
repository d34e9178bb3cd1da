"""What a patient may do by themselves: the times that are offered, booking, moving, cancelling.

The rules of the house hold without exception here: a patient overrules nothing. That no doctor,
room or patient is booked twice is the database's to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import groupby

from sqlalchemy import Select, func, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from app.models import availability, booking, holds, life, situations
from app.models.acting import Acting
from app.models.appointment import Appointment
from app.models.availability import Slot, Wish
from app.models.clock import clinic_zone, holidays_between
from app.models.errors import ClinicError, Conflict
from app.models.staff import Doctor, Staff
from app.models.visit_type import VisitType
from app.models.waitlist import WaitlistOffer

DAYS_SHOWN = 5
"""How many days that have a free time are shown at once."""

TO_COME = ("proposed", "pending", "booked", "arrived", "checked-in", "in-room", "waitlist")
CHANGEABLE = ("proposed", "pending", "booked", "waitlist")
PAST_SHOWN = 50
CHECK_IN = timedelta(hours=1)
GONE = "This time was taken a moment ago. These are still free."


@dataclass(frozen=True)
class Terms:
    """What the clinic allows: no change within `cutoff` of the visit, none booked within `lead`
    of now or further than `horizon` days ahead, at most `most_open` visits to come."""

    cutoff: timedelta
    lead: timedelta
    horizon: int
    most_open: int

    def first(self, now: datetime) -> datetime:
        """The earliest start that is offered."""
        return now + self.lead

    def last_day(self, now: datetime) -> date:
        return now.astimezone(clinic_zone()).date() + timedelta(days=self.horizon)

    def open_to_change(self, visit: Appointment, now: datetime) -> bool:
        """Whether the patient may still move or cancel it."""
        return visit.status in CHANGEABLE and visit.appointment_datetime - now >= self.cutoff


@dataclass(frozen=True)
class Day:
    """A day of the clinic's calendar with its free times, one of each start."""

    day: date
    slots: list[Slot]


def kinds(session: Session) -> list[VisitType]:
    """What patients may book."""
    query = select(VisitType).where(VisitType.bookable_online).order_by(VisitType.name)
    return list(session.scalars(query))


def doctors_for(session: Session, kind: VisitType | None) -> list[Doctor]:
    """Who sees patients for this kind of visit."""
    query = select(Doctor).join(Staff, Staff.staff_id == Doctor.staff_id).where(Staff.active)
    if kind is not None and kind.specialization:
        query = query.where(Doctor.specialization == kind.specialization)
    return list(session.scalars(query.order_by(Doctor.name)))


def days_with_times(
    session: Session, kind: VisitType | None, doctor_ids: Sequence[int], first: date,
    now: datetime, terms: Terms,
) -> list[Day]:  # fmt: skip
    """The next days from `first` on that have a free time, at most `DAYS_SHOWN`."""
    last = terms.last_day(now)
    if first > last or not doctor_ids:
        return []
    found = _times(session, kind, doctor_ids, first, (last - first).days + 1, now, terms)
    days = groupby(found, key=lambda slot: slot.start.astimezone(clinic_zone()).date())
    shown = []
    for day, slots in days:
        shown.append(Day(day, [next(same) for _, same in groupby(slots, key=lambda s: s.start)]))
        if len(shown) == DAYS_SHOWN:
            break
    return shown


def hold(session: Session, actor: Acting, visit: Appointment, now: datetime, terms: Terms) -> None:
    """Keep a time for some minutes while the patient confirms; it replaces a time that they kept
    before. Raises Conflict where it is not to be had, ClinicError where they have enough."""
    _give_back_holds(session, actor, visit.patient_id, now)
    if _open_visits(session, visit.patient_id, now) >= terms.most_open:
        raise ClinicError(
            f"You have {terms.most_open} visits to come, which is as many as can be booked here. "
            "Please call the clinic for another one."
        )
    _require_offered(session, visit, now, terms)
    holds.hold(visit, now)
    booking.prepare(session, actor, visit, now)


def move(
    session: Session, actor: Acting, visit: Appointment, start: datetime, doctor_id: int,
    now: datetime, terms: Terms,
) -> None:  # fmt: skip
    """Give a visit another time, in place. Raises Conflict where it is not to be had."""
    _require_open(visit, now, terms)
    visit.appointment_datetime, visit.doctor_id, visit.room_id = start, doctor_id, None
    _require_offered(session, visit, now, terms)
    booking.prepare(session, actor, visit, now)


def cancel(
    session: Session, actor: Acting, visit: Appointment, now: datetime, terms: Terms
) -> None:
    """Cancel on the patient's wish. Raises ClinicError after the cut-off."""
    held = visit.status == "pending" and visit.hold_until is not None
    if not held:
        _require_open(visit, now, terms)
    visit.cancellation_reason = "patient"
    life.move_status(session, actor, visit, "cancelled", now, "by the patient")


def can_check_in(visit: Appointment, now: datetime) -> bool:
    """Whether the patient may say that they are here: on the day, from an hour before the visit
    until it would end."""
    return visit.status == "booked" and visit.appointment_datetime - CHECK_IN <= now < visit.end


def check_in(session: Session, actor: Acting, visit: Appointment, now: datetime) -> None:
    """The patient says by phone that they are here; the board shows it. Raises ClinicError."""
    if not can_check_in(visit, now):
        raise ClinicError(
            "You can check in from an hour before your visit. Please ask at the desk."
        )
    life.move_status(session, actor, visit, "arrived", now, "by phone")


def to_come(session: Session, patient_id: int, now: datetime) -> list[Appointment]:
    """The patient's visits of today that are not over, and all later ones; soonest first."""
    today = now.astimezone(clinic_zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    query = _of(patient_id).where(
        Appointment.appointment_datetime >= today.astimezone(UTC),
        Appointment.status.in_(TO_COME),
        not_(holds.expired(now)),
    )
    return list(session.scalars(query.order_by(Appointment.appointment_datetime)))


def past(session: Session, patient_id: int, now: datetime) -> list[Appointment]:
    """The patient's earlier and cancelled visits, latest first, at most `PAST_SHOWN`."""
    query = _of(patient_id).where(
        or_(Appointment.appointment_datetime < now, Appointment.status == "cancelled"),
        Appointment.status.in_(("fulfilled", "noshow", "cancelled")),
        Appointment.hold_until.is_(None),
    )
    latest = query.order_by(Appointment.appointment_datetime.desc()).limit(PAST_SHOWN)
    return list(session.scalars(latest))


def visit_of(session: Session, patient_id: int, key: int) -> Appointment | None:
    return session.scalars(_of(patient_id).where(Appointment.appointment_id == key)).one_or_none()


def _of(patient_id: int) -> Select[Appointment]:
    links = (Appointment.doctor, Appointment.visit_type, Appointment.room)
    return (
        select(Appointment)
        .where(Appointment.patient_id == patient_id)
        .options(*(joinedload(link) for link in links))
    )


def _times(
    session: Session, kind: VisitType | None, doctor_ids: Sequence[int], first: date, days: int,
    now: datetime, terms: Terms,
) -> Iterator[Slot]:  # fmt: skip
    """Free times of all these doctors, earliest first, found only as far as they are asked for."""
    zone = clinic_zone()
    window = availability.window_of(first, days, zone)
    closed = holidays_between(first, window.end.astimezone(zone).date())
    situation = situations.load(session, doctor_ids, window, zone, closed, now)
    wish, earliest = Wish.of(kind), terms.first(now)
    return merge(
        *(situation.free(doctor_id, wish, earliest) for doctor_id in doctor_ids),
        key=lambda slot: slot.start,
    )


def _require_offered(session: Session, visit: Appointment, now: datetime, terms: Terms) -> None:
    kind = session.get(VisitType, visit.visit_type_id) if visit.visit_type_id else None
    start, day = visit.appointment_datetime, visit.appointment_datetime.astimezone(clinic_zone())
    known = {doctor.doctor_id for doctor in doctors_for(session, kind)}
    if visit.doctor_id not in known or day.date() > terms.last_day(now):
        raise Conflict(GONE)
    times = _times(session, kind, [visit.doctor_id], day.date(), 1, now, terms)
    if not any(slot.start == start for slot in times):
        raise Conflict(GONE)


def _require_open(visit: Appointment, now: datetime, terms: Terms) -> None:
    if not terms.open_to_change(visit, now):
        raise ClinicError("It is too late to change this visit here. Please call the clinic.")


def _open_visits(session: Session, patient_id: int, now: datetime) -> int:
    query = select(func.count()).where(
        Appointment.patient_id == patient_id,
        Appointment.appointment_datetime >= now,
        Appointment.status.in_(CHANGEABLE),
        not_(holds.expired(now)),
    )
    return session.scalar(query) or 0


def _give_back_holds(session: Session, actor: Acting, patient_id: int, now: datetime) -> None:
    query = select(Appointment).where(
        Appointment.patient_id == patient_id,
        Appointment.status == "pending",
        Appointment.hold_until.is_not(None),
        Appointment.appointment_id.not_in(
            select(WaitlistOffer.appointment_id).where(WaitlistOffer.state == "offered")
        ),
    )
    for kept in session.scalars(query):
        kept.cancellation_reason = "patient"
        life.move_status(session, actor, kept, "cancelled", now, "another time was chosen")
    session.flush()  # before the new visit is written, which may overlap them
