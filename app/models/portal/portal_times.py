"""The times that a patient is offered. Each of them can be had: what is shown and what is asked for
again right before it is written are found by the same functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import merge
from itertools import groupby

from sqlalchemy import ColumnElement, and_, func, not_, select
from sqlalchemy.orm import Session

from app.models.base.clock import clinic_zone, day_at, holidays_between
from app.models.base.intervals import Interval
from app.models.clinic.visit_type import VisitType
from app.models.people.staff import Doctor, Staff
from app.models.visits import availability, holds, situations
from app.models.visits.appointment import ACTIVE, LONGEST, NOT_BEGUN, Appointment
from app.models.visits.availability import Slot, Wish
from app.models.visits.waitlist import WaitlistOffer

DAYS_SHOWN = 5
"""How many days that have a free time are shown at once."""


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
        """The last day, clinic time, on which a visit can be booked now."""
        return day_at(now) + timedelta(days=self.horizon)

    def open_to_change(self, visit: Appointment, now: datetime) -> bool:
        """Whether the patient may still move or cancel it."""
        return visit.status in NOT_BEGUN and visit.appointment_datetime - now >= self.cutoff


@dataclass(frozen=True)
class Ask:
    """Who asks for a time, for which kind of visit; `moved` is the visit that is to get another."""

    patient_id: int
    kind: VisitType | None
    moved: Appointment | None = None

    @property
    def wish(self) -> Wish:
        """A visit that is moved keeps its length."""
        return Wish.of(self.kind, self.moved.minutes_duration if self.moved else None)


@dataclass(frozen=True)
class Day:
    """A day of the clinic's calendar with its free times, one of each start."""

    day: date
    slots: list[Slot]


@dataclass
class Own:
    """The patient's own visits: those that stand in the way, and those that would make way."""

    standing: list[Interval] = field(default_factory=list)
    yielding: list[int] = field(default_factory=list)


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
    session: Session, ask: Ask, doctor_ids: Sequence[int], first: date, now: datetime, terms: Terms
) -> list[Day]:
    """The next days from `first` on that have a free time, at most `DAYS_SHOWN`; none where the
    patient may book no further visit."""
    first, last = max(first, day_at(now)), terms.last_day(now)
    if first > last or not doctor_ids or is_full(session, ask, now, terms):
        return []
    found = _times(session, ask, doctor_ids, first, (last - first).days + 1, now, terms)
    others = (slot for slot in found if not _is_as_it_was(ask, slot))
    days = groupby(others, key=lambda slot: day_at(slot.start))
    shown = []
    for day, slots in days:
        shown.append(Day(day, [next(same) for _, same in groupby(slots, key=lambda s: s.start)]))
        if len(shown) == DAYS_SHOWN:
            break
    return shown


def is_offered(
    session: Session, ask: Ask, start: datetime, doctor_id: int, now: datetime, terms: Terms
) -> bool:
    """Whether this very time is one of those that the patient is offered."""
    day = day_at(start)
    known = {doctor.doctor_id for doctor in doctors_for(session, ask.kind)}
    if doctor_id not in known or day > terms.last_day(now):
        return False
    # a day more, since a visit may end after midnight
    times = _times(session, ask, [doctor_id], day, 2, now, terms)
    return any(slot.start == start for slot in times)


def is_full(session: Session, ask: Ask, now: datetime, terms: Terms) -> bool:
    """Whether the patient has as many visits to come as they may book; moving one adds none."""
    query = select(func.count()).where(
        Appointment.patient_id == ask.patient_id,
        Appointment.appointment_datetime >= now,
        Appointment.status.in_(NOT_BEGUN),
        not_(holds.expired(now)),
        not_(choosing()),
    )
    return ask.moved is None and (session.scalar(query) or 0) >= terms.most_open


def choosing() -> ColumnElement[bool]:
    """The condition of a time that a patient keeps while they confirm it: it makes way as soon as
    they choose another. An offer of the waitlist is none."""
    offered = select(WaitlistOffer.appointment_id).where(WaitlistOffer.state == "offered")
    return and_(
        Appointment.status == "pending",
        Appointment.hold_until.is_not(None),
        Appointment.appointment_id.not_in(offered),
    )


def _is_as_it_was(ask: Ask, slot: Slot) -> bool:
    was = ask.moved
    if was is None:
        return False
    return (was.appointment_datetime, was.doctor_id) == (slot.start, slot.doctor_id)


def _times(
    session: Session, ask: Ask, doctor_ids: Sequence[int], first: date, days: int, now: datetime,
    terms: Terms,
) -> Iterator[Slot]:  # fmt: skip
    """Free times of all these doctors, earliest first, found only as far as they are asked for."""
    zone = clinic_zone()
    window = availability.window_of(first, days, zone)
    closed = holidays_between(first, window.end.astimezone(zone).date())
    own = _own(session, ask, window, now)
    situation = situations.load(session, doctor_ids, window, zone, closed, now, but=own.yielding)
    free = (situation.free(key, ask.wish, terms.first(now)) for key in doctor_ids)
    for slot in merge(*free, key=lambda slot: slot.start):
        if not any(Interval(slot.start, slot.end).overlaps(span) for span in own.standing):
            yield slot


def _own(session: Session, ask: Ask, window: Interval, now: datetime) -> Own:
    moved = ask.moved.appointment_id if ask.moved else None
    makes_way = choosing() if moved is None else Appointment.appointment_id == moved
    query = select(
        Appointment.appointment_id, Appointment.appointment_datetime,
        Appointment.minutes_duration, makes_way.label("yields"),
    ).where(
        Appointment.patient_id == ask.patient_id,
        Appointment.status.in_(ACTIVE),
        not_(holds.expired(now)),
        Appointment.appointment_datetime >= window.start - LONGEST,
        Appointment.appointment_datetime < window.end + LONGEST,
    )  # fmt: skip
    own = Own()
    for key, start, minutes, yields in session.execute(query):
        if yields:
            own.yielding.append(key)
        else:
            own.standing.append(Interval(start, start + timedelta(minutes=minutes)))
    return own
