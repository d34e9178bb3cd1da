"""Recurrence rules (RFC 5545, 3.3.10): from a rule to wall-clock times, within limits."""

from __future__ import annotations

import re
from calendar import isleap, weekday
from datetime import MAXYEAR, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

from app.language import _, _l, _n
from app.models.base.errors import ClinicError

MOST = 60
HORIZON = timedelta(days=548)
"""18 months."""

LONGEST_RULE = 200
PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
)
DAYS = {
    "MO": _l("Mon"), "TU": _l("Tue"), "WE": _l("Wed"), "TH": _l("Thu"), "FR": _l("Fri"),
    "SA": _l("Sat"), "SU": _l("Sun"),
}  # fmt: skip
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


def occurrences(rule: str, start: datetime, zone: ZoneInfo) -> list[datetime]:
    """The wall-clock times that `rule` means from `start`, a time without a zone; the first is
    `start` itself where the rule holds for it. Raises ClinicError."""
    parts = _parts(rule)
    count = _number(parts.pop("COUNT", None), MOST, "COUNT")
    until = _until(parts.pop("UNTIL", None), zone)
    if (count is None) == (until is None):
        raise ClinicError(_("A series needs an end: either COUNT or UNTIL."), field="rrule")
    last = start + HORIZON
    if until is not None and until > last:
        raise ClinicError(_("A series lasts at most 18 months."), field="rrule")
    found = list(islice(_walk(parts, start, min(until or last, last)), (count or MOST) + 1))
    if count is None and len(found) > MOST:
        raise ClinicError(_("A series has at most %(most)s visits.", most=MOST), field="rrule")
    if count is not None and len(found) < count:
        raise ClinicError(_("A series lasts at most 18 months."), field="rrule")
    if not found:
        raise ClinicError(_("No visit follows from this rule."), field="rrule")
    return found[:count] if count else found


def _walk(parts: dict[str, str], start: datetime, last: datetime) -> list[datetime]:
    """The first times of the rule. dateutil asks for the end on days that it finds only: looking
    for 30 February, it walks to the end of the calendar. So it walks in years near that end."""
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    ahead = _same_years_at_the_end(start.year) - start.year
    try:
        end = last.replace(year=last.year + ahead)
        rule = rrulestr(
            f"{text};UNTIL={end:%Y%m%dT%H%M%S}", dtstart=start.replace(year=start.year + ahead)
        )
        found = list(islice(rule, MOST + 1))
        return [moment.replace(year=moment.year - ahead) for moment in found]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
        raise _unreadable() from None


def _same_years_at_the_end(year: int) -> int:
    """The last year from which on three years have the days and weekdays of `year` and the two
    after it: a series reaches no further."""

    def days(first: int) -> list[tuple[int, bool]]:
        return [(weekday(y, 1, 1), isleap(y)) for y in range(first, first + 3)]

    return next((y for y in range(MAXYEAR - 2, year, -1) if days(y) == days(year)), year)


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
        raise ClinicError(
            _("%(name)s must be a number from 1 to %(largest)s.", name=name, largest=largest),
            field="rrule",
        )
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
        _("The rule cannot be read; write one like FREQ=WEEKLY;BYDAY=MO;COUNT=10."), field="rrule"
    )


def in_words(rule: str) -> str:
    """A rule as it is said: “every 2 weeks on Mon, Thu”."""
    parts = dict(
        part.split("=", 1) for part in rule.upper().removeprefix("RRULE:").split(";") if "=" in part
    )
    said = _every(parts.get("FREQ", ""), int(parts.get("INTERVAL", "1")))
    days = [str(DAYS[name[-2:]]) for name in parts.get("BYDAY", "").split(",") if name[-2:] in DAYS]
    return _("%(every)s on %(days)s", every=said, days=", ".join(days)) if days else said


def _every(frequency: str, every: int) -> str:
    if frequency == "DAILY":
        return _n("every day", "every %(num)s days", every)
    if frequency == "WEEKLY":
        return _n("every week", "every %(num)s weeks", every)
    if frequency == "MONTHLY":
        return _n("every month", "every %(num)s months", every)
    if frequency == "YEARLY":
        return _n("every year", "every %(num)s years", every)
    return _n("every time", "every %(num)s times", every)
