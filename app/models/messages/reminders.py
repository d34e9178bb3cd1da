"""The job that plans the reminders which no booking planned: of visits that came by import or by
another program, and by rules that were added or changed later."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.models.messages import outbox, planning, reach
from app.models.messages.notification import Notification
from app.models.visits.appointment import Appointment

AT_ONCE = 500
AHEAD = timedelta(days=2)
"""How long before a reminder is due it is planned by this job."""


def plan_missing(session: Session, now: datetime) -> int:
    """Plan what is missing among the reminders that are due soon; safe to run twice, and at once.

    What should have gone out already goes now, as long as the visit has not begun."""
    planned = 0
    for rule in outbox.rules_of(session, "reminder"):
        ahead = timedelta(hours=rule.hours_before or 0, days=(rule.days_before or -1) + 1)
        has_one = exists().where(
            and_(
                Notification.appointment_id == Appointment.appointment_id,
                Notification.notification_rule_id == rule.notification_rule_id,
                Notification.visit_start == Appointment.appointment_datetime,
                func.coalesce(Notification.reason, "") != outbox.SWITCHED_OFF,
            )
        )
        query = (
            select(Appointment)
            .where(
                Appointment.status == "booked",
                Appointment.appointment_datetime > now,
                Appointment.appointment_datetime <= now + ahead + AHEAD,
                ~has_one,
            )
            .options(joinedload(Appointment.doctor))
            .order_by(Appointment.appointment_datetime)
            .limit(AT_ONCE)
        )
        visits = session.scalars(query).all()
        people = reach.of_patients(session, {visit.patient_id for visit in visits})
        for visit in visits:
            try:
                with session.begin_nested():
                    person = people[visit.patient_id]
                    rows = planning.remind(session, [rule], visit, person, now, catch_up=True)
                planned += len(rows)
            except IntegrityError:  # another worker planned it at this moment
                continue
    return planned
