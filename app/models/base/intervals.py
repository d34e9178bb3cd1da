"""Half-open spans of time, `[start, end)`, and what is left of them. Pure; instants are aware.

The one definition of an overlap: two spans share an instant when each begins before the other
ends. The database's guards say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Interval(NamedTuple):
    """From `start` up to, not including, `end`."""

    start: datetime
    end: datetime

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share an instant."""
        return self.start < other.end and other.start < self.end

    def holds(self, other: Interval) -> bool:
        """Whether the other lies within this one, its ends included."""
        return self.start <= other.start and other.end <= self.end


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time in as few spans as possible, in order."""
    found: list[Interval] = []
    for interval in sorted(i for i in intervals if i.start < i.end):
        if found and interval.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, interval.end))
        else:
            found.append(interval)
    return found


def minus(intervals: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """What is left of `intervals` without `taken`; one walk over both."""
    left: list[Interval] = []
    holes = merged(taken)
    first = 0
    for start, end in merged(intervals):
        while first < len(holes) and holes[first].end <= start:
            first += 1
        for hole in holes[first:]:
            if hole.start >= end:
                break
            left.append(Interval(start, hole.start))
            start = hole.end
        left.append(Interval(start, end))
    return [piece for piece in left if piece.start < piece.end]


def common(first: Iterable[Interval], second: Iterable[Interval]) -> list[Interval]:
    """The time that lies in both."""
    seconds = merged(second)
    shared = (
        Interval(max(a.start, b.start), min(a.end, b.end))
        for a in merged(first)
        for b in seconds
        if a.overlaps(b)
    )
    return merged(shared)


def starts(
    interval: Interval, grid: timedelta, length: timedelta, zone: ZoneInfo
) -> Iterator[datetime]:
    """Every start on the grid, counted from midnight of the clock on the wall, at which something
    of `length` fits into `interval`; UTC instants if the interval's are."""
    moment = _next_on_grid(interval.start, grid, zone)
    while moment + length <= interval.end:
        yield moment
        moment = _next_on_grid(moment + timedelta(minutes=1), grid, zone)


def _next_on_grid(moment: datetime, grid: timedelta, zone: ZoneInfo) -> datetime:
    if moment.second or moment.microsecond:
        moment = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while past := _past_grid(moment, grid, zone):
        ahead = moment + (grid - past)
        # across a change of the clock a whole step may pass by a start: go minute by minute
        same_clock = ahead.astimezone(zone).utcoffset() == moment.astimezone(zone).utcoffset()
        moment = ahead if same_clock else moment + timedelta(minutes=1)
    return moment


def _past_grid(moment: datetime, grid: timedelta, zone: ZoneInfo) -> timedelta:
    wall = moment.astimezone(zone)
    return timedelta(hours=wall.hour, minutes=wall.minute) % grid
