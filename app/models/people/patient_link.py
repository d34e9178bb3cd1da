"""Two rows of the register that are one person (FHIR R4 Patient.link: replaced-by, replaces).

Nothing is rewritten: what was entered stays on the row that it was entered on, and whoever reads the
one that is kept reads both. `app.models.people.linked` has the condition for that.
"""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.models.base.entity import Entity
from app.models.base.grants import READ, Role
from app.models.base.screen import Screen
from app.models.base.types import Instant
from app.models.people.patient import Patient

_OPEN = text("undone_at IS NULL")


class PatientLink(Entity):
    """`other` is replaced by `patient`, who is kept, until it is undone.

    The database holds that nobody is linked to themself, that who is replaced is kept for nobody
    and replaced once, and that a link is undone once and never changed or removed. `moved` names,
    by table, the rows that went over to the kept patient and the decisions that were taken back, so
    that an undo can give them back.
    """

    __tablename__ = "patient_link"
    __table_args__ = (
        Index(
            "ix_patient_link_open", "other_id", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index("ix_patient_link_patient", "patient_id"),
        CheckConstraint("patient_id <> other_id", name="patient_link_itself"),
        CheckConstraint("length(reason) >= 3", name="patient_link_reason"),
        CheckConstraint(
            "(undone_at IS NULL) = (undone_reason IS NULL)", name="patient_link_undone"
        ),
    )  # fmt: skip

    patient_link_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    reason: Mapped[str] = mapped_column(String(500))
    moved: Mapped[dict[str, list[int]]] = mapped_column(JSON)
    linked_at: Mapped[datetime] = mapped_column(Instant)
    linked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    undone_reason: Mapped[str | None] = mapped_column(String(500))
    patient: Mapped[Patient] = relationship(foreign_keys=[patient_id])
    other: Mapped[Patient] = relationship(foreign_keys=[other_id])
    linked_by: Mapped[User | None] = relationship(foreign_keys=[linked_by_id])
    undone_by: Mapped[User | None] = relationship(foreign_keys=[undone_by_id])

    __screen__ = Screen(
        title="Merged patients",
        menu="Administration",
        icon="fa-code-merge",
        columns=["patient", "other", "linked_at", "linked_by", "undone_at"],
        search=["patient", "other", "linked_at", "undone_at"],
        form=["reason"],
        detail=[
            "patient", "other", "reason", "linked_at", "linked_by", "undone_at", "undone_by",
            "undone_reason",
        ],
        labels={
            "patient": "Kept", "other": "Replaced", "linked_at": "Merged", "linked_by": "By",
            "undone_at": "Undone", "undone_by": "Undone by", "undone_reason": "Why undone",
        },
        order="-linked_at",
        empty="No patients were merged. “Possible duplicates” shows who may be registered twice.",
        grants={Role.ADMIN: READ, Role.RECEPTIONIST: READ},
    )  # fmt: skip

    def whose(self) -> tuple[int | None, ...]:
        return self.patient_id, self.other_id

    def __str__(self) -> str:
        return f"Merge {self.patient_link_id}"


Patient.replaced_by_id = column_property(
    select(PatientLink.patient_id)
    .where(PatientLink.other_id == Patient.patient_id, PatientLink.undone_at.is_(None))
    .correlate_except(PatientLink)
    .scalar_subquery()
)
