"""Messages to one person: read in the inbox, and by a later part also sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.entity import Entity
from app.models.grants import READ, Role
from app.models.patient import Patient
from app.models.screen import Screen
from app.models.staff import Staff
from app.models.types import Instant


class Notice(Entity):
    """One message to one member of staff or one patient (FHIR R4 Communication)."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("(staff_id IS NULL) <> (patient_id IS NULL)", name="notice_to_one"),
        Index("ix_notice_staff", "staff_id", "read_at"),
        Index("ix_notice_patient", "patient_id", "sent_at"),
    )

    notice_id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.staff_id"))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.patient_id"))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    staff: Mapped[Staff | None] = relationship()
    patient: Mapped[Patient | None] = relationship()

    __screen__ = Screen(
        title="Messages",
        menu="Clinic",
        icon="fa-inbox",
        columns=["created", "subject", "read_at"],
        search=["created", "subject", "read_at"],
        detail=["created", "subject", "body", "read_at"],
        labels={"created": "When", "read_at": "Read"},
        order="-created",
        empty="No message for you. When the rota is published, yours comes here.",
        grants=dict.fromkeys(
            (Role.ADMIN, Role.DOCTOR, Role.NURSE, Role.RECEPTIONIST), READ.own("staff_id")
        ),
    )

    def __str__(self) -> str:
        return self.subject
