"""A doctor is away: which visits are concerned, and a new time for each of them."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import islice

from sqlalchemy import not_, select
from sqlalchemy.orm import Session, joinedload

from app.language import _
from app.models.base.clock import clinic_zone, day_at, holidays_between
from app.models.base.errors import ClinicError, NotFound
from app.models.base.intervals import Interval
from app.models.people.staff import Doctor, Staff
from app.models.visits import availability, holds, situations
from app.models.visits.appointment import ACTIVE, EXPECTED, LONGEST, WAITING, Appointment
from app.models.visits.availability import Situation, Slot, Stay, Visit, Wish

MOVABLE = (*EXPECTED, *WAITING)
LOOK_AHEAD_DAYS = 14
MOST_DAYS = 31
OFFERED = 6
SOON = timedelta(days=3)
"""A colleague is proposed before the patient's own doctor where they are free this much sooner."""


DAYTIME = (time(7), time(21))
"""A visit by day is not proposed to a night on call; a person may still choose such a time."""


@dataclass
class Proposal:
    """A visit concerned, the time proposed for it, and other times that can be had."""

    visit: Appointment
    slot: Slot | None = None
    others: list[Slot] = field(default_factory=list)


@dataclass
class Plan:
    """What is to be done about a doctor's absence, as it is proposed."""

    doctor: Doctor
    first: date
    last: date
    proposals: list[Proposal]
    doctors: dict[int, str]


def absence_plan(session: Session, doctor_id: int, first: date, last: date, now: datetime) -> Plan:
    """The doctor's visits from `first` to `last`, each with a proposal: the same doctor later, or
    another of the same specialization. No two proposals of a plan come too near to one another.

    Raises NotFound for a doctor who is not there, ClinicError for days that cannot be meant.
    """
    doctor = session.get(Doctor, doctor_id)
    if doctor is None:
        raise NotFound(_("There is no such doctor."))
    require_days(first, last, now)
    visits = concerned(session, doctor_id, first, last, now)
    colleagues = _colleagues(session, doctor)
    names = {doctor.doctor_id: doctor.name, **colleagues}
    plan = Plan(doctor, first, last, [Proposal(visit) for visit in visits], names)
    if visits:
        situation = _situation(session, plan, list(names), now)
        taken = _times_of_patients(session, visits, situation.window, now)
        for proposal in plan.proposals:
            _propose(situation, taken, plan, proposal, now)
    return plan


def require_days(first: date, last: date, now: datetime) -> None:
    """Refuse days that are turned round, over, too many, or more than a year ahead. Raises
    ClinicError."""
    today = day_at(now)
    if last < first:
        raise ClinicError(_("The last day lies before the first."), field="last")
    if last < today:
        raise ClinicError(_("These days have passed."), field="last")
    if last - first >= timedelta(days=MOST_DAYS):
        raise ClinicError(_("Choose at most %(most)s days at once.", most=MOST_DAYS), field="last")
    if first - today > timedelta(days=366):
        raise ClinicError(_("Choose days of the coming year."), field="first")


def span_of(first: date, last: date) -> Interval:
    """The whole days, as instants."""
    return availability.window_of(first, (last - first).days + 1, clinic_zone())


def concerned(
    session: Session, doctor_id: int, first: date, last: date, now: datetime
) -> list[Appointment]:
    """The active visits that fall into the days and are not over, with their people; no holds,
    which are nobody's visit yet."""
    span = span_of(first, last)
    query = (
        select(Appointment)
        .where(
            Appointment.doctor_id == doctor_id,
            Appointment.status.in_(MOVABLE),
            not_(holds.held()),
            Appointment.appointment_datetime >= span.start - LONGEST,
            Appointment.appointment_datetime < span.end,
        )
        .options(
            joinedload(Appointment.patient),
            joinedload(Appointment.doctor),
            joinedload(Appointment.visit_type),
        )
        .order_by(Appointment.appointment_datetime, Appointment.appointment_id)
    )
    return [v for v in session.scalars(query) if v.end > max(span.start, now) or _waits(v, span)]


def _waits(visit: Appointment, span: Interval) -> bool:
    return visit.status in WAITING and visit.end > span.start


def _colleagues(session: Session, doctor: Doctor) -> dict[int, str]:
    query = (
        select(Doctor.doctor_id, Doctor.name)
        .join(Staff, Staff.staff_id == Doctor.staff_id)
        .where(
            Doctor.specialization == doctor.specialization,
            Doctor.doctor_id != doctor.doctor_id,
            Staff.active,
        )
        .order_by(Doctor.name)
    )
    return {row.doctor_id: row.name for row in session.execute(query)}


def _situation(session: Session, plan: Plan, doctor_ids: list[int], now: datetime) -> Situation:
    """Everything that bears on the days and the two weeks after, the doctor away already."""
    days = (plan.last - plan.first).days + 1 + LOOK_AHEAD_DAYS
    window = availability.window_of(plan.first, days, clinic_zone())
    closed = holidays_between(plan.first, plan.first + timedelta(days=days))
    situation = situations.load(session, doctor_ids, window, clinic_zone(), closed, now)
    away = situation.away.setdefault(plan.doctor.doctor_id, [])
    away.append(span_of(plan.first, plan.last))
    return situation


def _times_of_patients(
    session: Session, visits: Iterable[Appointment], window: Interval, now: datetime
) -> dict[int, list[Visit]]:
    """Every active visit of these patients, whoever sees them."""
    patients = {visit.patient_id for visit in visits}
    query = select(Appointment).where(
        Appointment.patient_id.in_(patients),
        Appointment.status.in_(ACTIVE),
        not_(holds.expired(now)),
        Appointment.appointment_datetime >= window.start - LONGEST,
        Appointment.appointment_datetime < window.end,
    )
    taken: dict[int, list[Visit]] = {}
    for row in session.scalars(query):
        span = Interval(row.appointment_datetime, row.end)
        held = Visit(span, row.doctor_id, row.room_id, row.appointment_id)
        taken.setdefault(row.patient_id, []).append(held)
    return taken


def _propose(
    situation: Situation,
    taken: dict[int, list[Visit]],
    plan: Plan,
    proposal: Proposal,
    now: datetime,
) -> None:
    visit, own = proposal.visit, plan.doctor.doctor_id
    wish = Wish.of(visit.visit_type, visit.minutes_duration)
    busy = taken.setdefault(visit.patient_id, [])
    since = max(now, visit.appointment_datetime)
    at_night = not _by_day(Interval(visit.appointment_datetime, visit.end), situation)

    def free(doctor_id: int) -> Iterator[Slot]:
        for slot in _free_but(situation, doctor_id, wish, since, visit):
            span = Interval(slot.start, slot.end)
            here = visit.status not in WAITING or _same_day(slot, visit, situation)
            here = here and (at_night or _by_day(span, situation))
            mine = (v for v in busy if v.appointment_id != visit.appointment_id)
            if here and not any(v.interval.overlaps(span) for v in mine):
                yield slot

    same = list(islice(free(own), 3))
    found = [slot for key in plan.doctors if key != own for slot in islice(free(key), 2)]
    others = sorted(found, key=lambda slot: (slot.start, slot.doctor_id))
    best = same[0] if same else None
    if others and (best is None or others[0].start + SOON <= best.start):
        best = others[0]
    proposal.slot = best
    proposal.others = sorted(
        (slot for slot in (*same, *others) if slot != best), key=lambda slot: slot.start
    )[:OFFERED]
    if best is not None:
        _take(situation, busy, visit, best, wish)


def _free_but(
    situation: Situation, doctor_id: int, wish: Wish, since: datetime, visit: Appointment
) -> Iterator[Slot]:
    """Free times with the visit's own room given back: it will have left it."""
    held = situation.in_room.get(visit.room_id or 0, [])
    left = [other for other in held if other.appointment_id != visit.appointment_id]
    rooms = {**situation.in_room, **({visit.room_id: left} if visit.room_id else {})}
    return replace(situation, in_room=rooms).free(doctor_id, wish, since)


def _by_day(span: Interval, situation: Situation) -> bool:
    first, last = (moment.astimezone(situation.zone) for moment in span)
    whole = first.date() == last.date()
    return whole and DAYTIME[0] <= first.time() and last.time() <= DAYTIME[1]


def _same_day(slot: Slot, visit: Appointment, situation: Situation) -> bool:
    days = (at.astimezone(situation.zone).date() for at in (slot.start, visit.appointment_datetime))
    return len(set(days)) == 1


def _take(
    situation: Situation, busy: list[Visit], visit: Appointment, slot: Slot, wish: Wish
) -> None:
    """From here on the slot is nobody else's. The old time stays taken too: the plan may be
    confirmed in part."""
    taken = Visit(
        Interval(slot.start, slot.end), slot.doctor_id, slot.room_id, visit.appointment_id,
        wish.before, wish.after,
    )  # fmt: skip
    busy.append(replace(taken, appointment_id=-visit.appointment_id))
    situation.visits.setdefault(slot.doctor_id, []).append(taken)
    if slot.room_id is not None:
        held = situation.in_room.setdefault(slot.room_id, [])
        insort(held, Stay(slot.start, wish.minutes, visit.appointment_id))
