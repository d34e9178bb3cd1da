"""Loads what bears on a window of time from the database: one statement per kind of row, whatever
the number of doctors and days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, not_, select
from sqlalchemy.orm import Session

from app.models.base.intervals import Interval
from app.models.clinic.opening import WEEKDAYS, Blocking, OpeningHours, TimeOff
from app.models.clinic.room import Room
from app.models.clinic.visit_type import VisitType
from app.models.people.staff import Doctor
from app.models.rota.shift import Shift, interval_of
from app.models.visits import holds
from app.models.visits.appointment import ACTIVE, LONGEST, Appointment
from app.models.visits.availability import Situation, Stay, Visit

_start: Any = Appointment.appointment_datetime
_AT_WORK = select(Doctor.doctor_id).where(
    Doctor.doctor_id.in_(bindparam("doctors", expanding=True)), Doctor.staff_id.is_not(None)
)
_SHIFTS = (
    _AT_WORK.add_columns(Shift.shift_date, Shift.start_time, Shift.end_time)
    .join(Shift, Shift.staff_id == Doctor.staff_id)
    .where(Shift.published, Shift.shift_date.between(bindparam("first"), bindparam("last")))
)
_AWAY = (
    _AT_WORK.add_columns(TimeOff.start_at, TimeOff.end_at)
    .join(TimeOff, TimeOff.staff_id == Doctor.staff_id)
    .where(
        TimeOff.status == "approved",
        TimeOff.start_at < bindparam("end"),
        TimeOff.end_at > bindparam("start"),
    )
)
_STANDING = (
    select(Appointment.appointment_id, _start, Appointment.minutes_duration)
    .where(
        Appointment.status.in_(ACTIVE),
        not_(holds.expired(bindparam("now"))),
        Appointment.appointment_id.not_in(bindparam("but", expanding=True)),
        _start >= bindparam("earliest"),
        _start < bindparam("latest"),
    )
    .order_by(_start)
)
"""Visits that hold their time in a window, or near enough to it for a buffer to matter."""
_VISITS = (
    _STANDING.add_columns(
        Appointment.doctor_id,
        Appointment.room_id,
        VisitType.buffer_before,
        VisitType.buffer_after,
    )
    .outerjoin(VisitType, VisitType.visit_type_id == Appointment.visit_type_id)
    .where(Appointment.doctor_id.in_(bindparam("doctors", expanding=True)))
)
_STAYS = _STANDING.add_columns(Appointment.room_id).where(Appointment.room_id.is_not(None))
_ROOMS = select(Room).where(Room.status != "out of service").order_by(Room.name)
_BLOCKED = select(Blocking.room_id, Blocking.start_at, Blocking.end_at).where(
    Blocking.start_at < bindparam("end"), Blocking.end_at > bindparam("start")
)
_OPEN = select(OpeningHours.weekday, OpeningHours.start_time, OpeningHours.end_time)
"""All made once, for every booking asks them."""


def load(
    session: Session,
    doctor_ids: Iterable[int],
    window: Interval,
    zone: ZoneInfo,
    holidays: Mapping[date, str] | None = None,
    now: datetime | None = None,
    but: Sequence[int] = (),
    rota: Interval | None = None,
    rooms: bool = True,
) -> Situation:
    """Everything that bears on these doctors in `window`, in seven statements; without the holds
    that have run out at `now`, which is the present where it is left out, and without the visits
    with the keys `but`, which would make way. Shifts are loaded for all of `rota`, where that is
    more. Whoever asks for no room leaves out `rooms`, and three statements."""
    wanted = {"doctors": sorted(set(doctor_ids))}
    within = {"start": window.start, "end": window.end}
    standing = {
        "now": now or datetime.now(UTC),
        "but": list(but),
        "earliest": window.start - LONGEST,
        "latest": window.end + timedelta(hours=12),
    }
    situation = Situation(zone, window, holidays=holidays or {})
    _load_rota(session, situation, wanted, rota or window)
    for doctor_id, start, end in session.execute(_AWAY, wanted | within):
        situation.away.setdefault(doctor_id, []).append(Interval(start, end))
    _load_visits(session, situation, wanted | standing)
    if rooms:
        situation.rooms = list(session.scalars(_ROOMS))
        for room_id, start, end in session.execute(_BLOCKED, within):
            situation.blocked.setdefault(room_id, []).append(Interval(start, end))
        _load_stays(session, situation, standing)
    _load_opening(session, situation)
    return situation


def _load_rota(
    session: Session, situation: Situation, wanted: dict[str, Any], rota: Interval
) -> None:
    zone = situation.zone
    days = {
        "first": rota.start.astimezone(zone).date() - timedelta(days=1),
        "last": rota.end.astimezone(zone).date(),
    }
    for doctor_id, day, begins, ends in session.execute(_SHIFTS, wanted | days):
        start, end = (m.astimezone(UTC) for m in interval_of(day, begins, ends, zone))
        situation.shifts.setdefault(doctor_id, []).append(Interval(start, end))


def _load_visits(session: Session, situation: Situation, asked: dict[str, Any]) -> None:
    rows: Any = session.execute(_VISITS, asked)
    for key, start, minutes, doctor_id, room_id, before, after in rows:
        span = Interval(start, start + timedelta(minutes=minutes))
        visit = Visit(span, doctor_id, room_id, key, before or 0, after or 0)
        situation.visits.setdefault(doctor_id, []).append(visit)


def _load_stays(session: Session, situation: Situation, asked: dict[str, Any]) -> None:
    """Who has which room; of all doctors, and so the one statement with many rows."""
    in_room, rows = situation.in_room, session.execute(_STAYS, asked)
    for key, start, minutes, room_id in cast(Any, rows):
        in_room.setdefault(room_id, []).append(Stay(start, minutes, key))


def _load_opening(session: Session, situation: Situation) -> None:
    hours = session.execute(_OPEN).all()
    if not hours:
        return
    zone, window = situation.zone, situation.window
    day, situation.opening = window.start.astimezone(zone).date(), []
    while datetime.combine(day, time(), zone) < window.end:
        for span in hours:
            if WEEKDAYS[day.weekday()] == span.weekday:
                start = datetime.combine(day, span.start_time, zone).astimezone(UTC)
                end = datetime.combine(day, span.end_time, zone).astimezone(UTC)
                situation.opening.append(Interval(start, end))
        day += timedelta(days=1)
