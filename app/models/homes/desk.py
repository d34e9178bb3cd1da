"""For the reception: whom to call, who waits for an earlier time or for the portal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models.clinic.visit_type import VisitType
from app.models.people.patient import Patient
from app.models.people.staff import Doctor
from app.models.portal.portal_registration import PortalRegistration
from app.models.visits.appointment import EXPECTED, Appointment
from app.models.visits.waitlist import WaitlistEntry


def unconfirmed(session: Session, start: datetime, end: datetime) -> Sequence[Any]:
    """Visits in the time that nobody has confirmed, with the number to call."""
    query = (
        _visits_to_call()
        .where(Appointment.status.in_(("proposed", "pending")))
        .where(Appointment.appointment_datetime >= start, Appointment.appointment_datetime < end)
    )
    return session.execute(query).all()


def without_phone(session: Session, now: datetime, limit: int = 8) -> Sequence[Any]:
    """The next visit of each patient who cannot be called, soonest first."""
    query = (
        _visits_to_call()
        .where(or_(Patient.phone.is_(None), Patient.phone == ""))
        .where(Appointment.status.in_(EXPECTED), Appointment.appointment_datetime >= now)
        .limit(limit * 4)
    )
    first: dict[int, Any] = {}
    for row in session.execute(query):
        first.setdefault(row.patient_id, row)
    return list(first.values())[:limit]


def waiting(session: Session, now: datetime, limit: int = 8) -> Sequence[Any]:
    """Who stands on the waitlist, the most urgent first, with the number to call."""
    query = (
        select(
            WaitlistEntry.waitlist_entry_id, WaitlistEntry.created, WaitlistEntry.latest,
            Patient.name.label("patient"), Patient.phone, VisitType.name.label("visit_type"),
            func.count().over().label("all"),
        )
        .join(Patient, Patient.patient_id == WaitlistEntry.patient_id)
        .join(VisitType, VisitType.visit_type_id == WaitlistEntry.visit_type_id)
        .where(WaitlistEntry.state == "waiting", WaitlistEntry.latest > now)
        .order_by(WaitlistEntry.priority.desc(), WaitlistEntry.created)
        .limit(limit)
    )  # fmt: skip
    return session.execute(query).all()


def portal_requests(session: Session, limit: int = 8) -> Sequence[Any]:
    """People who asked for the portal and wait for an answer, the first to ask first."""
    asked = PortalRegistration
    query = (
        select(
            asked.portal_registration_id, asked.name, asked.created, asked.phone,
            func.count().over().label("all"),
        )
        .where(asked.state == "waiting")
        .order_by(asked.created, asked.portal_registration_id)
        .limit(limit)
    )  # fmt: skip
    return session.execute(query).all()


def _visits_to_call() -> Any:
    return (
        select(
            Appointment.appointment_id, Appointment.appointment_datetime, Appointment.status,
            Appointment.patient_id, Patient.name.label("patient"), Patient.phone,
            Doctor.name.label("doctor"),
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(Doctor, Doctor.doctor_id == Appointment.doctor_id)
        .order_by(Appointment.appointment_datetime, Appointment.appointment_id)
    )  # fmt: skip
