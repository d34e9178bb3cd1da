"""The tables of the waitlist: who would come sooner, and what they were offered."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Time
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import CHANGE, EDIT, READ, Role
from app.models.base.screen import Screen
from app.models.base.types import Instant, Words, choice
from app.models.clinic.opening import WEEKDAYS
from app.models.clinic.visit_type import VisitType
from app.models.people.patient import Patient
from app.models.people.staff import Doctor
from app.models.visits.appointment import Appointment
from app.spelling import spelled


class WaitlistEntry(Entity):
    """A patient who would take a time that becomes free: with whom, for what, and when."""

    __tablename__ = "waitlist_entry"
    __table_args__ = (
        CheckConstraint("earliest < latest", name="waitlist_entry_in_order"),
        Index("ix_waitlist_entry_state", "state", "priority", "created"),
        Index("ix_waitlist_entry_patient", "patient_id"),
    )

    waitlist_entry_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    doctor_id: Mapped[int | None] = mapped_column(ForeignKey("doctor.doctor_id"))
    specialization: Mapped[str | None] = mapped_column(String(100))
    visit_type_id: Mapped[int] = mapped_column(ForeignKey("visit_type.visit_type_id"))
    earliest: Mapped[datetime] = mapped_column(Instant)
    latest: Mapped[datetime] = mapped_column(Instant)
    weekdays: Mapped[str | None] = mapped_column(Words(80, WEEKDAYS))
    from_time: Mapped[time | None] = mapped_column(Time)
    to_time: Mapped[time | None] = mapped_column(Time)
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str] = mapped_column(
        choice("waitlist_entry_state", "waiting", "booked", "withdrawn"),
        default="waiting",
        server_default="waiting",
    )
    created: Mapped[datetime] = mapped_column(Instant)
    patient: Mapped[Patient] = relationship()
    doctor: Mapped[Doctor | None] = relationship()
    visit_type: Mapped[VisitType] = relationship()

    __screen__ = Screen(
        title="Waiting list",
        one="Entry on the waiting list",
        icon="fa-hourglass-half",
        columns=["patient", "visit_type", "doctor", "earliest", "latest", "priority", "state"],
        search=["patient", "doctor", "visit_type", "specialization", "priority", "state"],
        form=[
            "patient", "visit_type", "doctor", "specialization", "earliest", "latest", "weekdays",
            "from_time", "to_time", "priority", "state",
        ],
        detail=[
            "patient", "visit_type", "doctor", "specialization", "earliest", "latest", "weekdays",
            "from_time", "to_time", "priority", "state", "created",
        ],
        labels={"from_time": "Not before", "to_time": "Not after", "created": "Waiting since"},
        help={
            "doctor": "Left empty, any doctor of the specialization.",
            "weekdays": "For example Monday, Thursday; left empty, any day.",
            "priority": "The higher, the sooner; then who has waited longest.",
        },
        order="created",
        empty="Nobody is waiting. Add a patient who would come sooner; freed times are offered.",
        grants={
            Role.ADMIN: EDIT,
            Role.DOCTOR: READ,
            Role.NURSE: READ,
            Role.RECEPTIONIST: EDIT,
        },
    )  # fmt: skip

    def __str__(self) -> str:
        return _(
            "Waiting since %(day)s",
            day=spelled(self.created.astimezone(clinic_zone()), "d MMM y"),
        )

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """Times of day are the clinic's; weekdays are kept as `Mon, Tue`, in order. Raises ClinicError."""
        self.created = self.created or now
        if self.earliest >= self.latest:
            raise ClinicError(_("The latest time lies after the earliest."), field="latest")
        if self.from_time and self.to_time and self.from_time >= self.to_time:
            raise ClinicError(_("“Not after” lies after “not before”."), field="to_time")
        days = [day.strip().capitalize() for day in (self.weekdays or "").split(",")]
        if unknown := [day for day in days if day and day not in WEEKDAYS]:
            raise ClinicError(
                _("%(name)s is no day of the week.", name=unknown[0][:20]), field="weekdays"
            )
        self.weekdays = ", ".join(day for day in WEEKDAYS if day in days) or None


class WaitlistOffer(Entity):
    """A freed time that is kept for one patient until they answer."""

    __tablename__ = "waitlist_offer"
    __table_args__ = (
        Index("ix_waitlist_offer_entry", "waitlist_entry_id"),
        Index("ix_waitlist_offer_state", "state", "expires_at"),
    )

    waitlist_offer_id: Mapped[int] = mapped_column(primary_key=True)
    waitlist_entry_id: Mapped[int] = mapped_column(
        ForeignKey("waitlist_entry.waitlist_entry_id", ondelete="CASCADE")
    )
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.appointment_id", ondelete="CASCADE"), unique=True
    )
    offered_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(
        choice("waitlist_offer_state", "offered", "taken", "declined", "expired"),
        default="offered",
        server_default="offered",
    )
    entry: Mapped[WaitlistEntry] = relationship()
    patient: Mapped[Patient] = relationship()
    appointment: Mapped[Appointment] = relationship()

    __screen__ = Screen(
        title="Waitlist offers",
        icon="fa-bell",
        columns=["patient", "appointment", "offered_at", "expires_at", "state"],
        search=["patient", "state", "expires_at"],
        form=["expires_at"],
        detail=["patient", "entry", "appointment", "offered_at", "expires_at", "state"],
        labels={"expires_at": "Answer until", "offered_at": "Offered"},
        order="-offered_at",
        empty="Nothing was offered yet. A freed time is offered to who waits for it.",
        grants={
            Role.ADMIN: READ | CHANGE,
            Role.DOCTOR: READ,
            Role.NURSE: READ,
            Role.RECEPTIONIST: READ | CHANGE,
        },
    )

    def __str__(self) -> str:
        return _("Offer %(number)s", number=self.waitlist_offer_id)

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """More time for an answer keeps the hold for as long."""
        if self.state != "offered" or self.expires_at <= now:
            raise ClinicError(_("Only an open offer can be given more time."), field="expires_at")
        if self.expires_at > self.appointment.appointment_datetime:
            raise ClinicError(_("The answer must come before the visit."), field="expires_at")
        self.appointment.hold_until = self.expires_at
