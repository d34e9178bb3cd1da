"""Who waits for an earlier visit in the demo clinic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from app.exchange.demo.people import Person
from app.exchange.demo.rota import Clock
from app.exchange.demo.visits import Physician

WAITING = 7
WEEKS = 6


def waiting_rows(
    clock: Clock, persons: Sequence[Person], doctors: Sequence[Physician],
    kinds: dict[str, int],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """A few patients with a wish each: some for one doctor, one urgent, some on certain days."""
    rng = Random(len(persons))
    for at, person in enumerate(rng.sample(list(persons), WAITING)):
        yield {
            "patient_id": person.id,
            "doctor_id": None if at % 3 == 2 else rng.choice(doctors).doctor_id,
            "visit_type_id": kinds["Follow-up" if at % 2 else "Consultation"],
            "earliest": clock.now,
            "latest": clock.now + timedelta(weeks=WEEKS),
            "weekdays": "Monday, Wednesday, Friday" if at == 3 else None,
            "priority": 5 if at == 0 else 0,
            "state": "waiting",
            "created": clock.now - timedelta(days=2 * at + 1, hours=at),
        }
