"""Who did what with whose record (FHIR R4 AuditEvent). Rows are added, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.language import _
from app.models.base.entity import Entity
from app.models.base.types import Instant


class AuditEvent(Entity):
    """One event. It keeps ids and words, not foreign keys: it outlives what it speaks of."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_recorded", "recorded"),
        Index("ix_audit_event_patient", "patient_id", "recorded"),
        Index("ix_audit_event_user", "user_id", "recorded"),
    )

    audit_id: Mapped[int] = mapped_column(primary_key=True)
    recorded: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int | None] = mapped_column()
    agent: Mapped[str | None] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(30))
    entity: Mapped[str] = mapped_column(String(60))
    entity_id: Mapped[str | None] = mapped_column(String(40))
    patient_id: Mapped[int | None] = mapped_column()
    outcome: Mapped[str] = mapped_column(String(20), default="success", server_default="success")
    address: Mapped[str | None] = mapped_column(String(45))
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    __screen__ = None  # it is read on the operations console

    def __str__(self) -> str:
        return _("Event %(number)s", number=self.audit_id)

    @classmethod
    def patient_column(cls) -> str | None:
        return None  # reading the trail is an event about the trail, not about one patient
