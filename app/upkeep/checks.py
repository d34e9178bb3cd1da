"""Everything that `flask clinic check` and the console say of the clinic's health."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy.orm import Session

from app.upkeep import setting_checks as setting
from app.upkeep import state_checks as state


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `fault` is a sentence that says what to do, or None."""

    subject: str
    fault: str | None


SETTINGS = (
    ("Secret key", setting.secret_key),
    ("Master keys", setting.master_keys),
    ("Key of the seals", setting.seal_key),
    ("Place of the backups", setting.apart),
    ("Place of the seals", setting.seals_apart),
    ("TLS", setting.encrypted),
    ("Names of the clinic", setting.names),
    ("Address in messages", setting.address),
    ("Time zone", setting.time_zone),
    ("E-mail", setting.mail),
    ("Redis", setting.redis),
    ("Debug mode", setting.debugging),
    ("Room on the disk", setting.room_left),
)
STATE: tuple[tuple[str, state.Check], ...] = (
    ("Migrations", state.migrations),
    ("Passwords of the demo", state.demo_passwords),
    ("Backup of today", state.backup),
    ("Seals of the audit trail", state.seals),
    ("Worker", state.worker),
    ("Jobs", state.jobs),
    ("Outbox", state.outbox),
    ("Dead letters", state.dead_letters),
)
SLOW: tuple[tuple[str, state.Check], ...] = (("Figures", state.figures),)
"""Looked at by the command only: it reads every visit."""


def look(session: Session, now: datetime, *, slow: bool = False) -> list[Finding]:
    """Look at everything. Behind a migration nothing else of the database can be told."""
    found = [Finding(subject, check(current_app.config)) for subject, check in SETTINGS]
    for subject, check in (*STATE, *(SLOW if slow else ())):
        found.append(Finding(subject, check(session, now)))
        if subject == "Migrations" and found[-1].fault:
            break
    return found


def faults(found: Iterable[Finding]) -> list[str]:
    return [finding.fault for finding in found if finding.fault]
