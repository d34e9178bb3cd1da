"""What the entries about a patient's allergies say together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.models.record.clinical import AllergyIntolerance


class Allergies(NamedTuple):
    """A patient's allergies, the dangerous first; without any, the answer that none is known,
    or None where nobody asked, or asked before what was found later."""

    active: list[AllergyIntolerance]
    former: list[AllergyIntolerance]
    none: AllergyIntolerance | None


def known(rows: Sequence[AllergyIntolerance]) -> Allergies:
    """What these entries of one patient, none of them replaced, say together."""
    found = [row for row in rows if not row.says_none]
    active = [row for row in found if row.holds]
    former = [row for row in found if not row.holds]
    return Allergies(active, former, None if active else _none_known(rows, former))


def _none_known(
    rows: Sequence[AllergyIntolerance], former: Sequence[AllergyIntolerance]
) -> AllergyIntolerance | None:
    said = [row for row in rows if row.says_none and row.holds]
    latest = max(said, key=lambda row: (row.recorded or "", row.pk), default=None)
    if latest is None or any(row.came_after(latest) for row in former):
        return None
    return latest
