"""For who runs the house: what waits for a decision, the rooms, the rota, who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from app.models.base.clock import holidays_between
from app.models.clinic.opening import OpeningHours, TimeOff
from app.models.clinic.room import Room
from app.models.clinic.visit_type import VisitType
from app.models.messages.notification import Notification
from app.models.people import login_session
from app.models.people.login_session import LoginSession
from app.models.people.patient import Patient
from app.models.people.staff import Doctor, nurses
from app.models.record.restriction import GlassBreak
from app.models.rota import rota
from app.models.rota.rota_rules import Problem, check_week, week_of
from app.models.rota.rota_tables import ShiftSwap
from app.models.rota.shift import Shift
from app.models.trail.audit import AuditEvent
from app.models.visits.appointment import Appointment

LATELY = timedelta(days=14)


@dataclass(frozen=True)
class Attention:
    """How many rows of each kind wait for somebody to decide or to look."""

    failed_messages: int
    time_off: int
    swaps: int
    failed_logins: int
    broken_glass: int


@dataclass(frozen=True)
class Missing:
    """What a clinic has not yet; without each but a nurse it cannot book a visit."""

    room: bool
    visit_type: bool
    doctor: bool
    published_shift: bool
    patient: bool
    nurse: bool
    """Visits do without; the rota then asks for none."""


def missing(session: Session) -> Missing:
    """What of that is not there; one statement."""
    rows: list[Select[Any]] = [
        select(Room.room_id),
        select(VisitType.visit_type_id),
        select(Doctor.doctor_id),
        select(Shift.shift_id).where(Shift.published),
        select(Patient.patient_id),
        nurses(),
    ]
    absent: list[Any] = [~row.exists() for row in rows]
    return Missing(*session.execute(select(*absent)).one())


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


def rota_gaps(
    session: Session, zone: ZoneInfo, today: date, lacks: Missing
) -> tuple[list[Problem], list[Shift]]:
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
        for problem in check_week(week, shifts, opening, leave, zone, closed, not lacks.nurse)
    ]
    return [problem for problem in found if problem.day >= today], shifts


def at_work(shifts: Sequence[Shift], now: datetime, zone: ZoneInfo) -> list[tuple[Shift, datetime]]:
    """The published shifts that go on at `now`, each with its end, by role and name."""
    found = [(shift, *shift.interval(zone)) for shift in shifts if shift.published]
    here = [(shift, end) for shift, start, end in found if start <= now < end]
    return sorted(here, key=lambda duty: (duty[0].staff.role, duty[0].staff.name))
