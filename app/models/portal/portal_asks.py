"""What patients tell the clinic: that something in their record is wrong, and what they take."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import CHANGE, READ, Role
from app.models.base.screen import Screen
from app.models.base.sealed import SealedText
from app.models.base.types import Instant, choice
from app.models.messages import outbox
from app.models.people.patient import Patient
from app.models.people.staff import Doctor
from app.models.record.medical_record import MedicalRecord

LONGEST = 2_000
MOST_OPEN = 20


class CorrectionRequest(Entity):
    """A patient says that a signed visit holds a mistake (GDPR, article 16); its doctor answers,
    and amends the record where they agree."""

    __tablename__ = "correction_request"
    __clinical__ = True
    __table_args__ = (
        Index("ix_correction_request_doctor", "doctor_id", "state"),
        Index("ix_correction_request_patient", "patient_id", "created"),
    )

    correction_request_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("medical_record.record_id"), index=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctor.doctor_id"))
    wish: Mapped[str] = mapped_column(SealedText("correction_request.wish"))
    created: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(
        choice("correction_request_state", "open", "corrected", "declined"),
        default="open",
        server_default="open",
    )
    answer: Mapped[str | None] = mapped_column(SealedText("correction_request.answer"))
    patient: Mapped[Patient] = relationship()
    record: Mapped[MedicalRecord] = relationship()
    doctor: Mapped[Doctor] = relationship()

    __screen__ = Screen(
        title="Corrections asked for",
        menu="Records",
        icon="fa-comment-medical",
        columns=["created", "patient", "record", "doctor", "state"],
        search=["created", "patient", "doctor", "state"],
        form=["state", "answer"],
        detail=["created", "patient", "record", "doctor", "wish", "state", "answer"],
        labels={"created": "Asked", "wish": "What is wrong", "answer": "Answer to the patient"},
        help={"state": "Corrected: you have amended the signed visit. Declined: say why below."},
        order="-created",
        empty="No patient has asked for a correction.",
        grants={Role.DOCTOR: READ | CHANGE.own("doctor_id")},
    )

    def __str__(self) -> str:
        return _("Correction %(number)s", number=self.correction_request_id)

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """The first answer is told to the patient; a refusal needs its reason. Raises ClinicError."""
        if self.state == "declined" and not (self.answer or "").strip():
            raise ClinicError(_("Say to the patient why."), field="answer")
        _tell_answer(session, self, "open", f"/portal/record/visit/{self.record_id}", now)


class PatientReport(Entity):
    """An allergy or a drug as the patient tells it, until someone of the clinic has checked it."""

    __tablename__ = "patient_report"
    __clinical__ = True
    __table_args__ = (
        Index("ix_patient_report_patient", "patient_id", "state"),
        Index("ix_patient_report_state", "state", "created"),
    )

    patient_report_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    kind: Mapped[str] = mapped_column(choice("patient_report_kind", "allergy", "medication"))
    display: Mapped[str] = mapped_column(String(300))
    detail: Mapped[str | None] = mapped_column(SealedText("patient_report.detail"))
    created: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(
        choice("patient_report_state", "reported", "confirmed", "declined"),
        default="reported",
        server_default="reported",
    )
    patient: Mapped[Patient] = relationship()

    __screen__ = Screen(
        title="Reported by patients",
        menu="Records",
        icon="fa-comment-dots",
        columns=["created", "patient", "kind", "display", "state"],
        search=["created", "patient", "kind", "display", "state"],
        form=["state"],
        detail=["created", "patient", "kind", "display", "detail", "state"],
        labels={"created": "Told", "display": "What", "detail": "In the patient’s words"},
        help={"state": "Confirmed: it stands in the record now, entered by you."},
        order="-created",
        empty="No patient has reported anything before a visit.",
        grants={Role.DOCTOR: READ | CHANGE, Role.NURSE: READ | CHANGE},
    )

    def __str__(self) -> str:
        return self.display

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """The first answer is told to the patient."""
        _tell_answer(session, self, "reported", "/portal/record/", now)


def _tell_answer(session: Session, row: Any, unanswered: str, path: str, now: datetime) -> None:
    """The patient is told, once, that an answer is there; what it says stands in the portal."""
    if row.pk is None or row.state == unanswered:
        return
    cause = f"{row.__tablename__}:{row.pk}"
    outbox.announce(
        session, "record_shared", cause, now, patient_id=row.patient_id, context={"link": path}
    )


def ask_correction(
    session: Session, record: MedicalRecord, wish: str, now: datetime
) -> CorrectionRequest:
    """Put it on the list of the visit's doctor, with a word in their inbox that says nothing of
    the record. Raises ClinicError for an empty wish, and where too many are open."""
    _require_words(wish)
    query = session.query(CorrectionRequest).filter_by(patient_id=record.patient_id, state="open")
    if query.count() >= MOST_OPEN:
        raise ClinicError(_("Your earlier requests wait for an answer. Please call the clinic."))
    row = CorrectionRequest(
        patient_id=record.patient_id, record_id=record.record_id, doctor_id=record.doctor_id,
        wish=wish, created=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    outbox.announce(
        session, "correction_asked", f"correction:{row.correction_request_id}", now,
        staff_id=session.get_one(Doctor, record.doctor_id).staff_id,
        context={"link": "/correction_request/list/"},
    )  # fmt: skip
    return row


def report(
    session: Session, patient_id: int, kind: str, display: str, detail: str, now: datetime
) -> PatientReport:
    """Keep what the patient tells. Raises ClinicError where it says nothing, or too much waits."""
    if kind not in ("allergy", "medication"):
        raise ClinicError(_("Choose whether it is an allergy or a medication."), field="kind")
    if not display.strip():
        raise ClinicError(_("Write what it is."), field="display")
    query = session.query(PatientReport).filter_by(patient_id=patient_id, state="reported")
    if query.count() >= MOST_OPEN:
        raise ClinicError(
            _("What you told before is still to be checked. Tell the rest at the visit.")
        )
    row = PatientReport(
        patient_id=patient_id, kind=kind, display=display.strip()[:300],
        detail=detail.strip() or None, created=now,
    )  # fmt: skip
    session.add(row)
    return row


def _require_words(wish: str) -> None:
    if not wish.strip():
        raise ClinicError(_("Write what is wrong, and what is right."), field="wish")
    if len(wish) > LONGEST:
        raise ClinicError(_("At most %(most)s characters fit here.", most=LONGEST), field="wish")
