"""One search over everything that is written in a chart.

Notes are compared here and not in the database: they may be kept encrypted there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models.amendment import TEXTS, RecordAmendment
from app.models.clinical import AllergyIntolerance, Condition, MedicationRequest, Observation
from app.models.medical_record import MedicalRecord

MOST = 60
AROUND = 70


@dataclass(frozen=True)
class Hit:
    """A place where the words stand; `when` is a date or a FHIR date, `found` splits the line
    into before, match, after."""

    kind: str
    when: Any
    title: str
    found: tuple[str, str, str]
    record_id: int | None = None


def search(session: Session, patient_id: int, words: str) -> list[Hit]:
    """Where `words` stand in the patient's chart: notes first, newest first."""
    words = words.strip()
    if not words:
        return []
    hits = [*_notes(session, patient_id, words), *_amendments(session, patient_id, words)]
    hits.sort(key=lambda hit: hit.when, reverse=True)
    for kind, model, day in (
        ("Problem", Condition, Condition.onset),
        ("Allergy", AllergyIntolerance, AllergyIntolerance.recorded),
        ("Medication", MedicationRequest, MedicationRequest.authored),
    ):
        hits += _statements(session, patient_id, words, kind, model, day)
    return (hits + _findings(session, patient_id, words))[:MOST]


def around(text: str, words: str) -> tuple[str, str, str] | None:
    """The first place of `words` in `text`, with a little on either side; None if it is not there."""
    flat = " ".join(text.split())
    at = flat.lower().find(words.lower())
    if at < 0:
        return None
    end = at + len(words)
    before = ("… " if at > AROUND else "") + flat[max(0, at - AROUND) : at]
    after = flat[end : end + AROUND] + (" …" if len(flat) > end + AROUND else "")
    return before, flat[at:end], after


def _notes(session: Session, patient_id: int, words: str) -> Iterator[Hit]:
    texts = (*TEXTS, "reason_display", "type_display")
    columns = [getattr(MedicalRecord, name) for name in texts]
    query = select(MedicalRecord.record_id, MedicalRecord.visit_date, *columns).where(
        MedicalRecord.patient_id == patient_id
    )
    for row in session.execute(query):
        title = row.reason_display or row.type_display or "Visit"
        if found := _first(row, texts, words):
            yield Hit("Visit", row.visit_date, title, found, row.record_id)


def _amendments(session: Session, patient_id: int, words: str) -> Iterator[Hit]:
    texts = ("reason", *TEXTS)
    for row in session.scalars(
        select(RecordAmendment).where(RecordAmendment.patient_id == patient_id)
    ):
        if found := _first(row, texts, words):
            yield Hit("Amendment", row.at.date(), f"Amendment {row.number}", found, row.record_id)


def _statements(
    session: Session, patient_id: int, words: str, kind: str, model: Any, day: Any
) -> Iterator[Hit]:
    more = getattr(model, "reaction", None) or getattr(model, "dosage", None)
    columns = [model.display, *([more] if more is not None else [])]
    query = select(model.record_id, day.label("day"), *columns).where(
        model.patient_id == patient_id
    )
    names = [column.key for column in columns]
    for row in session.execute(query.order_by(day.desc())):
        if found := _first(row, names, words):
            yield Hit(kind, row.day, row.display, found, row.record_id)


def _findings(session: Session, patient_id: int, words: str) -> list[Hit]:
    wanted = or_(
        Observation.display.icontains(words, autoescape=True),
        Observation.value_text.icontains(words, autoescape=True),
    )
    query = (
        select(
            Observation.display,
            func.max(Observation.value_text).label("text"),
            func.max(Observation.effective).label("last"),
            func.count().label("times"),
        )
        .where(Observation.patient_id == patient_id, wanted)
        .group_by(Observation.display)
        .order_by(func.max(Observation.effective).desc())
        .limit(MOST)
    )
    return [
        Hit(
            "Measurement", row.last, row.display, ("", "", f"measured {row.times} times, last then")
        )
        for row in session.execute(query)
    ]


def _first(row: Any, names: Sequence[str], words: str) -> tuple[str, str, str] | None:
    places = (around(text, words) for name in names if (text := getattr(row, name)))
    return next((place for place in places if place), None)
