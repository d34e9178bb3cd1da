"""Everything that a chart holds, to be read outside the clinic: plain SELECT functions without the
limits of a screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session, aliased

from app.models.people.linked import same_person
from app.models.people.staff import Doctor, Staff
from app.models.record import attachment
from app.models.record.allergies import contradicted
from app.models.record.amendment import RecordAmendment
from app.models.record.clinical import AllergyIntolerance, Condition
from app.models.record.medical_record import MedicalRecord
from app.models.record.medication_request import MedicationRequest
from app.models.record.observation import Observation
from app.models.record.prescription_tables import MedicationEnd


@dataclass(frozen=True)
class WholeRecord:
    """Rows of one patient. `visits` are (record, doctor, signer), newest first; `amendments` are
    (amendment, author) by record, `drugs` are (request, doctor, end), `contradicted` are keys of answers that
    no allergy is known which an allergy has overtaken."""

    visits: Sequence[Any]
    amendments: Mapping[int, Sequence[Any]]
    problems: Sequence[Condition]
    allergies: Sequence[AllergyIntolerance]
    contradicted: set[int]
    drugs: Sequence[Any]
    observations: Sequence[Observation]
    files: Sequence[Any]


def of_patient(session: Session, patient_id: int) -> WholeRecord:
    """The record of a patient whose chart the person may read; seven statements."""
    found = _all(session, AllergyIntolerance, patient_id, AllergyIntolerance.display)
    return WholeRecord(
        visits=_visits(session, patient_id),
        amendments=_amendments(session, patient_id),
        problems=_all(session, Condition, patient_id, Condition.onset.desc()),
        allergies=found,
        contradicted=contradicted(found),
        drugs=_drugs(session, patient_id),
        observations=_all(session, Observation, patient_id, Observation.effective.desc()),
        files=attachment.of_patient(session, patient_id),
    )


def _visits(session: Session, patient_id: int) -> Sequence[Any]:
    signer = aliased(Staff)
    query = (
        select(MedicalRecord, Doctor.name.label("doctor"), signer.name.label("signer"))
        .join(Doctor, Doctor.doctor_id == MedicalRecord.doctor_id)
        .outerjoin(signer, signer.staff_id == MedicalRecord.signed_by)
        .where(same_person(MedicalRecord.patient_id, patient_id))
        .order_by(MedicalRecord.visit_date.desc(), MedicalRecord.record_id.desc())
    )
    return session.execute(query).all()


def _amendments(session: Session, patient_id: int) -> Mapping[int, Sequence[Any]]:
    query = (
        select(RecordAmendment, Staff.name.label("author"))
        .join(Staff, Staff.staff_id == RecordAmendment.author_id)
        .where(same_person(RecordAmendment.patient_id, patient_id))
        .order_by(RecordAmendment.record_id, RecordAmendment.number)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(query):
        found[row.RecordAmendment.record_id].append(row)
    return found


def _drugs(session: Session, patient_id: int) -> Sequence[Any]:
    ended = MedicationEnd.medication_request_id == MedicationRequest.medication_request_id
    query = (
        select(MedicationRequest, Doctor.name.label("doctor"), MedicationEnd)
        .outerjoin(Doctor, Doctor.doctor_id == MedicationRequest.doctor_id)
        .outerjoin(MedicationEnd, ended)
        .where(same_person(MedicationRequest.patient_id, patient_id))
        .order_by(MedicationRequest.authored.desc(), MedicationRequest.medication_request_id.desc())
    )
    return session.execute(query).all()


def _all(session: Session, model: type[Any], patient_id: int, order: Any) -> Sequence[Any]:
    query = select(model).where(same_person(model.patient_id, patient_id))
    return session.scalars(query.order_by(order, inspect(model).primary_key[0].desc())).all()
