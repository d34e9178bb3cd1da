"""Loads what bears on a window of time from the database: one statement per kind of row, whatever
the number of doctors and days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, not_, select
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

Standing = tuple[ColumnElement[bool], ...]
"""The conditions of a visit that holds its time."""


def load(
    session: Session,
    doctor_ids: Iterable[int],
    window: Interval,
    zone: ZoneInfo,
    holidays: Mapping[date, str] | None = None,
    now: datetime | None = None,
    but: Sequence[int] = (),
    rota: Interval | None = None,
) -> Situation:
    """Everything that bears on these doctors in `window`, in seven statements; without the holds
    that have run out at `now`, which is the present where it is left out, and without the visits
    with the keys `but`, which would make way. Shifts are loaded for all of `rota`, where that is
    more."""
    wanted = sorted(set(doctor_ids))
    situation = Situation(zone, window, holidays=holidays or {})
    standing = _standing(window, now or datetime.now(UTC), but)
    _load_rota(session, situation, wanted, rota or window)
    _load_visits(session, situation, wanted, standing)
    _load_rooms(session, situation)
    _load_stays(session, situation, standing)
    _load_opening(session, situation)
    return situation


def _load_rota(
    session: Session, situation: Situation, doctor_ids: list[int], rota: Interval
) -> None:
    window, zone = situation.window, situation.zone
    first = rota.start.astimezone(zone).date() - timedelta(days=1)
    last = rota.end.astimezone(zone).date()
    doctors = select(Doctor.doctor_id, Doctor.staff_id).where(Doctor.doctor_id.in_(doctor_ids))
    staff = doctors.subquery()
    shifts = (
        select(staff.c.doctor_id, Shift.shift_date, Shift.start_time, Shift.end_time)
        .join(Shift, Shift.staff_id == staff.c.staff_id)
        .where(Shift.published, Shift.shift_date.between(first, last))
    )
    for doctor_id, day, begins, ends in session.execute(shifts):
        start, end = (m.astimezone(UTC) for m in interval_of(day, begins, ends, zone))
        situation.shifts.setdefault(doctor_id, []).append(Interval(start, end))
    away = (
        select(staff.c.doctor_id, TimeOff.start_at, TimeOff.end_at)
        .join(TimeOff, TimeOff.staff_id == staff.c.staff_id)
        .where(
            TimeOff.status == "approved",
            TimeOff.start_at < window.end,
            TimeOff.end_at > window.start,
        )
    )
    for doctor_id, start, end in session.execute(away):
        situation.away.setdefault(doctor_id, []).append(Interval(start, end))


def _load_visits(
    session: Session,
    situation: Situation,
    doctor_ids: list[int],
    standing: Standing,
) -> None:
    columns: tuple[Any, ...] = (
        Appointment.appointment_id, Appointment.doctor_id, Appointment.room_id,
        Appointment.appointment_datetime, Appointment.minutes_duration,
        VisitType.buffer_before, VisitType.buffer_after,
    )  # fmt: skip
    query = (
        select(*columns)
        .outerjoin(VisitType, VisitType.visit_type_id == Appointment.visit_type_id)
        .where(Appointment.doctor_id.in_(doctor_ids), *standing)
        .order_by(Appointment.appointment_datetime)
    )
    for key, doctor_id, room_id, start, minutes, before, after in session.execute(query):
        span = Interval(start, start + timedelta(minutes=minutes))
        visit = Visit(span, doctor_id, room_id, key, before or 0, after or 0)
        situation.visits.setdefault(doctor_id, []).append(visit)


def _load_stays(session: Session, situation: Situation, standing: Standing) -> None:
    """Who has which room; of all doctors, and so the one statement with many rows."""
    query = (
        select(
            Appointment.room_id,
            Appointment.appointment_datetime,
            Appointment.minutes_duration,
            Appointment.appointment_id,
        )
        .where(Appointment.room_id.is_not(None), *standing)
        .order_by(Appointment.appointment_datetime)
    )
    in_room, rows = situation.in_room, session.execute(query)
    for room_id, start, minutes, key in cast(Any, rows):
        in_room.setdefault(room_id, []).append(Stay(start, minutes, key))


def _standing(window: Interval, now: datetime, but: Sequence[int]) -> Standing:
    """Holds its time in the window, or near enough for a buffer to matter."""
    return (
        Appointment.status.in_(ACTIVE),
        not_(holds.expired(now)),
        Appointment.appointment_id.not_in(but),
        Appointment.appointment_datetime >= window.start - LONGEST,
        Appointment.appointment_datetime < window.end + timedelta(hours=12),
    )


def _load_rooms(session: Session, situation: Situation) -> None:
    window = situation.window
    rooms = select(Room).where(Room.status != "out of service").order_by(Room.name)
    situation.rooms = list(session.scalars(rooms))
    blockings = select(Blocking.room_id, Blocking.start_at, Blocking.end_at).where(
        Blocking.start_at < window.end, Blocking.end_at > window.start
    )
    for room_id, start, end in session.execute(blockings):
        situation.blocked.setdefault(room_id, []).append(Interval(start, end))


def _load_opening(session: Session, situation: Situation) -> None:
    hours = session.scalars(select(OpeningHours)).all()
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
