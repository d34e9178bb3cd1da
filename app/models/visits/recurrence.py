"""Recurrence rules (RFC 5545, 3.3.10): from a rule to wall-clock times, within limits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

from app.models.base.errors import ClinicError

MOST = 60
HORIZON = timedelta(days=548)
"""18 months."""

LONGEST_RULE = 200
PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
)
DAYS = {
    "MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun",
}  # fmt: skip
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


def occurrences(rule: str, start: datetime, zone: ZoneInfo) -> list[datetime]:
    """The wall-clock times that `rule` means from `start`, a time without a zone; the first is
    `start` itself where the rule holds for it. Raises ClinicError."""
    parts = _parts(rule)
    count = _number(parts.pop("COUNT", None), MOST, "COUNT")
    until = _until(parts.pop("UNTIL", None), zone)
    if (count is None) == (until is None):
        raise ClinicError("A series needs an end: either COUNT or UNTIL.", field="rrule")
    last = start + HORIZON
    if until is not None and until > last:
        raise ClinicError("A series lasts at most 18 months.", field="rrule")
    found = list(islice(_walk(parts, start, min(until or last, last)), (count or MOST) + 1))
    if count is None and len(found) > MOST:
        raise ClinicError(f"A series has at most {MOST} visits.", field="rrule")
    if count is not None and len(found) < count:
        raise ClinicError("A series lasts at most 18 months.", field="rrule")
    if not found:
        raise ClinicError("No visit follows from this rule.", field="rrule")
    return found[:count] if count else found


def _walk(parts: dict[str, str], start: datetime, last: datetime) -> list[datetime]:
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        rule = rrulestr(f"{text};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=start)
        return list(islice(rule, MOST + 1))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
        raise _unreadable() from None


def _parts(rule: str) -> dict[str, str]:
    text = rule.strip().upper().removeprefix("RRULE:")
    pairs = [part.partition("=") for part in text.split(";") if part]
    parts = {name: value for name, _, value in pairs}
    if len(text) > LONGEST_RULE or len(parts) != len(pairs) or not set(parts) <= PARTS:
        raise _unreadable()
    if parts.get("FREQ") not in FREQUENCIES or not all(
        re.fullmatch(r"[A-Z0-9,+-]+", value) for value in parts.values()
    ):
        raise _unreadable()
    _number(parts.get("INTERVAL"), 366, "INTERVAL")
    return parts


def _number(raw: str | None, largest: int, name: str) -> int | None:
    if raw is None:
        return None
    if not (raw.isascii() and raw.isdecimal()) or len(raw) > 4 or not 1 <= int(raw) <= largest:
        raise ClinicError(f"{name} must be a number from 1 to {largest}.", field="rrule")
    return int(raw)


def _until(raw: str | None, zone: ZoneInfo) -> datetime | None:
    """The last wall-clock time; a date counts whole, a time in UTC is turned."""
    if raw is None:
        return None
    try:
        if len(raw) == 8:
            return datetime.strptime(raw, "%Y%m%d") + timedelta(hours=23, minutes=59)
        if raw.endswith("Z"):
            aware = datetime.strptime(f"{raw[:-1]}+0000", "%Y%m%dT%H%M%S%z")
            return aware.astimezone(zone).replace(tzinfo=None)
        return datetime.strptime(raw, "%Y%m%dT%H%M%S")
    except (ValueError, OverflowError):
        raise _unreadable() from None


def _unreadable() -> ClinicError:
    return ClinicError(
        "The rule cannot be read; write one like FREQ=WEEKLY;BYDAY=MO;COUNT=10.", field="rrule"
    )


def in_words(rule: str) -> str:
    """A rule as it is said: “every 2 weeks on Mon, Thu”."""
    parts = dict(
        part.split("=", 1) for part in rule.upper().removeprefix("RRULE:").split(";") if "=" in part
    )
    unit = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
    every = int(parts.get("INTERVAL", "1"))
    word = unit.get(parts.get("FREQ", ""), "time")
    said = f"every {word}" if every == 1 else f"every {every} {word}s"
    days = [DAYS[name[-2:]] for name in parts.get("BYDAY", "").split(",") if name[-2:] in DAYS]
    return f"{said} on {', '.join(days)}" if days else said
