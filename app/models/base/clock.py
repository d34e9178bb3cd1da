"""The clinic's own time and calendar: every instant is UTC, every rule and screen is clinic time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from flask import current_app


def clinic_zone() -> ZoneInfo:
    """The zone of `CLINIC_TIMEZONE`, an IANA name checked at start."""
    return ZoneInfo(current_app.config["CLINIC_TIMEZONE"])


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
