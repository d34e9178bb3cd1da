"""One search over everything that is written in a chart.

Texts are compared here and not in the database, which holds them encrypted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.language import _, _n, _p
from app.models.people.linked import same_person
from app.models.record.amendment import TEXTS, RecordAmendment
from app.models.record.clinical import AllergyIntolerance, Condition
from app.models.record.finding_names import codes_named, name_of_finding
from app.models.record.medical_record import MedicalRecord
from app.models.record.medication_request import MedicationRequest
from app.models.record.observation import Observation

MOST = 60
AROUND = 70
CHUNK = 200


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
        (_("Problem"), Condition, Condition.onset),
        (_("Allergy"), AllergyIntolerance, AllergyIntolerance.recorded),
        (_("Medication"), MedicationRequest, MedicationRequest.authored),
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
        same_person(MedicalRecord.patient_id, patient_id)
    )
    for row in _rows(session, query):
        title = row.reason_display or row.type_display or _p("took place", "Visit")
        if found := _first(row, texts, words):
            yield Hit(_p("took place", "Visit"), row.visit_date, title, found, row.record_id)


def _amendments(session: Session, patient_id: int, words: str) -> Iterator[Hit]:
    texts = ("reason", *TEXTS)
    columns = [getattr(RecordAmendment, name) for name in ("record_id", "number", "at", *texts)]
    query = select(*columns).where(same_person(RecordAmendment.patient_id, patient_id))
    for row in _rows(session, query):
        if found := _first(row, texts, words):
            yield Hit(
                _("Amendment"),
                row.at.date(),
                _("Amendment %(number)s", number=row.number),
                found,
                row.record_id,
            )


def _statements(
    session: Session, patient_id: int, words: str, kind: str, model: Any, day: Any
) -> Iterator[Hit]:
    more = getattr(model, "reaction", None) or getattr(model, "dosage", None)
    columns = [model.display, *([more] if more is not None else [])]
    query = select(model.record_id, day.label("day"), *columns).where(
        same_person(model.patient_id, patient_id)
    )
    names = [column.key for column in columns]
    for row in _rows(session, query.order_by(day.desc())):
        if found := _first(row, names, words):
            yield Hit(kind, row.day, row.display, found, row.record_id)


def _findings(session: Session, patient_id: int, words: str) -> list[Hit]:
    """What was measured by that name, once a name, and findings whose text has the words."""
    query = (
        select(Observation.code, Observation.display, Observation.value_text, Observation.effective)
        .where(
            same_person(Observation.patient_id, patient_id),
            or_(
                Observation.display.icontains(words, autoescape=True),
                Observation.code.in_(codes_named(words)),
                Observation.value_text.is_not(None),
            ),
        )
        .order_by(Observation.effective.desc())
    )
    hits: dict[str, Hit] = {}
    times: Counter[str] = Counter()
    for row in _rows(session, query):
        name = name_of_finding(row.code, row.display)
        texts = (name, row.display, row.value_text or "")
        place = next(filter(None, (around(text, words) for text in texts)), None)
        if place is None:
            continue
        times[name] += 1
        hits.setdefault(name, Hit(_("Measurement"), row.effective, name, place))
    return [_how_often(hit, times[name]) for name, hit in islice(hits.items(), MOST)]


def _how_often(hit: Hit, times: int) -> Hit:
    if hit.found[1] and hit.found[0] + hit.found[1] + hit.found[2] != hit.title:
        return hit
    said = _n("measured on this day", "measured %(num)s times, last on this day", times)
    return replace(hit, found=("", "", said))


def _rows(session: Session, query: Any) -> Iterator[Any]:
    """The rows a chunk at a time: their texts are decrypted one after the other, not all held."""
    yield from session.execute(query).yield_per(CHUNK)


def _first(row: Any, names: Sequence[str], words: str) -> tuple[str, str, str] | None:
    places = (around(text, words) for name in names if (text := getattr(row, name)))
    return next((place for place in places if place), None)
