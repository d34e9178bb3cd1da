"""Who on the waitlist a freed time fits, best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from app.models.base.clock import clinic_zone
from app.models.base.intervals import Interval
from app.models.clinic.opening import WEEKDAYS
from app.models.people.staff import Doctor
from app.models.visits import booking, holds
from app.models.visits.appointment import ACTIVE, LONGEST, Appointment
from app.models.visits.availability import Situation, Slot, Wish
from app.models.visits.freed import Freed
from app.models.visits.waitlist import WaitlistEntry, WaitlistOffer

LEAD = timedelta(minutes=10)
"""A time nearer than this is not offered: nobody could answer and come."""

LOOKED_AT = 500


@dataclass(frozen=True)
class Match:
    """An entry with the time that would be kept for it."""

    entry: WaitlistEntry
    slot: Slot


def best_matches(session: Session, time: Freed, now: datetime) -> Iterator[Match]:
    """Those whom the time fits, best first, each with the start that suits it best."""
    with session.no_autoflush:
        entries = _waiting(session, time)
        if not entries:
            return
        situation = booking.around(session, time.doctor_id, time.interval.start, now)
        busy = _busy(session, entries, time.interval, now)
    for entry in entries:
        for slot in _slots(situation, time, Wish.of(entry.visit_type), now):
            span = Interval(slot.start, slot.end)
            taken = busy.get(entry.patient_id, [])
            if _suits(entry, span) and not any(visit.overlaps(span) for visit in taken):
                yield Match(entry, slot)
                break


def _waiting(session: Session, time: Freed) -> Sequence[WaitlistEntry]:
    """Entries that may want this doctor then, without an open offer, and who were not offered
    this very time before."""
    doctor = session.get_one(Doctor, time.doctor_id)
    open_offer = exists().where(
        WaitlistOffer.waitlist_entry_id == WaitlistEntry.waitlist_entry_id,
        WaitlistOffer.state == "offered",
    )
    had_it = exists().where(
        WaitlistOffer.waitlist_entry_id == WaitlistEntry.waitlist_entry_id,
        WaitlistOffer.appointment_id == Appointment.appointment_id,
        Appointment.doctor_id == time.doctor_id,
        Appointment.appointment_datetime >= time.interval.start - timedelta(hours=1),
        Appointment.appointment_datetime < time.interval.end,
    )
    query = (
        select(WaitlistEntry)
        .where(
            WaitlistEntry.state == "waiting",
            WaitlistEntry.earliest < time.interval.end,
            WaitlistEntry.latest > time.interval.start,
            or_(WaitlistEntry.doctor_id == doctor.doctor_id, WaitlistEntry.doctor_id.is_(None)),
            or_(
                WaitlistEntry.specialization == doctor.specialization,
                WaitlistEntry.specialization.is_(None),
            ),
            not_(open_offer),
            not_(had_it),
        )
        .options(joinedload(WaitlistEntry.visit_type))
        .order_by(
            WaitlistEntry.priority.desc(), WaitlistEntry.created, WaitlistEntry.waitlist_entry_id
        )
        .limit(LOOKED_AT)
    )
    return session.scalars(query).all()


def _busy(
    session: Session, entries: Sequence[WaitlistEntry], span: Interval, now: datetime
) -> dict[int, list[Interval]]:
    """When the patients themselves are elsewhere, near the freed time."""
    query = select(
        Appointment.patient_id, Appointment.appointment_datetime, Appointment.minutes_duration
    ).where(
        Appointment.patient_id.in_({entry.patient_id for entry in entries}),
        Appointment.status.in_(ACTIVE),
        not_(holds.expired(now)),
        Appointment.appointment_datetime > span.start - 2 * LONGEST,
        Appointment.appointment_datetime < span.end + LONGEST,
    )
    busy: dict[int, list[Interval]] = {}
    for patient_id, start, minutes in session.execute(query):
        visit = Interval(start, start + timedelta(minutes=minutes))
        busy.setdefault(patient_id, []).append(visit)
    return busy


def _slots(situation: Situation, time: Freed, wish: Wish, now: datetime) -> list[Slot]:
    """Starts that use the freed time, nearest to its beginning first."""
    if situation.shifts.get(time.doctor_id):
        found = [
            slot
            for slot in situation.free(time.doctor_id, wish, now + LEAD)
            if Interval(slot.start, slot.end).overlaps(time.interval)
        ]
    else:  # on no rota at all: no rule is made, and the freed time itself is offered
        found = _as_it_was(situation, time, wish, now)
    return sorted(found, key=lambda slot: abs(slot.start - time.interval.start))


def _as_it_was(situation: Situation, time: Freed, wish: Wish, now: datetime) -> list[Slot]:
    span = wish.span(time.interval.start)
    room = situation.room_for(wish, span.start)
    booked = (visit.keeps_from(wish) for visit in situation.visits.get(time.doctor_id, []))
    if (
        span.start < now + LEAD
        or span.end > time.interval.end
        or (room is None and wish.room_type is not None)
        or any(visit.overlaps(span) for visit in booked)
    ):
        return []
    return [Slot(span.start, span.end, time.doctor_id, room.room_id if room else None)]


def _suits(entry: WaitlistEntry, span: Interval) -> bool:
    """Whether the time lies in the entry's window, on its weekdays and at its hours."""
    start, end = (moment.astimezone(clinic_zone()) for moment in span)
    return (
        entry.earliest <= span.start
        and span.end <= entry.latest
        and (not entry.weekdays or WEEKDAYS[start.weekday()] in entry.weekdays)
        and (entry.from_time is None or start.time() >= entry.from_time)
        and (entry.to_time is None or (end.time() <= entry.to_time and end.date() == start.date()))
    )
