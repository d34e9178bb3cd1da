"""Times that become free while a transaction runs; `models.waitlist` offers them before it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from app.models.appointment import ACTIVE, Appointment
from app.models.intervals import Interval

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
        freed = Freed(before.interval, before.doctor_id, before.room_id, now)
        session.info.setdefault(KEY, []).append(freed)


def note_span(session: Session, freed: Freed) -> None:
    session.info.setdefault(KEY, []).append(freed)


def take(session: Session) -> list[Freed]:
    """What was noted in this transaction; it is noted no longer."""
    found: list[Freed] = session.info.pop(KEY, [])
    return found


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    take(session)


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
