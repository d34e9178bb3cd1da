"""What a chart shows: plain SELECT functions, each one statement, each with a limit.

Everything is of one patient whose row the caller has loaded in the acting person's scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Date, Integer, bindparam, case, exists, func, select
from sqlalchemy.orm import Session, load_only

from app.models.base.acting import Acting
from app.models.base.clock import day_of
from app.models.clinic.visit_type import VisitType
from app.models.people.linked import WHOSE, same_person
from app.models.people.staff import Doctor, Staff
from app.models.record.allergies import Allergies, known
from app.models.record.amendment import RecordAmendment
from app.models.record.clinical import AllergyIntolerance, Condition, unreplaced
from app.models.record.medical_record import MedicalRecord
from app.models.record.medication_request import MedicationRequest
from app.models.record.prescription_tables import MedicationEnd
from app.models.trail.audit import AuditEvent
from app.models.visits.appointment import Appointment

VISITS_A_PAGE = 20
MOST = 200
ONGOING = ("active", "recurrence", "relapse")
TAKEN = ("active", "on-hold")


@dataclass(frozen=True)
class VisitPage:
    """Some of a patient's records, with how many there are in all; pages count from 0."""

    rows: Sequence[Any]
    count: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.count // VISITS_A_PAGE))


_SHOWN = (
    MedicalRecord.patient_id, MedicalRecord.doctor_id, MedicalRecord.author_id,
    MedicalRecord.visit_date, MedicalRecord.status, MedicalRecord.diagnosis,
    MedicalRecord.type_display, MedicalRecord.reason_display,
)  # fmt: skip
"""Of a record in the list of them: its long texts stay where they are, unread."""
_amendments = RecordAmendment.record_id == MedicalRecord.record_id
_VISITS = (
    select(
        MedicalRecord,
        Doctor.name.label("doctor"),
        select(func.count()).where(_amendments).scalar_subquery().label("amended"),
        select(RecordAmendment.diagnosis)
        .where(_amendments)
        .order_by(RecordAmendment.number.desc())
        .limit(1)
        .scalar_subquery()
        .label("amended_diagnosis"),
        func.count().over().label("total"),
    )
    .join(Doctor, Doctor.doctor_id == MedicalRecord.doctor_id)
    .options(load_only(*_SHOWN, raiseload=True))
    .where(same_person(MedicalRecord.patient_id, WHOSE))
    .order_by(MedicalRecord.visit_date.desc(), MedicalRecord.record_id.desc())
    .limit(VISITS_A_PAGE)
    .offset(bindparam("skipped", type_=Integer()))
)
_PROBLEMS = (
    select(Condition)
    .where(same_person(Condition.patient_id, WHOSE), unreplaced(Condition))
    .order_by(case((Condition.clinical_status.in_(ONGOING), 0), else_=1), Condition.onset.desc())
    .limit(MOST)
)
_ALLERGIES = (
    select(AllergyIntolerance)
    .where(same_person(AllergyIntolerance.patient_id, WHOSE), unreplaced(AllergyIntolerance))
    .order_by(
        case((AllergyIntolerance.clinical_status == "active", 0), else_=1),
        case((AllergyIntolerance.criticality == "high", 0), else_=1),
        AllergyIntolerance.display,
    )
    .limit(MOST)
)
_MEDICATION = (
    select(MedicationRequest)
    .where(
        same_person(MedicationRequest.patient_id, WHOSE),
        MedicationRequest.status.in_(TAKEN),
        MedicationRequest.until.is_(None)
        | (
            MedicationRequest.until
            >= func.coalesce(bindparam("on", type_=Date()), func.current_date())
        ),
        ~exists().where(
            MedicationEnd.medication_request_id == MedicationRequest.medication_request_id
        ),
    )
    .order_by(MedicationRequest.display, MedicationRequest.authored.desc())
    .limit(MOST)
)
_TODAY = (
    select(
        Appointment.appointment_id,
        Appointment.appointment_datetime,
        Appointment.status,
        Appointment.reason,
        Appointment.doctor_id,
        Doctor.name.label("doctor"),
        VisitType.name.label("visit_type"),
        MedicalRecord.record_id,
        MedicalRecord.status.label("record_status"),
    )
    .join(Doctor, Doctor.doctor_id == Appointment.doctor_id)
    .outerjoin(VisitType, VisitType.visit_type_id == Appointment.visit_type_id)
    .outerjoin(MedicalRecord, MedicalRecord.appointment_id == Appointment.appointment_id)
    .where(
        same_person(Appointment.patient_id, WHOSE),
        Appointment.appointment_datetime >= bindparam("start"),
        Appointment.appointment_datetime < bindparam("end"),
        Appointment.status.not_in(("cancelled", "noshow", "entered-in-error", "waitlist")),
    )
    .order_by(Appointment.appointment_datetime)
    .limit(10)
)
"""All made once: to put them together took longer than to send them."""


def visits(session: Session, patient_id: int, page: int = 0) -> VisitPage:
    """A page of the patient's records, newest first, with names and what was amended."""
    asked = {"patient_id": patient_id, "skipped": page * VISITS_A_PAGE}
    rows = session.execute(_VISITS, asked).all()
    return VisitPage(rows, rows[0].total if rows else 0, page)


def problems(session: Session, patient_id: int) -> Sequence[Condition]:
    """The problem list: what is going on first, then what is over, each newest first."""
    return session.scalars(_PROBLEMS, {"patient_id": patient_id}).all()


def allergies(session: Session, patient_id: int) -> Allergies:
    """What the patient is allergic to, what is over (inactive, resolved or not so), and whether
    none is known."""
    return known(session.scalars(_ALLERGIES, {"patient_id": patient_id}).all())


def medication(
    session: Session, patient_id: int, on: date | None = None
) -> Sequence[MedicationRequest]:
    """What the patient takes on a day (today), by name: what is active, has not run out, and was
    neither stopped nor renewed."""
    return session.scalars(_MEDICATION, {"patient_id": patient_id, "on": on}).all()


def hanging(session: Session, record_id: int) -> tuple[Sequence[Any], Sequence[Any]]:
    """Diagnoses and prescriptions of one visit."""
    found = select(Condition).where(Condition.record_id == record_id)
    given = select(MedicationRequest).where(MedicationRequest.record_id == record_id)
    return (
        session.scalars(found.order_by(Condition.display).limit(MOST)).all(),
        session.scalars(given.order_by(MedicationRequest.display).limit(MOST)).all(),
    )


def today(session: Session, patient_id: int, start: datetime, end: datetime) -> Sequence[Any]:
    """The patient's visits between two instants, with the record of each where there is one."""
    asked = {"patient_id": patient_id, "start": start, "end": end}
    return session.execute(_TODAY, asked).all()


def open_drafts(session: Session, patient_id: int, since: datetime) -> Sequence[MedicalRecord]:
    """Drafts begun since an instant, newest first; what is measured now belongs to the first."""
    query = select(MedicalRecord).where(
        same_person(MedicalRecord.patient_id, patient_id),
        MedicalRecord.status == "draft",
        MedicalRecord.started_at >= since,
        MedicalRecord.visit_date >= since.date(),  # not the note on a visit of another day
    )
    return session.scalars(query.order_by(MedicalRecord.started_at.desc()).limit(10)).all()


def own_drafts(
    session: Session, actor: Acting, patient_id: int, now: datetime, zone: ZoneInfo
) -> list[MedicalRecord]:
    """The open notes of today that this doctor is to sign: what they order or find now belongs
    to it, where it is one."""
    drafts = open_drafts(session, patient_id, day_of(now, zone)[0])
    mine = actor.doctor_id
    return [row for row in drafts if mine is not None and row.doctor_id == mine]


def versions(session: Session, record_id: int) -> Sequence[Any]:
    """Amendments of a record in their order, each with its author's name."""
    query = (
        select(RecordAmendment, Staff.name.label("author"))
        .join(Staff, Staff.staff_id == RecordAmendment.author_id)
        .where(RecordAmendment.record_id == record_id)
    )
    return session.execute(query.order_by(RecordAmendment.number)).all()


def openings(session: Session, patient_id: int, limit: int = 50) -> Sequence[Any]:
    """Who opened this chart and when, newest first: for the patient, and for a review."""
    query = (
        select(
            AuditEvent.recorded,
            AuditEvent.agent,
            User.first_name,
            User.last_name,
            AuditEvent.detail,
        )
        .outerjoin(User, User.id == AuditEvent.user_id)
        .where(same_person(AuditEvent.patient_id, patient_id), AuditEvent.action == "open")
    )
    return session.execute(query.order_by(AuditEvent.recorded.desc()).limit(limit)).all()
