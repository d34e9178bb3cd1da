"""Appointments: one patient, one doctor, one time (FHIR R4 Appointment)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, inspect
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.changes import was
from app.models.base.clock import clinic_zone
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import EDIT, MANAGE, READ, Role
from app.models.base.screen import Screen
from app.models.base.sealed import SealedText
from app.models.base.types import Instant, choice, only
from app.models.clinic.room import Room
from app.models.clinic.visit_type import VisitType
from app.models.people.patient import Patient
from app.models.people.staff import Doctor
from app.spelling import spelled

STATUSES = (
    "proposed", "pending", "booked", "arrived", "checked-in", "in-room", "fulfilled",
    "cancelled", "noshow", "entered-in-error", "waitlist",
)  # fmt: skip

EXPECTED = ("pending", "booked")
WAITING = ("arrived", "checked-in")
HERE = (*WAITING, "in-room")
SEEN = ("in-room", "fulfilled")
NOT_BEGUN = ("proposed", *EXPECTED, "waitlist")
"""Nobody has come to the visit yet, and it can still be moved or called off."""

OVER = ("fulfilled", "noshow", "entered-in-error")

ACTIVE = (*EXPECTED, *HERE)
"""The statuses in which a visit holds its doctor, room and patient; the database refuses two
such visits at once. Kept in step with migration 0001 by a test."""

CANCELLATION_REASONS = ("patient", "doctor", "clinic", "mistake", "other")
"""Who or what cancelled; after FHIR's appointment-cancellation-reason."""

LONGEST = timedelta(hours=24)


class Appointment(Entity):
    """A visit that is to happen, happens, or happened."""

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("minutes_duration > 0", name="appointment_has_length"),
        CheckConstraint(
            "minutes_duration <= 1440 OR status NOT IN "
            "('pending', 'booked', 'arrived', 'checked-in', 'in-room')",
            name="appointment_at_most_a_day",
        ),
        Index("ix_appointment_doctor_start", "doctor_id", "appointment_datetime"),
        Index("ix_appointment_patient_start", "patient_id", "appointment_datetime"),
        Index("ix_appointment_room_start", "room_id", "appointment_datetime"),
        Index("ix_appointment_start", "appointment_datetime"),
        Index("ix_appointment_series", "series_id"),
        # few visits were ever held
        Index("ix_appointment_hold", "status", "hold_until", **only("hold_until IS NOT NULL")),
    )

    appointment_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctor.doctor_id"), active_history=True)
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.room_id"), active_history=True)
    visit_type_id: Mapped[int | None] = mapped_column(ForeignKey("visit_type.visit_type_id"))
    appointment_datetime: Mapped[datetime] = mapped_column(Instant, active_history=True)
    minutes_duration: Mapped[int] = mapped_column(server_default="30", active_history=True)
    status: Mapped[str] = mapped_column(
        choice("appointment_status", *STATUSES),
        default="booked",
        server_default="booked",
        active_history=True,  # what follows from a change asks what it was, loaded or not
    )
    reason: Mapped[str | None] = mapped_column(SealedText("appointment.reason"))
    override_reason: Mapped[str | None] = mapped_column(String(300))
    cancellation_reason: Mapped[str | None] = mapped_column(
        choice("appointment_cancellation_reason", *CANCELLATION_REASONS)
    )
    hold_until: Mapped[datetime | None] = mapped_column(Instant)
    arrived_at: Mapped[datetime | None] = mapped_column(Instant)
    identifier: Mapped[str | None] = mapped_column(String(200), unique=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("appointment_series.series_id"))
    occurrence_wall: Mapped[datetime | None] = mapped_column(DateTime)

    patient: Mapped[Patient] = relationship()
    doctor: Mapped[Doctor] = relationship()
    room: Mapped[Room | None] = relationship()
    visit_type: Mapped[VisitType | None] = relationship()

    __screen__ = Screen(
        title="Appointments",
        menu="Clinic",
        icon="fa-calendar-check",
        columns=["appointment_datetime", "patient", "doctor", "visit_type", "room", "status"],
        search=["appointment_datetime", "patient", "doctor", "room", "visit_type", "status"],
        form=[
            "patient", "doctor", "visit_type", "appointment_datetime", "minutes_duration",
            "room", "status", "reason", "override_reason",
        ],
        labels={
            "appointment_datetime": "When",
            "minutes_duration": "Length in minutes",
            "visit_type": "Visit type",
            "arrived_at": "Arrived",
            "override_reason": "Reason to book against a rule",
        },
        help={
            "minutes_duration": "Left empty, the length of the visit type.",
            "room": "Left empty, a free room of the visit type’s kind.",
            "override_reason": "Only where the time is outside a shift or too near to a visit.",
        },
        optional=["minutes_duration"],
        order="-appointment_datetime",
        empty="No appointment here. Book one with “Add”.",
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ | EDIT.own("doctor_id"),
            Role.NURSE: READ,
            Role.RECEPTIONIST: EDIT,
        },
    )  # fmt: skip

    def __str__(self) -> str:
        return _(
            "Visit of %(when)s",
            when=spelled(self.appointment_datetime.astimezone(clinic_zone()), "d MMM y, HH:mm"),
        )

    @property
    def end(self) -> datetime:
        """The first instant after the visit, UTC."""
        return self.appointment_datetime + timedelta(minutes=self.minutes_duration)

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        if self.minutes_duration is not None and not 0 < self.minutes_duration <= 1440:
            raise ClinicError(
                _("A visit lasts between 1 minute and 24 hours."), field="minutes_duration"
            )
        self._require_time_of_what_is_over()

    def _require_time_of_what_is_over(self) -> None:
        """A visit that took place, or was missed, did so with its doctor and at its time."""
        state: Any = inspect(self)
        if not state.persistent or was(self, "status") not in OVER:
            return
        for name in ("appointment_datetime", "doctor_id", "minutes_duration"):
            if state.attrs[name].history.has_changes():
                raise ClinicError(
                    _("The time and the doctor of a visit that is over stay."), field=name
                )
