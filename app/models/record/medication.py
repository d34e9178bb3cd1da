"""What a chart shows of prescriptions: all that there were, how they ended, what the check said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.models.people.linked import same_person
from app.models.people.staff import Doctor, Staff
from app.models.record.drug_lists import Lists
from app.models.record.drug_names import words_of
from app.models.record.medication_request import MedicationRequest
from app.models.record.prescription_tables import AlertAnswer, DrugAlert, MedicationEnd

MOST = 200
MOST_ALERTS = 60
MOST_DRUGS = 12


def history(session: Session, patient_id: int) -> Sequence[Any]:
    """All prescriptions, newest first, each with its prescriber and how it ended."""
    ender = aliased(Staff)
    query = (
        select(
            MedicationRequest,
            Doctor.name.label("doctor"),
            MedicationEnd.reason.label("end_reason"),
            MedicationEnd.note.label("end_note"),
            MedicationEnd.at.label("end_at"),
            ender.name.label("ended_by"),
        )
        .outerjoin(Doctor, Doctor.doctor_id == MedicationRequest.doctor_id)
        .outerjoin(
            MedicationEnd,
            MedicationEnd.medication_request_id == MedicationRequest.medication_request_id,
        )
        .outerjoin(ender, ender.staff_id == MedicationEnd.staff_id)
        .where(same_person(MedicationRequest.patient_id, patient_id))
        .order_by(MedicationRequest.authored.desc(), MedicationRequest.medication_request_id.desc())
    )
    return session.execute(query.limit(MOST)).all()


def alerts(session: Session, patient_id: int) -> Sequence[Any]:
    """What the check said when drugs were prescribed, newest first, each with its answer."""
    query = (
        select(DrugAlert, AlertAnswer, Staff.name.label("doctor"))
        .outerjoin(AlertAnswer, AlertAnswer.alert_id == DrugAlert.alert_id)
        .outerjoin(Staff, Staff.staff_id == DrugAlert.staff_id)
        .where(same_person(DrugAlert.patient_id, patient_id))
        .order_by(DrugAlert.at.desc(), DrugAlert.alert_id.desc())
    )
    return session.execute(query.limit(MOST_ALERTS)).all()


def find_drugs(lists: Lists, typed: str) -> list[dict[str, str]]:
    """Drugs with a word that begins with each word typed; a name that begins so comes first."""
    wanted = words_of(typed)
    if not wanted:
        return []
    found: list[tuple[bool, str, dict[str, str]]] = []
    for drug in lists.drugs.values():
        known = words_of(" ".join((drug.ingredient, *drug.names)))
        titles = " · ".join(
            lists.classes[name].title for name in drug.classes if name in lists.classes
        )
        for form in drug.forms or ("",):
            display, unit = _display(drug.parts, form)
            words = known + words_of(form)
            if all(any(word.startswith(typed) for word in words) for typed in wanted):
                first = not drug.ingredient.startswith(wanted[0])
                hit = {"id": drug.atc, "text": display, "detail": titles or drug.atc,
                       "route": drug.route, "unit": unit}  # fmt: skip
                found.append((first, drug.ingredient, hit))
    found.sort(key=lambda item: item[:2])
    return [hit for _first, _name, hit in found[:MOST_DRUGS]]


def _display(parts: Sequence[str], form: str) -> tuple[str, str]:
    """`Amoxicillin 500 mg capsule` of `capsule 500 mg`, and the unit in which it is counted."""
    kind = form
    strengths: list[str] = []
    for at, character in enumerate(form):
        if character.isdigit():
            kind, strengths = form[:at].strip(), form[at:].split(" / ")
            break
    each = [
        f"{part} {strengths[at]}" if at < len(strengths) else part for at, part in enumerate(parts)
    ]
    name = " / ".join(each)
    return f"{name[:1].upper()}{name[1:]} {kind}".strip(), UNIT_OF.get(kind, "")


UNIT_OF = {
    "tablet": "tablet", "chewable tablet": "tablet", "capsule": "capsule", "suspension": "ml",
    "solution": "ml", "syrup": "ml", "inhaler": "puff", "spray": "spray", "nasal spray": "spray",
    "patch": "patch", "suppository": "suppository", "cream": "application", "gel": "application",
    "pen": "units", "syringe": "injection", "injection": "injection",
    "auto-injector": "injection", "powder": "g",
}  # fmt: skip
"""In what a form of a drug is counted."""
