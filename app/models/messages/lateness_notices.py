"""Who waits is told that their doctor runs late: once a visit, by the rule “running late”."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.models.base.clock import clinic_zone, day_of
from app.models.messages import outbox
from app.models.messages.visits_told import Known, Told
from app.models.visits import lateness
from app.models.visits.appointment import HERE, LONGEST, Appointment

WORTH_TELLING = timedelta(minutes=20)
AHEAD = timedelta(minutes=60)
"""Whose visit is further away is not told yet: the day may still catch up."""

ROUND = 5


def tell(session: Session, now: datetime) -> int:
    """The job: announce the delay to each patient who waits, or comes within the hour. Announced
    again, a delay plans no second message."""
    rows = _of_today(session, now)
    times = lateness.times_of(session, rows)
    by_key = {row.appointment_id: row for row in rows}
    told = 0
    for forecast in lateness.forecasts(rows, times, now).values():
        for key, begins in forecast.goes_in.items():
            row = by_key[key]
            if row.appointment_datetime > now + AHEAD:
                continue
            if begins - row.appointment_datetime >= WORTH_TELLING:
                told += _tell(session, row, begins - row.appointment_datetime, now)
    return told


def _tell(session: Session, row: Any, delay: timedelta, now: datetime) -> int:
    minutes = round(delay.total_seconds() / 60 / ROUND) * ROUND
    visit = Told(row.appointment_id, Known(row.appointment_datetime, row.doctor_id))
    planned = outbox.announce(
        session, "running_late", f"late:{row.appointment_id}", now, patient_id=row.patient_id,
        context={"minutes": str(minutes)}, visits=[visit], expires=now + delay,
    )  # fmt: skip
    return bool(planned)


def _of_today(session: Session, now: datetime) -> list[Any]:
    start, end = day_of(now, clinic_zone())
    begins = Appointment.appointment_datetime
    query = select(
        Appointment.appointment_id, Appointment.patient_id, Appointment.doctor_id, begins,
        Appointment.minutes_duration, Appointment.status, Appointment.arrived_at,
    ).where(
        or_(
            and_(begins >= start, begins < end),
            and_(begins >= start - LONGEST, begins < start, Appointment.status.in_(HERE)),
        )
    )  # fmt: skip
    return list(session.execute(query))
