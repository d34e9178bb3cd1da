"""What each role starts its day with: plain SELECT functions, each one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from app.models.base.acting import Acting
from app.models.base.clock import holidays_between
from app.models.clinic.opening import OpeningHours, TimeOff
from app.models.clinic.room import Room
from app.models.clinic.visit_type import VisitType
from app.models.messages.notification import Notification
from app.models.people import login_session
from app.models.people.login_session import LoginSession
from app.models.people.patient import Patient
from app.models.people.staff import Doctor, Staff
from app.models.portal.portal_registration import PortalRegistration
from app.models.record.clinical import Observation
from app.models.record.medical_record import MedicalRecord
from app.models.record.restricting import closed_to
from app.models.record.restriction import GlassBreak
from app.models.record.vitals import CATEGORY
from app.models.rota import rota
from app.models.rota.rota_rules import Problem, check_week, week_of
from app.models.rota.rota_tables import ShiftSwap
from app.models.rota.shift import Shift
from app.models.trail.audit import AuditEvent
from app.models.visits.appointment import Appointment
from app.models.visits.today import TO_COME
from app.models.visits.waitlist import WaitlistEntry

LATELY = timedelta(days=14)
IN_HOUSE = ("arrived", "checked-in", "in-room")


@dataclass(frozen=True)
class Attention:
    """How many rows of each kind wait for somebody to decide or to look."""

    failed_messages: int
    time_off: int
    swaps: int
    failed_logins: int
    broken_glass: int


def attention(session: Session, now: datetime) -> Attention:
    """For the admin: messages of two weeks that were given up, requests that wait for the admin,
    sign-ins that were refused in the last 24 hours, restricted charts opened from outside."""
    refused = and_(
        AuditEvent.recorded >= now - timedelta(days=1),
        AuditEvent.action == "login",
        AuditEvent.outcome != "success",
    )
    counted = (
        (Notification, and_(Notification.state == "dead", Notification.created >= now - LATELY)),
        (TimeOff, and_(TimeOff.status == "requested", TimeOff.end_at > now)),
        (ShiftSwap, and_(ShiftSwap.status == "requested", ShiftSwap.agreed.is_not(None))),
        (AuditEvent, refused),
        (GlassBreak, GlassBreak.review == "open"),
    )
    counts = (
        select(func.count()).select_from(model).where(condition).scalar_subquery()
        for model, condition in counted
    )
    return Attention(*session.execute(select(*counts)).one())


def rooms_now(session: Session) -> Sequence[Any]:
    """Every room with its state, and with whom it is in use."""
    visit = and_(Appointment.room_id == Room.room_id, Appointment.status == "in-room")
    query = (
        select(
            Room.room_id, Room.name, Room.room_type, Room.status,
            func.max(Doctor.name).label("doctor"),
            func.min(Appointment.appointment_datetime).label("since"),
        )
        .outerjoin(Appointment, visit)
        .outerjoin(Doctor, Doctor.doctor_id == Appointment.doctor_id)
        .group_by(Room.room_id, Room.name, Room.room_type, Room.status)
        .order_by(Room.name)
    )  # fmt: skip
    return session.execute(query).all()


def signed_in(session: Session, now: datetime, idle: timedelta) -> Sequence[Any]:
    """Who, patients apart, has a session that is alive, the last used first: names, how many
    sessions, when they were used."""
    query = (
        select(
            User.first_name, User.last_name, User.username,
            func.max(LoginSession.seen, type_=LoginSession.seen.type).label("seen"),
            func.count().label("sessions"),
        )
        .join(User, User.id == LoginSession.user_id)
        .outerjoin(Patient, Patient.user_id == User.id)
        .where(login_session.alive(now, idle), Patient.patient_id.is_(None))
        .group_by(User.id, User.first_name, User.last_name, User.username)
        .order_by(func.max(LoginSession.seen).desc())
    )  # fmt: skip
    return session.execute(query).all()


def rota_gaps(session: Session, zone: ZoneInfo, today: date) -> tuple[list[Problem], list[Shift]]:
    """What speaks against the rota from today to the end of next week, and its shifts; three
    statements."""
    monday = week_of(today)
    around = monday - timedelta(days=2), monday + timedelta(days=15)
    shifts = rota.shifts_between(session, *around)
    opening = session.scalars(select(OpeningHours)).all()
    leave = rota.leave_between(session, *around)
    closed = holidays_between(*around)
    found = [
        problem
        for week in (monday, monday + timedelta(days=7))
        for problem in check_week(week, shifts, opening, leave, zone, closed)
    ]
    return [problem for problem in found if problem.day >= today], shifts


def at_work(shifts: Sequence[Shift], now: datetime, zone: ZoneInfo) -> list[tuple[Shift, datetime]]:
    """The published shifts that go on at `now`, each with its end, by role and name."""
    found = [(shift, *shift.interval(zone)) for shift in shifts if shift.published]
    here = [(shift, end) for shift, start, end in found if start <= now < end]
    return sorted(here, key=lambda duty: (duty[0].staff.role, duty[0].staff.name))


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
            Appointment.status.in_(IN_HOUSE),
        )
        .order_by(Appointment.appointment_datetime, Appointment.appointment_id)
    )  # fmt: skip
    return session.execute(query).all()


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
        .where(Appointment.status.in_(TO_COME), Appointment.appointment_datetime >= now)
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
