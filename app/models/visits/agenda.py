"""What the calendar and the board show: plain SELECT functions. Instants are UTC.

They know no roles: the conditions of `Reach` say which rows the asking person reaches.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    String,
    and_,
    bindparam,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.models.base.constants import constant
from app.models.base.types import Instant
from app.models.clinic.room import Room
from app.models.clinic.visit_type import VisitType
from app.models.people.patient import Patient
from app.models.people.staff import Doctor, Staff
from app.models.rota.shift import Shift, interval_of
from app.models.visits.appointment import ACTIVE, HERE, LONGEST, Appointment

SHOWN = (*ACTIVE, "proposed", "fulfilled", "noshow")
"""The statuses that stand in a calendar; a cancelled visit leaves its time empty."""

ON_BOARD = (*ACTIVE, "fulfilled")

ORDINARY = timedelta(hours=2)

KEPT = 500
"""So many statements are kept as they were put together, which takes longer than to send one."""


@dataclass(frozen=True, eq=False)
class Reach:
    """Which rows the asking person reaches; a name outside it stays empty. Two are the same where
    they are one object: the statements of each are kept."""

    visits: ColumnElement[bool]
    changes: ColumnElement[bool]
    patients: ColumnElement[bool]
    doctors: ColumnElement[bool]
    rooms: ColumnElement[bool]
    types: ColumnElement[bool]
    shifts: ColumnElement[bool]


@dataclass(frozen=True)
class Narrowed:
    """Keys of the filters above a calendar; None lets all through."""

    doctor_id: int | None = None
    room_id: int | None = None
    visit_type_id: int | None = None

    def asked(self) -> dict[str, int]:
        """The keys that narrow, by their columns."""
        return {column: key for column, key in vars(self).items() if key is not None}


def visits(
    session: Session, start: datetime, end: datetime, reach: Reach, narrowed: Narrowed
) -> list[Any]:
    """Visits that take place in the time, at least in part, earliest first; one statement. They come
    by the thousand: when one begins is as it is kept, in UTC without a zone."""
    keys = narrowed.asked()
    times = {"day_before": start - LONGEST, "before": start - ORDINARY, "end": end}
    query = _visits_between(reach, tuple(keys))
    found = session.connection().execute(query, times | keys)  # plain rows, without the ORM
    rows = list(found.all())
    since = start.astimezone(UTC).replace(tzinfo=None)
    begun = bisect_left(rows, since, key=_begins)
    return [row for row in rows[:begun] if _end(row) > since] + rows[begun:]


def duty(
    session: Session,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    reach: Reach,
    doctor_id: int | None = None,
) -> list[tuple[int, datetime, datetime]]:
    """Doctor, first and last instant of each published shift that touches the time."""
    first, last = start.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date()
    asked = {"first": first, "last": last, "doctor_id": doctor_id}
    found = [
        (key, *interval_of(day, begins, ends, zone))
        for key, day, begins, ends in session.connection().execute(
            _shifts_between(reach, doctor_id is not None), asked
        )
    ]
    return [(key, since, until) for key, since, until in found if since < end and start < until]


def doctors(session: Session, reach: Reach) -> Sequence[Any]:
    """Those who see patients now, by name: key, name, specialization."""
    query = (
        select(Doctor.doctor_id, Doctor.name, Doctor.specialization)
        .join(Staff, Staff.staff_id == Doctor.staff_id)
        .where(Staff.active, reach.doctors)
        .order_by(Doctor.name, Doctor.doctor_id)
    )
    return session.execute(query).all()


def rooms(session: Session, reach: Reach) -> Sequence[Any]:
    """By name, Room 2 before Room 10: key, name, type, state."""
    query = select(Room.room_id, Room.name, Room.room_type, Room.status).where(reach.rooms)
    return sorted(session.execute(query), key=lambda row: _in_order(row.name))


def types(session: Session, reach: Reach) -> Sequence[Any]:
    """By name: key, name, minutes, colour."""
    query = select(VisitType.visit_type_id, VisitType.name, VisitType.minutes, VisitType.colour)
    return session.execute(query.where(reach.types).order_by(VisitType.name)).all()


def board(session: Session, start: datetime, end: datetime, reach: Reach) -> Sequence[Any]:
    """Visits that begin in the time and are on their way, and those who are here since the day
    before; earliest first, one statement."""
    begins = Appointment.appointment_datetime
    query = (
        _visits(reach, begins)
        .where(
            or_(
                and_(begins >= start, begins < end, Appointment.status.in_(ON_BOARD)),
                and_(begins >= start - LONGEST, begins < start, Appointment.status.in_(HERE)),
            )
        )
        .order_by(begins, Appointment.appointment_id)
    )
    return session.execute(query).all()


def _in_order(name: str) -> list[tuple[int, str]]:
    """A name as people sort it: its numbers by their size."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _begins(row: Any) -> datetime:
    begins: datetime = row.appointment_datetime
    return begins


def _end(row: Any) -> datetime:
    return _begins(row) + timedelta(minutes=row.minutes_duration)


@lru_cache(maxsize=KEPT)
def _visits_between(reach: Reach, narrowed: tuple[str, ...]) -> Select[Any]:
    """Begins before `end`, and after the start, or so shortly before it that it may last until then:
    only the few long visits are asked for a whole day back."""
    begins = Appointment.appointment_datetime
    long = Appointment.minutes_duration > constant(ORDINARY // timedelta(minutes=1))
    shown = Appointment.status.in_([constant(status) for status in SHOWN])
    query: Select[Any] = (
        _visits(reach, type_coerce(begins, DateTime))
        .where(begins > _hidden("day_before"), or_(begins > _hidden("before"), long))
        .where(begins < _hidden("end"), shown)
        .where(*(getattr(Appointment, column) == bindparam(column) for column in narrowed))
        .order_by(begins, Appointment.appointment_id)
    )
    return query


def _hidden(name: str) -> Any:
    """A time that PostgreSQL does not see when it plans: else it takes each statement's own plan for
    cheaper than the kept one, which is the same, and plans five joins anew each time."""
    return select(bindparam(name, type_=Instant())).scalar_subquery()


@lru_cache(maxsize=KEPT)
def _shifts_between(reach: Reach, of_one: bool) -> Select[int, date, time, time]:
    """Published ones of doctors from the date `first` to `last`."""
    query = (
        select(Doctor.doctor_id, Shift.shift_date, Shift.start_time, Shift.end_time)
        .join(Doctor, Doctor.staff_id == Shift.staff_id)
        .where(Shift.published, Shift.shift_date.between(bindparam("first"), bindparam("last")))
        .where(reach.shifts, reach.doctors)
        .order_by(Shift.shift_date, Shift.start_time, Doctor.doctor_id)
    )
    return query.where(Doctor.doctor_id == bindparam("doctor_id")) if of_one else query


def _visits(reach: Reach, begins: Any) -> Any:
    """The columns of a visit, in the order in which `views.visits.calendar_rows` takes them: by the
    thousand, so that a status is the word as it is kept. Why a patient comes is not among them: it is
    sealed, and told of the one visit that somebody opens."""
    return (
        select(
            Appointment.appointment_id,
            Appointment.version,
            begins.label("appointment_datetime"),
            Appointment.minutes_duration,
            type_coerce(Appointment.status, String).label("status"),
            Appointment.arrived_at,
            Appointment.patient_id,
            Appointment.doctor_id,
            Appointment.room_id,
            Appointment.visit_type_id,
            Appointment.series_id,
            Patient.name.label("patient"),
            Patient.dob,
            Patient.phone,
            Doctor.name.label("doctor"),
            Room.name.label("room"),
            VisitType.name.label("visit_type"),
            VisitType.colour,
            reach.changes.label("editable"),
        )
        .outerjoin(Patient, and_(Patient.patient_id == Appointment.patient_id, reach.patients))
        .outerjoin(Doctor, and_(Doctor.doctor_id == Appointment.doctor_id, reach.doctors))
        .outerjoin(Room, and_(Room.room_id == Appointment.room_id, reach.rooms))
        .outerjoin(
            VisitType, and_(VisitType.visit_type_id == Appointment.visit_type_id, reach.types)
        )
        .where(reach.visits)
    )
