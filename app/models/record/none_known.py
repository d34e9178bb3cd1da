"""The codes of the answer that no allergy is known."""

from __future__ import annotations

NONE_KNOWN, NOTHING_KNOWN = "No known allergy", "716186003"
"""SNOMED CT: no known allergy. FHIR R4 keeps the answer as a code of its own, since an empty list
does not tell whether anybody asked (https://hl7.org/fhir/R4/allergyintolerance.html)."""
NONE_OF: dict[str, str | None] = {
    NOTHING_KNOWN: None, "160244002": None, "no-known-allergies": None,
    "409137002": "medication", "no-known-medication-allergies": "medication",
    "429625007": "food", "no-known-food-allergies": "food",
    "428607008": "environment", "no-known-environmental-allergies": "environment",
    "716184000": "environment", "716220001": "environment",
}  # fmt: skip
"""Codes of such answers, each with the category asked about where it was but one: SNOMED CT, as FHIR
R4 lists it for allergies (https://hl7.org/fhir/R4/valueset-allergyintolerance-code.html) and as older
records have it; then those of the International Patient Summary (absent-unknown)."""
