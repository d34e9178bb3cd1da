"""Half-open spans of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.base.intervals import Interval, common, merged, minus, starts

DAY = datetime(2026, 5, 4, tzinfo=UTC)


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def span(start: float, end: float) -> Interval:
    return Interval(at(start), at(end))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (span(6, 7), False),  # before
        (span(7, 8), False),  # right before
        (span(7, 8.5), True),  # overlapping the start
        (span(8, 9), True),  # exactly the same
        (span(8.25, 8.75), True),  # within
        (span(8.5, 10), True),  # overlapping the end
        (span(9, 10), False),  # right after
        (span(7, 10), True),  # around
    ],
)
def test_two_spans_overlap_when_each_begins_before_the_other_ends(
    other: Interval, *, expected: bool
) -> None:
    assert span(8, 9).overlaps(other) is expected
    assert other.overlaps(span(8, 9)) is expected


def test_spans_that_touch_merge_into_one() -> None:
    assert merged([span(10, 11), span(8, 9), span(9, 10)]) == [span(8, 11)]


def test_an_empty_span_holds_no_time() -> None:
    assert merged([span(8, 8)]) == []


minutes = st.integers(0, 300)
spans = st.lists(st.tuples(minutes, minutes).map(sorted), max_size=8)


def as_intervals(pairs: list[list[int]]) -> list[Interval]:
    return [Interval(DAY + timedelta(minutes=a), DAY + timedelta(minutes=b)) for a, b in pairs]


def as_minutes(intervals: list[Interval]) -> set[int]:
    held: set[int] = set()
    for start, end in intervals:
        first, last = (int((moment - DAY).total_seconds() // 60) for moment in (start, end))
        held |= set(range(first, last))
    return held


@given(spans, spans)
def test_what_is_left_is_what_a_set_of_minutes_says(a: list[list[int]], b: list[list[int]]) -> None:
    left = minus(as_intervals(a), as_intervals(b))
    assert as_minutes(left) == as_minutes(as_intervals(a)) - as_minutes(as_intervals(b))


@given(spans, spans)
def test_common_time_is_what_a_set_of_minutes_says(a: list[list[int]], b: list[list[int]]) -> None:
    shared = common(as_intervals(a), as_intervals(b))
    assert as_minutes(shared) == as_minutes(as_intervals(a)) & as_minutes(as_intervals(b))


ZONES = ["Europe/Madrid", "America/New_York", "Australia/Lord_Howe"]


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("grid", [5, 10, 15, 20, 30, 60])
def test_starts_lie_on_the_grid_of_the_wall_on_every_day_of_the_year(name: str, grid: int) -> None:
    zone = ZoneInfo(name)
    year = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    found = list(starts(year, timedelta(minutes=grid), timedelta(minutes=5), zone))
    walls = {moment.astimezone(zone).minute % grid for moment in found}
    assert walls == {0}
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in pairwise(found))


@pytest.mark.parametrize("name", ZONES)
def test_no_start_of_the_grid_is_left_out_over_a_change_of_the_clock(name: str) -> None:
    zone = ZoneInfo(name)
    year = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    found = set(starts(year, timedelta(minutes=30), timedelta(minutes=5), zone))
    every = (year.start + timedelta(minutes=n) for n in range(0, 365 * 24 * 60, 5))
    on_grid = {m for m in every if m.astimezone(zone).minute % 30 == 0}
    assert found >= on_grid - {max(on_grid)}
