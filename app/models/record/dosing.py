"""How a drug is taken: routes, times of the day, units; a dosage in words and as FHIR says it.

The codes of the times are those of the FHIR R4 value set timing-abbreviation
(https://hl7.org/fhir/R4/valueset-timing-abbreviation.html), `ONCE` and `Q12H` beside; routes are SNOMED CT
(https://hl7.org/fhir/R4/valueset-route-codes.html).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.language import _, _k, _n
from app.models.record.code_systems import SNOMED, TERMINOLOGY, UCUM
from app.spelling import measured

ABBREVIATION = f"{TERMINOLOGY}/v3-GTSAbbreviation"


@dataclass(frozen=True)
class Timing:
    """When; `frequency` times in `period` units, of which `per_day` follows."""

    code: str
    words: str
    frequency: int
    period: float
    unit: str

    @property
    def per_day(self) -> float:
        """How often a day on average; a month is taken as 30 days."""
        days = {"h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.0}[self.unit] * self.period
        return self.frequency / days


TIMINGS: dict[str, Timing] = {
    timing.code: timing
    for timing in (
        Timing("QD", _k("once a day"), 1, 1, "d"),
        Timing("BID", _k("twice a day"), 2, 1, "d"),
        Timing("TID", _k("three times a day"), 3, 1, "d"),
        Timing("QID", _k("four times a day"), 4, 1, "d"),
        Timing("AM", _k("in the morning"), 1, 1, "d"),
        Timing("PM", _k("in the evening"), 1, 1, "d"),
        Timing("BED", _k("at bedtime"), 1, 1, "d"),
        Timing("Q4H", _k("every 4 hours"), 1, 4, "h"),
        Timing("Q6H", _k("every 6 hours"), 1, 6, "h"),
        Timing("Q8H", _k("every 8 hours"), 1, 8, "h"),
        Timing("Q12H", _k("every 12 hours"), 1, 12, "h"),
        Timing("QOD", _k("every other day"), 1, 2, "d"),
        Timing("WK", _k("once a week"), 1, 1, "wk"),
        Timing("MO", _k("once a month"), 1, 1, "mo"),
        Timing("ONCE", _k("once only"), 1, 1, "d"),
    )
}

ROUTES: dict[str, tuple[str, str | None]] = {
    "oral": (_k("by mouth"), "26643006"),
    "sublingual": (_k("under the tongue"), "37839007"),
    "inhaled": (_k("inhaled"), "447694001"),
    "nasal": (_k("into the nose"), "46713006"),
    "topical": (_k("on the skin"), "6064005"),
    "transdermal": (_k("as a patch"), "45890007"),
    "ophthalmic": (_k("into the eye"), "54485002"),
    "otic": (_k("into the ear"), "10547007"),
    "rectal": (_k("into the rectum"), "37161004"),
    "vaginal": (_k("into the vagina"), "16857009"),
    "subcutaneous": (_k("under the skin"), "34206005"),
    "intramuscular": (_k("into the muscle"), "78421000"),
    "intravenous": (_k("into the vein"), "47625008"),
    "implant": (_k("as an implant"), None),
}

UNITS = (
    "mg", "g", "µg", "ml", _k("units"), _k("tablet"), _k("capsule"), _k("puff"), _k("drop"),
    _k("spray"), _k("patch"), _k("suppository"), _k("application"), _k("sachet"), _k("injection"),
)  # fmt: skip
IN_UCUM = {"mg": "mg", "g": "g", "µg": "ug", "ml": "mL", "units": "[iU]"}
PIECES = frozenset(("tablet", "capsule", "puff", "spray", "suppository", "sachet", "injection"))
MILLIGRAMS = {"mg": 1.0, "g": 1000.0, "µg": 0.001}


COUNTED: dict[str, Callable[[int, str], str]] = {
    "units": lambda n, num: _n("%(num)s unit", "%(num)s units", n, num=num),
    "tablet": lambda n, num: _n("%(num)s tablet", "%(num)s tablets", n, num=num),
    "capsule": lambda n, num: _n("%(num)s capsule", "%(num)s capsules", n, num=num),
    "puff": lambda n, num: _n("%(num)s puff", "%(num)s puffs", n, num=num),
    "drop": lambda n, num: _n("%(num)s drop", "%(num)s drops", n, num=num),
    "spray": lambda n, num: _n("%(num)s spray", "%(num)s sprays", n, num=num),
    "patch": lambda n, num: _n("%(num)s patch", "%(num)s patches", n, num=num),
    "suppository": lambda n, num: _n("%(num)s suppository", "%(num)s suppositories", n, num=num),
    "application": lambda n, num: _n("%(num)s application", "%(num)s applications", n, num=num),
    "sachet": lambda n, num: _n("%(num)s sachet", "%(num)s sachets", n, num=num),
    "injection": lambda n, num: _n("%(num)s injection", "%(num)s injections", n, num=num),
}


def amount(value: float, unit: str) -> str:
    """`500 mg`, `2 tablets`."""
    number = measured(value)
    words = COUNTED.get(unit)
    return words(1 if value == 1 else 2, number) if words else f"{number} {unit}"


def in_words(row: Any) -> str:
    """The dosage of a prescription, e.g. `500 mg by mouth three times a day for 7 days`, in the
    language of now."""
    said = [
        amount(row.dose_value, row.dose_unit) if row.dose_value and row.dose_unit else "",
        _(ROUTES[row.route][0]) if row.route in ROUTES else "",
        _(TIMINGS[row.timing].words) if row.timing in TIMINGS else "",
        _("if needed") if row.as_needed else "",
        _n("for %(num)s day", "for %(num)s days", row.duration_days) if row.duration_days else "",
    ]
    return " ".join(filter(None, said))


def as_fhir(row: Any) -> dict[str, Any]:
    """The dosage as FHIR R4 Dosage (https://hl7.org/fhir/R4/dosage.html)."""
    timing, (_words, route) = TIMINGS[row.timing], ROUTES[row.route]
    repeat: dict[str, Any] = {
        "frequency": timing.frequency, "period": timing.period, "periodUnit": timing.unit,
    }  # fmt: skip
    if timing.code == "ONCE":
        repeat = {"count": 1}
    if row.duration_days:
        repeat["boundsDuration"] = {
            "value": row.duration_days, "unit": "d", "system": UCUM,
            "code": "d",
        }  # fmt: skip
    when: dict[str, Any] = {"repeat": repeat}
    if timing.code not in {"ONCE", "Q12H"}:
        when["code"] = {"coding": [{"system": ABBREVIATION, "code": timing.code}]}
    said: dict[str, Any] = {
        "sequence": 1, "text": in_words(row), "timing": when, "asNeededBoolean": row.as_needed,
    }  # fmt: skip
    if row.dose_value:
        quantity: dict[str, Any] = {"value": row.dose_value, "unit": row.dose_unit}
        if code := IN_UCUM.get(row.dose_unit):
            quantity |= {"system": UCUM, "code": code}
        said["doseAndRate"] = [{"doseQuantity": quantity}]
    if row.instructions:
        said["patientInstruction"] = row.instructions
    words = {"text": row.route}
    coding = {"coding": [{"system": SNOMED, "code": route}]} if route else {}
    return said | {"route": coding | words}
