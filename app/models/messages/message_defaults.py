"""The rules and words that every clinic starts with; `flask clinic init` adds what is missing."""

from __future__ import annotations

from datetime import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.messages.notification_rule import NotificationRule, NotificationTemplate
from app.models.messages.wording import LANGUAGES, shipped

NIGHT = {"quiet_from": time(21), "quiet_to": time(8)}

RULES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # name, on what, and how it differs from: by e-mail else by text message, and in the inbox
    ("Visit booked", "booked", {}),
    ("Reminder a day before", "reminder", {"hours_before": 24, **NIGHT}),
    ("Reminder two hours before", "reminder",
     {"hours_before": 2, "channels": "sms", "inbox": False, "active": False}),
    ("Visit moved", "moved", {}),
    ("Visit cancelled", "cancelled", {}),
    ("Doctor absent", "doctor_absent", {}),
    ("Doctor back", "doctor_back", {}),
    ("A time has become free", "waitlist_offer", {"channels": "sms, email"}),
    ("Running late", "running_late", {"channels": "sms, email"}),
    ("Record shared", "record_shared", {"channels": "email"}),
    ("Shifts published", "shift_published", {"channels": "email"}),
    ("Shift taken off", "shift_removed", {"channels": "email"}),
    ("Swap asked for", "swap_asked", {"channels": "email"}),
    ("Swap agreed to", "swap_agreed", {"channels": "email"}),
    ("Swap not wanted", "swap_declined", {"channels": "email"}),
    ("Swap approved", "swap_approved", {"channels": "email"}),
    ("Swap refused", "swap_refused", {"channels": "email"}),
    ("Time off approved", "time_off_approved", {"channels": "email"}),
    ("Time off declined", "time_off_declined", {"channels": "email"}),
    ("Correction asked for", "correction_asked", {"channels": "email"}),
    ("Access declined", "access_declined", {"inbox": False}),
    ("Invitation to sign in", "invitation", {"inbox": False}),
    ("New password asked for", "password_reset", {"inbox": False}),
    ("Password changed", "password_changed", {"channels": "email"}),
    ("New sign-in", "login_new", {"channels": "email"}),
    ("Signing in paused", "login_paused", {"channels": "email"}),
    ("Second factor changed", "factor_changed", {"channels": "email"}),
    ("Restricted chart opened", "glass_broken", {"channels": "email"}),
    ("Figures of the week", "digest", {"channels": "email", "inbox": False}),
)  # fmt: skip


def seed(session: Session) -> int:
    """Add the rules of each event that has none yet, with their words; answers how many. What the
    clinic changed or switched off stays as it is."""
    said = {language: shipped(language) for language in LANGUAGES}
    there = set(session.scalars(select(NotificationRule.event).distinct()))
    added = 0
    for name, event, differs in RULES:
        if event in there:
            continue
        rule = NotificationRule(name=name, event=event, **({"channels": "email, sms"} | differs))
        rule.templates = [
            NotificationTemplate(language=language, **texts[event])
            for language, texts in said.items()
        ]
        session.add(rule)
        added += 1
    session.flush()
    return added
