"""The life of an appointment: which moves there are, who may make them, and their history.

The words are those of FHIR R4 Appointment.status, with `in-room` added
(https://hl7.org/fhir/R4/valueset-appointmentstatus.html).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.language import _, _k
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Forbidden
from app.models.base.grants import CARE, DESK, Role
from app.models.visits import freed
from app.models.visits.appointment import Appointment
from app.models.visits.history import AppointmentHistory
from app.spelling import said

PATIENT = frozenset({Role.PATIENT})

FIRST_STATUSES = ("proposed", "pending", "booked", "arrived", "waitlist")
"""With which a visit may begin; `arrived` is a walk-in."""

MOVES: dict[tuple[str, str], frozenset[Role]] = {
    ("proposed", "pending"): DESK | PATIENT,
    ("proposed", "booked"): DESK,
    ("proposed", "cancelled"): DESK | PATIENT,
    ("pending", "booked"): DESK | PATIENT,
    ("pending", "cancelled"): DESK | PATIENT,
    ("waitlist", "pending"): DESK | PATIENT,
    ("waitlist", "booked"): DESK | PATIENT,
    ("waitlist", "cancelled"): DESK | PATIENT,
    ("booked", "arrived"): DESK | CARE | PATIENT,
    ("booked", "checked-in"): DESK | CARE,
    ("booked", "noshow"): DESK | CARE,
    ("booked", "cancelled"): DESK | PATIENT | {Role.DOCTOR},
    ("arrived", "checked-in"): DESK | CARE,
    ("arrived", "in-room"): CARE,
    ("arrived", "noshow"): DESK | CARE,
    ("arrived", "cancelled"): DESK,
    ("checked-in", "in-room"): CARE,
    ("checked-in", "cancelled"): DESK,
    ("in-room", "fulfilled"): CARE,
    ("noshow", "arrived"): DESK | CARE,
}
ERROR = "entered-in-error"
UNDO_WITHIN = timedelta(minutes=30)


def can_move(actor: Acting, before: str, after: str) -> bool:
    """Whether this person may make this move; anything but an end may turn out an error."""
    roles = DESK if after == ERROR and before != ERROR else MOVES.get((before, after), frozenset())
    return bool(roles & actor.roles)


def next_statuses(actor: Acting, status: str) -> list[str]:
    """The moves that this person may make from `status`, in the order of a visit."""
    return [after for before, after in MOVES if before == status and can_move(actor, status, after)]


def require_move(actor: Acting, visit: Appointment) -> None:
    """Refuse a change of status that is not in the table, or not this person's to make."""
    before, after = status_before(visit), visit.status or "booked"
    if before is None:
        if after not in FIRST_STATUSES:
            raise ClinicError(
                _("A visit does not begin as %(after)s.", after=said(after)), field="status"
            )
    elif before != after and not can_move(actor, before, after):
        known = after == ERROR or (before, after) in MOVES
        unknown = _(
            "A visit does not go from %(before)s to %(after)s.",
            before=said(before),
            after=said(after),
        )
        raise (
            Forbidden(_("Your role does not move a visit to %(after)s.", after=said(after)))
            if known
            else ClinicError(unknown, field="status")
        )


def move_status(
    session: Session,
    actor: Acting,
    visit: Appointment,
    status: str,
    now: datetime,
    reason: str | None,
) -> None:
    """Move on, with its history row in the same transaction. Raises ClinicError or Forbidden."""
    visit.status = status
    require_move(actor, visit)
    if status == "arrived" and visit.arrived_at is None:
        visit.arrived_at = now
    remember(session, actor, visit, now, reason)


def undo(session: Session, actor: Acting, visit: Appointment, now: datetime) -> None:
    """Take back the last move of status, by who might have made it, within half an hour."""
    query = (
        select(AppointmentHistory)
        .where(AppointmentHistory.appointment_id == visit.appointment_id)
        .order_by(AppointmentHistory.history_id.desc())
        .limit(1)
    )
    last = session.scalars(query).one_or_none()
    if last is None or last.status_before is None or last.status_before == last.status_after:
        raise ClinicError(_("There is no move to take back."))
    if now - last.recorded > UNDO_WITHIN:
        raise ClinicError(_("The last move was made too long ago to be taken back."))
    if not can_move(actor, last.status_before, last.status_after):
        raise Forbidden(_("Your role does not take this move back."))
    visit.status = last.status_before
    if last.status_after == "arrived":
        visit.arrived_at = None
    remember(session, actor, visit, now, _k("taken back"))


def remember(
    session: Session,
    actor: Acting | None,
    visit: Appointment,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Add the history row of what is about to change; nothing where nothing does."""
    state: Any = inspect(visit).attrs
    watched = (
        state.status, state.appointment_datetime, state.minutes_duration, state.doctor_id,
        state.patient_id,
    )  # fmt: skip
    if not any(attribute.history.has_changes() for attribute in watched):
        return
    freed.note(session, visit, now)
    starts = state.appointment_datetime.history.deleted
    session.add(
        AppointmentHistory(
            appointment=visit,
            recorded=now,
            user_id=actor.user_id if actor else None,
            agent=getattr(actor, "username", None),
            status_before=status_before(visit),
            status_after=visit.status or "booked",
            start_before=starts[0] if starts else None,
            start_after=visit.appointment_datetime,
            reason=reason,
        )
    )


def status_before(visit: Appointment) -> str | None:
    """The status that the database holds; None for a visit that is new."""
    state: Any = inspect(visit)
    if not state.has_identity:
        return None
    deleted = state.attrs.status.history.deleted
    return str(deleted[0] if deleted else visit.status)
