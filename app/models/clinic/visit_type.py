"""Kinds of visit: how long, in which room, by whom (FHIR R4 Appointment.serviceType)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.language import _
from app.models.base.acting import Acting
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import MANAGE, READ, Role
from app.models.base.screen import Screen

LONGEST_BUFFER = 720


class VisitType(Entity):
    """A kind of visit. Lengths are minutes; times start on its grid within the hour."""

    __tablename__ = "visit_type"
    __table_args__ = (
        CheckConstraint("minutes BETWEEN 5 AND 720", name="visit_type_minutes"),
        CheckConstraint("grid_minutes BETWEEN 5 AND 720", name="visit_type_grid"),
        CheckConstraint("buffer_before >= 0 AND buffer_after >= 0", name="visit_type_buffers"),
    )

    visit_type_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    minutes: Mapped[int] = mapped_column(default=30, server_default="30")
    grid_minutes: Mapped[int] = mapped_column(default=15, server_default="15")
    buffer_before: Mapped[int] = mapped_column(default=0, server_default="0")
    buffer_after: Mapped[int] = mapped_column(default=0, server_default="0")
    room_type: Mapped[str | None] = mapped_column(String(50))
    specialization: Mapped[str | None] = mapped_column(String(100))
    colour: Mapped[str] = mapped_column(String(7), default="#2f6fde", server_default="#2f6fde")
    bookable_online: Mapped[bool] = mapped_column(default=True, server_default="1")
    instructions: Mapped[str | None] = mapped_column(Text)

    __screen__ = Screen(
        title="Visit types",
        menu="Set-up",
        icon="fa-notes-medical",
        columns=["name", "minutes", "room_type", "specialization", "bookable_online"],
        search=["name", "room_type", "specialization"],
        labels={
            "minutes": "Length in minutes",
            "grid_minutes": "Starts every … minutes",
            "buffer_before": "Minutes kept free before",
            "buffer_after": "Minutes kept free after",
            "bookable_online": "Patients may book",
            "instructions": "What to bring",
        },
        help={
            "room_type": "The type of the rooms that it takes place in; left empty, it needs none.",
            "specialization": "That of the doctors who do it; left empty, every doctor.",
        },
        order="name",
        empty="No kind of visit yet. Add one, so that appointments have a length.",
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ,
            Role.NURSE: READ,
            Role.RECEPTIONIST: READ,
        },
    )

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        for name in ("buffer_before", "buffer_after"):
            if (getattr(self, name) or 0) > LONGEST_BUFFER:
                raise ClinicError(_("At most 12 hours are kept free."), field=name)
