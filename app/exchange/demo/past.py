"""What happened to the visits of the demo clinic on the way: booked, called off, seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from app.exchange.demo.rota import Clock, instant
from app.exchange.demo.visits import Visit

DAY = 1440
REMEMBERED = 365 * DAY
"""Minutes back from now in which visits went over the board."""
PATIENT_CANCELS, DOCTOR_CANCELS = 0.78, 0.9
OFTEN_LATE = 0.35
"""Of the cancelled visits, those called off within the last day."""

Moves = Iterator[tuple[int, str | None, str, str]]


class Past:
    """The history of visits; the same visits give the same history."""

    def __init__(self, clock: Clock, users: Mapping[str, int]) -> None:
        self._clock, self._users = clock, users
        self._rng = Random(f"past {clock.today}")

    def rows(self, visits: Sequence[Visit]) -> Iterator[dict[str, Any]]:
        """Rows of `appointment_history`, visit by visit, each in the order of its moves."""
        for visit in visits:
            for minute, before, after, role in self._moves(visit):
                yield {
                    "appointment_id": visit.id,
                    "recorded": instant(min(minute, self._clock.minute)),
                    "user_id": self._users[role],
                    "agent": role,
                    "status_before": before,
                    "status_after": after,
                    "start_after": instant(visit.start),
                }

    def _moves(self, visit: Visit) -> Moves:
        """When, from, to, and by which role; minutes since 1970 in UTC."""
        now = self._clock.minute
        booked = min(visit.start, now) - self._lead(visit)
        yield booked, None, "pending" if visit.status == "pending" else "booked", "receptionist"
        if visit.status == "cancelled":
            yield self._called_off(visit, booked), "booked", "cancelled", "receptionist"
        elif visit.status == "noshow":
            yield visit.end + 60, "booked", "noshow", "receptionist"
        elif visit.arrived is not None and visit.start > now - REMEMBERED:
            yield from self._through_the_house(visit, visit.arrived)

    def _lead(self, visit: Visit) -> int:
        """Minutes between booking and visit: who waits for long, forgets more often."""
        long = self._rng.random() < (0.6 if visit.status == "noshow" else 0.3)
        days = self._rng.randint(14, 60) if long else self._rng.randint(0, 13)
        return days * DAY + self._rng.randint(30, 8 * 60)

    def _called_off(self, visit: Visit, booked: int) -> int:
        last = min(visit.start, self._clock.minute)
        late = self._rng.random() < OFTEN_LATE
        since = max(booked, last - DAY) if late else booked
        until = last - 30 if late else max(since, last - DAY)
        return self._rng.randint(since, max(since, until))

    def _through_the_house(self, visit: Visit, arrived: int) -> Moves:
        yield arrived, "booked", "arrived", "receptionist"
        if visit.status == "arrived":
            return
        rush = 8 if (visit.start // 60) % 4 == 0 else 0
        entered = max(arrived + 1, visit.start + self._rng.randint(-4, 14) + rush)
        if visit.status == "checked-in":
            entered = self._clock.minute
        yield min(arrived + 2, entered), "arrived", "checked-in", "receptionist"
        if visit.status == "checked-in":
            return
        yield entered, "checked-in", "in-room", "nurse"
        if visit.status == "fulfilled":
            longer = round(self._rng.gauss(1.5, 5))
            yield entered + max(4, visit.kind.minutes + longer), "in-room", "fulfilled", "doctor"


def why_cancelled(visit: Visit) -> str | None:
    """The patient mostly, sometimes the doctor or the house; the same for a visit every time."""
    if visit.status != "cancelled":
        return None
    chance = visit.id * 37 % 100 / 100
    return (
        "patient" if chance < PATIENT_CANCELS else "doctor" if chance < DOCTOR_CANCELS else "clinic"
    )
