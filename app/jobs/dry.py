"""What the worker would send at a moment, without sending anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from app.jobs import claiming
from app.models.messages import freshness, outbox, reminders
from app.models.messages.notification import Notification
from app.models.messages.wording import VARIABLES

AT_MOST = 1000


def lines(session: Session, now: datetime) -> Iterator[str]:
    """A line for each message that is due: its key, rule, channel, and what would become of it.
    Nothing is kept, and no address or word of a message is told."""
    reminders.plan_missing(session, now)
    session.flush()
    rules = {rule.notification_rule_id: rule for rule in outbox.rules_of(session, *VARIABLES)}
    keys = claiming.due(session, now, AT_MOST)
    for key in keys:
        row = session.get_one(Notification, key)
        found = freshness.look(session, row, rules.get(row.notification_rule_id or 0), now)
        fate = f"skip: {found}" if isinstance(found, str) else "send"
        yield f"{key}\t{row.rule}\t{row.channel}\t{fate}"
    yield f"{len(keys)} messages are due; nothing was sent."
    session.rollback()
