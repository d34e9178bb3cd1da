"""What the demo clinic has told people lately: reminders that went out, and some that did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.demo.bulk import insert_all
from app.exchange.demo.rota import Clock, instant
from app.exchange.demo.visits import Visit
from app.models import Notification, NotificationRule

AHEAD, LATELY, MOST = timedelta(hours=24), 21 * 1440, 1500
KEPT = "Kept here: nothing is set up to send it."
REFUSED = {
    "email": "The mail server said 550: no such user",
    "sms": "The text message provider refused it (400).",
}
UNWANTED = {
    "email": "The patient wants no e-mail.",
    "sms": "The patient wants no text messages.",
}
SWAPPED = ("A swap was approved", "The rota was published", "Your leave was approved")


def add_messages(
    session: Session, clock: Clock, visits: Sequence[Visit], team: Sequence[int]
) -> int:
    """The reminders of the visits of the last three weeks, and some messages to the team."""
    rule = session.scalar(
        select(NotificationRule.notification_rule_id).where(NotificationRule.event == "reminder")
    )
    recent = [v for v in visits if clock.minute - LATELY < v.start < clock.minute + 1440]
    rows = (_reminder(visit, rule, clock) for visit in recent[-MOST:] if visit.status != "pending")
    return insert_all(session, Notification, rows) + insert_all(
        session, Notification, _to_staff(clock, team)
    )


def _reminder(visit: Visit, rule: int | None, clock: Clock) -> dict[str, Any]:
    start = instant(visit.start)
    due = start - AHEAD
    wall = start.astimezone(clock.zone)
    channel = "sms" if visit.id % 4 == 0 else "email"
    state, reason = "sent", KEPT
    if visit.id % 41 == 0:
        state, reason = "dead", REFUSED[channel]
    elif visit.id % 23 == 0:
        state, reason = "skipped", UNWANTED[channel]
    return _row(f"demo:reminder:{visit.id}", due, state) | {
        "rule": "reminder",
        "notification_rule_id": rule,
        "channel": channel,
        "patient_id": visit.person.id,
        "staff_id": None,
        "appointment_id": visit.id,
        "visit_start": start,
        "subject": f"Reminder: your visit on {wall:%a %-d %b} at {wall:%H:%M}",
        "body": f"You have a visit with us on {wall:%A, %-d %B %Y} at {wall:%H:%M}.",
        "reason": reason,
        "attempts": 0 if state == "skipped" else 1,
    }


def _to_staff(clock: Clock, team: Sequence[int]) -> Iterator[dict[str, Any]]:
    for place, staff_id in enumerate(team):
        at = instant(clock.minute - 90 - 37 * place)
        subject = SWAPPED[place % len(SWAPPED)]
        yield _row(f"demo:staff:{staff_id}", at, "sent") | {
            "rule": "rota",
            "notification_rule_id": None,
            "channel": "inbox",
            "patient_id": None,
            "staff_id": staff_id,
            "appointment_id": None,
            "visit_start": None,
            "subject": subject,
            "body": f"{subject}. You find it in the rota.",
            "reason": None,
            "attempts": 0,
        }


def _row(once: str, at: datetime, state: str) -> dict[str, Any]:
    return {
        "once": once,
        "state": state,
        "created": at - timedelta(minutes=1),
        "not_before": at,
        "sent_at": at if state == "sent" else None,
        "message_id": f"<{once.replace(':', '-')}@clinic.invalid>",
    }
