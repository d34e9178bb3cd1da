"""Times that become free while a transaction runs; `models.visits.waitlist` offers them before it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction

from app.models.base.intervals import Interval
from app.models.visits.appointment import ACTIVE, Appointment

KEY = "clinic_freed"


@dataclass(frozen=True)
class Freed:
    """A doctor's time, and the room that went with it, free since `now`."""

    interval: Interval
    doctor_id: int
    room_id: int | None
    now: datetime


def note(session: Session, visit: Appointment, now: datetime, *, gone: bool = False) -> None:
    """Before the flush: note the time that this visit held and is about to give back. `gone`
    where the row itself is deleted."""
    before = _held_before(visit)
    if before is None or before.interval.end <= now:
        return
    same = Interval(visit.appointment_datetime, visit.end), visit.doctor_id
    if gone or visit.status not in ACTIVE or same != (before.interval, before.doctor_id):
        note_span(session, Freed(before.interval, before.doctor_id, before.room_id, now))


def note_span(session: Session, freed: Freed) -> None:
    """Note a time together with the savepoint in which it becomes free, None outside of any."""
    savepoint = session.get_nested_transaction()
    session.info.setdefault(KEY, []).append((freed, savepoint))


def take(session: Session) -> list[Freed]:
    """What was noted in this transaction; it is noted no longer."""
    return [freed for freed, _ in session.info.pop(KEY, [])]


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, gone: SessionTransaction) -> None:
    """What a savepoint that is rolled back had freed is taken again; the rest stays free."""
    noted = session.info.pop(KEY, [])
    if gone.nested:
        session.info[KEY] = [(freed, at) for freed, at in noted if not _lies_in(at, gone)]


def _lies_in(savepoint: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while savepoint is not None and savepoint is not outer:
        savepoint = savepoint.parent
    return savepoint is outer


def _held_before(visit: Appointment) -> Freed | None:
    state: Any = inspect(visit)
    if not state.has_identity or _before(visit, "status") not in ACTIVE:
        return None
    start: datetime = _before(visit, "appointment_datetime")
    end = start + timedelta(minutes=_before(visit, "minutes_duration"))
    doctor_id, room_id = _before(visit, "doctor_id"), _before(visit, "room_id")
    return Freed(Interval(start, end), doctor_id, room_id, start)


def _before(visit: Appointment, name: str) -> Any:
    attribute: Any = inspect(visit).attrs[name]
    deleted = attribute.history.deleted
    return deleted[0] if deleted else attribute.value
