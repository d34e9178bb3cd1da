"""Holds: a time kept for some minutes while a person confirms (FHIR R4 Appointment `pending`).

An expired hold stands in nobody's way: free times do not see it, and whoever books over it
cancels it in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from app.language import _, _k
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Conflict, Forbidden
from app.models.base.intervals import Interval
from app.models.base.itself import CLINIC
from app.models.visits import freed, life
from app.models.visits.appointment import LONGEST, Appointment
from app.models.visits.history import AppointmentHistory
from app.spelling import said

HOLD = timedelta(minutes=10)
RAN_OUT = _k("the hold ran out")
AT_ONCE = 500


def held() -> ColumnElement[bool]:
    """The condition of a hold, whether it still runs or has run out."""
    return and_(Appointment.status == "pending", Appointment.hold_until.is_not(None))


def expired(now: Any) -> ColumnElement[bool]:
    """The condition of a hold that nobody confirmed in time: an instant, or a parameter for one."""
    return and_(held(), Appointment.hold_until <= now)


FIRST_TO_END = select(func.min(Appointment.hold_until)).where(held()).scalar_subquery()
"""When the first hold ends or ended that nobody has confirmed or cancelled: one look into an index."""


def hold(visit: Appointment, now: datetime, length: timedelta = HOLD) -> None:
    """Make a visit that is about to be booked a hold."""
    visit.status = "pending"
    visit.hold_until = now + length


def confirm(session: Session, actor: Acting, visit: Appointment, now: datetime) -> None:
    """Book what was held; again, and nothing changes. One that ran out is booked as long as its
    time is free, which the database decides."""
    if visit.status == "booked":
        visit.hold_until = None
        return
    if visit.status != "pending" and not _ran_out(session, visit):
        raise Conflict(
            _("This visit is %(status)s; there is no hold to confirm.", status=said(visit.status))
        )
    if not life.can_move(actor, "pending", "booked"):
        raise Forbidden(_("Your role does not confirm a hold."))
    if visit.end <= now:
        raise ClinicError(_("This time has passed."))
    visit.status, visit.hold_until, visit.cancellation_reason = "booked", None, None
    life.remember(session, actor, visit, now, _k("confirmed"))
    release(session, visit, now)


_IN_THE_WAY = (
    select(Appointment)
    .where(
        expired(bindparam("now")),
        or_(
            Appointment.doctor_id == bindparam("doctor_id"),
            Appointment.patient_id == bindparam("patient_id"),
            Appointment.room_id == bindparam("room_id"),
        ),
        Appointment.appointment_datetime > bindparam("earliest"),
        Appointment.appointment_datetime < bindparam("end"),
    )
    .with_for_update()
)


def release(session: Session, visit: Appointment, now: datetime) -> None:
    """Cancel the expired holds that overlap `visit` in doctor, patient or room, at once, so that
    they are gone when it is written."""
    span = Interval(visit.appointment_datetime, visit.end)
    asked = {name: getattr(visit, name) for name in ("doctor_id", "patient_id", "room_id")}
    asked |= {"now": now, "earliest": span.start - LONGEST, "end": span.end}
    with session.no_autoflush:
        found = [
            held
            for held in session.scalars(_IN_THE_WAY, asked)
            if held is not visit
            and held.appointment_id != visit.appointment_id
            and Interval(held.appointment_datetime, held.end).overlaps(span)
        ]
        _cancel(session, found, now)


def expire(session: Session, now: datetime) -> int:
    """The job: cancel the holds that ran out, and say how many."""
    query = select(Appointment).where(expired(now)).order_by(Appointment.hold_until)
    found = session.scalars(query.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    for held in found:
        _free(session, held, now)
    _cancel(session, found, now)
    return len(found)


def _free(session: Session, held: Appointment, now: datetime) -> None:
    if held.end > now:
        span = Interval(held.appointment_datetime, held.end)
        freed.note_span(session, freed.Freed(span, held.doctor_id, held.room_id, now))


def _cancel(session: Session, found: Sequence[Appointment], now: datetime) -> None:
    """By statements of their own: the unit of work would write the new visit first."""
    if not found:
        return
    keys = [held.appointment_id for held in found]
    session.execute(
        update(Appointment)
        .where(Appointment.appointment_id.in_(keys))
        .values(status="cancelled", cancellation_reason="other", version=Appointment.version + 1)
        .execution_options(synchronize_session=False)
    )
    for held in found:
        session.add(_history_of(held, now))
        session.expire(held)


def _history_of(held: Appointment, now: datetime) -> AppointmentHistory:
    return AppointmentHistory(
        appointment_id=held.appointment_id,
        recorded=now,
        user_id=None,
        agent=CLINIC.username,
        status_before="pending",
        status_after="cancelled",
        start_after=held.appointment_datetime,
        reason=RAN_OUT,
    )


def _ran_out(session: Session, visit: Appointment) -> bool:
    """Whether it was a hold, and nothing but its time ended it."""
    if visit.status != "cancelled" or visit.hold_until is None:
        return False
    query = (
        select(AppointmentHistory.reason, AppointmentHistory.agent)
        .where(AppointmentHistory.appointment_id == visit.appointment_id)
        .order_by(AppointmentHistory.history_id.desc())
        .limit(1)
    )
    last = session.execute(query).one_or_none()
    return last is not None and tuple(last) == (RAN_OUT, CLINIC.username)
