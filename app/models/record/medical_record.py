"""Visits as they were documented (FHIR R4 Encounter and its notes)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, inspect
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import EDIT, READ, Role
from app.models.base.naming import new_identifier
from app.models.base.screen import Screen
from app.models.base.sealed import SealedText
from app.models.base.types import Instant, choice
from app.models.people.patient import Patient
from app.models.people.staff import Doctor, Staff
from app.models.visits.appointment import Appointment
from app.spelling import spelled


class MedicalRecord(Entity):
    """What was found and done at one visit; once signed it does not change."""

    __tablename__ = "medical_record"
    __clinical__ = True
    __table_args__ = (
        Index("ix_medical_record_patient_date", "patient_id", "visit_date"),
        Index("ix_medical_record_doctor_date", "doctor_id", "visit_date"),
        # the figures read this alone, never a text
        Index(
            "ix_medical_record_figures",
            "visit_date",
            "doctor_id",
            "status",
            "signed_at",
            "ended_at",
        ),
    )

    record_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctor.doctor_id"))
    appointment_id: Mapped[int | None] = mapped_column(
        ForeignKey("appointment.appointment_id"), unique=True
    )
    author_id: Mapped[int | None] = mapped_column(ForeignKey("staff.staff_id"), index=True)
    visit_date: Mapped[date] = mapped_column(Date)
    diagnosis: Mapped[str | None] = mapped_column(SealedText("medical_record.diagnosis"))
    treatment: Mapped[str | None] = mapped_column(SealedText("medical_record.treatment"))
    notes: Mapped[str | None] = mapped_column(SealedText("medical_record.notes"))
    status: Mapped[str] = mapped_column(
        choice("medical_record_status", "draft", "signed"), default="draft", server_default="draft"
    )
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    encounter_status: Mapped[str | None] = mapped_column(String(20))
    encounter_class: Mapped[str | None] = mapped_column(String(20))
    type_system: Mapped[str | None] = mapped_column(String(100))
    type_code: Mapped[str | None] = mapped_column(String(40))
    type_display: Mapped[str | None] = mapped_column(String(300))
    reason_system: Mapped[str | None] = mapped_column(String(100))
    reason_code: Mapped[str | None] = mapped_column(String(40))
    reason_display: Mapped[str | None] = mapped_column(SealedText("medical_record.reason_display"))
    identifier: Mapped[str | None] = mapped_column(String(200), unique=True, default=new_identifier)
    signed_at: Mapped[datetime | None] = mapped_column(Instant)
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.staff_id"))
    content_hash: Mapped[str | None] = mapped_column(String(64))

    patient: Mapped[Patient] = relationship()
    doctor: Mapped[Doctor] = relationship()
    appointment: Mapped[Appointment | None] = relationship()
    author: Mapped[Staff | None] = relationship(foreign_keys=[author_id])
    signer: Mapped[Staff | None] = relationship(foreign_keys=[signed_by])

    __screen__ = Screen(
        title="Medical records",
        menu="Records",
        icon="fa-file-medical",
        columns=["visit_date", "patient", "doctor", "type_display", "reason_display", "status"],
        search=["visit_date", "patient", "doctor", "status"],
        form=["patient", "doctor", "visit_date", "diagnosis", "treatment", "notes"],
        detail=[
            "visit_date", "patient", "doctor", "author", "status", "type_display",
            "reason_display", "started_at", "ended_at", "diagnosis", "treatment", "notes",
            "signed_at", "signer", "content_hash",
        ],
        labels={
            "type_display": "Kind of visit",
            "reason_display": "Reason",
            "started_at": "Began",
            "ended_at": "Ended",
            "signed_at": "Signed",
            "signer": "Signed by",
            "content_hash": "Hash of the signed text",
        },
        order="-visit_date",
        empty="No record here yet. Write one with “Add”.",
        grants={
            Role.DOCTOR: READ | EDIT.own("doctor_id"),
            Role.NURSE: READ | EDIT.own("author_id"),
        },
    )  # fmt: skip

    def __str__(self) -> str:
        return _("Record of %(day)s", day=spelled(self.visit_date, "d MMM y"))

    @property
    def settled(self) -> bool:
        """Whether the text is locked: signed, and changed by amendments only."""
        return self.status == "signed"

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """A new note begins now and is its writer's. Raises ClinicError where it is signed."""
        if self.settled:
            raise ClinicError(_("A signed record does not change."))
        state: Any = inspect(self)
        if not state.has_identity:
            self.started_at = self.started_at or now
            self.author_id = self.author_id or (actor.staff_id if actor else None)
