"""The clinic's own time and calendar: every instant is UTC, every rule and screen is clinic time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from flask import current_app


def clinic_zone() -> ZoneInfo:
    """The zone of `CLINIC_TIMEZONE`, an IANA name checked at start."""
    return ZoneInfo(current_app.config["CLINIC_TIMEZONE"])


def day_at(moment: datetime) -> date:
    """The date in the clinic at an instant."""
    return moment.astimezone(clinic_zone()).date()


def today() -> date:
    """The date in the clinic now."""
    return day_at(datetime.now(UTC))


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, UTC, at which the clock on the wall shows this time of that day. A time that the
    clock skips is read with the offset before the change (RFC 5545, 3.3.5); of one that comes twice
    the first is meant."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, UTC, at which a day of the calendar begins."""
    return instant(day, time(), zone)


def day_of(now: datetime, zone: ZoneInfo, days: int = 0) -> tuple[datetime, datetime]:
    """First and last instant, half-open and in `zone`, of the day `days` after the one of `now`."""
    day = now.astimezone(zone).date() + timedelta(days=days)
    return (
        datetime.combine(day, time(), zone),
        datetime.combine(day + timedelta(days=1), time(), zone),
    )


def holidays_between(first: date, last: date) -> Mapping[date, str]:
    """Public holidays of `CLINIC_COUNTRY` by date, both ends included; none where it is not set."""
    country = current_app.config["CLINIC_COUNTRY"]
    if not country:
        return {}
    years = range(first.year, last.year + 1)
    days = (day for year in years for day in _holidays(country, year).items())
    return {day: name for day, name in days if first <= day <= last}


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> Mapping[date, str]:
    """Worked out once in each process: it takes longer than all else that a booking asks."""
    return dict(holidays.country_holidays(country, years=year))
