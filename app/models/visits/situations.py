"""Loads what bears on a window of time from the database: one statement per kind of row, whatever
the number of doctors and days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CompoundSelect,
    Date,
    Time,
    bindparam,
    literal,
    not_,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from app.models.base.intervals import Interval
from app.models.base.types import Instant
from app.models.clinic.opening import WEEKDAYS, Blocking, OpeningHours, TimeOff
from app.models.clinic.room import Room
from app.models.clinic.visit_type import VisitType
from app.models.people.staff import Doctor
from app.models.rota.shift import Shift, interval_of
from app.models.visits import holds
from app.models.visits.appointment import ACTIVE, LONGEST, Appointment
from app.models.visits.availability import Situation, Stay, Visit

_start: Any = Appointment.appointment_datetime
_NO_DAY, _NO_TIME = type_coerce(null(), Date()), type_coerce(null(), Time())
_NO_INSTANT = type_coerce(null(), Instant())
_AT_WORK = (
    Doctor.doctor_id.in_(bindparam("doctors", expanding=True)),
    Doctor.staff_id.is_not(None),
)
_SHIFTS = (
    select(
        literal("shift").label("what"), Doctor.doctor_id,
        Shift.shift_date, Shift.start_time, Shift.end_time,
        _NO_INSTANT.label("start_at"), _NO_INSTANT.label("end_at"),
    )
    .join(Shift, Shift.staff_id == Doctor.staff_id)
    .where(
        *_AT_WORK,
        Shift.published,
        Shift.shift_date.between(bindparam("first"), bindparam("last")),
    )
)  # fmt: skip
_AWAY = (
    select(
        literal("away"), Doctor.doctor_id, _NO_DAY, _NO_TIME, _NO_TIME,
        TimeOff.start_at, TimeOff.end_at,
    )
    .join(TimeOff, TimeOff.staff_id == Doctor.staff_id)
    .where(
        *_AT_WORK,
        TimeOff.status == "approved",
        TimeOff.start_at < bindparam("end"),
        TimeOff.end_at > bindparam("start"),
    )
)  # fmt: skip
_OPEN = select(
    OpeningHours.weekday, null(), _NO_DAY, OpeningHours.start_time, OpeningHours.end_time,
    _NO_INSTANT, _NO_INSTANT,
)  # fmt: skip
_LAPSED = select(
    literal("lapsed"), null(), _NO_DAY, _NO_TIME, _NO_TIME, _NO_INSTANT, _NO_INSTANT,
).where(bindparam("now", type_=Instant()) >= holds.FIRST_TO_END)  # fmt: skip
_HOURS: CompoundSelect[Any] = union_all(_SHIFTS, _AWAY, _OPEN, _LAPSED)
"""When these doctors work and are away, when the house is open, and whether any hold has run out: by
one statement, in which the first column says what a row is, of the house its day of the week."""
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
    """Everything that bears on these doctors in `window`, in five statements; without the holds
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
    _load_hours(session, situation, wanted | within | {"now": standing["now"]}, rota or window)
    _load_visits(session, situation, wanted | standing)
    if rooms:
        situation.rooms = list(session.scalars(_ROOMS))
        for room_id, start, end in session.execute(_BLOCKED, within):
            situation.blocked.setdefault(room_id, []).append(Interval(start, end))
        _load_stays(session, situation, standing)
    return situation


def _load_hours(
    session: Session, situation: Situation, asked: dict[str, Any], rota: Interval
) -> None:
    zone = situation.zone
    days = {
        "first": rota.start.astimezone(zone).date() - timedelta(days=1),
        "last": rota.end.astimezone(zone).date(),
    }
    opening = []
    rows: Any = session.execute(_HOURS, asked | days)
    for what, doctor_id, day, begins, ends, start, end in rows:
        if what == "shift":
            at, until = (m.astimezone(UTC) for m in interval_of(day, begins, ends, zone))
            situation.shifts.setdefault(doctor_id, []).append(Interval(at, until))
        elif what == "away":
            situation.away.setdefault(doctor_id, []).append(Interval(start, end))
        elif what == "lapsed":
            situation.lapsed = True
        else:
            opening.append((what, begins, ends))
    if opening:
        situation.opening = list(_openings(opening, situation))


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


def _openings(hours: Iterable[tuple[str, time, time]], situation: Situation) -> Iterator[Interval]:
    """The hours of the house on each day of the window."""
    zone, window = situation.zone, situation.window
    day = window.start.astimezone(zone).date()
    while datetime.combine(day, time(), zone) < window.end:
        for weekday, begins, ends in hours:
            if WEEKDAYS[day.weekday()] == weekday:
                start, end = (datetime.combine(day, t, zone) for t in (begins, ends))
                yield Interval(start.astimezone(UTC), end.astimezone(UTC))
        day += timedelta(days=1)
