"""Why a time cannot be had, in words; and which of these words a person may overrule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from app.language import _
from app.models.base.intervals import Interval, common, merged, starts
from app.models.visits.availability import Missing, Situation, Visit, Wish
from app.spelling import said

OFFICE_HOURS = (time(8), time(18))
"""The span that is explained where neither rota nor opening hours say one."""


@dataclass(frozen=True)
class Reason:
    """`soft` ones are rules of the house; a person may overrule them and say why."""

    text: str
    soft: bool = True
    of_room: bool = False


def reasons_against(
    situation: Situation,
    doctor_id: int,
    wish: Wish,
    start: datetime,
    now: datetime,
    but: int | None = None,
) -> list[Reason]:
    """Everything that speaks against a visit; empty where it can be had. `but` is the key of the
    visit that is being moved."""
    span = wish.span(start)
    found = [Reason(_("too late to book today"))] if start < now else []
    found += _by_the_clock(situation, doctor_id, span)
    found += _by_visits(situation, doctor_id, wish, span, but)
    room = situation.room_for(wish, start, but)
    if room is None and wish.room_type is not None:
        found.append(
            Reason(_("no room of type %(room_type)s", room_type=said(wish.room_type)), of_room=True)
        )
    return found


def explain(
    situation: Situation, doctor_ids: Sequence[int], wish: Wish, now: datetime
) -> list[Missing]:
    """Every time on the grid in which the clinic could be working and which cannot be had."""
    found = []
    length, grid = timedelta(minutes=wish.minutes), timedelta(minutes=wish.grid)
    for doctor in doctor_ids:
        for interval in _explained(situation, doctor_ids):
            for start in starts(interval, grid, length, situation.zone):
                reasons = reasons_against(situation, doctor, wish, start, now)
                if reasons:
                    found.append(Missing(start, doctor, tuple(reason.text for reason in reasons)))
    return sorted(found, key=lambda missing: (missing.start, missing.doctor_id))


def _explained(situation: Situation, doctor_ids: Sequence[int]) -> list[Interval]:
    if situation.opening is not None:
        return common(situation.opening, [situation.window])
    shifts = [shift for doctor in doctor_ids for shift in situation.shifts.get(doctor, [])]
    return common([*shifts, *_office_days(situation)], [situation.window])


def _office_days(situation: Situation) -> Iterator[Interval]:
    zone = situation.zone
    day = situation.window.start.astimezone(zone).date()
    while datetime.combine(day, time(), zone) < situation.window.end:
        first, last = (datetime.combine(day, hour, zone).astimezone(UTC) for hour in OFFICE_HOURS)
        yield Interval(first, last)
        day += timedelta(days=1)


def _by_the_clock(situation: Situation, doctor_id: int, span: Interval) -> Iterator[Reason]:
    day = span.start.astimezone(situation.zone).date()
    if day in situation.holidays:
        yield Reason(_("holiday: %(name)s", name=situation.holidays[day]))
    if situation.opening is not None and not _held(situation.opening, span):
        yield Reason(_("closed"))
    if not _held(situation.shifts.get(doctor_id, []), span):
        yield Reason(_("off duty"))
    if any(away.overlaps(span) for away in situation.away.get(doctor_id, [])):
        yield Reason(_("on leave"))


def _by_visits(
    situation: Situation, doctor_id: int, wish: Wish, span: Interval, but: int | None
) -> Iterator[Reason]:
    for visit in situation.visits.get(doctor_id, []):
        if visit.appointment_id == but:
            continue
        if visit.interval.overlaps(span):
            yield Reason(_("booked %(time)s", time=_wall(situation, visit)), soft=False)
        elif visit.keeps_from(wish).overlaps(span):
            yield Reason(_("too near to the visit %(time)s", time=_wall(situation, visit)))


def _held(spans: Sequence[Interval], span: Interval) -> bool:
    return any(whole.holds(span) for whole in merged(spans))


def _wall(situation: Situation, visit: Visit) -> str:
    first, last = (moment.astimezone(situation.zone) for moment in visit.interval)
    return f"{first:%H:%M}–{last:%H:%M}"
