"""The whole record of one patient as a FHIR R4 Bundle (https://hl7.org/fhir/R4/bundle.html).

What came in by import goes out with the same keys, codes, dates, values and units; an import of the
bundle recognises every row. What is knowingly not kept is listed in docs/fhir.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import Session, defer

from app.exchange import fhir_out_findings as findings
from app.exchange import fhir_out_notes as documents
from app.exchange import fhir_out_rows as rows
from app.exchange.fhir_names import Resource, reference
from app.exchange.fhir_out_rows import Going, instant
from app.models import (
    AllergyIntolerance,
    Attachment,
    Condition,
    Doctor,
    MedicalRecord,
    MedicationEnd,
    MedicationRequest,
    Observation,
    Patient,
    RecordAmendment,
    Staff,
)
from app.models.base.clock import clinic_zone
from app.models.people import linked
from app.models.people.linked import same_person
from app.models.portal.shared import NOT_GIVEN, readable, shared, sound
from app.models.record.allergies import contradicted

STATEMENTS: dict[str, type[Any]] = {
    "Condition": Condition,
    "AllergyIntolerance": AllergyIntolerance,
    "MedicationRequest": MedicationRequest,
    "Observation": Observation,
}


def bundle_of(session: Session, patient: Patient, *, shared_only: bool, now: datetime) -> Resource:
    """A Bundle of the type `collection`, made at `now` (aware).

    The caller has seen to it that the person may read this patient's record. `shared_only` leaves
    out what the clinic does not show the patient: drafts, mistakes, files that are not shared, and
    earlier versions.
    """
    going = _going(session, patient, shared_only, now)
    found = {kind: _statements(session, going, kind) for kind in STATEMENTS}
    for kind, statements in found.items():
        for row in statements:
            going.by_id[kind, row.pk] = row
    named = [("Encounter", row) for row in going.records.values()]
    named += [(kind, row) for kind, of_kind in found.items() for row in of_kind]
    going.by_key |= {row.identifier: (kind, row) for kind, row in named if row.identifier}
    resources = _patients(session, patient)
    registered = len(resources)
    resources += [rows.encounter(going, row) for row in going.records.values()]
    resources += [rows.condition(going, row) for row in found["Condition"]]
    resources += _allergies(going, found["AllergyIntolerance"])
    resources += _medication(session, going, found["MedicationRequest"])
    resources += [findings.observation(going, row) for row in found["Observation"]]
    resources += documents.notes(going, _of_patient(session, RecordAmendment, patient))
    resources += documents.files(going, _files(session, going))
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": instant(now),
        "entry": [
            _entry(resource) for resource in _with_people(session, going, resources, registered)
        ],
    }


def _going(session: Session, patient: Patient, shared_only: bool, now: datetime) -> Going:
    """Everybody who is named, and the visits in their order."""
    visits = select(MedicalRecord).where(same_person(MedicalRecord.patient_id, patient.patient_id))
    visits = visits.where(MedicalRecord.status == "signed")  # a draft is nobody's word yet
    visits = visits.order_by(MedicalRecord.visit_date, MedicalRecord.record_id)
    records = {row.record_id: row for row in session.scalars(visits)}
    staff = {row.staff_id: row for row in session.scalars(select(Staff))}
    doctors = session.execute(select(Doctor.doctor_id, Doctor.staff_id))
    return Going(
        patient=patient,
        now=now,
        zone=clinic_zone(),
        records=records,
        doctors={doctor_id: staff[staff_id] for doctor_id, staff_id in doctors},
        staff=staff,
        shared=shared_only,
    )


def _statements(session: Session, going: Going, kind: str) -> Sequence[Any]:
    model = STATEMENTS[kind]
    query = _query(model, going.patient)
    if going.shared:
        query = query.where(shared(model), _meant(model))
    return session.scalars(query).all()


def _allergies(going: Going, found: Sequence[AllergyIntolerance]) -> list[Resource]:
    over = contradicted(found)
    return [rows.allergy_intolerance(going, row, row.pk in over) for row in found]


def _meant(model: Any) -> Any:
    """Neither a mistake nor a draft, whichever column says so."""
    if "verification_status" in model.columns():
        return sound(model)
    return model.status.not_in(NOT_GIVEN)


def _of_patient(session: Session, model: type[Any], patient: Patient) -> Sequence[Any]:
    return session.scalars(_query(model, patient)).all()


def _query(model: type[Any], patient: Patient) -> Select[Any]:
    key = inspect(model).primary_key[0]
    return select(model).where(same_person(model.patient_id, patient.patient_id)).order_by(key)


def _files(session: Session, going: Going) -> Sequence[Attachment]:
    kept = _query(Attachment, going.patient).where(Attachment.withdrawn_at.is_(None))
    if going.shared:
        kept = kept.where(readable())
    return session.scalars(kept.options(defer(Attachment.content))).all()


def _medication(
    session: Session, going: Going, requests: Iterable[MedicationRequest]
) -> list[Resource]:
    ended = _of_patient(session, MedicationEnd, going.patient)
    ends = {end.medication_request_id: end for end in ended}
    each = [(row, ends.get(row.medication_request_id)) for row in requests]
    return [
        findings.medication_request(going, row, end)
        for row, end in each
        if not (going.shared and end and end.reason == "error")
    ]


def _patients(session: Session, patient: Patient) -> list[Resource]:
    """The patient, then those whom they replaced, linked to each other (Patient.link)."""
    others = [link.other for link in linked.replaced(session, patient.patient_id)]
    replaces = [{"other": reference("Patient", row), "type": "replaces"} for row in others]
    kept = [{"other": reference("Patient", patient), "type": "replaced-by"}]
    first = rows.patient(patient, **({"link": replaces} if replaces else {}))
    return [first, *(rows.patient(row, active=False, link=kept) for row in others)]


def _with_people(
    session: Session, going: Going, resources: list[Resource], at: int
) -> list[Resource]:
    """The resources with those whom they name, right after the patients."""
    found = session.execute(select(Doctor.staff_id, Doctor.specialization))
    skills = {row.staff_id: row.specialization for row in found}
    people = [rows.practitioner(row, skills.get(key)) for key, row in going.named.items()]
    return [*resources[:at], *people, *resources[at:]]


def _entry(resource: Resource) -> Resource:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
