"""Free time, computed when asked for, never stored.

Free = published shifts ∩ opening hours − time off − active visits with their buffers, in which a
room of the right type is free and not blocked. Pure functions over intervals; `models.visits.situations`
loads what they need. Instants are UTC; shifts and opening hours are wall-clock time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.models.base.clock import midnight
from app.models.base.intervals import Interval, common, minus, starts
from app.models.clinic.room import Room
from app.models.clinic.visit_type import VisitType


@dataclass(frozen=True)
class Slot:
    """A time that can be had, with the room that would be taken."""

    start: datetime
    end: datetime
    doctor_id: int
    room_id: int | None


@dataclass(frozen=True)
class Missing:
    """A time on the grid that cannot be had, and why."""

    start: datetime
    doctor_id: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Wish:
    """What is asked for: lengths and buffers in minutes; no room type means any room will do."""

    minutes: int = 30
    grid: int = 15
    before: int = 0
    after: int = 0
    room_type: str | None = None

    @classmethod
    def of(cls, kind: VisitType | None, minutes: int | None = None) -> Wish:
        """What a visit of this type asks for; `minutes` stand in place of the length of the type."""
        if kind is None:
            return cls(minutes=minutes or 30)
        return cls(
            minutes=minutes or kind.minutes,
            grid=kind.grid_minutes,
            before=kind.buffer_before,
            after=kind.buffer_after,
            room_type=kind.room_type,
        )

    def span(self, start: datetime) -> Interval:
        """The time that a visit would take which begins at `start`, without what is kept free
        around it."""
        return Interval(start, start + timedelta(minutes=self.minutes))


@dataclass(frozen=True)
class Visit:
    """An active visit with the buffers of its type."""

    interval: Interval
    doctor_id: int
    room_id: int | None
    appointment_id: int
    before: int = 0
    after: int = 0

    def keeps_from(self, wish: Wish) -> Interval:
        """The time in which a visit like `wish` would come too near."""
        before = timedelta(minutes=max(self.before, wish.after))
        after = timedelta(minutes=max(self.after, wish.before))
        return Interval(self.interval.start - before, self.interval.end + after)


class Stay(NamedTuple):
    """The time that a visit has a room."""

    start: datetime
    minutes: int
    appointment_id: int

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return self.start + timedelta(minutes=self.minutes)


@dataclass
class Situation:
    """All that bears on a window of time, loaded once and asked often."""

    zone: ZoneInfo
    window: Interval
    shifts: dict[int, list[Interval]] = field(default_factory=dict)
    away: dict[int, list[Interval]] = field(default_factory=dict)
    visits: dict[int, list[Visit]] = field(default_factory=dict)
    in_room: dict[int, list[Stay]] = field(default_factory=dict)
    rooms: list[Room] = field(default_factory=list)
    blocked: dict[int, list[Interval]] = field(default_factory=dict)
    opening: list[Interval] | None = None
    holidays: Mapping[date, str] = field(default_factory=dict)
    lapsed: bool = False
    """Whether there is a hold, wherever, that ran out and was not cancelled yet."""

    def workable(self, doctor_id: int) -> list[Interval]:
        """When the doctor works and the clinic is open, whoever is booked."""
        on_duty = minus(self.shifts.get(doctor_id, []), self.away.get(doctor_id, []))
        open_now = on_duty if self.opening is None else common(on_duty, self.opening)
        return common(minus(open_now, self.closed_days()), [self.window])

    def closed_days(self) -> list[Interval]:
        """The public holidays as whole days of the clinic."""
        return [window_of(day, 1, self.zone) for day in self.holidays]

    def free(self, doctor_id: int, wish: Wish, now: datetime) -> Iterator[Slot]:
        """Every start that can be had, in order."""
        booked = [visit.keeps_from(wish) for visit in self.visits.get(doctor_id, [])]
        length, grid = timedelta(minutes=wish.minutes), timedelta(minutes=wish.grid)
        for interval in minus(self.workable(doctor_id), booked):
            for start in starts(interval, grid, length, self.zone):
                room = self.room_for(wish, start)
                if start >= now and (room is not None or wish.room_type is None):
                    yield Slot(start, start + length, doctor_id, room.room_id if room else None)

    def room_for(self, wish: Wish, start: datetime, but: int | None = None) -> Room | None:
        """The first room of the right type that nobody has in that time."""
        span = wish.span(start)
        for room in self.rooms:
            if wish.room_type in (None, room.room_type) and self._is_free(room.room_id, span, but):
                return room
        return None

    def _is_free(self, room_id: int, span: Interval, but: int | None) -> bool:
        if any(blocked.overlaps(span) for blocked in self.blocked.get(room_id, [])):
            return False
        # visits in one room never overlap: of those that begin in time only the last can matter
        visits = self.in_room.get(room_id, [])
        last = bisect_left(visits, span.end, key=attrgetter("start"))
        near = [visit for visit in visits[max(0, last - 2) : last] if visit.appointment_id != but]
        return not any(visit.end > span.start for visit in near)


def window_of(start: date, days: int, zone: ZoneInfo) -> Interval:
    """`days` whole days of the clinic's calendar, as UTC instants."""
    return Interval(midnight(start, zone), midnight(start + timedelta(days=days), zone))


def free_slots(
    situation: Situation, doctor_ids: Sequence[int], wish: Wish, now: datetime
) -> list[Slot]:
    """The free times of all these doctors, earliest first."""
    found = [slot for doctor in doctor_ids for slot in situation.free(doctor, wish, now)]
    return sorted(found, key=lambda slot: (slot.start, slot.doctor_id))
