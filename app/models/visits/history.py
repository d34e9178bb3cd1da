"""What happened to an appointment, and which requests were answered already."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.language import _
from app.models.base.entity import Entity
from app.models.base.grants import READ, Role
from app.models.base.screen import Screen
from app.models.base.sealed import SealedJson, SealedText
from app.models.base.types import Instant
from app.models.visits.appointment import STATUSES, Appointment
from app.spelling import said


class AppointmentHistory(Entity):
    """One change of an appointment: what it was, what it became, by whom and why."""

    __tablename__ = "appointment_history"
    __table_args__ = (Index("ix_appointment_history", "appointment_id", "history_id"),)

    history_id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.appointment_id", ondelete="CASCADE")
    )
    recorded: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int | None] = mapped_column()
    agent: Mapped[str | None] = mapped_column(String(128))
    status_before: Mapped[str | None] = mapped_column(String(20))
    status_after: Mapped[str] = mapped_column(String(20))
    start_before: Mapped[datetime | None] = mapped_column(Instant)
    start_after: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(SealedText("appointment_history.reason"))
    appointment: Mapped[Appointment] = relationship()

    __screen__ = Screen(
        title="Appointment history",
        icon="fa-clock-rotate-left",
        columns=["recorded", "appointment", "status_before", "status_after", "agent", "reason"],
        choices={"status_before": STATUSES, "status_after": STATUSES},
        search=["recorded", "appointment", "status_after", "agent"],
        detail=[
            "recorded", "appointment", "agent", "status_before", "status_after",
            "start_before", "start_after", "reason",
        ],
        labels={"recorded": "When", "agent": "Who"},
        order="-recorded",
        grants={
            Role.ADMIN: READ,
            Role.DOCTOR: READ,
            Role.NURSE: READ,
            Role.RECEPTIONIST: READ,
        },
    )  # fmt: skip

    def read(self, name: str) -> Any:
        return said(self.reason) if name == "reason" and self.reason else getattr(self, name)

    def __str__(self) -> str:
        return _("Change %(number)s", number=self.history_id)


class AnsweredRequest(Entity):
    """A request that carried an Idempotency-Key, with its answer, so that it acts only once."""

    __tablename__ = "answered_request"
    __table_args__ = (UniqueConstraint("user_id", "key", name="answered_request_once"),)
    __screen__ = None

    answered_request_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column()
    key: Mapped[str] = mapped_column(String(200))
    fingerprint: Mapped[str] = mapped_column(String(64))
    recorded: Mapped[datetime] = mapped_column(Instant)
    answer: Mapped[dict[str, Any]] = mapped_column(SealedJson("answered_request.answer"))
