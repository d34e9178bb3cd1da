"""What stands in a private calendar feed: the visits and shifts of one member of staff.

A feed leaves the house by an address alone, so it names a patient by initials and holds no
reason, note or diagnosis; it speaks the language of its owner's pages. Three statements, whatever it
holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.exchange.ical import STATUS, Entry, initials, write
from app.language import LANGUAGES, _, current, in_language
from app.models import (
    Appointment,
    AppointmentHistory,
    CalendarFeed,
    Doctor,
    LoginSetting,
    Patient,
    Room,
    Shift,
    Staff,
    VisitType,
)
from app.models.visits import holds
from app.models.visits.feed import hash_of

BACK, AHEAD = timedelta(days=30), timedelta(days=180)


@dataclass(frozen=True)
class Feed:
    """The file, and how many visits of patients it tells of."""

    body: bytes
    staff_id: int
    visits: int


def feed_of(session: Session, token: str, house: str, zone: ZoneInfo, now: datetime) -> Feed | None:
    """The feed behind a secret address; None for one that is unknown or revoked, or of
    one who may not sign in any more."""
    owner = session.execute(
        select(Staff.staff_id, Staff.name, Doctor.doctor_id, LoginSetting.language)
        .join(CalendarFeed, CalendarFeed.staff_id == Staff.staff_id)
        .join(User, User.id == Staff.user_id)
        .outerjoin(Doctor, Doctor.staff_id == Staff.staff_id)
        .outerjoin(LoginSetting, LoginSetting.user_id == Staff.user_id)
        .where(
            CalendarFeed.token_hash == hash_of(token), CalendarFeed.revoked_at.is_(None),
            Staff.active, User.active,
        )
    ).one_or_none()  # fmt: skip
    if owner is None:
        return None
    with in_language(owner.language if owner.language in LANGUAGES else current()):
        visits = list(_visits(session, owner.doctor_id, now)) if owner.doctor_id else []
        shifts = list(_shifts(session, owner.staff_id, zone, now))
    body = write(f"{house}: {owner.name}", house, zone, [*visits, *shifts])
    return Feed(body, owner.staff_id, len(visits))


def file_of(visit: Appointment, modified: datetime, house: str, zone: ZoneInfo) -> bytes:
    """One visit as a file to hand on: with whom and where, without the patient's name."""
    kind = visit.visit_type.name if visit.visit_type else "Visit"
    entry = Entry(
        key=f"appointment/{visit.appointment_id}",
        start=visit.appointment_datetime,
        end=visit.end,
        summary=f"{kind}, {visit.doctor.name}",
        modified=modified,
        sequence=visit.version - 1,
        status=STATUS.get(visit.status, "CONFIRMED"),
        location=visit.room.name if visit.room else None,
    )
    return write(house, house, zone, [entry])


def last_change(session: Session, visit: Appointment) -> datetime | None:
    """When the visit was changed last, UTC; None where it has no history."""
    query = select(func.max(AppointmentHistory.recorded)).where(
        AppointmentHistory.appointment_id == visit.appointment_id
    )
    return session.scalar(query)


def _visits(session: Session, doctor_id: int, now: datetime) -> Iterator[Entry]:
    changed = (
        select(func.max(AppointmentHistory.recorded))
        .where(AppointmentHistory.appointment_id == Appointment.appointment_id)
        .scalar_subquery()
    )
    query = (
        select(
            Appointment.appointment_id, Appointment.appointment_datetime,
            Appointment.minutes_duration, Appointment.status, Appointment.version,
            Patient.name.label("patient"), VisitType.name.label("kind"), Room.name.label("room"),
            changed.label("changed"),
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .outerjoin(VisitType, VisitType.visit_type_id == Appointment.visit_type_id)
        .outerjoin(Room, Room.room_id == Appointment.room_id)
        .where(
            Appointment.doctor_id == doctor_id,
            Appointment.appointment_datetime >= now - BACK,
            Appointment.appointment_datetime < now + AHEAD,
            ~holds.expired(now),
        )
        .order_by(Appointment.appointment_datetime)
    )  # fmt: skip
    for row in session.execute(query):
        yield _visit(row)


def _visit(row: Any) -> Entry:
    start = row.appointment_datetime
    return Entry(
        key=f"appointment/{row.appointment_id}",
        start=start,
        end=start + timedelta(minutes=row.minutes_duration),
        summary=f"{row.kind or _('Visit')} ({initials(row.patient)})",
        modified=row.changed or start - BACK,  # imported: changed never, and certainly before
        sequence=row.version - 1,
        status=STATUS.get(row.status, "CONFIRMED"),
        location=row.room,
    )


def _shifts(session: Session, staff_id: int, zone: ZoneInfo, now: datetime) -> Iterator[Entry]:
    first, last = ((now + by).astimezone(zone).date() for by in (-BACK, AHEAD))
    query = (
        select(Shift)
        .where(Shift.staff_id == staff_id, Shift.published, Shift.shift_date.between(first, last))
        .order_by(Shift.shift_date, Shift.start_time)
    )
    for shift in session.scalars(query):
        start, end = (moment.astimezone(UTC) for moment in shift.interval(zone))
        yield Entry(
            key=f"shift/{shift.shift_id}",
            start=start,
            end=end,
            summary=_("Shift"),
            modified=start - BACK,
            sequence=shift.version - 1,
            busy=False,
            category="Shift",
        )
