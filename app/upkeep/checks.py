"""Everything that `flask clinic check` and the console say of the clinic's health."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy.orm import Session

from app.language import _, _k
from app.upkeep import setting_checks as setting
from app.upkeep import state_checks as state


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `fault` is a sentence that says what to do, or None."""

    subject: str
    fault: str | None


SETTINGS = (
    (_k("Secret key"), setting.secret_key),
    (_k("File of the database"), setting.database_file),
    (_k("Master keys"), setting.master_keys),
    (_k("Key of the seals"), setting.seal_key),
    (_k("Place of the backups"), setting.apart),
    (_k("Place of the seals"), setting.seals_apart),
    (_k("TLS"), setting.encrypted),
    (_k("Names of the clinic"), setting.names),
    (_k("Address in messages"), setting.address),
    (_k("Time zone"), setting.time_zone),
    (_k("E-mail"), setting.mail),
    (_k("Redis"), setting.redis),
    (_k("Debug mode"), setting.debugging),
    (_k("Room on the disk"), setting.room_left),
)
STATE: tuple[tuple[str, state.Check], ...] = (
    (_k("Migrations"), state.migrations),
    (_k("Passwords of the demo"), state.demo_passwords),
    (_k("Backup of today"), state.backup),
    (_k("Seals of the audit trail"), state.seals),
    (_k("Worker"), state.worker),
    (_k("Jobs"), state.jobs),
    (_k("Outbox"), state.outbox),
    (_k("Dead letters"), state.dead_letters),
)
SLOW: tuple[tuple[str, state.Check], ...] = ((_k("Figures"), state.figures),)
"""Looked at by the command only: it reads every visit."""


def look(session: Session, now: datetime, *, slow: bool = False) -> list[Finding]:
    """Look at everything, and say it in the language of now. Behind a migration nothing else of the
    database can be told."""
    found = [Finding(_(subject), check(current_app.config)) for subject, check in SETTINGS]
    for subject, check in (*STATE, *(SLOW if slow else ())):
        found.append(Finding(_(subject), check(session, now)))
        if check is state.migrations and found[-1].fault:
            break
    return found


def faults(found: Iterable[Finding]) -> list[str]:
    """The sentences of what was found amiss."""
    return [finding.fault for finding in found if finding.fault]
