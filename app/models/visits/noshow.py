"""Those who did not come: an hour after its end, a booked visit is marked by the clinic itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import _k
from app.models.base.itself import CLINIC
from app.models.visits import life
from app.models.visits.appointment import Appointment

GRACE = timedelta(minutes=60)
AT_ONCE = 500


def mark_no_shows(session: Session, now: datetime) -> int:
    """The job: booked visits whose end and an hour have passed become `noshow`."""
    query = (
        select(Appointment)
        .where(Appointment.status == "booked", Appointment.appointment_datetime <= now - GRACE)
        .order_by(Appointment.appointment_datetime)
        .limit(AT_ONCE)
    )
    missed = [visit for visit in session.scalars(query) if visit.end + GRACE <= now]
    for visit in missed:
        life.move_status(session, CLINIC, visit, "noshow", now, _k("did not come"))
    session.flush()
    return len(missed)
