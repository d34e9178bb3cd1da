"""Writing to the outbox, in the transaction of what is told."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.models.notification import INBOX, Notification

DOMAIN = "clinic.invalid"


def put(
    session: Session, rule: str, once: str, subject: str, body: str, now: datetime, **columns: Any
) -> Notification:
    """Plan one message by `rule`, to be sent from `not_before` (else at once). `once` names the
    cause, e.g. `appointment:12:3`; with the rule and the channel it is unique. A message in the
    inbox counts as sent when its time has come.

    `columns` name the one person it goes to (`staff_id`, `patient_id` or `user_id`).
    """
    channel = columns.setdefault("channel", INBOX)
    not_before = columns.setdefault("not_before", now)
    if channel == INBOX and not_before <= now:
        columns |= {"state": "sent", "sent_at": now}
    row = Notification(
        rule=rule,
        once=f"{rule}:{once}:{channel}",
        subject=subject,
        body=body,
        created=now,
        message_id=f"<{secrets.token_hex(16)}@{DOMAIN}>",
        **columns,
    )
    session.add(row)
    return row


def tell_staff(
    session: Session,
    staff_id: int,
    rule: str,
    cause: str,
    now: datetime,
    *,
    subject: str,
    body: str,
) -> Notification:
    """A message in the inbox of a member of staff."""
    once = f"{cause}:staff:{staff_id}"
    return put(session, rule, once, subject, body, now, staff_id=staff_id)
