"""The rota of the demo clinic: who works when, and who is on duty right now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.models import Shift
from app.models.rota.rota_rules import REST

WEEKS_AHEAD = 4
Hours = tuple[time, time]


def _hours(start: str, end: str) -> Hours:
    return time.fromisoformat(start), time.fromisoformat(end)


DAY = _hours("08:00", "17:00")
ORDINARY = (_hours("08:30", "16:30"), _hours("07:30", "15:30"), _hours("11:00", "19:00"))
SATURDAY = _hours("09:00", "13:00")
EVENING = _hours("15:30", "20:30")
NIGHT = _hours("21:00", "07:00")
AROUND_NOW = (
    DAY,
    _hours("07:00", "15:00"),
    _hours("12:00", "21:00"),
    _hours("15:00", "23:00"),
    NIGHT,
)


@dataclass(slots=True)
class Duty:
    """A shift before it is a row. `start` and `end` are minutes since 1970 in UTC, half-open;
    `offset` is how many minutes the clinic's clock is ahead of UTC at its start."""

    staff_id: int
    day: date
    hours: Hours
    start: int
    end: int
    offset: int
    around_now: bool = False


@dataclass(frozen=True)
class Clock:
    """The moment for which the demo is built, and the clinic's time zone."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The date in the clinic."""
        return self.now.astimezone(self.zone).date()

    @property
    def minute(self) -> int:
        """Now, as minutes since 1970 in UTC."""
        return int(self.now.timestamp()) // 60

    def duty(self, staff_id: int, day: date, hours: Hours, around_now: bool = False) -> Duty:
        """A shift on `day`, with wall-clock hours read in the clinic's zone."""
        shift = Shift(shift_date=day, start_time=hours[0], end_time=hours[1])
        start, end = shift.interval(self.zone)
        ahead = start.utcoffset() or timedelta()
        first, last = (int(moment.timestamp()) // 60 for moment in (start, end))
        return Duty(staff_id, day, hours, first, last, int(ahead.total_seconds()) // 60, around_now)


def instant(minute: int) -> datetime:
    """The moment that lies so many minutes after 1970 began, in UTC."""
    return datetime.fromtimestamp(minute * 60, UTC)


def doctors_rota(clock: Clock, staff: list[int], first_day: date, days_a_week: int) -> list[Duty]:
    """All shifts of the doctors from `first_day` to four weeks ahead, by date; the first of them
    works Monday to Friday, the others so many days."""
    regular = (
        clock.duty(staff_id, day, hours)
        for day in _days(first_day, clock.today + timedelta(weeks=WEEKS_AHEAD))
        for staff_id, hours in _doctors_on(day, staff, days_a_week)
    )
    on_duty = staff[: max(5, len(staff) // 2)]
    return _with_now(clock, regular, on_duty)


def team_rota(clock: Clock, staff: list[int], on_duty: list[int]) -> list[Duty]:
    """Shifts of nurses and the front desk, Monday to Saturday, over the past two months and
    the coming four weeks; those `on_duty` are at work now."""
    regular = (
        clock.duty(staff_id, day, _pick(ORDINARY, place + _week(day)))
        for day in _days(
            clock.today - timedelta(weeks=8), clock.today + timedelta(weeks=WEEKS_AHEAD)
        )
        for place, staff_id in enumerate(staff)
        if (place + _week(day)) % 6 != day.weekday() < 6
    )
    return _with_now(clock, regular, on_duty)


def shift_rows(duties: Iterable[Duty], published_until: date) -> Iterator[dict[str, Any]]:
    """Shifts as rows; those after `published_until` are drafts."""
    for duty in duties:
        yield {
            "staff_id": duty.staff_id,
            "shift_date": duty.day,
            "start_time": duty.hours[0],
            "end_time": duty.hours[1],
            "published": duty.day <= published_until,
        }


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _week(day: date) -> int:
    return (day.toordinal() - 1) // 7


def _pick(hours: tuple[Hours, ...], number: int) -> Hours:
    return hours[number % len(hours)]


def _doctors_on(day: date, staff: list[int], days_a_week: int) -> Iterator[tuple[int, Hours]]:
    """Who works on a date. One Tuesday and one Thursday evening a week go round among all but the
    first, and so do two for the Saturday. Nobody works at night, for patients could book it."""
    week, weekday, others = _week(day), day.weekday(), len(staff) - 1
    evening = 1 + (week * 2 + weekday) % others if weekday in (1, 3) else None
    if weekday == 5:
        yield from ((staff[1 + (week + n) % others], SATURDAY) for n in (0, 1))
    if weekday >= 5:
        return
    for place, staff_id in enumerate(staff):
        if place == evening:
            yield staff_id, EVENING
        elif place == 0:
            yield staff_id, DAY
        elif (weekday * 2 + place) % 5 < days_a_week:
            yield staff_id, _pick(ORDINARY, place + week)


def _with_now(clock: Clock, regular: Iterable[Duty], on_duty: list[int]) -> list[Duty]:
    """The regular shifts, with those on duty at work now, well rested before and after."""
    day, hours = hours_around(clock)
    extra = [clock.duty(staff_id, day, hours, around_now=True) for staff_id in on_duty]
    rest = int(REST.total_seconds()) // 60
    free_from, free_to = extra[0].start - rest, extra[0].end + rest
    called = set(on_duty)
    kept = [
        duty
        for duty in regular
        if duty.staff_id not in called or duty.end <= free_from or duty.start >= free_to
    ]
    return sorted(kept + extra, key=lambda duty: (duty.start, duty.staff_id))


def hours_around(clock: Clock) -> tuple[date, Hours]:
    """A shift that began an hour or more ago and goes on for two or more: a usual one where
    there is one, else nine hours of its own."""
    for hours in AROUND_NOW:
        for day in (clock.today, clock.today - timedelta(days=1)):
            duty = clock.duty(0, day, hours)
            if duty.start + 60 <= clock.minute <= duty.end - 120:
                return day, hours
    start = (clock.now.astimezone(UTC) - timedelta(hours=4)).astimezone(clock.zone)
    end = (clock.now.astimezone(UTC) + timedelta(hours=5)).astimezone(clock.zone)
    return start.date(), (time(start.hour), time(end.hour))
