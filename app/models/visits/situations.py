"""Loads what bears on a window of time from the database: one statement per kind of row, whatever
the number of doctors and days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    String,
    Time,
    bindparam,
    cast,
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
_COLUMNS: dict[str, Any] = {
    "doctor_id": Integer, "day": Date, "begins": Time, "ends": Time, "start_at": Instant, "end_at": Instant,
    "appointment_id": Integer, "minutes": Integer, "room_id": Integer, "before": Integer, "after": Integer,
}  # fmt: skip
_OF_DOCTORS = Doctor.doctor_id.in_(bindparam("doctors", expanding=True))


def _rows(what: ColumnElement[str], **columns: Any) -> Select[Any]:
    """What each row is, in the column `what`, and those of `_COLUMNS` that it has."""
    has = {name: cast(null(), kind) for name, kind in _COLUMNS.items()} | columns
    return select(what.label("what"), *(has[name].label(name) for name in _COLUMNS))


_SHIFTS = (
    _rows(
        literal("shift"), doctor_id=Doctor.doctor_id, day=Shift.shift_date, begins=Shift.start_time,
        ends=Shift.end_time,
    )
    .join(Shift, Shift.staff_id == Doctor.staff_id)
    .where(_OF_DOCTORS, Shift.published)
    .where(Shift.shift_date.between(bindparam("first"), bindparam("last")))
)  # fmt: skip
_AWAY = (
    _rows(
        literal("away"), doctor_id=Doctor.doctor_id, start_at=TimeOff.start_at, end_at=TimeOff.end_at
    )
    .join(TimeOff, TimeOff.staff_id == Doctor.staff_id)
    .where(_OF_DOCTORS, TimeOff.status == "approved")
    .where(TimeOff.start_at < bindparam("end"), TimeOff.end_at > bindparam("start"))
)  # fmt: skip
_OPEN = _rows(
    type_coerce(OpeningHours.weekday, String), begins=OpeningHours.start_time, ends=OpeningHours.end_time
)  # fmt: skip
_LAPSED = _rows(literal("lapsed")).where(bindparam("now", type_=Instant()) >= holds.FIRST_TO_END)
_STANDING = (
    Appointment.status.in_(ACTIVE),
    not_(holds.expired(bindparam("now"))),
    Appointment.appointment_id.not_in(bindparam("but", expanding=True)),
    _start >= bindparam("earliest"),
    _start < bindparam("latest"),
)
"""Of visits that hold their time in a window, or near enough to it for a buffer to matter."""
_VISITS = (
    _rows(
        literal("visit"), doctor_id=Appointment.doctor_id, start_at=_start,
        appointment_id=Appointment.appointment_id, minutes=Appointment.minutes_duration,
        room_id=Appointment.room_id, before=VisitType.buffer_before, after=VisitType.buffer_after,
    )
    .outerjoin(VisitType, VisitType.visit_type_id == Appointment.visit_type_id)
    .where(Appointment.doctor_id.in_(bindparam("doctors", expanding=True)), *_STANDING)
)  # fmt: skip
_DOCTORS: CompoundSelect[Any] = union_all(_VISITS, _SHIFTS, _AWAY, _OPEN, _LAPSED).order_by(
    "start_at"
)
"""When these doctors work, are away and have visits, when the house is open, and whether any hold has
run out: by one statement, in which `what` of the house is a day of the week."""
_STAYS = (
    select(Appointment.appointment_id, _start, Appointment.minutes_duration, Appointment.room_id)
    .where(Appointment.room_id.is_not(None), *_STANDING)
    .order_by(_start)
)
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
    """Everything that bears on these doctors in `window`, in four statements; without the holds
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
    _load_doctors(session, situation, wanted | within | standing, rota or window)
    if rooms:
        situation.rooms = list(session.scalars(_ROOMS))
        for room_id, start, end in session.execute(_BLOCKED, within):
            situation.blocked.setdefault(room_id, []).append(Interval(start, end))
        _load_stays(session, situation, standing)
    return situation


def _load_doctors(
    session: Session, situation: Situation, asked: dict[str, Any], rota: Interval
) -> None:
    zone = situation.zone
    days = {
        "first": rota.start.astimezone(zone).date() - timedelta(days=1),
        "last": rota.end.astimezone(zone).date(),
    }
    opening = []
    rows: Any = session.execute(_DOCTORS, asked | days)
    for (
        what,
        doctor_id,
        day,
        begins,
        ends,
        start,
        end,
        key,
        minutes,
        room_id,
        before,
        after,
    ) in rows:
        if what == "visit":
            span = Interval(start, start + timedelta(minutes=minutes))
            visit = Visit(span, doctor_id, room_id, key, before or 0, after or 0)
            situation.visits.setdefault(doctor_id, []).append(visit)
        elif what == "shift":
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


def _load_stays(session: Session, situation: Situation, asked: dict[str, Any]) -> None:
    """Who has which room; of all doctors, and so the one statement with many rows."""
    in_room = situation.in_room
    rows: Any = session.execute(_STAYS, asked)
    for key, start, minutes, room_id in rows:
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
