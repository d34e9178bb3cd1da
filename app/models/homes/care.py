"""For doctors and nurses: new findings, notes to sign, who is here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from app.models.base.acting import Acting
from app.models.clinic.room import Room
from app.models.people.patient import Patient
from app.models.people.staff import Doctor, Staff
from app.models.record.closed import closed_to
from app.models.record.medical_record import MedicalRecord
from app.models.record.observation import Observation
from app.models.record.vitals import CATEGORY
from app.models.trail.audit import AuditEvent
from app.models.visits.appointment import HERE, Appointment

LATELY = timedelta(days=14)


def results(session: Session, doctor: Acting, now: datetime) -> Sequence[Any]:
    """Findings of the last two weeks, vital signs apart, about patients of this doctor whose chart
    this login has not opened since: one row a patient, the newest first."""
    mine = exists().where(
        Appointment.patient_id == Observation.patient_id, Appointment.doctor_id == doctor.doctor_id
    )
    opened = exists().where(
        AuditEvent.patient_id == Observation.patient_id,
        AuditEvent.user_id == doctor.user_id,
        AuditEvent.action == "open",
        AuditEvent.recorded >= Observation.issued,
    )
    newest = func.max(Observation.issued, type_=Observation.issued.type)
    query = (
        select(Patient.patient_id, Patient.name, func.count().label("found"), newest.label("at"))
        .join(Patient, Patient.patient_id == Observation.patient_id)
        .where(
            Observation.issued >= now - LATELY,
            or_(Observation.category.is_(None), Observation.category != CATEGORY),
            mine,
            ~opened,
            Observation.patient_id.not_in(closed_to(doctor, now)),
        )
        .group_by(Patient.patient_id, Patient.name)
        .order_by(newest.desc())
        .limit(8)
    )
    return session.execute(query).all()


def notes_to_sign(session: Session, doctor_id: int, staff_id: int | None) -> Sequence[Any]:
    """The doctor's drafts, oldest first, and whether somebody else began them."""
    query = (
        select(
            MedicalRecord.record_id, MedicalRecord.visit_date, Patient.name,
            Staff.name.label("author"), MedicalRecord.author_id,
        )
        .join(Patient, Patient.patient_id == MedicalRecord.patient_id)
        .outerjoin(Staff, and_(Staff.staff_id == MedicalRecord.author_id, Staff.staff_id != staff_id))
        .where(MedicalRecord.doctor_id == doctor_id, MedicalRecord.status == "draft")
        .order_by(MedicalRecord.visit_date, MedicalRecord.record_id)
    )  # fmt: skip
    return session.execute(query).all()


def in_house(
    session: Session, nurse: Acting, start: datetime, end: datetime, now: datetime
) -> Sequence[Any]:
    """Patients who are here, earliest first, and whether their vital signs of today are known, or
    their chart is closed to this nurse."""
    known = exists().where(
        Observation.patient_id == Appointment.patient_id,
        Observation.category == CATEGORY,
        Observation.issued >= start,
    )
    measured = or_(known, Appointment.patient_id.in_(closed_to(nurse, now)))
    query = (
        select(
            Appointment.appointment_id, Appointment.appointment_datetime, Appointment.status,
            Appointment.arrived_at, Appointment.patient_id, Patient.name.label("patient"),
            Doctor.name.label("doctor"), Room.name.label("room"), measured.label("measured"),
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(Doctor, Doctor.doctor_id == Appointment.doctor_id)
        .outerjoin(Room, Room.room_id == Appointment.room_id)
        .where(
            Appointment.appointment_datetime >= start,
            Appointment.appointment_datetime < end,
            Appointment.status.in_(HERE),
        )
        .order_by(Appointment.appointment_datetime, Appointment.appointment_id)
    )  # fmt: skip
    return session.execute(query).all()
