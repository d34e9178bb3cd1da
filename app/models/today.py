"""What the day looks like: plain SELECT functions behind the homes. Instants are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models.appointment import Appointment
from app.models.medical_record import MedicalRecord
from app.models.patient import Patient
from app.models.room import Room
from app.models.shift import Shift
from app.models.staff import Doctor, Staff
from app.models.visit_type import VisitType

WAITING = ("arrived", "checked-in")
TO_COME = ("pending", "booked")


def day_of(now: datetime, zone: ZoneInfo, days: int = 0) -> tuple[datetime, datetime]:
    """First and last instant, half-open, of the clinic's day `days` after the one of `now`."""
    day = now.astimezone(zone).date() + timedelta(days=days)
    return (
        datetime.combine(day, time(), zone),
        datetime.combine(day + timedelta(days=1), time(), zone),
    )


def counts_by_status(
    session: Session, start: datetime, end: datetime, doctor_id: int | None = None
) -> dict[str, int]:
    """How many visits begin in the time, by status."""
    query = (
        select(Appointment.status, func.count().label("visits"))
        .where(Appointment.appointment_datetime >= start, Appointment.appointment_datetime < end)
        .group_by(Appointment.status)
    )
    if doctor_id is not None:
        query = query.where(Appointment.doctor_id == doctor_id)
    return {row.status: row.visits for row in session.execute(query)}


def visits(
    session: Session,
    start: datetime,
    end: datetime,
    *,
    statuses: Sequence[str] = (),
    doctor_id: int | None = None,
    patient_id: int | None = None,
    limit: int = 12,
) -> Sequence[Any]:
    """Visits that begin in the time, earliest first, with the names that a list shows."""
    query = (
        _named_visits()
        .where(Appointment.appointment_datetime >= start, Appointment.appointment_datetime < end)
        .order_by(Appointment.appointment_datetime, Appointment.appointment_id)
        .limit(limit)
    )
    if statuses:
        query = query.where(Appointment.status.in_(statuses))
    if doctor_id is not None:
        query = query.where(Appointment.doctor_id == doctor_id)
    if patient_id is not None:
        query = query.where(Appointment.patient_id == patient_id)
    return session.execute(query).all()


def rooms_by_status(session: Session) -> dict[str, int]:
    query = select(Room.status, func.count().label("rooms")).group_by(Room.status)
    return {row.status: row.rooms for row in session.execute(query)}


def on_duty(session: Session, now: datetime, zone: ZoneInfo) -> list[tuple[str, str, datetime]]:
    """Name, role and end of the shift of everyone at work at `now`, by role and name."""
    today = now.astimezone(zone).date()
    query = (
        select(Shift, Staff.name, Staff.role)
        .join(Staff, Staff.staff_id == Shift.staff_id)
        .where(Shift.published, Shift.shift_date.in_([today - timedelta(days=1), today]))
        .order_by(Staff.role, Staff.name)
    )
    found = [(name, role, *shift.interval(zone)) for shift, name, role in session.execute(query)]
    return [(name, role, end) for name, role, start, end in found if start <= now < end]


def drafts(session: Session, doctor_id: int, limit: int = 8) -> Sequence[Any]:
    """The doctor's records that are not signed yet, oldest first."""
    query = (
        select(MedicalRecord.record_id, MedicalRecord.visit_date, Patient.name)
        .join(Patient, Patient.patient_id == MedicalRecord.patient_id)
        .where(MedicalRecord.doctor_id == doctor_id, MedicalRecord.status == "draft")
        .order_by(MedicalRecord.visit_date, MedicalRecord.record_id)
        .limit(limit)
    )
    return session.execute(query).all()


def patients_without_phone(session: Session, since: date) -> int:
    """How many patients with a visit to come cannot be called."""
    query = (
        select(func.count(Patient.patient_id.distinct()))
        .join(Appointment, Appointment.patient_id == Patient.patient_id)
        .where(
            or_(Patient.phone.is_(None), Patient.phone == ""),
            Appointment.status.in_(TO_COME),
            Appointment.appointment_datetime >= datetime.combine(since, time(), ZoneInfo("UTC")),
        )
    )
    return session.scalar(query) or 0


def _named_visits() -> Any:
    return (
        select(
            Appointment.appointment_id,
            Appointment.appointment_datetime,
            Appointment.minutes_duration,
            Appointment.status,
            Appointment.arrived_at,
            Appointment.patient_id,
            Patient.name.label("patient"),
            Doctor.name.label("doctor"),
            Room.name.label("room"),
            VisitType.name.label("visit_type"),
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(Doctor, Doctor.doctor_id == Appointment.doctor_id)
        .outerjoin(Room, Room.room_id == Appointment.room_id)
        .outerjoin(VisitType, VisitType.visit_type_id == Appointment.visit_type_id)
    )
