"""What the day looks like: plain SELECT functions behind the homes. Instants are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.clinic.room import Room
from app.models.clinic.visit_type import VisitType
from app.models.people.linked import same_person
from app.models.people.patient import Patient
from app.models.people.staff import Doctor
from app.models.visits.appointment import Appointment


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
        query = query.where(same_person(Appointment.patient_id, patient_id))
    return session.execute(query).all()


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
