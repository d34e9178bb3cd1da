"""What is prescribed in the demo clinic, with dosages that are said in the language of who reads them.

Codes are ATC; the times of a dosage are those of `app.models.record.dosing`.
"""

from __future__ import annotations

from typing import NamedTuple


class Dosage(NamedTuple):
    """How a drug is taken. `say` is what the doctor writes to the patient beside it."""

    dose_value: float | None
    dose_unit: str | None
    route: str
    timing: str
    duration_days: int | None = None
    as_needed: bool = False
    instructions: str | None = None


class Drug(NamedTuple):
    """A drug with its dosage for adults and, where children get it, for children."""

    code: str
    display: str
    dosage: Dosage
    child: Dosage | None = None


def _tablet(timing: str, days: int | None = None, say: str | None = None) -> Dosage:
    return Dosage(1, "tablet", "oral", timing, days, False, say)


def _capsule(timing: str, days: int | None = None, say: str | None = None) -> Dosage:
    return Dosage(1, "capsule", "oral", timing, days, False, say)


def _by_weight(timing: str, days: int | None = None) -> Dosage:
    say = "Dose by body weight, as written on the bottle"
    return Dosage(None, None, "oral", timing, days, days is None, say)


def _thin(timing: str, days: int | None = None) -> Dosage:
    return Dosage(1, "application", "topical", timing, days, False, "A thin layer")


_EVENING = _thin("PM")
DRUGS = {
    "amoxicillin": Drug("J01CA04", "Amoxicillin 500 mg capsule", _capsule("TID", 7), _by_weight("TID", 7)),
    "azithromycin": Drug("J01FA10", "Azithromycin 500 mg tablet", _tablet("QD", 3), _by_weight("QD", 3)),
    "nitrofurantoin": Drug("J01XE01", "Nitrofurantoin 100 mg capsule", _capsule("BID", 5, "With food")),
    "ibuprofen": Drug("M01AE01", "Ibuprofen 400 mg tablet",
                      Dosage(1, "tablet", "oral", "TID", None, True, "With food"), _by_weight("TID")),
    "naproxen": Drug("M01AE02", "Naproxen 500 mg tablet", _tablet("BID", 10, "With food")),
    "paracetamol": Drug("N02BE01", "Paracetamol 500 mg tablet",
                        Dosage(2, "tablet", "oral", "QID", None, True), _by_weight("QID")),
    "cetirizine": Drug("R06AE07", "Cetirizine 10 mg tablet", _tablet("PM"),
                       Dosage(0.5, "tablet", "oral", "PM")),
    "salbutamol": Drug("R03AC02", "Salbutamol 100 µg inhaler",
                       Dosage(2, "puff", "inhaled", "Q4H", None, True, "When short of breath"),
                       Dosage(2, "puff", "inhaled", "Q4H", None, True, "With a spacer, when short of breath")),
    "amlodipine": Drug("C08CA01", "Amlodipine 5 mg tablet", _tablet("AM")),
    "metformin": Drug("A10BA02", "Metformin 850 mg tablet", _tablet("BID", None, "With meals")),
    "atorvastatin": Drug("C10AA05", "Atorvastatin 20 mg tablet", _tablet("PM")),
    "levothyroxine": Drug("H03AA01", "Levothyroxine 75 µg tablet",
                          _tablet("AM", None, "Half an hour before breakfast")),
    "omeprazole": Drug("A02BC01", "Omeprazole 20 mg capsule", _capsule("AM", None, "Before breakfast")),
    "sertraline": Drug("N06AB06", "Sertraline 50 mg tablet", _tablet("AM")),
    "sumatriptan": Drug("N02CC01", "Sumatriptan 50 mg tablet",
                        Dosage(1, "tablet", "oral", "QD", None, True,
                               "At the start of an attack, at most 2 a day")),
    "bisoprolol": Drug("C07AB07", "Bisoprolol 2.5 mg tablet", _tablet("AM")),
    "apixaban": Drug("B01AF02", "Apixaban 5 mg tablet", _tablet("BID")),
    "hydrocortisone": Drug("D07AA02", "Hydrocortisone 1 % cream", _thin("BID", 7), _thin("QD", 5)),
    "clotrimazole": Drug("D01AC01", "Clotrimazole 1 % cream", _thin("BID"), _thin("BID")),
    "adapalene": Drug("D10AD03", "Adapalene 0.1 % gel", _EVENING, _EVENING),
    "iron": Drug("B03AA07", "Ferrous sulfate 200 mg tablet", _tablet("QD", None, "With orange juice")),
}  # fmt: skip

INSTEAD = {
    ("Penicillin", "amoxicillin"): "azithromycin",
    ("Ibuprofen", "ibuprofen"): "paracetamol",
    ("Ibuprofen", "naproxen"): "paracetamol",
}
"""What is given where an allergy forbids a drug."""
