"""When a reminder leaves: over both changes of the clock, and outside of quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.models import NotificationRule
from app.models.messages import moments

MADRID = ZoneInfo("Europe/Madrid")


def utc(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


def wall(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=MADRID)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-29T10:00", 24, "2026-03-28T09:00"),  # a day of 23 hours
        ("2026-03-30T01:30", 24, "2026-03-29T00:30"),
        ("2026-10-25T10:00", 24, "2026-10-24T11:00"),  # a day of 25 hours
        ("2026-06-10T10:00", 24, "2026-06-09T10:00"),
        ("2026-10-25T04:00", 2, "2026-10-25T02:00"),
    ],
)
def test_hours_before_are_hours_that_pass(start: str, hours: int, due: str) -> None:
    rule, moment = NotificationRule(hours_before=hours), wall(start).astimezone(UTC)
    found = moments.due(rule, moment, MADRID)
    assert (moment - found).total_seconds() == hours * 3600
    assert found.astimezone(MADRID).replace(tzinfo=None) == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("start", "clock", "due"),
    [
        ("2026-03-29T10:00", time(18), "2026-03-28T17:00"),  # before the change: UTC+1
        ("2026-03-30T10:00", time(18), "2026-03-29T16:00"),  # after it: UTC+2
        ("2026-10-25T10:00", time(18), "2026-10-24T16:00"),
        ("2026-10-26T10:00", time(18), "2026-10-25T17:00"),
        ("2026-03-30T10:00", time(2, 30), "2026-03-29T01:30"),  # a time that the clock skips
        ("2026-10-26T10:00", time(2, 30), "2026-10-25T00:30"),  # the first of two
    ],
)
def test_days_before_are_days_of_the_calendar(start: str, clock: time, due: str) -> None:
    rule = NotificationRule(days_before=1, at_time=clock)
    assert moments.due(rule, wall(start).astimezone(UTC), MADRID) == utc(due)


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        ("2026-06-09T20:59", "2026-06-09T20:59"), ("2026-06-09T21:00", "2026-06-10T08:00"),
        ("2026-06-10T03:00", "2026-06-10T08:00"), ("2026-06-10T08:00", "2026-06-10T08:00"),
    ],
)  # fmt: skip
def test_what_falls_into_quiet_hours_waits_for_their_end(moment: str, leaves: str) -> None:
    rule = NotificationRule(quiet_from=time(21), quiet_to=time(8))
    start = wall("2026-06-10T12:00")
    assert moments.outside_quiet(rule, wall(moment), start, MADRID) == wall(leaves)


def test_a_visit_at_the_end_of_quiet_hours_is_reminded_of_before_they_begin() -> None:
    rule = NotificationRule(quiet_from=time(21), quiet_to=time(8))
    start = wall("2026-06-10T07:30")
    found = moments.outside_quiet(rule, wall("2026-06-10T05:30"), start, MADRID)
    assert found == wall("2026-06-09T21:00")
