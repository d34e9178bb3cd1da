"""When the admin changes a rule, what is planned by it follows, in the same transaction.

A reminder waits for its new time; one of a rule that was switched off is given up, and planned again
when the rule is switched on.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from app.models.base.clock import clinic_zone
from app.models.messages import moments, outbox
from app.models.messages.notification import UNSENT, Notification
from app.models.messages.notification_rule import NotificationRule

TIMES = ("hours_before", "days_before", "at_time", "quiet_from", "quiet_to", "active")


def realign(session: Session, rule: NotificationRule) -> int:
    """Let the unsent reminders of a rule leave when it says now; answers how many changed."""
    query = select(Notification).where(
        Notification.notification_rule_id == rule.notification_rule_id,
        Notification.state.in_(UNSENT),
        Notification.visit_start.is_not(None),
    )
    changed, zone = 0, clinic_zone()
    for row in session.scalars(query):
        start = row.visit_start
        if not rule.active:
            outbox.void(row, outbox.SWITCHED_OFF)
        elif rule.event != "reminder" or start is None:
            continue
        else:
            due = moments.outside_quiet(rule, moments.due(rule, start, zone), start, zone)
            if row.not_before == due or row.attempts:
                continue
            row.not_before = due
        changed += 1
    return changed


@event.listens_for(Session, "before_flush")
def _follow(session: Session, _context: Any, _rows: Any) -> None:
    for row in session.dirty:
        if isinstance(row, NotificationRule) and _is_retimed(row):
            with session.no_autoflush:
                realign(session, row)


def _is_retimed(rule: NotificationRule) -> bool:
    state: Any = inspect(rule).attrs
    return any(state[name].history.has_changes() for name in TIMES)
