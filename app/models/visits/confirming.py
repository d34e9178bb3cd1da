"""A patient says that they will come: a row of the visit's history, true until it is moved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.errors import Conflict
from app.models.visits.appointment import Appointment
from app.models.visits.history import AppointmentHistory
from app.spelling import said

SAID = "the patient will come"


def confirm(session: Session, visit: Appointment, now: datetime) -> None:
    """Note it once for this time. Raises Conflict where the visit is not booked any more."""
    if visit.status != "booked":
        raise Conflict(
            _("This visit is %(status)s; there is nothing to confirm.", status=said(visit.status))
        )
    if confirmed_at(session, visit) is not None:
        return
    session.add(
        AppointmentHistory(
            appointment=visit, recorded=now, agent="link", status_before="booked",
            status_after="booked", start_after=visit.appointment_datetime, reason=SAID,
        )
    )  # fmt: skip


def confirmed_at(session: Session, visit: Appointment) -> datetime | None:
    """When the patient said that they will come to this time."""
    history = AppointmentHistory
    query = select(history.recorded, history.reason).where(
        history.appointment_id == visit.appointment_id,
        history.start_after == visit.appointment_datetime,
    )
    said = (row.recorded for row in session.execute(query) if row.reason == SAID)
    return next(said, None)  # reasons are sealed: SQL cannot compare them
