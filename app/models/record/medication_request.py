"""Drugs that were prescribed."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Date, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base.grants import READ, Role
from app.models.base.screen import Screen
from app.models.base.sealed import SealedJson, SealedText
from app.models.base.types import FhirDateTime, choice
from app.models.people.staff import Doctor
from app.models.record.clinical import Coded
from app.models.record.dosage import told
from app.models.record.dosing import ROUTES, TIMINGS, amount, in_words


class MedicationRequest(Coded):
    """A drug that was prescribed (FHIR R4 MedicationRequest).

    Written by `models.record.prescribing` alone, which checks it; grid and API only read. `until` is the
    last day that it lasts, repeats included; `attempt` is the form that it was written in.
    """

    __tablename__ = "medication_request"
    __table_args__ = (
        Index("ix_medication_patient_authored", "patient_id", "authored"),
        Index("ix_medication_authored", "authored"),
        Index("ix_medication_request_attempt", "attempt", unique=True),
        CheckConstraint("dose_value > 0", name="medication_request_dose"),
        CheckConstraint("duration_days BETWEEN 1 AND 730", name="medication_request_duration"),
        CheckConstraint("quantity > 0", name="medication_request_quantity"),
        CheckConstraint("repeats BETWEEN 0 AND 99", name="medication_request_repeats"),
    )

    medication_request_id: Mapped[int] = mapped_column(primary_key=True)
    doctor_id: Mapped[int | None] = mapped_column(ForeignKey("doctor.doctor_id"), index=True)
    status: Mapped[str] = mapped_column(
        choice(
            "medication_request_status",
            "active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped",
            "draft", "unknown",
        ),
        default="active",
        server_default="active",
    )  # fmt: skip
    intent: Mapped[str] = mapped_column(String(20), default="order", server_default="order")
    authored: Mapped[str | None] = mapped_column(FhirDateTime)
    dosage: Mapped[str | None] = mapped_column(SealedText("medication_request.dosage"))
    dosage_detail: Mapped[list[dict[str, Any]] | None] = mapped_column(
        SealedJson("medication_request.dosage_detail")
    )
    reason_identifier: Mapped[str | None] = mapped_column(String(200))
    dose_value: Mapped[float | None] = mapped_column(Float(53))
    dose_unit: Mapped[str | None] = mapped_column(String(20))
    route: Mapped[str | None] = mapped_column(choice("medication_request_route", *ROUTES))
    timing: Mapped[str | None] = mapped_column(choice("medication_request_timing", *TIMINGS))
    as_needed: Mapped[bool] = mapped_column(default=False, server_default="0")
    duration_days: Mapped[int | None] = mapped_column()
    until: Mapped[date | None] = mapped_column(Date)
    quantity: Mapped[float | None] = mapped_column(Float(53))
    quantity_unit: Mapped[str | None] = mapped_column(String(20))
    repeats: Mapped[int] = mapped_column(default=0, server_default="0")
    instructions: Mapped[str | None] = mapped_column(SealedText("medication_request.instructions"))
    renewed_from_id: Mapped[int | None] = mapped_column(
        ForeignKey("medication_request.medication_request_id"), index=True
    )
    attempt: Mapped[str | None] = mapped_column(String(36))
    doctor: Mapped[Doctor | None] = relationship()
    renewed_from: Mapped[MedicationRequest | None] = relationship(
        remote_side="MedicationRequest.medication_request_id"
    )

    __screen__ = Screen(
        title="Prescriptions",
        menu="Records",
        icon="fa-prescription-bottle-medical",
        columns=["display", "patient", "doctor", "status", "authored"],
        search=["display", "patient", "doctor", "status"],
        detail=[
            "patient",
            "doctor",
            "display",
            "code",
            "dosage",
            "status",
            "authored",
            "until",
            "quantity",
            "quantity_unit",
            "repeats",
            "instructions",
            "renewed_from",
        ],
        labels={"display": "Drug", "authored": "Written", "dosage": "Dosage"},
        order="-authored",
        empty="No prescription here yet. Prescribe from the chart of a patient.",
        grants={Role.DOCTOR: READ, Role.NURSE: READ},
    )

    @property
    def taken(self) -> str | None:
        """How it is taken, in the language of now: what was chosen here, or came in as coded."""
        if self.timing:
            return in_words(self)
        return told(self.dosage_detail or ()) or self.dosage

    @property
    def supplied(self) -> str:
        """How much is given out, in the language of now."""
        return amount(self.quantity, self.quantity_unit or "").strip() if self.quantity else ""

    def read(self, name: str) -> Any:
        return self.taken if name == "dosage" else getattr(self, name)
