"""How the raw routes are asked for each operation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import operations as known
import raw
from asking import Ask, Program, plain
from clinics import Clinic
from servers import Server


def program(clinic: Clinic, server: Server) -> Program:
    """The raw routes on a running server; alone is what they do, without a server."""
    day, one, patient = clinic.day, clinic.facts["doctors"][0], clinic.facts["patient"]
    minutes, grid = clinic.facts["type"]
    idle, through, alone = clinic.idle(), _wishes(clinic, 1), _wishes(clinic, 2)
    week, narrowed = f"/visits?start={day}&days=7", f"&doctor={one}"
    asks = {
        known.SEARCH: plain("/search?q=mar"),
        known.LIST: plain("/search?q=mar"),
        known.WEEK_OF_ONE: plain(week + narrowed),
        known.WEEK_OF_ALL: plain(week),
        known.DAY_OF_ALL: plain(f"/visits?start={day}&days=1"),
        known.TIMES: plain(f"/slots?start={day}&days=14&minutes={minutes}&grid={grid}" + narrowed),
        known.BOOKING: lambda: Ask("/book", next(through) | {"patient_id": next(idle)}),
        known.CHART: plain(f"/chart?key={patient}"),
        known.FIGURES: plain("/rollup?days=730"),
    }
    without = {
        known.SEARCH: lambda: raw.search("mar"),
        known.WEEK_OF_ONE: lambda: raw.visits(day, 7, one),
        known.WEEK_OF_ALL: lambda: raw.visits(day, 7, None),
        known.DAY_OF_ALL: lambda: raw.visits(day, 1, None),
        known.TIMES: lambda: raw.slots(day, 14, one, minutes, grid),
        known.BOOKING: lambda: raw.book(next(alone) | {"patient_id": next(idle)}),
        known.CHART: lambda: raw.chart(patient),
        known.FIGURES: lambda: raw.rollup(730),
    }
    return Program(server, asks, without)


def _wishes(clinic: Clinic, place: int) -> Iterator[dict[str, Any]]:
    """Times after all visits that there are, for one doctor: raw asks no rule."""
    first = clinic.facts["last"] + timedelta(days=1)
    who = {"doctor_id": clinic.facts["doctors"][place], "room_id": None, "visit_type_id": 1}
    for number in range(100_000):
        at = first + number * timedelta(minutes=20)
        yield who | {"appointment_datetime": at.isoformat(), "minutes_duration": 20}
