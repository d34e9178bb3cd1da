"""What the clinic shares with a patient of their record: plain SELECT functions.

Shared is what hangs on a signed visit or on none. Drafts, and what was entered in error, are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, defer

from app.models.people.linked import same_person
from app.models.people.staff import Doctor
from app.models.record.allergies import known
from app.models.record.amendment import RecordAmendment
from app.models.record.attachment import Attachment
from app.models.record.chart import MOST, ONGOING, TAKEN
from app.models.record.clinical import MISTAKE, AllergyIntolerance, Condition, unreplaced
from app.models.record.measures import BY_CODE
from app.models.record.medical_record import MedicalRecord
from app.models.record.medication_request import MedicationRequest
from app.models.record.observation import Observation
from app.models.record.readings import Course, courses, observed
from app.models.trail.audit import AuditEvent

NOT_GIVEN = (MISTAKE, "draft", "cancelled")
"""The states of a prescription that the patient never had."""
VISITS = 100
READINGS = 1_000
OPENINGS = 100
SIGNED = select(MedicalRecord.record_id).where(MedicalRecord.status == "signed")


def shared(model: Any) -> ColumnElement[bool]:
    """The condition that a statement of the record may be shown to its patient."""
    return or_(model.record_id.is_(None), model.record_id.in_(SIGNED))


def sound(model: Any) -> ColumnElement[bool]:
    """The condition of the statements that were not entered in error."""
    return or_(model.verification_status.is_(None), model.verification_status != MISTAKE)


def visits(session: Session, patient_id: int) -> Sequence[Any]:
    """Signed visits, newest first, each with its doctor and whether it was amended."""
    amended = (
        select(func.count())
        .where(RecordAmendment.record_id == MedicalRecord.record_id)
        .scalar_subquery()
    )
    query = (
        select(MedicalRecord, Doctor.name.label("doctor"), amended.label("amended"))
        .join(Doctor, Doctor.doctor_id == MedicalRecord.doctor_id)
        .where(same_person(MedicalRecord.patient_id, patient_id), MedicalRecord.status == "signed")
        .order_by(MedicalRecord.visit_date.desc(), MedicalRecord.record_id.desc())
    )
    return session.execute(query.limit(VISITS)).all()


def visit(session: Session, patient_id: int, record_id: int) -> Any:
    """One signed visit of this patient with its doctor's name, or None."""
    query = (
        select(MedicalRecord, Doctor.name.label("doctor"))
        .join(Doctor, Doctor.doctor_id == MedicalRecord.doctor_id)
        .where(
            MedicalRecord.record_id == record_id,
            same_person(MedicalRecord.patient_id, patient_id),
            MedicalRecord.status == "signed",
        )
    )
    return session.execute(query).one_or_none()


def texts(session: Session, patient_id: int) -> dict[int, RecordAmendment]:
    """By the key of its visit, the last amendment of each signed visit that has one."""
    query = select(RecordAmendment).where(
        same_person(RecordAmendment.patient_id, patient_id), RecordAmendment.record_id.in_(SIGNED)
    )
    return {row.record_id: row for row in session.scalars(query.order_by(RecordAmendment.number))}


def conditions(session: Session, patient_id: int) -> Sequence[Condition]:
    """Diagnoses: what is going on first, then what is over, each newest first."""
    over = case((Condition.clinical_status.in_(ONGOING), 0), else_=1)
    query = select(Condition).where(
        same_person(Condition.patient_id, patient_id), shared(Condition), sound(Condition)
    )
    return session.scalars(query.order_by(over, Condition.onset.desc()).limit(MOST)).all()


def allergies(session: Session, patient_id: int) -> Sequence[AllergyIntolerance]:
    """Active allergies, the dangerous first; without any, the answers that none is known."""
    over = case((AllergyIntolerance.clinical_status == "active", 0), else_=1)
    rank = case((AllergyIntolerance.criticality == "high", 0), else_=1)
    query = select(AllergyIntolerance).where(
        same_person(AllergyIntolerance.patient_id, patient_id),
        unreplaced(AllergyIntolerance),
        shared(AllergyIntolerance),
        sound(AllergyIntolerance),
    )
    query = query.order_by(over, rank, AllergyIntolerance.display)
    found = known(session.scalars(query.limit(MOST)).all())
    return found.active or found.none


def medication(session: Session, patient_id: int) -> Sequence[MedicationRequest]:
    """What the patient takes first, then what they took, newest first."""
    over = case((MedicationRequest.status.in_(TAKEN), 0), else_=1)
    query = select(MedicationRequest).where(
        same_person(MedicationRequest.patient_id, patient_id),
        MedicationRequest.status.not_in(NOT_GIVEN),
        shared(MedicationRequest),
    )
    return session.scalars(
        query.order_by(over, MedicationRequest.authored.desc()).limit(MOST)
    ).all()


def vitals(session: Session, patient_id: int) -> list[Course]:
    """Vital signs, each newest first, at most `READINGS` in all."""
    query = observed(patient_id).where(Observation.code.in_(BY_CODE), shared(Observation))
    latest = query.order_by(Observation.effective.desc(), Observation.observation_id.desc())
    return courses(session.execute(latest.limit(READINGS)))


def documents(session: Session, patient_id: int) -> Sequence[Attachment]:
    """Files that the clinic shares, without what they hold, newest first."""
    query = select(Attachment).where(same_person(Attachment.patient_id, patient_id), readable())
    latest = query.order_by(Attachment.shared_at.desc(), Attachment.attachment_id.desc())
    return session.scalars(latest.options(defer(Attachment.content)).limit(MOST)).all()


def document(session: Session, patient_id: int, key: int) -> Attachment | None:
    """One shared file of this patient."""
    query = select(Attachment).where(
        Attachment.attachment_id == key, same_person(Attachment.patient_id, patient_id), readable()
    )
    return session.scalars(query).one_or_none()


def readable() -> ColumnElement[bool]:
    """The condition of a file that its patient may read."""
    return and_(
        Attachment.shared_at.is_not(None), Attachment.withdrawn_at.is_(None), shared(Attachment)
    )


def openings(session: Session, patient_id: int) -> Sequence[AuditEvent]:
    """Who saw or changed something of this patient's, newest first; refusals are not told."""
    query = select(AuditEvent).where(
        same_person(AuditEvent.patient_id, patient_id), AuditEvent.outcome == "success"
    )
    return session.scalars(
        query.order_by(AuditEvent.recorded.desc(), AuditEvent.audit_id.desc()).limit(OPENINGS)
    ).all()
