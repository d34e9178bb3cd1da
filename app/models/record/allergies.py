"""What the entries about a patient's allergies say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.models.record.clinical import AllergyIntolerance


class Allergies(NamedTuple):
    """A patient's allergies, the dangerous first. Where none stands, the answers that none is known,
    or none of a kind; no answer where nobody asked, or asked before what was found later."""

    active: list[AllergyIntolerance]
    former: list[AllergyIntolerance]
    none: list[AllergyIntolerance]


def known(rows: Sequence[AllergyIntolerance]) -> Allergies:
    """What these entries of one patient, none of them replaced, say together."""
    found = [row for row in rows if not row.says_none]
    active = [row for row in found if row.holds]
    former = [row for row in found if not row.holds]
    return Allergies(active, former, [] if active else _none_known(rows, former))


def contradicted(rows: Iterable[AllergyIntolerance]) -> set[int]:
    """Keys of the answers among all entries of a patient that an allergy has overtaken: a signed or
    an imported one stays as it was written, and must not be told as if it held."""
    replaced = {row.replaces_id for row in rows}
    found = [row for row in rows if not row.says_none and row.pk not in replaced]
    return {row.pk for row in rows if row.says_none and _is_against(found, row)}


def _none_known(
    rows: Sequence[AllergyIntolerance], former: Sequence[AllergyIntolerance]
) -> list[AllergyIntolerance]:
    """The last answer to each question; one about all allergies needs no other beside it."""
    said = [row for row in rows if row.says_none and row.holds and not _is_against(former, row)]
    said.sort(key=lambda row: (row.recorded or "", row.pk))
    whole = [row for row in said if row.says_none_at_all]
    return whole[-1:] or list({row.code: row for row in said}.values())


def _is_against(found: Iterable[AllergyIntolerance], answer: AllergyIntolerance) -> bool:
    return any(row.speaks_against(answer) for row in found)
