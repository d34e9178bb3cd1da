"""People who ask for the portal by themselves and wait until the desk knows them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import day_at
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import CHANGE, READ, Role
from app.models.base.screen import Screen
from app.models.base.types import Instant, choice
from app.models.people.patient import EARLIEST_BIRTH, Patient


class PortalRegistration(Entity):
    """What a person said of themselves; the desk picks or registers the patient and invites."""

    __tablename__ = "portal_registration"
    __table_args__ = (Index("ix_portal_registration_state", "state", "created"),)

    portal_registration_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(129))
    dob: Mapped[date] = mapped_column(Date)
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    created: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(
        choice("portal_registration_state", "waiting", "approved", "declined"),
        default="waiting",
        server_default="waiting",
    )
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.patient_id"))
    patient: Mapped[Patient | None] = relationship()

    __screen__ = Screen(
        title="Portal requests",
        one="Portal request",
        menu="Clinic",
        icon="fa-user-plus",
        columns=["created", "name", "dob", "email", "phone", "state"],
        search=["created", "name", "email", "state"],
        form=["patient", "state"],
        detail=["created", "name", "dob", "email", "phone", "state", "patient"],
        labels={"created": "Asked", "dob": "Birth date", "email": "E-mail"},
        help={
            "patient": "Who this is. Left empty on approval, a new patient is registered.",
            "state": "Approving sends an invitation to the e-mail address above.",
        },
        optional=["patient"],
        order="-created",
        empty="Nobody waits for an answer. People ask under “New here?” on the sign-in page, "
        "where that is switched on.",
        grants={Role.ADMIN: READ | CHANGE, Role.RECEPTIONIST: READ | CHANGE},
    )

    @classmethod
    def patient_column(cls) -> str | None:
        return "patient_id"

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        if not EARLIEST_BIRTH <= self.dob <= day_at(now):
            raise ClinicError(_("This is no birth date of a living person."), field="dob")
