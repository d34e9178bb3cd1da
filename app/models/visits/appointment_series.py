"""The table of recurring visits; what is done with them is in `models.visits.series`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, DateTime, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base.entity import Entity
from app.models.base.types import Instant
from app.models.people.patient import Patient


class AppointmentSeries(Entity):
    """What was asked for: a rule, a first time on the wall, and whom it is for."""

    __tablename__ = "appointment_series"
    __table_args__ = (Index("ix_appointment_series_patient", "patient_id"),)
    __screen__ = None

    series_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctor.doctor_id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.room_id"))
    visit_type_id: Mapped[int | None] = mapped_column(ForeignKey("visit_type.visit_type_id"))
    rrule: Mapped[str] = mapped_column(Text)
    start_wall: Mapped[datetime] = mapped_column(DateTime)
    minutes: Mapped[int] = mapped_column()
    exceptions: Mapped[list[str]] = mapped_column(JSON, default=list)
    created: Mapped[datetime] = mapped_column(Instant)
    patient: Mapped[Patient] = relationship()
