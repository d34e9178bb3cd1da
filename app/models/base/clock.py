"""The clinic's own time and calendar: every instant is UTC, every rule and screen is clinic time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
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
    days = holidays.country_holidays(country, years=range(first.year, last.year + 1))
    return {day: name for day, name in days.items() if first <= day <= last}
