"""What speaks against a week of the rota. Pure: shifts and spans in, sentences out.

Rest is real elapsed time, at least 11 hours between two shifts of one person: Directive
2003/88/EC of the European Parliament and of the Council, article 3
(https://eur-lex.europa.eu/eli/dir/2003/88/oj).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from app.language import _
from app.models.base.clock import instant
from app.models.base.intervals import Interval, minus
from app.models.clinic.opening import WEEKDAYS, OpeningHours, TimeOff
from app.models.rota.shift import Shift
from app.spelling import said, spelled

REST = timedelta(hours=11)
NEEDED = ("doctor", "nurse")
"""Of each of these roles at least one is at work in each open hour; no nurse, where the clinic has none."""

TWICE, LEAVE, COVER, RESTED = "twice", "leave", "cover", "rest"


@dataclass(frozen=True)
class Problem:
    """One sentence against a week. What does not block may be published with a reason."""

    kind: str
    sentence: str
    day: date
    blocks: bool
    staff_id: int | None = None
    staff: str | None = None
    shift_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Duty:
    """A shift as the rules read it: whose, and from which instant to which."""

    shift: Shift
    span: Interval

    @classmethod
    def of(cls, shift: Shift, zone: ZoneInfo) -> Duty:
        """The shift with its instants in UTC; its times are read on the wall of `zone`."""
        start, end = (moment.astimezone(UTC) for moment in shift.interval(zone))
        return cls(shift, Interval(start, end))


def check_week(
    monday: date,
    shifts: Iterable[Shift],
    opening: Sequence[OpeningHours],
    time_off: Iterable[TimeOff],
    zone: ZoneInfo,
    holidays: Mapping[date, str] | None = None,
    nurses: bool = True,
) -> list[Problem]:
    """Everything against the week from `monday`, drafts and published shifts alike. `shifts`
    also holds those of the day before and the day after, for the rest between weeks; `nurses`
    says whether the clinic has any."""
    duties = sorted((Duty.of(s, zone) for s in shifts), key=lambda duty: duty.span)
    away: dict[int, list[TimeOff]] = {}
    for leave in time_off:
        if leave.status == "approved":
            away.setdefault(leave.staff_id, []).append(leave)
    found = [
        *_by_person(duties, monday),
        *_on_leave(duties, away, monday),
        *_uncovered(duties, away, opening, monday, zone, holidays or {}, nurses),
    ]
    return sorted(found, key=lambda p: (not p.blocks, p.day, p.kind, p.staff or "", p.sentence))


def week_of(day: date) -> date:
    """The Monday of the week of `day`."""
    return day - timedelta(days=day.weekday())


def in_week(day: date, monday: date) -> bool:
    """Whether the day is one of the seven from that Monday on."""
    return timedelta() <= day - monday < timedelta(days=7)


def _by_person(duties: Iterable[Duty], monday: date) -> Iterator[Problem]:
    """Two shifts at once, and too little rest between one and the next."""
    last: dict[int, Duty] = {}
    for duty in duties:
        before = last.get(duty.shift.staff_id)
        if before is not None and _either_in(before, duty, monday):
            problem = _between(before, duty, monday)
            if problem is not None:
                yield problem
        if before is None or duty.span.end > before.span.end:
            last[duty.shift.staff_id] = duty


def _between(before: Duty, after: Duty, monday: date) -> Problem | None:
    rest, name = after.span.start - before.span.end, after.shift.staff.name
    if before.span.overlaps(after.span):
        kind, sentence = TWICE, _(
            "%(name)s would work twice at once: %(one)s and %(other)s.",
            name=name, one=_words(before.shift), other=_words(after.shift),
        )  # fmt: skip
    elif timedelta() < rest < REST:
        kind = RESTED
        sentence = _(
            "%(name)s would have %(rest)s of rest, not 11 h, between %(one)s and %(other)s.",
            name=name, rest=_hours(rest), one=_words(before.shift), other=_words(after.shift),
        )  # fmt: skip
    else:
        return None  # enough, or one goes on where the other ends
    day = after.shift.shift_date if in_week(after.shift.shift_date, monday) else None
    keys = (before.shift.shift_id, after.shift.shift_id)
    return Problem(
        kind,
        sentence,
        day or before.shift.shift_date,
        kind == TWICE,
        after.shift.staff_id,
        name,
        keys,
    )


def _on_leave(
    duties: Iterable[Duty], away: Mapping[int, Sequence[TimeOff]], monday: date
) -> Iterator[Problem]:
    for duty in duties:
        shift = duty.shift
        if not in_week(shift.shift_date, monday):
            continue
        if any(
            Interval(t.start_at, t.end_at).overlaps(duty.span) for t in away.get(shift.staff_id, ())
        ):
            sentence = _(
                "%(name)s is on approved leave during %(shift)s.",
                name=shift.staff.name,
                shift=_words(shift),
            )
            yield Problem(
                LEAVE, sentence, shift.shift_date, True, shift.staff_id, shift.staff.name,
                (shift.shift_id,),
            )  # fmt: skip


def _uncovered(
    duties: Sequence[Duty],
    away: Mapping[int, Sequence[TimeOff]],
    opening: Sequence[OpeningHours],
    monday: date,
    zone: ZoneInfo,
    holidays: Mapping[date, str],
    nurses: bool,
) -> Iterator[Problem]:
    """The open time in which some needed role has nobody; who is on leave covers nothing."""
    needed = [role for role in NEEDED if nurses or role != "nurse"]
    at_work: dict[str, list[Interval]] = {role: [] for role in needed}
    for duty in duties:
        if duty.shift.staff.role in at_work:
            leave = [Interval(t.start_at, t.end_at) for t in away.get(duty.shift.staff_id, ())]
            at_work[duty.shift.staff.role] += minus([duty.span], leave)
    for day in (monday + timedelta(days=n) for n in range(7)):
        spans = [] if day in holidays else open_spans(day, duties, opening, zone)
        for role in needed:
            for gap in minus(spans, at_work[role]):
                first, last = (moment.astimezone(zone) for moment in gap)
                sentence = _(
                    "No %(role)s on %(day)s from %(first)s to %(last)s.",
                    role=said(role),
                    day=_day(day),
                    first=f"{first:%H:%M}",
                    last=f"{last:%H:%M}",
                )
                yield Problem(COVER, sentence, day, False)


def open_spans(
    day: date, duties: Iterable[Duty], opening: Sequence[OpeningHours], zone: ZoneInfo
) -> list[Interval]:
    """When the clinic is open on a day: its opening hours, or, where none are set at all, from
    the first to the last minute of that day's shifts. A shift that ends on the next day is a
    night on call and opens no hour."""
    if opening:
        hours = [
            (o.start_time, o.end_time) for o in opening if o.weekday == WEEKDAYS[day.weekday()]
        ]
        return [Interval(instant(day, a, zone), instant(day, b, zone)) for a, b in hours]
    spans = [
        duty.span
        for duty in duties
        if duty.shift.shift_date == day and duty.shift.end_time > duty.shift.start_time
    ]
    return [Interval(min(s.start for s in spans), max(s.end for s in spans))] if spans else []


def _either_in(first: Duty, second: Duty, monday: date) -> bool:
    return any(in_week(duty.shift.shift_date, monday) for duty in (first, second))


def _words(shift: Shift) -> str:
    return f"{_day(shift.shift_date)} {shift.start_time:%H:%M}–{shift.end_time:%H:%M}"


def _day(day: date) -> str:
    return spelled(day, _("EEEE d MMMM"))


def _hours(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
