"""How a patient wants to be reached: language, channels, or not at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.entity import Entity
from app.models.base.grants import EDIT, READ, Role
from app.models.base.screen import Screen
from app.models.base.types import Instant, choice
from app.models.messages import wording
from app.models.people.patient import Patient


class ContactPreference(Entity):
    """What one patient said; without a row, e-mail and text messages are welcome."""

    __tablename__ = "contact_preference"

    contact_preference_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"), unique=True)
    language: Mapped[str | None] = mapped_column(
        choice("contact_preference_language", *wording.LANGUAGES)
    )
    email: Mapped[bool] = mapped_column(default=True, server_default="1")
    sms: Mapped[bool] = mapped_column(default=True, server_default="1")
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    patient: Mapped[Patient] = relationship()

    __screen__ = Screen(
        title="Message preferences",
        one="Message preference",
        menu="Clinic",
        icon="fa-bell-slash",
        columns=["patient", "language", "email", "sms", "stopped_at"],
        search=["patient", "language", "email", "sms", "stopped_at"],
        form=["patient", "language", "email", "sms", "stopped_at"],
        labels={"email": "E-mail", "sms": "Text messages", "stopped_at": "Wants none since"},
        help={
            "language": "Left empty, the language of the register.",
            "stopped_at": "With a time here nothing is sent; the inbox of the portal stays.",
        },
        order="-contact_preference_id",
        empty="Nobody said anything yet: all patients may be written to. Add who wants it otherwise.",
        grants={
            Role.ADMIN: EDIT,
            Role.RECEPTIONIST: EDIT,
            Role.DOCTOR: READ,
            Role.NURSE: READ,
        },
    )

    def __str__(self) -> str:
        return _(
            "Preferences %(number)s",
            number=self.contact_preference_id,
        )


def of(session: Session, patient_id: int) -> ContactPreference:
    """What this patient said; a new row of the session where they said nothing yet."""
    query = select(ContactPreference).where(ContactPreference.patient_id == patient_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        found = ContactPreference(patient_id=patient_id, email=True, sms=True)
        session.add(found)
    return found
