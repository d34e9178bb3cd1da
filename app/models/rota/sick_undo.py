"""A sick day taken back: every visit goes where it was, as far as the database allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.language import _, _k
from app.models.base.acting import Acting
from app.models.base.errors import Conflict, NotFound
from app.models.base.refusals import sentence_for
from app.models.clinic.opening import TimeOff
from app.models.messages import planning
from app.models.messages.sick_notices import take_back
from app.models.rota.absence import Absence, AbsenceRow
from app.models.visits import life
from app.models.visits.appointment import EXPECTED, Appointment

SAID = _k("the absence was taken back")


@dataclass
class Undone:
    """What went back, what could not, and how many messages were withdrawn."""

    absence: Absence
    restored: list[Appointment] = field(default_factory=list)
    not_restored: list[AbsenceRow] = field(default_factory=list)
    withdrawn: int = 0
    time_off: TimeOff | None = None


def rows_of(session: Session, absence_id: int) -> list[AbsenceRow]:
    """The visits of an absence with their people, in the order of their first times."""
    query = (
        select(AbsenceRow)
        .where(AbsenceRow.absence_id == absence_id)
        .options(
            joinedload(AbsenceRow.visit).joinedload(Appointment.patient),
            joinedload(AbsenceRow.visit).joinedload(Appointment.doctor),
            joinedload(AbsenceRow.notification),
        )
        .order_by(AbsenceRow.start_before, AbsenceRow.absence_row_id)
    )
    return list(session.scalars(query))


def undo(session: Session, actor: Acting, absence_id: int, now: datetime) -> Undone:
    """Take an absence back: time off, visits, and messages that were not sent.

    A visit whose old time is taken or past, or which was changed since, stays where it is now
    and is named. Raises NotFound; Conflict where it was taken back already.
    """
    absence = session.get(Absence, absence_id)
    if absence is None:
        raise NotFound(_("There is no such absence."))
    if absence.undone is not None:
        raise Conflict(_("This was taken back already."))
    absence.undone = now
    time_off = absence.time_off
    if time_off is not None:
        session.delete(time_off)
        absence.time_off = None
    session.flush()
    rows, done = rows_of(session, absence_id), Undone(absence, time_off=time_off)
    for row in rows:
        planning.silence(session, row.visit)
    _put_back(session, actor, rows, now)
    for row in rows:
        if row.not_restored is None:
            done.restored.append(row.visit)
        else:
            done.not_restored.append(row)
    done.withdrawn = take_back(session, absence, rows, now)
    session.flush()
    return done


def _put_back(session: Session, actor: Acting, rows: list[AbsenceRow], now: datetime) -> None:
    """Put back all that can be; one may stand in the way of another until it has gone back too."""
    waiting = []
    for row in rows:
        row.not_restored = _against(row, now)
        if row.not_restored is None:
            waiting.append(row)
    before = len(waiting) + 1
    while waiting and len(waiting) < before:
        before = len(waiting)
        for row in waiting:
            row.not_restored = _restore(session, actor, row, now)
        waiting = [row for row in waiting if row.not_restored is not None]


def _against(row: AbsenceRow, now: datetime) -> str | None:
    if row.visit.version != row.version_after:
        return _("It was changed by someone since.")
    if row.start_before <= now and row.status_before in EXPECTED:
        return _("Its old time has passed.")
    return None


def _restore(session: Session, actor: Acting, row: AbsenceRow, now: datetime) -> str | None:
    """Put one visit back; the sentence of the database where it refuses."""
    try:
        with session.begin_nested():
            visit = row.visit
            visit.appointment_datetime, visit.doctor_id = row.start_before, row.doctor_before
            visit.room_id, visit.status = row.room_before, row.status_before
            visit.override_reason, visit.cancellation_reason = row.override_before, None
            with session.no_autoflush:
                life.remember(session, actor, visit, now, SAID)
            session.flush()
    except IntegrityError as error:
        return sentence_for(error).message
    return None
