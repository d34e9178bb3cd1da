"""Wall-clock times of the calendar are those of the clinic's zone, on every day of its clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.views.visits.calendar_rows import KEYS, of_visits

ZONES = (
    "Europe/Madrid",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "America/Sao_Paulo",
)
HALF_AN_HOUR = timedelta(minutes=30)
YEAR = [datetime(2027, 1, 1) + n * HALF_AN_HOUR for n in range(366 * 48)]


@pytest.mark.parametrize("name", ZONES)
def test_a_visit_begins_and_ends_on_the_wall_of_the_zone_all_year(
    sqlite_app: Flask, name: str
) -> None:
    zone = ZoneInfo(name)
    with sqlite_app.test_request_context():
        told = [
            dict(zip(KEYS, row, strict=True))
            for row in of_visits(map(_row, YEAR), frozenset(), zone)
        ]
    for utc, visit in zip(YEAR, told, strict=True):
        begins, ends = (_wall(moment, zone) for moment in (utc, utc + HALF_AN_HOUR))
        assert (visit["start"], visit["at"]) == (begins, f"{utc.isoformat()}Z")
        assert visit["end"] == ends or visit["end"] > visit["start"] >= ends  # set back meanwhile


def _row(start: datetime) -> tuple[Any, ...]:
    nothing = (None,) * 6
    return 1, 1, start, 30, "booked", None, *nothing, None, None, None, None, None, None, True


def _wall(utc: datetime, zone: ZoneInfo) -> str:
    return f"{utc.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%dT%H:%M}"
