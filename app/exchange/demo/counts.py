"""What a build of the demo clinic has added."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """How many rows of each table a build has added; `already` where the demo was there."""

    patients: int = 0
    staff: int = 0
    doctors: int = 0
    rooms: int = 0
    visit_types: int = 0
    shifts: int = 0
    appointments: int = 0
    records: int = 0
    conditions: int = 0
    allergies: int = 0
    prescriptions: int = 0
    observations: int = 0
    history: int = 0
    logins: int = 0
    already: bool = False
