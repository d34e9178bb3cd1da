"""Those who work here; a doctor is a member of staff with a specialization."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ForeignKey, Select, String, Text, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.models.base.entity import Entity
from app.models.base.grants import MANAGE, READ, Role
from app.models.base.naming import new_identifier
from app.models.base.screen import Screen
from app.models.base.types import choice

STAFF_ROLES = ("doctor", "nurse", "receptionist", "admin", "other")


class Staff(Entity):
    """A member of staff, with or without a login."""

    __tablename__ = "staff"

    staff_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(choice("staff_role", *STAFF_ROLES))
    contact_info: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True, server_default="1")
    identifier: Mapped[str | None] = mapped_column(String(200), unique=True, default=new_identifier)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), unique=True)
    user: Mapped[User | None] = relationship()

    __screen__ = Screen(
        title="Staff",
        one="Member of staff",
        menu="Team",
        icon="fa-id-badge",
        columns=["name", "role", "contact_info", "active"],
        search=["name", "role", "active"],
        form=["name", "role", "contact_info", "active", "user"],
        labels={"contact_info": "Contact", "user": "Login"},
        help={"user": "The login with which this person works; see Administration, Users."},
        order="name",
        related=["shift", "time_off"],
        empty="Nobody works here yet. Add the first member of staff.",
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ.hiding("user"),
            Role.NURSE: READ.hiding("user"),
            Role.RECEPTIONIST: READ.hiding("user"),
        },
    )


class Doctor(Entity):
    """A member of staff who sees patients (FHIR R4 Practitioner)."""

    __tablename__ = "doctor"

    doctor_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    specialization: Mapped[str] = mapped_column(String(100))
    contact_info: Mapped[str | None] = mapped_column(Text)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"), unique=True)
    staff: Mapped[Staff] = relationship()

    __screen__ = Screen(
        title="Doctors",
        menu="Team",
        icon="fa-user-doctor",
        columns=["name", "specialization", "contact_info"],
        search=["name", "specialization"],
        form=["name", "specialization", "contact_info", "staff"],
        optional=["staff"],
        labels={"contact_info": "Contact", "staff": "Member of staff"},
        help={"staff": "Left empty, a member of staff of the same name is added."},
        order="name",
        related=["appointment"],
        empty="No doctor yet. Add one; shifts and appointments follow.",
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ,
            Role.NURSE: READ,
            Role.RECEPTIONIST: READ,
        },
    )


def nurses() -> Select[Any]:
    """The keys of the nurses who work here."""
    return select(Staff.staff_id).where(Staff.active, Staff.role == "nurse")


@event.listens_for(Session, "before_flush")
def _doctors_are_staff(session: Session, _context: Any, _instances: Any) -> None:
    for row in session.new:
        if isinstance(row, Doctor) and not (row.staff or row.staff_id):
            row.staff = Staff(name=row.name, role="doctor", contact_info=row.contact_info)
