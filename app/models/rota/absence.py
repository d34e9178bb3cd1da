"""What was done about the visits of a doctor who is away, so that it can be taken back."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base.entity import Entity
from app.models.base.types import Instant, choice
from app.models.clinic.opening import TimeOff
from app.models.messages.notification import Notification
from app.models.people.staff import Doctor
from app.models.visits.appointment import Appointment


class Absence(Entity):
    """One doctor away from the first to the last day, as it was confirmed."""

    __tablename__ = "absence"
    __screen__ = None

    absence_id: Mapped[int] = mapped_column(primary_key=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctor.doctor_id"))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200))
    recorded: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int | None] = mapped_column()
    agent: Mapped[str | None] = mapped_column(String(128))
    undone: Mapped[datetime | None] = mapped_column(Instant)
    time_off_id: Mapped[int | None] = mapped_column(
        ForeignKey("time_off.time_off_id", ondelete="SET NULL")
    )
    doctor: Mapped[Doctor] = relationship()
    time_off: Mapped[TimeOff | None] = relationship()


class AbsenceRow(Entity):
    """One visit of it: where it was before, and its version afterwards."""

    __tablename__ = "absence_row"
    __table_args__ = (Index("ix_absence_row_absence", "absence_id"),)
    __screen__ = None

    absence_row_id: Mapped[int] = mapped_column(primary_key=True)
    absence_id: Mapped[int] = mapped_column(ForeignKey("absence.absence_id", ondelete="CASCADE"))
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.appointment_id", ondelete="CASCADE")
    )
    done: Mapped[str] = mapped_column(choice("absence_row_done", "moved", "cancelled"))
    doctor_before: Mapped[int] = mapped_column()
    room_before: Mapped[int | None] = mapped_column()
    start_before: Mapped[datetime] = mapped_column(Instant)
    status_before: Mapped[str] = mapped_column(String(20))
    override_before: Mapped[str | None] = mapped_column(String(300))
    version_after: Mapped[int] = mapped_column()
    not_restored: Mapped[str | None] = mapped_column(String(200))
    notification_id: Mapped[int | None] = mapped_column(
        ForeignKey("notification.notification_id", ondelete="SET NULL")
    )
    absence: Mapped[Absence] = relationship()
    visit: Mapped[Appointment] = relationship()
    notification: Mapped[Notification | None] = relationship()
