"""Two rows of the register that are much alike and still two people: a decision that is kept."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.language import _
from app.models.base.entity import Entity
from app.models.base.grants import READ, Role
from app.models.base.screen import Screen
from app.models.base.types import Instant
from app.models.people.patient import Patient

_STANDING = text("withdrawn_at IS NULL")


class PatientApart(Entity):
    """`patient` and `other`, the one with the lower number first, are two people until it is
    withdrawn, also where either is merged into a third.

    The database holds that a pair is named once and in that order, that it was not merged into one
    person, that it is not merged into one while this stands, and that a decision is withdrawn once
    and never changed or removed.
    """

    __tablename__ = "patient_apart"
    __table_args__ = (
        Index(
            "ix_patient_apart_standing", "patient_id", "other_id", unique=True,
            sqlite_where=_STANDING, postgresql_where=_STANDING,
        ),
        CheckConstraint("patient_id < other_id", name="patient_apart_order"),
        CheckConstraint("length(reason) >= 3", name="patient_apart_reason"),
    )  # fmt: skip

    patient_apart_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    decided_at: Mapped[datetime] = mapped_column(Instant)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    patient: Mapped[Patient] = relationship(foreign_keys=[patient_id])
    other: Mapped[Patient] = relationship(foreign_keys=[other_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])
    withdrawn_by: Mapped[User | None] = relationship(foreign_keys=[withdrawn_by_id])

    __screen__ = Screen(
        title="Told apart",
        one="Two people",
        menu="Administration",
        icon="fa-people-arrows",
        columns=["patient", "other", "reason", "decided_at", "decided_by", "withdrawn_at"],
        search=["patient", "other", "decided_at", "withdrawn_at"],
        form=["reason"],
        detail=[
            "patient", "other", "reason", "decided_at", "decided_by", "withdrawn_at",
            "withdrawn_by",
        ],
        labels={
            "other": "Not the same as", "decided_at": "Decided", "decided_by": "By",
            "withdrawn_at": "Withdrawn", "withdrawn_by": "Withdrawn by",
        },
        order="-decided_at",
        empty="Nobody was told apart. “Possible duplicates” shows who is much alike.",
        grants={Role.ADMIN: READ, Role.RECEPTIONIST: READ},
    )  # fmt: skip

    def whose(self) -> tuple[int | None, ...]:
        return self.patient_id, self.other_id

    def __str__(self) -> str:
        return _("Decision %(number)s", number=self.patient_apart_id)
