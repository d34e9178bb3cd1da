"""A week of the rota: checked, copied, published.

Functions here change rows of the session they are given and never commit; whoever calls them
keeps all of it or nothing. Who may call them is the views' to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone, holidays_between, midnight
from app.models.base.errors import ClinicError
from app.models.clinic.opening import OpeningHours, TimeOff
from app.models.people.staff import Staff, nurses
from app.models.rota import telling
from app.models.rota.rota_rules import Problem, check_week
from app.models.rota.rota_tables import RotaPublication
from app.models.rota.shift import Shift


class NotPublishable(ClinicError):
    """Something in the week can never be published."""

    code = "blocked"


class ReasonNeeded(ClinicError):
    """A rule of the house is broken; with a reason it can be done all the same."""

    code = "reason_needed"


@dataclass
class Laid:
    """Shifts laid over a week as drafts, and how many were left out because someone works then."""

    shifts: list[Shift] = field(default_factory=list)
    left_out: int = 0


@dataclass
class Published:
    """The shifts that are published now, and how many people are told of theirs to come."""

    shifts: list[Shift]
    people: int


def shifts_between(session: Session, first: date, last: date) -> list[Shift]:
    """Shifts of these dates, both included, with their people; one statement."""
    query = (
        select(Shift)
        .where(Shift.shift_date.between(first, last))
        .options(joinedload(Shift.staff))
        .order_by(Shift.shift_date, Shift.start_time, Shift.shift_id)
    )
    return list(session.scalars(query))


def leave_between(session: Session, first: date, last: date) -> Sequence[TimeOff]:
    """Time off of any status that touches these dates, both included, with its people."""
    start, end = midnight(first, clinic_zone()), midnight(last + timedelta(days=1), clinic_zone())
    query = (
        select(TimeOff)
        .where(TimeOff.start_at < end, TimeOff.end_at > start)
        .options(joinedload(TimeOff.staff))
        .order_by(TimeOff.start_at)
    )
    return session.scalars(query).all()


def problems_of(session: Session, monday: date) -> list[Problem]:
    """Everything against the week from `monday`, read from the database."""
    around = monday - timedelta(days=2), monday + timedelta(days=8)
    return check_week(
        monday,
        shifts_between(session, *around),
        session.scalars(select(OpeningHours)).all(),
        leave_between(session, *around),
        clinic_zone(),
        holidays_between(*around),
        session.scalar(select(nurses().exists())) is True,
    )


def copy_week(session: Session, from_monday: date, to_monday: date) -> Laid:
    """Lay the shifts of one week over another, as drafts."""
    if from_monday == to_monday:
        raise ClinicError(_("A week cannot be copied over itself."))
    source = shifts_between(session, from_monday, from_monday + timedelta(days=6))
    moved = to_monday - from_monday
    return lay(
        session,
        to_monday,
        ((s.staff, s.shift_date + moved, s.start_time, s.end_time) for s in source),
    )


def publish_week(
    session: Session, actor: Acting, monday: date, now: datetime, reason: str | None = None
) -> Published:
    """Publish the drafts of a week and write each person one message of their shifts to come.

    Raises NotPublishable where a draft is double or on leave, ReasonNeeded where cover or rest is
    missing and no reason is given; both carry the problems.
    """
    week = shifts_between(session, monday, monday + timedelta(days=6))
    drafts = [shift for shift in week if not shift.published]
    if not drafts:
        raise ClinicError(_("Every shift of this week is published already."))
    problems = problems_of(session, monday)
    _refuse(problems, {shift.shift_id for shift in drafts}, reason)
    for shift in drafts:
        shift.published = True
    publication = RotaPublication(
        monday=monday, recorded=now, user_id=actor.user_id, shifts=len(drafts),
        agent=getattr(actor, "username", None), reason=reason if problems else None,
    )  # fmt: skip
    session.add(publication)
    session.flush()
    people = _by_staff(still_to_come(drafts, now))
    for shifts in people:
        telling.published(session, publication, shifts, now)
    session.flush()
    return Published(drafts, len(people))


def last_publication(session: Session, monday: date) -> RotaPublication | None:
    """Who published the week last; None where nobody has."""
    query = select(RotaPublication).filter_by(monday=monday)
    return session.scalars(
        query.order_by(RotaPublication.rota_publication_id.desc()).limit(1)
    ).one_or_none()


def _refuse(problems: list[Problem], drafts: set[int], reason: str | None) -> None:
    """What is published already is settled: only a draft can stop its week."""
    details: dict[str, Any] = {"problems": [told(problem, drafts) for problem in problems]}
    if any(p.blocks and drafts & set(p.shift_ids) for p in problems):
        raise NotPublishable(_("This week cannot be published yet."), **details)
    if problems and not reason:
        raise ReasonNeeded(_("Say why the week is published all the same."), **details)


def told(problem: Problem, drafts: set[int]) -> dict[str, Any]:
    """A problem for the page, and whether it stops the drafts of its week."""
    return {
        "kind": problem.kind,
        "sentence": problem.sentence,
        "date": problem.day.isoformat(),
        "staff": problem.staff,
        "staff_id": problem.staff_id,
        "blocks": problem.blocks and bool(drafts & set(problem.shift_ids)),
    }


def lay(session: Session, monday: date, wished: Iterable[tuple[Staff, date, time, time]]) -> Laid:
    """Add these as drafts to the week, but where their person works at that time already."""
    laid = Laid()
    there = shifts_between(session, monday - timedelta(days=1), monday + timedelta(days=7))
    spans = [(s.staff_id, *wall(s)) for s in there]
    for staff, day, start, end in wished:
        if not staff.active:
            continue
        shift = Shift(
            staff_id=staff.staff_id, shift_date=day, start_time=start, end_time=end, published=False
        )
        first, last = wall(shift)
        if any(who == staff.staff_id and first < b and a < last for who, a, b in spans):
            laid.left_out += 1
            continue
        spans.append((staff.staff_id, first, last))
        session.add(shift)
        laid.shifts.append(shift)
    session.flush()
    return laid


def wall(shift: Shift) -> tuple[datetime, datetime]:
    """From when to when by the clock on the wall, as the database's guard reads it."""
    start = datetime.combine(shift.shift_date, shift.start_time)
    end = datetime.combine(shift.shift_date, shift.end_time)
    return start, end + timedelta(days=shift.end_time <= shift.start_time)


def still_to_come(shifts: Iterable[Shift], now: datetime) -> list[Shift]:
    """Those that are not over yet; nobody needs to be told of the others."""
    return [shift for shift in shifts if shift.interval(clinic_zone())[1] > now]


def _by_staff(shifts: Iterable[Shift]) -> list[list[Shift]]:
    found: dict[int, list[Shift]] = {}
    for shift in shifts:
        found.setdefault(shift.staff_id, []).append(shift)
    return list(found.values())
