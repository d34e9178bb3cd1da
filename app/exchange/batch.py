"""What one file holds, as rows: the form in which FHIR and CSV meet, and the writer begins."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from app.models import ClinicError

Row = dict[str, Any]
"""Columns by name. Three keys are references: `patient`, `record` and `doctor` hold the
identifier of the Patient, Encounter or Practitioner; the writer turns them into ids."""

KINDS = (
    "Patient",
    "Practitioner",
    "Encounter",
    "Condition",
    "MedicationRequest",
    "AllergyIntolerance",
    "Observation",
)
"""The FHIR R4 resource types that are kept."""

NOT_KEPT = "not kept"
NOT_STATED = "Not stated"


class Broken(ClinicError):
    """This file cannot come in; the message says why and is shown beside the file's name."""

    code = "broken_file"


@dataclass
class Batch:
    """The rows of one file. It knows no database."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(resource type, reason) → how many."""
    versions: list[Row] = field(default_factory=list)
    """The versions of notes that this clinic sent; see `notes_in`."""
    notes: Counter[str] = field(default_factory=Counter)
    """What a person should know → how often."""
    _mentioned: set[str] = field(default_factory=set)

    def add(self, kind: str, row: Row) -> None:
        """Take in a row of this kind."""
        self.rows[kind].append(row)

    def mention(self, practitioner: Row) -> None:
        """Add a practitioner who is only named inside another resource, once."""
        if practitioner["identifier"] not in self._mentioned:
            self._mentioned.add(practitioner["identifier"])
            self.add("Practitioner", practitioner)

    def skip(self, kind: str, reason: str = NOT_KEPT, count: int = 1) -> None:
        """Count what is not taken over, and why."""
        self.skipped[kind, reason] += count
