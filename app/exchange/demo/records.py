"""What was written at the visits: records, the conditions found, and the prescriptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from types import SimpleNamespace
from typing import Any

from app.exchange.demo.cases import LINGERING
from app.exchange.demo.drugs import DRUGS, INSTEAD, Dosage, Drug
from app.exchange.demo.people import Person
from app.exchange.demo.rota import Clock, instant
from app.exchange.demo.visits import Visit
from app.language import SOURCE, in_language
from app.models.record.code_systems import ATC, ICD_10_CM
from app.models.record.dosing import as_fhir, in_words

DOCUMENTED = 365
"""Days for which there are records: older ones are on paper, so to say."""
RECENT = 90
"""Days for which the time of signing is known; before, as for what was imported, it is not."""


@dataclass(slots=True)
class Note:
    """A medical record before it is a row; times are minutes since 1970 in UTC."""

    id: int
    visit: Visit
    day: date
    start: int
    end: int
    signed: bool
    recent: bool


def notes(rng: Random, clock: Clock, visits: Sequence[Visit], first_id: int) -> list[Note]:
    """One for each visit of the past year that took place, in their order; those of today and
    some of yesterday are still drafts."""
    found: list[Note] = []
    since = clock.minute - DOCUMENTED * 1440
    for visit in visits:
        if visit.status != "fulfilled" or visit.start < since:
            continue
        start = min(visit.start + rng.randint(-2, 9), visit.end - 5)
        end = min(start + visit.kind.minutes, clock.minute)
        day = instant(visit.start).astimezone(clock.zone).date()
        age = (clock.today - day).days
        signed = rng.random() >= (0.5, 0.15, 0.0)[min(age, 2)]
        found.append(Note(first_id + len(found), visit, day, start, end, signed, age < RECENT))
    return found


def record_rows(found: Sequence[Note]) -> Iterator[dict[str, Any]]:
    """Notes as rows of `medical_record`."""
    for note in found:
        visit, case = note.visit, note.visit.case
        yield {
            "record_id": note.id,
            "patient_id": visit.person.id,
            "doctor_id": visit.physician.doctor_id,
            "appointment_id": visit.id,
            "author_id": visit.physician.staff_id,
            "visit_date": note.day,
            "diagnosis": case.diagnosis,
            "treatment": case.treatment,
            "notes": case.notes,
            "status": "signed" if note.signed and not note.recent else "draft",
            "started_at": instant(note.start),
            "ended_at": instant(note.end),
            "encounter_status": "finished",
            "encounter_class": "AMB",
            "type_display": visit.kind.name,
            "reason_display": case.reason,
        }


def signatures(clock: Clock, found: Sequence[Note]) -> Iterator[dict[str, Any]]:
    """Key, time and signer of the recent notes that are signed; to be set once all that hangs on
    them is there. Most sign within the hour, some the next morning, one in twelve in two days."""
    for note in found:
        if note.signed and note.recent:
            hours = 50 if note.id % 12 == 0 else 16 if note.id % 5 == 0 else 1
            yield {
                "key": note.id,
                "at": instant(min(note.end + hours * 60, clock.minute)),
                "by": note.visit.physician.staff_id,
            }


def condition_rows(
    rng: Random, clock: Clock, patients: Sequence[Person], found: Sequence[Note]
) -> Iterator[dict[str, Any]]:
    """Lasting conditions of the patients, and what was found at the visits."""
    for person in patients:
        for chronic in person.chronic:
            youngest = person.dob + timedelta(days=int(chronic.from_age * 365.25))
            days = max(1, (clock.today - youngest).days)
            onset = clock.today - timedelta(days=rng.randint(min(days, 400), min(days, 15 * 365)))
            yield _condition(person, chronic.code, chronic.display, f"{onset:%Y-%m}", None, None)
    known: set[tuple[int, str]] = set()
    for note in found:
        person, case = note.visit.person, note.visit.case
        seen = (person.id, case.code or "")
        if not case.code or not case.display or case.code[0] == "Z" or seen in known:
            continue
        over = note.day + timedelta(days=rng.randint(5, 21))
        ended = str(over) if over <= clock.today and case.code not in LINGERING else None
        if ended is None:
            known.add(seen)
        yield _condition(person, case.code, case.display, str(note.day), ended, note)


def _condition(
    person: Person, code: str, display: str, onset: str, ended: str | None, note: Note | None
) -> dict[str, Any]:
    return {
        "patient_id": person.id,
        "record_id": note.id if note else None,
        "system": ICD_10_CM,
        "code": code,
        "display": display,
        "clinical_status": "resolved" if ended else "active",
        "verification_status": "confirmed",
        "onset": onset,
        "abatement": ended,
        "recorded": str(note.day) if note else onset,
    }


def prescription_rows(rng: Random, clock: Clock, found: Sequence[Note]) -> Iterator[dict[str, Any]]:
    """Drugs as they were prescribed at the visits. A lasting one runs for half a year, another
    for a month; one that replaces the like, and one that an allergy forbids, is left out."""
    running: dict[tuple[int, str], date] = {}
    for note in found:
        person, case = note.visit.person, note.visit.case
        lasting = any(case is chronic.case for chronic in person.chronic)
        drug = _drug(person, case.drug)
        if drug is None or not (lasting or rng.random() < 0.8):
            continue
        until = note.day + timedelta(days=182 if lasting else 30)
        if running.get((person.id, drug.code), note.day) > note.day:
            continue
        running[person.id, drug.code] = until
        child = drug.child if person.age(note.day) < 12 else None
        dosage = child or drug.dosage
        days = dosage.duration_days
        ends = note.day + timedelta(days=days - 1) if days else None
        yield {
            "patient_id": person.id,
            "record_id": note.id,
            "doctor_id": note.visit.physician.doctor_id,
            "system": ATC,
            "code": drug.code,
            "display": _for_child(drug) if child else drug.display,
            "status": "active" if (ends or until) >= clock.today else "completed",
            "intent": "order",
            "authored": instant(note.end).isoformat(),
            "until": ends,
            **_said(dosage),
        }


@cache
def _said(dosage: Dosage) -> dict[str, Any]:
    """The columns of a dosage, and its words as they are kept: in the language of the source."""
    with in_language(SOURCE):
        row = SimpleNamespace(**dosage._asdict())
        return {**dosage._asdict(), "dosage": in_words(row), "dosage_detail": [as_fhir(row)]}


def _drug(person: Person, name: str | None) -> Drug | None:
    for allergy in person.allergies:
        name = INSTEAD.get((allergy.display, name or ""), name)
    return DRUGS[name] if name else None


def _for_child(drug: Drug) -> str:
    """Children get the syrup where adults swallow a tablet."""
    liquid = drug.child and not drug.child.dose_value
    return f"{drug.display.split()[0]} oral suspension" if liquid else drug.display
