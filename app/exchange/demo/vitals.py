"""Vital signs measured at the visits, with a course of their own for each patient.

Codes are LOINC, units UCUM, after the vital signs profile of FHIR R4
(https://hl7.org/fhir/R4/observation-vitalsigns.html).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from random import Random
from typing import Any

from app.exchange.demo.people import Person
from app.exchange.demo.records import Note
from app.exchange.demo.rota import Clock, instant
from app.models.record.code_systems import LOINC

CODES = {
    "height": ("8302-2", "Body height", "cm"),
    "weight": ("29463-7", "Body weight", "kg"),
    "bmi": ("39156-5", "Body mass index", "kg/m2"),
    "pressure": ("85354-9", "Blood pressure", "mm[Hg]"),
    "pulse": ("8867-4", "Heart rate", "/min"),
    "temperature": ("8310-5", "Body temperature", "Cel"),
    "oxygen": ("2708-6", "Oxygen saturation in arterial blood", "%"),
    "pain": ("72514-3", "Pain severity 0-10 reported", "{score}"),
}
SYSTOLIC = ("8480-6", "Systolic blood pressure")
DIASTOLIC = ("8462-4", "Diastolic blood pressure")
GROWN = 18


def observation_rows(rng: Random, clock: Clock, found: Sequence[Note]) -> Iterator[dict[str, Any]]:
    """The measurements taken at each visit, as rows of `observation`."""
    measured: set[int] = set()
    for note in found:
        first = note.visit.person.id not in measured
        measured.add(note.visit.person.id)
        yield from _visit(rng, clock, note, first)


def _visit(rng: Random, clock: Clock, note: Note, first: bool) -> Iterator[dict[str, Any]]:
    person, wanted = note.visit.person, set(note.visit.case.vitals)
    child = person.age(note.day) < GROWN
    height, kilos = _height(person, note.day), _kilos(rng, clock, person, note.day)
    if first or (child and rng.random() < 0.5):
        yield _row(note, "height", height)
        wanted.add("weight")
    if "weight" in wanted or rng.random() < 0.2:
        yield _row(note, "weight", kilos)
        yield _row(note, "bmi", round(kilos / (height / 100) ** 2, 1))
    if person.age(note.day) >= 16 and ("pulse" in wanted or first or rng.random() < 0.35):
        yield _pressure(rng, clock, note)
    for name in ("pulse", "temperature", "oxygen", "pain"):
        if name in wanted:
            yield _row(note, name, _value(rng, note, name))


def _value(rng: Random, note: Note, name: str) -> float:
    age = note.visit.person.age(note.day)
    if name == "pulse":
        return round(max(60, 122 - 3 * age) + rng.gauss(4, 6) if age < GROWN else rng.gauss(73, 8))
    if name == "temperature":
        feverish = note.visit.case.drug is not None
        return round(rng.gauss(38.1, 0.5) if feverish else rng.gauss(36.7, 0.2), 1)
    if name == "oxygen":
        return min(100, round(rng.gauss(97.2, 1.1)))
    return rng.randint(1, 7)


def _height(person: Person, day: date) -> float:
    """Centimetres; children grow towards their adult height."""
    share = min(1.0, max(0.0, person.age(day)) / GROWN)
    return round(person.height * (0.31 + 0.69 * math.pow(share, 0.62)), 1)


def _kilos(rng: Random, clock: Clock, person: Person, day: date) -> float:
    grown = min(1.0, max(0.0, person.age(day)) / GROWN)
    bmi = person.bmi if grown == 1 else 15.8 + (person.bmi - 17.5) * grown**2
    drift = person.kilos_a_year * (day - clock.today).days / 365 if grown == 1 else 0.0
    square_metres = (_height(person, day) / 100) ** 2
    return round(bmi * square_metres + drift + rng.gauss(0, 0.4), 1)


def _pressure(rng: Random, clock: Clock, note: Note) -> dict[str, Any]:
    """Those with high pressure come down over the year, as they take their tablets."""
    person = note.visit.person
    excess = max(0.0, person.pressure - 132)
    waiting = min(1.0, (clock.today - note.day).days / 365)
    systolic = round(person.pressure - excess * (1 - waiting) + rng.gauss(0, 4))
    diastolic = round(48 + 0.26 * systolic + rng.gauss(0, 3))
    parts = ((SYSTOLIC, systolic), (DIASTOLIC, diastolic))
    components = [
        {"system": LOINC, "code": code, "display": display, "value": value, "unit": "mm[Hg]"}
        for (code, display), value in parts
    ]
    return _row(note, "pressure", None) | {"components": components}


def _row(note: Note, name: str, value: float | None) -> dict[str, Any]:
    code, display, unit = CODES[name]
    when = instant(note.start)
    return {
        "patient_id": note.visit.person.id,
        "record_id": note.id,
        "status": "final",
        "category": "vital-signs",
        "system": LOINC,
        "code": code,
        "display": display,
        "effective": when.isoformat(),
        "issued": when,
        "value": value,
        "unit": unit,
        "components": None,
    }
