"""The rollup: what the figures ask of visits, shifts and rooms, in whole minutes and clinic time.

Triggers note in `fact_touched` what a change concerns, whichever way it came; `rollup.refresh`
computes those facts anew.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base.entity import Entity


class VisitFact(Entity):
    """One appointment. `patient_id` is the person: of a merged patient, who is kept. `weekday` is 0
    on Monday; `lead_days` lie between booking and visit; `waited` is the time from the arrival to
    the room, `taken` the time in it; None where the clinic does not know. `late` was cancelled by or
    for the patient less than a day before. `known` had a visit here before; `first` is the first
    that took place."""

    __tablename__ = "visit_fact"
    __table_args__ = (
        Index("ix_visit_fact_day", "day", "status", "late", "visit_type_id", "doctor_id"),
        Index("ix_visit_fact_doctor_day", "doctor_id", "day"),
        Index("ix_visit_fact_patient", "patient_id"),
    )
    __screen__ = None

    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.appointment_id", ondelete="CASCADE"), primary_key=True
    )
    patient_id: Mapped[int] = mapped_column()
    doctor_id: Mapped[int] = mapped_column()
    visit_type_id: Mapped[int | None] = mapped_column()
    room_id: Mapped[int | None] = mapped_column()
    day: Mapped[date] = mapped_column(Date)
    weekday: Mapped[int] = mapped_column(SmallInteger)
    hour: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(String(20))
    late: Mapped[bool] = mapped_column()
    known: Mapped[bool] = mapped_column()
    first: Mapped[bool] = mapped_column()
    planned: Mapped[int] = mapped_column()
    lead_days: Mapped[int | None] = mapped_column()
    waited: Mapped[int | None] = mapped_column()
    taken: Mapped[int | None] = mapped_column()


class ShiftFact(Entity):
    """One published shift of a doctor: its minutes without time off, and those with a visit."""

    __tablename__ = "shift_fact"
    __table_args__ = (Index("ix_shift_fact_day", "day", "doctor_id"),)
    __screen__ = None

    shift_id: Mapped[int] = mapped_column(
        ForeignKey("shift.shift_id", ondelete="CASCADE"), primary_key=True
    )
    doctor_id: Mapped[int] = mapped_column()
    day: Mapped[date] = mapped_column(Date)
    weekday: Mapped[int] = mapped_column(SmallInteger)
    hour: Mapped[int] = mapped_column(SmallInteger)
    available: Mapped[int] = mapped_column()
    booked: Mapped[int] = mapped_column()


class RoomFact(Entity):
    """One room on one day: the minutes in which a doctor is on duty and it is not blocked, and
    those of them with a visit in it."""

    __tablename__ = "room_fact"
    __table_args__ = (Index("ix_room_fact_day", "day"),)
    __screen__ = None

    room_id: Mapped[int] = mapped_column(
        ForeignKey("room.room_id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    available: Mapped[int] = mapped_column()
    booked: Mapped[int] = mapped_column()


class FactTouched(Entity):
    """A change that the facts do not know yet: its days in UTC, both included, and the patient
    where it was one's visit. Written by triggers alone."""

    __tablename__ = "fact_touched"
    __table_args__ = (Index("ix_fact_touched", "patient_id", "first_day"),)
    __screen__ = None

    touched_id: Mapped[int] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    patient_id: Mapped[int | None] = mapped_column()


class AccessFact(Entity):
    """How many days a doctor's third free time lay ahead when it was measured on `day`; None
    where there was none in sight."""

    __tablename__ = "access_fact"
    __table_args__ = (Index("ix_access_fact_day", "day"),)
    __screen__ = None

    doctor_id: Mapped[int] = mapped_column(
        ForeignKey("doctor.doctor_id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    days: Mapped[int | None] = mapped_column()
