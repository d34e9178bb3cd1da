"""What is diagnosed and prescribed most: codes, counted by patients, never a text or a name.

What fewer than five patients have is neither named nor counted apart: in a small practice that
could be a person whom everyone knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, null, select, union_all
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.analytics.figure import SMALLEST, Column, Figure, Value
from app.models.analytics.scope import Asked, Scope
from app.models.people import linked
from app.models.record.clinical import MISTAKE, Condition
from app.models.record.medical_record import MedicalRecord
from app.models.record.medication_request import MedicationRequest
from app.models.visits.appointment import Appointment

TOP = 12
OTHERS = _l("Others, each of fewer than 5 patients")

RULE = _l(
    "Only coded entries with a full date are counted, by the code; what fewer than five "
    "patients have is not named."
)
DIAGNOSES_MEANING = _l(
    "Patients with a diagnosis recorded in the period (date as recorded). %(rule)s", rule=RULE
)
DRUGS_MEANING = _l(
    "Patients for whom a drug was prescribed in the period (date as written, in UTC). %(rule)s",
    rule=RULE,
)


@dataclass(frozen=True)
class Coded:
    """A code, what most patients' entries call it, and its patients in the period and before."""

    system: str | None
    code: str
    display: str | None
    patients: int
    before: int


def diagnoses(session: Session, scope: Scope) -> list[Coded]:
    """By code, most patients first."""
    return _coded(session, scope, Condition, Condition.recorded)


def drugs(session: Session, scope: Scope) -> list[Coded]:
    """By code, most patients first; drafts and those entered in error are left out."""
    valid = MedicationRequest.status.not_in(("draft", MISTAKE))
    return _coded(session, scope, MedicationRequest, MedicationRequest.authored, valid)


def _coded(session: Session, scope: Scope, model: Any, when: Any, *more: Any) -> list[Coded]:
    """One statement, in two parts: codes, and the words that entries use for them. Words of fewer
    than five patients never leave it: someone may have typed them for one person."""
    asked = (scope, model, when, more)
    by_code = _counts(*asked)
    by_word = _counts(*asked, model.display).having(_patients(model) >= SMALLEST)
    words: dict[tuple[str | None, str], tuple[int, str]] = {}
    codes = []
    for system, code, display, patients, before in session.execute(union_all(by_code, by_word)):
        if display is None:
            codes.append((system, code, patients, before))
        else:
            word = (patients + before, display)
            words[system, code] = max(word, words.get((system, code), word))
    found = [
        Coded(system, code, words.get((system, code), (0, None))[1], patients, before)
        for system, code, patients, before in codes
    ]
    return sorted(found, key=lambda row: (-row.patients, row.code))


def _patients(model: Any) -> Any:
    """Persons: whoever was registered twice and merged is one."""
    return func.count(linked.kept(model.patient_id).distinct())


def _counts(scope: Scope, model: Any, when: Any, more: Any, word: Any = None) -> Any:
    """Patients of the period and of the one before; dates are text that sorts by time."""
    is_now = when >= f"{scope.first}"
    keys = (model.system, model.code) if word is None else (model.system, model.code, word)
    query = (
        select(
            model.system,
            model.code,
            (null() if word is None else word).label("display"),
            _patients(model).filter(is_now).label("patients"),
            _patients(model).filter(~is_now).label("before"),
        )
        .where(
            when >= f"{scope.since}",
            when < f"{scope.last + timedelta(days=1)}",
            func.length(when) >= len("2026-05-31"),
            model.code.is_not(None),
            *more,
        )
        .group_by(*keys)
    )
    return _narrowed(query, scope, model)


def _narrowed(query: Any, scope: Scope, model: Any) -> Any:
    """Only those of visits with this doctor, of this type, in this room."""
    if scope.doctor_id is None and scope.visit_type_id is None and scope.room_id is None:
        return query
    query = query.join(MedicalRecord, MedicalRecord.record_id == model.record_id)
    if scope.doctor_id is not None:
        query = query.where(MedicalRecord.doctor_id == scope.doctor_id)
    if scope.visit_type_id is None and scope.room_id is None:
        return query
    query = query.join(Appointment, Appointment.appointment_id == MedicalRecord.appointment_id)
    if scope.visit_type_id is not None:
        query = query.where(Appointment.visit_type_id == scope.visit_type_id)
    return query if scope.room_id is None else query.where(Appointment.room_id == scope.room_id)


def figures(asked: Asked) -> list[Figure]:
    """The diagnoses and the drugs that were written most often."""
    return [
        _figure("top-diagnoses", _("Top diagnoses"), DIAGNOSES_MEANING, _("Diagnosis"),
                asked.once(diagnoses, asked.scope)),
        _figure("top-drugs", _("Top drugs"), DRUGS_MEANING, _("Drug"), asked.once(drugs, asked.scope)),
    ]  # fmt: skip


def _figure(key: str, title: str, meaning: str, label: str, found: list[Coded]) -> Figure:
    common = [row for row in found if row.patients >= SMALLEST]
    rows: list[tuple[str, list[Value]]] = [
        (
            f"{row.display} ({row.code})" if row.display else row.code,
            [row.patients, _said(row.before)],
        )
        for row in common[:TOP]
    ]
    rare = any(0 < row.patients < SMALLEST for row in found)
    return Figure(
        key, title, meaning, "bars", label, [Column(_("Patients")), Column(_("Period before"))], rows,
        note=_("%(others)s, are not shown.", others=OTHERS) if rare else "",
        empty=_("Nothing coded in this period that five patients or more have."),
    )  # fmt: skip


def _said(count: int) -> Value:
    return count if count >= SMALLEST or not count else f"< {SMALLEST}"
