"""What waits for somebody in the demo clinic: results, requests, a waitlist, numbers to ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.exchange.demo.bulk import insert_all
from app.exchange.demo.records import Note
from app.exchange.demo.rota import Clock, instant
from app.exchange.demo.visits import Visit
from app.models import Observation, Patient, TimeOff, WaitlistEntry
from app.models.record.code_systems import LOINC

TESTS = (
    ("4548-4", "Hemoglobin A1c", 6.4, "%"),
    ("2089-1", "Cholesterol in LDL", 118.0, "mg/dL"),
    ("718-7", "Hemoglobin", 13.2, "g/dL"),
)
FOR_EACH_DOCTOR, WAITING, AWAY, UNREACHED = 3, 6, 2, 4


def add_errands(
    session: Session,
    clock: Clock,
    visits: Sequence[Visit],
    found: Sequence[Note],
    kinds: dict[str, int],
    nurses: Sequence[int],
) -> None:
    """Add them all; the same clinic gives the same errands."""
    insert_all(session, Observation, _results(clock, found))
    insert_all(session, TimeOff, _requests(clock, nurses))
    coming = [visit for visit in visits if visit.status == "booked"]
    insert_all(session, WaitlistEntry, _waitlist(clock, coming, kinds))
    unreached = [visit.person.id for visit in coming[30 : 30 + UNREACHED]]
    session.execute(update(Patient).where(Patient.patient_id.in_(unreached)).values(phone=None))


def _results(clock: Clock, found: Sequence[Note]) -> Iterator[dict[str, Any]]:
    """The laboratory's answers of this morning, a few for each doctor."""
    told: dict[int, int] = {}
    for note in reversed(found):
        doctor = note.visit.physician.doctor_id
        if told.get(doctor, 0) >= FOR_EACH_DOCTOR or note.end > clock.minute - 1440:
            continue
        told[doctor] = told.get(doctor, 0) + 1
        code, display, value, unit = TESTS[note.id % len(TESTS)]
        at = instant(clock.minute - 60 - note.id % 90)
        yield {
            "patient_id": note.visit.person.id,
            "system": LOINC,
            "code": code,
            "display": display,
            "category": "laboratory",
            "effective": at.isoformat(),
            "issued": at,
            "value": value,
            "unit": unit,
        }


def _requests(clock: Clock, nurses: Sequence[int]) -> Iterator[dict[str, Any]]:
    for place, staff_id in enumerate(nurses[:AWAY]):
        start = _midnight(clock, 21 + 7 * place)
        end = start + timedelta(days=5)
        yield {"staff_id": staff_id, "start_at": start, "end_at": end, "status": "requested"}


def _waitlist(
    clock: Clock, coming: Sequence[Visit], kinds: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """Patients with a visit in some weeks who would take one sooner."""
    for place, visit in enumerate(coming[-WAITING:]):
        yield {
            "patient_id": visit.person.id,
            "doctor_id": visit.physician.doctor_id,
            "visit_type_id": kinds[visit.kind.name],
            "earliest": _midnight(clock, 1),
            "latest": instant(visit.start),
            "priority": int(place % 3 == 0),
            "created": instant(clock.minute - 1440 * (place + 1)),
        }


def _midnight(clock: Clock, days: int) -> datetime:
    """The beginning of the clinic's day so many days from today."""
    return datetime.combine(clock.today + timedelta(days=days), time(), clock.zone)
