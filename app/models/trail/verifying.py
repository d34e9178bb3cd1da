"""Proving the audit trail: every event is as it was sealed, and none is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.models.trail.audit import AuditEvent
from app.models.trail.audit_seal import BEGINNING, AuditSeal, digest, root_of
from app.models.trail.seal_folder import PUBLIC, Head, SealFolder
from app.models.trail.trail_sealing import floor_of, unsealed


@dataclass(frozen=True)
class Verdict:
    """What the proof found: how much is proven, what waits for the next seal, and the first fault
    in a sentence, or None."""

    events: int
    seals: int
    waiting: int
    fault: str | None = None

    def __str__(self) -> str:
        if self.fault:
            return self.fault
        seals = "1 seal" if self.seals == 1 else f"{self.seals:,} seals"
        said = f"The audit trail is whole: {self.events:,} events under {seals}."
        return said + (f" Not sealed yet: {self.waiting:,}." if self.waiting else "")


class Broken(Exception):
    """The first fault."""


def verify(session: Session, folder: SealFolder, now: datetime) -> Verdict:
    """Go through all seals, oldest first, then look for what they do not cover."""
    covered: set[int] = set()
    seals = 0
    try:
        heads = {head.seal: head for head in folder.heads()}
        previous, number = BEGINNING, 0
        for (number,) in session.execute(_numbers()).all():
            seal = session.get_one(AuditSeal, number)
            _check_seal(seal, previous, heads.get(number), folder)
            covered |= _check_events(session, seal)
            previous, seals = seal.root, seals + 1
            session.expunge_all()
        _check_tail(number, heads)
        _check_added(session, covered, now)
    except Broken as fault:
        return Verdict(len(covered), seals, 0, str(fault))
    return Verdict(len(covered), seals, len(unsealed(session, now, most=1_000_000)))


def _numbers() -> Select[int]:
    return select(AuditSeal.audit_seal_id).order_by(AuditSeal.audit_seal_id)


def _check_seal(seal: AuditSeal, previous: str, head: Head | None, folder: SealFolder) -> None:
    if not folder.can_prove():
        raise Broken(f"There is no {PUBLIC} in {folder.path}, so no seal can be proven.")
    where = f"Seal {seal.audit_seal_id} over the events {seal.first_id} to {seal.last_id}"
    if seal.previous != previous:
        raise Broken(f"{where} does not follow the one before: a seal was removed or swapped.")
    if head and head != Head.of(seal):
        raise Broken(f"{where} is not the one that was signed and kept outside the database.")
    if seal.root != root_of(previous, seal.entries) or not folder.is_signed(
        seal.message(), seal.signature
    ):
        raise Broken(f"{where} was altered.")


def _check_events(session: Session, seal: AuditSeal) -> set[int]:
    sealed = dict(seal.events())
    query = select(AuditEvent).where(AuditEvent.audit_id.between(seal.first_id, seal.last_id))
    there = {event.audit_id: digest(event) for event in session.scalars(query)}
    for key, said in sealed.items():
        if key not in there:
            raise Broken(f"Event {key} was removed.")
        if there[key] != said:
            raise Broken(f"Event {key} was {_swapped(key, sealed, there) or 'altered'}.")
    return set(sealed)


def _swapped(key: int, sealed: dict[int, bytes], there: dict[int, bytes]) -> str | None:
    """Whether another event under the seal says what this one said, and the other way round."""
    for other, said in sealed.items():
        if other != key and there.get(other) == sealed[key] and there[key] == said:
            return f"swapped with event {other}"
    return None


def _check_tail(last: int, heads: dict[int, Head]) -> None:
    missing = [head for number, head in sorted(heads.items()) if number > last]
    if missing:
        raise Broken(
            f"The trail was cut off: event {missing[0].first_id} and what follows, up to event "
            f"{missing[-1].last_id}, were sealed and are gone."
        )
    if last and last not in heads and last - 1 not in heads:
        raise Broken("The signed heads are missing outside the database: the end is not proven.")


def _check_added(session: Session, covered: set[int], now: datetime) -> None:
    """No event may stand below the floor that no seal covers."""
    below = select(AuditEvent.audit_id).where(AuditEvent.audit_id <= floor_of(session, now))
    for key in session.scalars(below.order_by(AuditEvent.audit_id)):
        if key not in covered:
            raise Broken(f"Event {key} was put in later: no seal covers it.")
