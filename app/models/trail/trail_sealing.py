"""Sealing the audit trail: every minute, the events that no seal covers yet come under a new one.

On PostgreSQL a transaction may commit after another that began later, so an event can appear below
numbers that are sealed already. A seal therefore lists its events; a run looks back over the seals
of the last `LATE` and takes in whatever they left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.models.trail.audit import AuditEvent
from app.models.trail.audit_seal import BEGINNING, ENTRY, AuditSeal, digest, root_of
from app.models.trail.seal_folder import SealFolder

LATE = timedelta(hours=1)
"""No transaction lasts longer; an event that comes later still is reported by `verify`."""

MOST = 5_000
"""Events in one seal."""

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7316051)")


def seal_trail(session: Session, now: datetime) -> int:
    """Seal what waits; answers how many events it was. Commits each seal, then writes its head."""
    folder = SealFolder(current_app.config["CLINIC_SEALS"])
    total = 0
    while count := _seal_some(session, folder, now):
        total += count
        _write_heads(session, folder)
        if count < MOST:
            break
    _write_heads(session, folder)
    return total


def floor_of(session: Session, now: datetime) -> int:
    """The highest number under a seal that is older than `LATE`; nothing comes in below it."""
    return (
        session.scalar(select(func.max(AuditSeal.last_id)).where(AuditSeal.sealed < now - LATE))
        or 0
    )


def unsealed(session: Session, now: datetime, most: int = MOST) -> Sequence[AuditEvent]:
    """Events above the floor that no seal covers, by number."""
    recent = session.scalars(select(AuditSeal).where(AuditSeal.sealed >= now - LATE))
    covered = {key for seal in recent for key, _ in seal.events()}
    found = []
    query = select(AuditEvent).where(AuditEvent.audit_id > floor_of(session, now))
    for event in session.scalars(
        query.order_by(AuditEvent.audit_id).execution_options(yield_per=500)
    ):
        if event.audit_id not in covered:
            found.append(event)
        if len(found) == most:
            break
    return found


def _seal_some(session: Session, folder: SealFolder, now: datetime) -> int:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(ONE_AT_A_TIME)
    events = unsealed(session, now)
    if not events:
        session.rollback()
        return 0
    last = select(AuditSeal.root).order_by(AuditSeal.audit_seal_id.desc()).limit(1)
    previous = session.scalar(last) or BEGINNING
    entries = b"".join(ENTRY.pack(event.audit_id, digest(event)) for event in events)
    seal = AuditSeal(
        sealed=now,
        first_id=events[0].audit_id,
        last_id=events[-1].audit_id,
        count=len(events),
        entries=entries,
        previous=previous,
        root=root_of(previous, entries),
    )
    seal.signature = folder.sign(seal.message())
    session.add(seal)
    session.commit()
    return len(events)


def _write_heads(session: Session, folder: SealFolder) -> None:
    """Also those that a crash kept from being written."""
    head = folder.last_head()
    query = select(AuditSeal).where(AuditSeal.audit_seal_id > (head.seal if head else 0))
    folder.append(list(session.scalars(query.order_by(AuditSeal.audit_seal_id))))
    session.rollback()
