"""What a visit's patient is told, and was told: each message with its time and its fate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from app.language import _, _l
from app.models.messages import outbox, reach
from app.models.messages.notification import INBOX, Notification
from app.models.visits.appointment import Appointment
from app.spelling import word

CHANNELS = {"inbox": _l("portal"), "email": _l("e-mail"), "sms": _l("text message")}
AT_MOST = 40


def of(session: Session, appointment_id: int) -> Sequence[Notification]:
    """The messages about a visit in the order in which they leave, or left; one statement."""
    leaves = func.coalesce(Notification.sent_at, Notification.not_before)
    query = (
        select(Notification)
        .where(Notification.appointment_id == appointment_id, Notification.patient_id.is_not(None))
        .options(joinedload(Notification.notification_rule))
        .order_by(leaves, Notification.notification_id)
        .limit(AT_MOST)
    )
    return session.scalars(query).all()


def when(row: Notification) -> datetime:
    """When the message went, or is to go at the earliest; UTC."""
    return row.sent_at or row.not_before


def who_is_told(session: Session, visit: Appointment, event: str, now: datetime) -> str:
    """Who would get what, by which channel, if a visit were moved or cancelled now: a sentence
    for the desk, without the address itself."""
    person = reach.of_patients(session, [visit.patient_id])[visit.patient_id]
    if visit.status != "booked" or visit.appointment_datetime <= now:
        return _("%(name)s is not told: the visit is not booked, or has begun.", name=person.name)
    rules = outbox.rules_of(session, event)
    ways = [way for rule in rules if (way := person.first_of(rule.order))]
    ways += [INBOX for rule in rules if rule.inbox and person.why_not(INBOX) is None]
    if not ways:
        why = next((person.why_not(way) for rule in rules for way in rule.order), None)
        return _(
            "%(name)s is not told. %(why)s",
            name=person.name,
            why=_(why) if why else _("No message rule is active for this."),
        )
    said = ", ".join(dict.fromkeys(str(CHANNELS[way]) for way in ways))
    return _(
        "%(name)s is told by %(channel)s, in %(language)s.",
        name=person.name,
        channel=said,
        language=word(person.language),
    )
