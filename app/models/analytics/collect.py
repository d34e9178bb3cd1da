"""From the tables to the facts: the definition of every column of the rollup, computed once for
keeping it and once more for proving it. Reads times and states, never a clinical text."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.models.base.clock import midnight
from app.models.base.intervals import Interval, common, merged, minus
from app.models.base.types import Instant
from app.models.clinic.opening import Blocking, TimeOff
from app.models.clinic.room import Room
from app.models.people.linked import STANDING
from app.models.people.patient_link import PatientLink
from app.models.people.staff import Doctor
from app.models.rota.shift import Shift
from app.models.visits.appointment import ACTIVE, LONGEST, SEEN, Appointment
from app.models.visits.history import AppointmentHistory

HELD = (*ACTIVE, "fulfilled", "noshow")
"""The statuses in which a visit has or had its time to itself."""

LATE = timedelta(hours=24)
NOT_THE_PATIENT = ("doctor", "clinic", "mistake")
MINUTE = timedelta(minutes=1)

Fact = dict[str, Any]


def visit_facts(
    session: Session, zone: ZoneInfo, patients: Collection[int] | None = None
) -> Iterator[Fact]:
    """The facts of all visits of these patients, or of everybody; one statement. Whoever was merged
    is named by who is kept: name all rows of a person."""
    query = _visits_with_history(patients)
    if patients is not None:
        query = query.where(Appointment.patient_id.in_(patients))
    rows = session.execute(query.execution_options(yield_per=5000))
    for _, visits in groupby(rows, key=lambda row: row.patient_id):
        seen: datetime | None = None
        for row in visits:
            yield _visit_fact(row, zone, seen)
            if row.status == "fulfilled" and seen is None:
                seen = row.appointment_datetime


def shift_facts(session: Session, zone: ZoneInfo, first: date, last: date) -> list[Fact]:
    """The facts of the doctors' published shifts that begin on these days, both included."""
    span = _span(zone, first, last + timedelta(days=1))
    busy = _booked(session, span, Appointment.doctor_id)
    return [
        {
            "shift_id": shift.shift_id,
            "doctor_id": doctor_id,
            "day": shift.shift_date,
            "weekday": shift.shift_date.weekday(),
            "hour": shift.start_time.hour,
            "available": _minutes(free),
            "booked": _minutes(common(free, _near(busy[doctor_id], free))),
        }
        for shift, doctor_id, free in _on_duty(session, zone, first, last, span)
    ]


def room_facts(session: Session, zone: ZoneInfo, first: date, last: date) -> list[Fact]:
    """The facts of every room on these days, both included, on which a doctor is on duty."""
    span = _span(zone, first, last)
    duty: dict[date, list[Interval]] = defaultdict(list)
    for shift, _, free in _on_duty(session, zone, first - timedelta(days=1), last, span):
        for day in (shift.shift_date, shift.shift_date + timedelta(days=1)):
            duty[day] += common(free, [_span(zone, day, day)])
    busy, blocked = _booked(session, span, Appointment.room_id), _blockings(session, span)
    rooms = session.scalars(select(Room.room_id).order_by(Room.room_id)).all()
    return [
        {
            "room_id": room_id,
            "day": day,
            "available": _minutes(free),
            "booked": _minutes(common(free, _near(busy[room_id], free))),
        }
        for day, on_duty in sorted(duty.items())
        if first <= day <= last and on_duty
        for room_id in rooms
        for free in [minus(on_duty, blocked[room_id])]
        if free
    ]


def _visits_with_history(patients: Collection[int] | None) -> Any:
    past, recorded = AppointmentHistory, AppointmentHistory.recorded

    def when(condition: Any, pick: Any = func.max) -> Any:
        return pick(case((condition, recorded)), type_=Instant)

    story = select(
        past.appointment_id,
        when(past.status_before.is_(None), func.min).label("asked"),
        when(past.status_after == "in-room").label("entered"),
        when(past.status_after == "fulfilled").label("left"),
        when(past.status_after == "cancelled").label("cancelled"),
    ).group_by(past.appointment_id)
    if patients is not None:
        story = story.join(Appointment).where(Appointment.patient_id.in_(patients))
    told, person = story.subquery(), func.coalesce(PatientLink.patient_id, Appointment.patient_id)
    return (
        select(
            Appointment.appointment_id, person.label("patient_id"), Appointment.doctor_id,
            Appointment.visit_type_id, Appointment.room_id, Appointment.appointment_datetime,
            Appointment.minutes_duration, Appointment.status, Appointment.cancellation_reason,
            Appointment.arrived_at, told.c.asked, told.c.entered, told.c.left, told.c.cancelled,
        )
        .outerjoin(told, told.c.appointment_id == Appointment.appointment_id)
        .outerjoin(PatientLink, and_(PatientLink.other_id == Appointment.patient_id, STANDING))
        .order_by(person, Appointment.appointment_datetime, Appointment.appointment_id)
    )  # fmt: skip


def _visit_fact(row: Any, zone: ZoneInfo, seen: datetime | None) -> Fact:
    wall = row.appointment_datetime.astimezone(zone)
    done, entered = row.status == "fulfilled", row.entered if row.status in SEEN else None
    return {
        "appointment_id": row.appointment_id,
        "patient_id": row.patient_id,
        "doctor_id": row.doctor_id,
        "visit_type_id": row.visit_type_id,
        "room_id": row.room_id,
        "day": wall.date(),
        "weekday": wall.weekday(),
        "hour": wall.hour,
        "status": row.status,
        "late": _is_late(row),
        "known": seen is not None,
        "first": done and seen is None,
        "planned": row.minutes_duration,
        "lead_days": _between(row.asked, row.appointment_datetime, timedelta(days=1)),
        "waited": _between(row.arrived_at, entered, MINUTE),
        "taken": _between(entered, row.left, MINUTE) if done else None,
    }


def _is_late(row: Any) -> bool:
    if row.status != "cancelled" or row.cancelled is None:
        return False
    notice: timedelta = row.appointment_datetime - row.cancelled
    return notice < LATE and row.cancellation_reason not in NOT_THE_PATIENT


def _between(start: datetime | None, end: datetime | None, unit: timedelta) -> int | None:
    """Whole units from one to the other; None where one is not known or they are out of order."""
    if start is None or end is None or end < start:
        return None
    return (end - start) // unit


def _on_duty(
    session: Session, zone: ZoneInfo, first: date, last: date, span: Interval
) -> list[tuple[Shift, int, list[Interval]]]:
    """Shift, doctor, and the shift's time without approved time off."""
    query = (
        select(Shift, Doctor.doctor_id)
        .join(Doctor, Doctor.staff_id == Shift.staff_id)
        .where(Shift.published, Shift.shift_date.between(first, last))
        .order_by(Shift.shift_id)
    )
    away: dict[int, list[Interval]] = defaultdict(list)
    off = select(TimeOff.staff_id, TimeOff.start_at, TimeOff.end_at).where(
        TimeOff.status == "approved",
        TimeOff.start_at < span.end + LONGEST,
        TimeOff.end_at > span.start - LONGEST,
    )
    for staff_id, start, end in session.execute(off):
        away[staff_id].append(Interval(start, end))
    return [
        (shift, doctor_id, minus([_utc(*shift.interval(zone))], away[shift.staff_id]))
        for shift, doctor_id in session.execute(query)
    ]


def _booked(session: Session, span: Interval, column: Any) -> dict[int, list[Interval]]:
    """The visits that held their time around `span`, by doctor or room, in order, as few spans."""
    query = (
        select(column, Appointment.appointment_datetime, Appointment.minutes_duration)
        .where(
            column.is_not(None),
            Appointment.status.in_(HELD),
            Appointment.appointment_datetime >= span.start - LONGEST,
            Appointment.appointment_datetime < span.end + LONGEST,
        )
        .execution_options(yield_per=5000)
    )
    found: dict[int, list[Interval]] = defaultdict(list)
    for key, start, minutes in session.execute(query):
        found[key].append(Interval(start, start + timedelta(minutes=minutes)))
    return defaultdict(list, {key: merged(spans) for key, spans in found.items()})


def _blockings(session: Session, span: Interval) -> dict[int, list[Interval]]:
    query = select(Blocking.room_id, Blocking.start_at, Blocking.end_at).where(
        Blocking.start_at < span.end, Blocking.end_at > span.start
    )
    found: dict[int, list[Interval]] = defaultdict(list)
    for room_id, start, end in session.execute(query):
        found[room_id].append(Interval(start, end))
    return found


def _near(spans: list[Interval], within: list[Interval]) -> list[Interval]:
    """Of sorted spans that do not overlap, those that can touch `within`."""
    if not within:
        return []
    since = bisect_left(spans, within[0].start, key=lambda span: span.end)
    until = bisect_left(spans, within[-1].end, key=lambda span: span.start)
    return spans[since:until]


def _minutes(spans: Iterable[Interval]) -> int:
    return sum((span.end - span.start) // MINUTE for span in spans)


def _span(zone: ZoneInfo, first: date, last: date) -> Interval:
    """The clinic's days from `first` to `last`, both included."""
    return Interval(midnight(first, zone), midnight(last + timedelta(days=1), zone))


def _utc(start: datetime, end: datetime) -> Interval:
    return Interval(start.astimezone(UTC), end.astimezone(UTC))
