"""Several visits of a series in one go: each in a savepoint of its own, so that one that cannot be
had leaves the others be and is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.language import _n
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Conflict
from app.models.base.refusals import sentence_for
from app.models.clinic.visit_type import VisitType
from app.models.visits import booking
from app.models.visits.appointment import Appointment
from app.models.visits.availability import Slot
from app.models.visits.booking import SoftRule


@dataclass(frozen=True)
class Missed:
    """An occurrence that cannot be had, why, and what could be had instead; `soft` where only a
    rule of the house speaks against it, which may be overruled with a reason."""

    start: datetime
    message: str
    alternatives: tuple[Slot, ...]
    soft: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a step did: the visits it wrote and the occurrences that it left out."""

    visits: Sequence[Appointment]
    missed: Sequence[Missed] = ()


class SeriesClash(Conflict):
    """Some occurrences cannot be had; `missed` names them."""

    code = "series_conflict"

    def __init__(self, missed: Sequence[Missed]) -> None:
        super().__init__(
            _n(
                "Of this series one visit cannot be had; nothing was changed.",
                "Of this series %(num)s visits cannot be had; nothing was changed.",
                len(missed),
            )
        )
        self.missed = missed


def try_each(
    session: Session,
    actor: Acting,
    steps: Iterable[tuple[datetime, Callable[[], Appointment]]],
    kind: VisitType | None,
    now: datetime,
    skip: bool,
) -> Outcome:
    """Take each step, a time and what makes its visit; raises SeriesClash where some cannot be had,
    unless `skip` leaves those out."""
    kept: list[Appointment] = []
    lost: list[tuple[datetime, int, ClinicError]] = []
    for start, step in steps:
        savepoint = session.begin_nested()
        visit: Any = None
        try:
            with session.no_autoflush:
                visit = step()
                doctor_id = visit.doctor_id
                visit.check(session, actor, now)
                booking.prepare(session, actor, visit, now)
            session.add(visit)
            session.flush()
            savepoint.commit()
            kept.append(visit)
        except (IntegrityError, SoftRule) as error:
            savepoint.rollback()
            known = sentence_for(error) if isinstance(error, IntegrityError) else error
            lost.append((start, doctor_id, known))
    missed = [_missed(session, kind, now, *one) for one in lost]
    if missed and not (skip and kept):
        raise SeriesClash(missed)
    return Outcome(sorted(kept, key=lambda row: row.appointment_datetime), missed)


def _missed(
    session: Session, kind: VisitType | None, now: datetime, start: datetime, doctor_id: int,
    error: ClinicError,
) -> Missed:  # fmt: skip
    slots = booking.alternatives(session, doctor_id, kind, start, now)
    return Missed(start, error.message, tuple(slots), isinstance(error, SoftRule))
