"""Booking and moving: what is filled in, which rules of the house are asked, what is offered
instead. That no doctor, room or patient is booked twice is the database's to refuse."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone, holidays_between
from app.models.base.errors import ClinicError
from app.models.base.intervals import Interval
from app.models.clinic.visit_type import VisitType
from app.models.visits import availability, holds, life, reasons, situations
from app.models.visits.appointment import ACTIVE, LONGEST, Appointment
from app.models.visits.availability import Situation, Slot, Wish

ALTERNATIVES = 3
LOOK_AHEAD_DAYS = 14
ROTA_SEEN = timedelta(days=7)
ONE_DAY = timedelta(days=1)


class SoftRule(ClinicError):
    """A rule of the house speaks against it; whoever may write `override_reason` may overrule."""

    status = 422
    code = "soft_rule"


def prepare(session: Session, actor: Acting, visit: Appointment, now: datetime) -> None:
    """Before a new or changed visit is kept: its length, its room, the rules, its history.

    Raises SoftRule where a rule of the house is broken without a reason, ClinicError or Forbidden
    where the status cannot be.
    """
    kind = session.get(VisitType, visit.visit_type_id) if visit.visit_type_id else None
    if not visit.minutes_duration:
        visit.minutes_duration = kind.minutes if kind else 30
    visit.status = visit.status or "booked"
    life.require_move(actor, visit)
    if visit.status in ACTIVE and _asks_for_time(visit):
        wish = Wish.of(kind, visit.minutes_duration)
        situation = _bearing_on(session, visit, wish, now)
        _choose_room(visit, situation, wish)
        _ask_rules(visit, situation, wish, now)
        if situation.lapsed:
            holds.release(session, visit, now)
    life.remember(session, actor, visit, now, visit.override_reason)


def around(
    session: Session, doctor_id: int, start: datetime, now: datetime | None = None
) -> Situation:
    """What bears on a visit of this doctor at about this time, and their shifts of a week before
    and after."""
    window = Interval(start - LONGEST, start + 2 * LONGEST)
    days = holidays_between(window.start.date(), window.end.date())
    return situations.load(
        session, [doctor_id], window, clinic_zone(), days, now, rota=_rota_seen(start)
    )


def _bearing_on(session: Session, visit: Appointment, wish: Wish, now: datetime) -> Situation:
    """As `around`, of the time of this visit alone; rooms only where one is to be found for it."""
    window, rota = wish.span(visit.appointment_datetime), _rota_seen(visit.appointment_datetime)
    days = holidays_between(window.start.date() - ONE_DAY, window.end.date() + ONE_DAY)
    needs_room = visit.room_id is None and wish.room_type is not None
    return situations.load(
        session, [visit.doctor_id], window, clinic_zone(), days, now, rota=rota, rooms=needs_room
    )


def _rota_seen(start: datetime) -> Interval:
    return Interval(start - ROTA_SEEN, start + ROTA_SEEN)


def alternatives(
    session: Session, doctor_id: int, kind: VisitType | None, start: datetime, now: datetime
) -> list[Slot]:
    """The next three free times of the doctor, from the wished one on."""
    first = max(start, now).astimezone(clinic_zone()).date()
    window = availability.window_of(first, LOOK_AHEAD_DAYS, clinic_zone())
    days = holidays_between(first, window.end.date())
    situation = situations.load(session, [doctor_id], window, clinic_zone(), days, now)
    slots = situation.free(doctor_id, Wish.of(kind), max(start, now))
    return [slot for _, slot in zip(range(ALTERNATIVES), slots, strict=False)]


def _asks_for_time(visit: Appointment) -> bool:
    """Whether it is new, moved, longer, or comes back to life: moves of status alone are not asked."""
    state: Any = inspect(visit).attrs
    watched = (
        state.appointment_datetime, state.minutes_duration, state.doctor_id, state.visit_type_id,
    )  # fmt: skip
    before = life.status_before(visit)
    revived = before is not None and before not in ACTIVE
    return revived or any(attribute.history.has_changes() for attribute in watched)


def _choose_room(visit: Appointment, situation: Situation, wish: Wish) -> None:
    if visit.room_id is None and wish.room_type is not None:
        room = situation.room_for(wish, visit.appointment_datetime, visit.appointment_id)
        visit.room_id = room.room_id if room else None


def _ask_rules(visit: Appointment, situation: Situation, wish: Wish, now: datetime) -> None:
    if visit.override_reason or not situation.shifts.get(visit.doctor_id):
        return  # overruled; or the doctor is on no rota at all, and then no rule is made
    found = reasons.reasons_against(
        situation, visit.doctor_id, wish, visit.appointment_datetime, now, visit.appointment_id
    )
    soft = [r.text for r in found if r.soft and not (visit.room_id and r.of_room)]
    if soft and visit.status != "arrived":
        said = ", ".join(soft)
        raise SoftRule(_("This time is outside the rules: %(said)s.", said=said), reasons=soft)
