"""Two people take each other's shift: asked for by one, agreed to by the other, decided by who
keeps the rota."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone
from app.models.base.errors import ClinicError, Conflict, Forbidden
from app.models.base.grants import Role
from app.models.base.intervals import Interval
from app.models.rota import telling
from app.models.rota.rota import ReasonNeeded, problems_of, told
from app.models.rota.rota_rules import RESTED, week_of
from app.models.rota.rota_tables import ShiftSwap
from app.models.rota.shift import Shift
from app.spelling import said


def swap(
    session: Session, actor: Acting, shift_a: Shift, shift_b: Shift, now: datetime
) -> ShiftSwap:
    """Ask for a swap of one's own shift (or, as admin, of anyone's) with that of a colleague of
    the same role. Raises ClinicError."""
    if shift_a.staff_id != actor.staff_id and Role.ADMIN not in actor.roles:
        raise ClinicError(_("You can offer a shift of your own only."))
    if shift_a.staff_id == shift_b.staff_id:
        raise ClinicError(_("Choose the shift of somebody else."))
    if shift_a.staff.role != shift_b.staff.role:
        raise ClinicError(
            _("%(name)s has another role; swap within one role.", name=shift_b.staff.name)
        )
    for shift in (shift_a, shift_b):
        if not shift.published:
            raise ClinicError(
                _("%(shift)s is a draft; swap shifts that are published.", shift=shift)
            )
        if shift.interval(clinic_zone())[0] <= now:
            raise ClinicError(_("%(shift)s has begun already.", shift=shift))
    if _waits(session, shift_a, shift_b):
        raise Conflict(_("For one of these shifts a swap is asked for already."))
    _refuse_clash(session, shift_a, shift_b, Shift.published.is_(True))
    asked = ShiftSwap(
        shift=shift_a, other_shift=shift_b, staff_id=shift_a.staff_id, other_id=shift_b.staff_id,
        status="requested", created=now,
    )  # fmt: skip
    session.add(asked)
    session.flush()
    telling.swap_asked(session, asked, now)
    session.flush()
    return asked


def fitting(shift: Shift, others: Sequence[Shift], around: Sequence[Shift]) -> list[Shift]:
    """Those of `others` that `shift` can be swapped for: with neither does one of the two people work
    twice at once, as far as `around` says where else they work."""
    busy: dict[int, list[Shift]] = {}
    for row in around:
        busy.setdefault(row.staff_id, []).append(row)
    return [
        other
        for other in others
        if _clash(shift, other, busy.get(shift.staff_id, ())) is None
        and _clash(other, shift, busy.get(other.staff_id, ())) is None
    ]


def answer(
    session: Session, actor: Acting, asked: ShiftSwap, agrees: bool, now: datetime
) -> ShiftSwap:
    """The colleague agrees, or ends it; who asked is told. Raises Conflict and Forbidden."""
    if actor.staff_id != asked.other_id:
        raise Forbidden(_("This swap is not yours to agree to."))
    if asked.status != "requested" or asked.agreed is not None:
        if asked.status == "requested":
            raise Conflict(_("This swap is agreed to already."))
        raise Conflict(_("This swap is %(status)s already.", status=said(asked.status)))
    if agrees:
        asked.agreed = now
    else:
        asked.status, asked.decided = "declined", now
    telling.swap_answered(session, asked, agrees, now)
    session.flush()
    return asked


def decide(
    session: Session,
    asked: ShiftSwap,
    approve: bool,
    now: datetime,
    reason: str | None = None,
) -> ShiftSwap:
    """Approve or decline, and tell both. Raises ClinicError where the colleague has not agreed, or
    leave or another shift stands in the way; ReasonNeeded where one of them would rest too little."""
    if asked.status != "requested":
        raise Conflict(_("This swap is %(status)s already.", status=said(asked.status)))
    if approve and asked.waits_for_colleague:
        raise ClinicError(_("%(name)s has not agreed yet.", name=asked.other.name))
    asked.status, asked.decided = ("approved" if approve else "declined"), now
    if approve:
        if (asked.shift.staff_id, asked.other_shift.staff_id) != (asked.staff_id, asked.other_id):
            raise Conflict(_("One of the shifts went to somebody else meanwhile."))
        _refuse_clash(session, asked.shift, asked.other_shift)
        _exchange(asked.shift, asked.other_shift)
        session.flush()
        _ask_rules(session, asked, reason)
    telling.swap_decided(session, asked, now)
    session.flush()
    return asked


def _clash(leaves: Shift, takes: Shift, around: Sequence[Shift]) -> Shift | None:
    """The shift of `around` that stands in the way of who leaves one shift and takes another."""
    zone = clinic_zone()
    span = Interval(*takes.interval(zone))
    rest = (row for row in around if row.shift_id != leaves.shift_id)
    return next((row for row in rest if Interval(*row.interval(zone)).overlaps(span)), None)


def _refuse_clash(
    session: Session, first: Shift, second: Shift, *seen: ColumnElement[bool]
) -> None:
    """Nobody is asked for, or given, a shift during another of theirs. Raises Conflict."""
    for leaves, takes in ((first, second), (second, first)):
        day = timedelta(days=1)
        query = select(Shift).where(
            Shift.staff_id == leaves.staff_id,
            Shift.shift_date.between(takes.shift_date - day, takes.shift_date + day),
            *seen,
        )
        if clash := _clash(leaves, takes, session.scalars(query).all()):
            raise Conflict(
                _("%(name)s works then already: %(shift)s.", name=leaves.staff.name, shift=clash)
            )


def _exchange(first: Shift, second: Shift) -> None:
    """Each keeps the row and takes the other's time: at no moment does one of them work twice,
    even where the two shifts overlap."""
    times = (first.shift_date, first.start_time, first.end_time)
    first.shift_date, first.start_time, first.end_time = (
        second.shift_date, second.start_time, second.end_time,
    )  # fmt: skip
    second.shift_date, second.start_time, second.end_time = times


def _ask_rules(session: Session, asked: ShiftSwap, reason: str | None) -> None:
    keys = {asked.shift_id, asked.other_shift_id}
    days = (asked.shift.shift_date, asked.other_shift.shift_date)
    mondays = {week_of(day + timedelta(days=by)) for day in days for by in (0, 1)}
    found = {
        problem.sentence: problem
        for monday in sorted(mondays)
        for problem in problems_of(session, monday)
        if keys & set(problem.shift_ids)
    }
    problems = [told(problem, keys) for problem in found.values()]
    if any(problem.blocks for problem in found.values()):
        raise ClinicError(" ".join(found), problems=problems)
    if not reason and any(problem.kind == RESTED for problem in found.values()):
        raise ReasonNeeded(_("Say why it is approved all the same."), problems=problems)


def _waits(session: Session, *shifts: Shift) -> bool:
    keys = [shift.shift_id for shift in shifts]
    query = select(ShiftSwap.shift_swap_id).where(
        ShiftSwap.status == "requested",
        or_(ShiftSwap.shift_id.in_(keys), ShiftSwap.other_shift_id.in_(keys)),
    )
    return session.scalars(query.limit(1)).first() is not None
