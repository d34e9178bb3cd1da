"""The rules and words that every clinic starts with; `flask clinic init` adds what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import _kp
from app.models.messages.notification_rule import NotificationRule, NotificationTemplate
from app.models.messages.wording import LANGUAGES, shipped

NIGHT = {"quiet_from": time(21), "quiet_to": time(8)}

RULES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # name, on what, and how it differs from: by e-mail else by text message, and in the inbox
    (_kp("rule", "Visit booked"), "booked", {}),
    (_kp("rule", "Reminder a day before"), "reminder", {"hours_before": 24, **NIGHT}),
    (_kp("rule", "Reminder two hours before"), "reminder",
     {"hours_before": 2, "channels": "sms", "inbox": False, "active": False}),
    (_kp("rule", "Visit moved"), "moved", {}),
    (_kp("rule", "Visit cancelled"), "cancelled", {}),
    (_kp("rule", "Doctor absent"), "doctor_absent", {}),
    (_kp("rule", "Doctor back"), "doctor_back", {}),
    (_kp("rule", "A time has become free"), "waitlist_offer", {"channels": "sms, email"}),
    (_kp("rule", "Running late"), "running_late", {"channels": "sms, email"}),
    (_kp("rule", "Record shared"), "record_shared", {"channels": "email"}),
    (_kp("rule", "Shifts published"), "shift_published", {"channels": "email"}),
    (_kp("rule", "Shift taken off"), "shift_removed", {"channels": "email"}),
    (_kp("rule", "Swap asked for"), "swap_asked", {"channels": "email"}),
    (_kp("rule", "Swap agreed to"), "swap_agreed", {"channels": "email"}),
    (_kp("rule", "Swap not wanted"), "swap_declined", {"channels": "email"}),
    (_kp("rule", "Swap approved"), "swap_approved", {"channels": "email"}),
    (_kp("rule", "Swap refused"), "swap_refused", {"channels": "email"}),
    (_kp("rule", "Time off approved"), "time_off_approved", {"channels": "email"}),
    (_kp("rule", "Time off declined"), "time_off_declined", {"channels": "email"}),
    (_kp("rule", "Correction asked for"), "correction_asked", {"channels": "email"}),
    (_kp("rule", "Access declined"), "access_declined", {"inbox": False}),
    (_kp("rule", "Invitation to sign in"), "invitation", {"inbox": False}),
    (_kp("rule", "New password asked for"), "password_reset", {"inbox": False}),
    (_kp("rule", "Password changed"), "password_changed", {"channels": "email"}),
    (_kp("rule", "New sign-in"), "login_new", {"channels": "email"}),
    (_kp("rule", "Signing in paused"), "login_paused", {"channels": "email"}),
    (_kp("rule", "Second factor changed"), "factor_changed", {"channels": "email"}),
    (_kp("rule", "Restricted chart opened"), "glass_broken", {"channels": "email"}),
    (_kp("rule", "Figures of the week"), "digest", {"channels": "email", "inbox": False}),
)  # fmt: skip


def seed(session: Session) -> int:
    """Add the rules of each event that has none yet, with their words; answers how many. What the
    clinic changed or switched off stays as it is."""
    said = {language: shipped(language) for language in LANGUAGES}
    _speak_new(session, said)
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


def _speak_new(session: Session, said: Mapping[str, Mapping[str, dict[str, str]]]) -> None:
    """Give the rules that came with the program their words in a language that is new to the clinic;
    no text can be taken off, so that one without any is new."""
    new = set(said) - set(session.scalars(select(NotificationTemplate.language).distinct()))
    ours = {(name, event) for name, event, _ in RULES}
    for rule in session.scalars(select(NotificationRule)) if new else ():
        if (rule.name, rule.event) in ours:
            session.add_all(
                NotificationTemplate(
                    notification_rule_id=rule.notification_rule_id,
                    language=language,
                    **said[language][rule.event],
                )
                for language in sorted(new)
            )
