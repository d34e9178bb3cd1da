"""When a message cannot reach a person by its channel, the next channel of its rule is tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.models.messages import outbox, reach
from app.models.messages.letters import To, new_message_id
from app.models.messages.notification import Notification
from app.models.messages.notification_rule import NotificationRule
from app.models.people.linked import kept_id

COPIED = (
    "rule", "patient_id", "staff_id", "user_id", "appointment_id", "appointment_version",
    "visit_start", "notification_rule_id", "subject", "body", "context", "expires",
)  # fmt: skip


def plan(
    session: Session, row: Any, rule: NotificationRule, ended: str, now: datetime
) -> Notification | None:
    """Plan for `now` what `row` did not bring, in this transaction: it is dead, or it was skipped
    because its channel is closed to the person by now. What was skipped for another reason is not
    said by another way either. None where no further channel is set up and reaches the person."""
    if row.channel not in rule.order:
        return None
    patient_id = kept_id(session, row.patient_id) if row.patient_id else None
    person = outbox.reach_of(session, To(patient_id, row.staff_id, row.user_id))
    if ended == "skipped" and person.why_not(row.channel) is None:
        return None
    further = rule.order[rule.order.index(row.channel) + 1 :]
    channel = person.first_of(name for name in further if reach.is_set_up(name))
    if channel is None:
        return None
    once = f"{row.once.removesuffix(row.channel)}{channel}"
    if session.scalar(select(exists().where(Notification.once == once))):
        return None
    columns = {name: getattr(row, name) for name in COPIED} | {"patient_id": patient_id}
    message_id = new_message_id()
    found = Notification(
        once=once, channel=channel, created=now, not_before=now, message_id=message_id, **columns
    )
    session.add(found)
    session.flush()
    return found
