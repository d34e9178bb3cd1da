"""How far a visit has come at a given moment, and how many visits a shift gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from app.exchange.demo.rota import Clock, Duty

NOSHOW, CANCELLED, PENDING = 0.06, 0.08, 0.07
SOON, EARLY = 30, 75
SPARSE, BUSY, FULL = 0.25, 1.0, 2.2
"""Visits an hour that even a small clinic has: at any time, today, and today with those on duty
now and the first doctor."""
FADING = 45
"""Days from today by which that bustle is over."""


def state(rng: Random, start: int, end: int, now: int) -> tuple[str, int | None]:
    """The status of a visit, and when its patient arrived; minutes since 1970 in UTC.

    Those who are with a doctor now are in the room; those of the next half-hour sit in the
    waiting room, and most of those of the half-hour after have come early.
    """
    chance = rng.random()
    if end <= now:
        if chance < NOSHOW:
            return "noshow", None
        if chance < NOSHOW + CANCELLED:
            return "cancelled", None
        return "fulfilled", start - rng.randint(1, 20)
    if start <= now:
        return "in-room", start - rng.randint(4, 18)
    if start <= now + SOON:
        return "checked-in", now - rng.randint(6, 24)
    if start <= now + EARLY and chance < 0.75:
        return "arrived", now - rng.randint(1, 6)
    if chance < PENDING:
        return "pending", None
    return ("cancelled" if chance > 0.97 else "booked"), None


def quotas(
    clock: Clock, duties: Sequence[Duty], first: int, visits: int
) -> Iterator[tuple[Duty, float]]:
    """Each shift's share of about so many `visits`; `first` is the member of staff whose days
    are full. The clinic has grown over time, and the coming weeks are still filling up."""
    days = [(duty.day - clock.today).days for duty in duties]
    longest = max(1, -min(days))
    weights = [1 - 0.6 * day / 28 if day > 0 else 1 + 0.4 * day / longest for day in days]
    hours = [(d.end - d.start) / 60 for d in duties]
    rate = visits / sum(w * h for w, h in zip(weights, hours, strict=True))
    for duty, day, weight, length in zip(duties, days, weights, hours, strict=True):
        bustle = FULL if duty.around_now or duty.staff_id == first else BUSY
        busy = max(SPARSE, rate * weight, bustle * (1 - abs(day) / FADING))
        yield duty, length * busy
