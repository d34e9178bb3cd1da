"""What the address of a calendar says: view, date, columns, filters. Raises BadQuery."""

from __future__ import annotations

import re
from datetime import date, timedelta

from flask import request

from app.language import _
from app.models.base.types import LARGEST_INTEGER
from app.models.visits import agenda
from app.views.generated.guard import BadQuery

VIEWS = ("day", "week", "month", "list")
COLUMNS = ("doctor", "room")
MOST_DAYS = 42
YEARS = range(1900, 2200)


def narrowed() -> agenda.Narrowed:
    """The filters of the address."""
    return agenda.Narrowed(key("doctor"), key("room"), key("type"))


def one_of(name: str, allowed: tuple[str, ...]) -> str:
    """The chosen word, the first of those allowed where none is."""
    asked = request.args.get(name) or allowed[0]
    if asked not in allowed:
        raise BadQuery(
            _("%(name)s must be one of: %(choices)s.", name=name, choices=", ".join(allowed))
        )
    return asked


def days() -> tuple[date, date]:
    """The first day, and the one after the last, of at most `MOST_DAYS`."""
    first, last = day("start"), day("end")
    if first is None or last is None:
        raise BadQuery(_("start and end are needed: two dates like 2026-05-31."))
    if not timedelta() < last - first <= timedelta(days=MOST_DAYS):
        raise BadQuery(_("end must lie after start, by at most %(most)s days.", most=MOST_DAYS))
    return first, last


def day(name: str) -> date | None:
    """A day of the calendar, None where the address has none."""
    raw = request.args.get(name, "")
    if not raw:
        return None
    try:
        day = date.fromisoformat(raw) if re.fullmatch(r"\d{4}-\d\d-\d\d", raw, re.ASCII) else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise BadQuery(_("%(name)s must be a date like 2026-05-31.", name=name))
    return day


def key(name: str) -> int | None:
    """The number of a row, None where the address has none."""
    raw = request.args.get(name, "")
    if not raw:
        return None
    if not (raw.isascii() and raw.isdecimal()) or len(raw) > 10 or int(raw) > LARGEST_INTEGER:
        raise BadQuery(_("%(name)s must be the number of one.", name=name))
    return int(raw)
