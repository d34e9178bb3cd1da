"""A doctor's sick day: every visit is moved, cancelled or left in one step, and can go back.

Functions here change rows of the session they are given and never commit; whoever calls them
keeps all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Stale
from app.models.base.refusals import sentence_for
from app.models.clinic.opening import TimeOff
from app.models.messages import planning
from app.models.messages.sick_notices import tell_all
from app.models.people.staff import Doctor
from app.models.rota.absence import Absence, AbsenceRow
from app.models.rota.sick_plan import Plan, Proposal, absence_plan, concerned, require_days, span_of
from app.models.visits import booking, holds, life
from app.models.visits.appointment import LONGEST, Appointment
from app.models.visits.history import AppointmentHistory

__all__ = [
    "Choice", "Choices", "Done", "Plan", "Proposal", "absence_plan", "concerned", "confirm",
]  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What a person wants done with one visit, seen in that version. `override` moves it even
    against a rule of the house, with the reason of the absence."""

    appointment_id: int
    version: int
    action: str
    start: datetime | None = None
    doctor_id: int | None = None
    room_id: int | None = None
    override: bool = False


@dataclass(frozen=True)
class Choices:
    """The whole plan as it was chosen."""

    doctor_id: int
    first: date
    last: date
    rows: Sequence[Choice]


@dataclass
class Done:
    """What a confirmed plan did."""

    absence: Absence
    changed: list[Appointment] = field(default_factory=list)
    left: int = 0


def confirm(
    session: Session, actor: Acting, plan_choices: Choices, reason: str, now: datetime
) -> Done:
    """Approve the time off, end the holds, move and cancel the chosen visits, queue one message
    per patient, and remember all of it. Raises ClinicError that names the visit which cannot be moved, Stale where
    one was changed meanwhile."""
    wanted = plan_choices
    require_days(wanted.first, wanted.last, now)
    visits = {
        visit.appointment_id: visit
        for visit in concerned(session, wanted.doctor_id, wanted.first, wanted.last, now)
    }
    absence = _absence(session, actor, wanted, reason, now)
    _end_holds(session, actor, absence, now)
    done = Done(absence)
    rows: list[AbsenceRow] = []
    for choice in _in_order(visits, wanted.rows):
        visit = visits[choice.appointment_id]
        row = _before(absence, visit)
        try:
            _act(session, actor, visit, choice, reason, now)
        except ClinicError as error:
            raise _named(error, choice.appointment_id) from None
        row.done, row.version_after = _done(choice), visit.version
        planning.silence(session, visit)  # one message for all of them is queued below
        rows.append(row)
        done.changed.append(visit)
    session.add_all(rows)
    tell_all(session, absence, rows, now)
    session.flush()
    done.left = len(visits) - len(rows)
    return done


def _in_order(visits: dict[int, Appointment], rows: Sequence[Choice]) -> list[Choice]:
    """The choices that change something, in the order of time; each names a visit concerned,
    once. Raises ClinicError, Stale."""
    keys = [choice.appointment_id for choice in rows]
    if len(set(keys)) < len(keys):
        raise ClinicError(_("A visit is named twice."))
    for choice in rows:
        visit = visits.get(choice.appointment_id)
        if visit is None or visit.version != choice.version:
            raise Stale(
                _(
                    "Someone else has changed one of these visits since you opened the list. Nothing was "
                    "done; look at the list again."
                ),
                appointment_id=choice.appointment_id,
            )
    changing = [choice for choice in rows if choice.action != "leave"]
    return sorted(changing, key=lambda c: visits[c.appointment_id].appointment_datetime)


def _absence(
    session: Session, actor: Acting, wanted: Choices, reason: str, now: datetime
) -> Absence:
    """The absence with its approved time off; one that holds the days already is left alone."""
    doctor = session.get_one(Doctor, wanted.doctor_id)
    span = span_of(wanted.first, wanted.last)
    query = select(TimeOff.time_off_id).where(
        TimeOff.staff_id == doctor.staff_id,
        TimeOff.status == "approved",
        TimeOff.start_at <= span.start,
        TimeOff.end_at >= span.end,
    )
    time_off = None
    if session.scalars(query.limit(1)).first() is None:
        time_off = TimeOff(
            staff_id=doctor.staff_id, start_at=span.start, end_at=span.end, status="approved",
            note=reason,
        )  # fmt: skip
        session.add(time_off)
    absence = Absence(
        doctor=doctor, first_day=wanted.first, last_day=wanted.last, reason=reason, recorded=now,
        user_id=actor.user_id, agent=getattr(actor, "username", None), time_off=time_off,
    )  # fmt: skip
    session.add(absence)
    session.flush()
    return absence


def _end_holds(session: Session, actor: Acting, absence: Absence, now: datetime) -> None:
    """A time that is only offered, or being chosen, cannot be had any more. Nobody is told: it is
    no visit yet, and who answers reads that it is gone."""
    span = span_of(absence.first_day, absence.last_day)
    query = select(Appointment).where(
        Appointment.doctor_id == absence.doctor_id,
        holds.held(),
        Appointment.appointment_datetime >= span.start - LONGEST,
        Appointment.appointment_datetime < span.end,
    )
    for visit in session.scalars(query.with_for_update()).all():
        if visit.end > span.start:
            visit.cancellation_reason = "doctor"
            life.move_status(session, actor, visit, "cancelled", now, absence.reason)
            planning.silence(session, visit)


def _act(
    session: Session, actor: Acting, visit: Appointment, choice: Choice, reason: str, now: datetime
) -> None:
    if choice.action == "cancel":
        visit.cancellation_reason = "doctor"
        life.move_status(session, actor, visit, "cancelled", now, reason)
    else:
        with session.no_autoflush:
            _move(session, actor, visit, choice, reason, now)
    try:
        session.flush()
    except IntegrityError as error:
        raise sentence_for(error) from None


def _move(
    session: Session, actor: Acting, visit: Appointment, choice: Choice, reason: str, now: datetime
) -> None:
    if choice.start is None:
        raise ClinicError(_("Choose a time."))
    if choice.start < now:
        raise ClinicError(_("The new time has passed already."))
    visit.appointment_datetime = choice.start
    visit.doctor_id = choice.doctor_id or visit.doctor_id
    kind = visit.visit_type
    by_type = kind is not None and kind.room_type is not None  # then a free one is chosen
    visit.room_id = None if by_type or visit.room_id is None else choice.room_id
    visit.override_reason = reason if choice.override else None
    booking.prepare(session, actor, visit, now)
    for row in session.new:
        if isinstance(row, AppointmentHistory) and row.appointment is visit:
            row.reason = reason


def _before(absence: Absence, visit: Appointment) -> AbsenceRow:
    return AbsenceRow(
        absence=absence, visit=visit, doctor_before=visit.doctor_id, room_before=visit.room_id,
        start_before=visit.appointment_datetime, status_before=visit.status,
        override_before=visit.override_reason,
    )  # fmt: skip


def _done(choice: Choice) -> str:
    return "cancelled" if choice.action == "cancel" else "moved"


def _named(error: ClinicError, key: int) -> ClinicError:
    """The same refusal, with the key of the visit; the page puts it beside its row."""
    return type(error)(error.message, **{**error.details, "appointment_id": key})
