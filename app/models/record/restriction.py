"""Charts that only the treating team reads, and the glass that others may break.

A chart is of someone who works here, or the case is sensitive. The register and the appointments go
on as before: what is closed is what the tables marked `__clinical__` hold.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, inspect
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import ADD, CHANGE, MANAGE, READ, Role
from app.models.base.screen import Screen
from app.models.base.sealed import SealedText
from app.models.base.types import Instant, choice, only
from app.models.people.patient import Patient
from app.models.people.staff import Staff
from app.spelling import spelled

MINUTES = ("15", "30", "60")
"""For how long the glass may be broken."""
SHORTEST_REASON = 10
SEALED_REASON = 59
"""Characters of the sealed text of a reason of ten letters, less one that rounding may take: what a
database that cannot read it can still ask for."""
REVIEWS = ("open", "justified", "questioned")


class ChartRestriction(Entity):
    """Since when, why, and by whom a chart is closed to all but the team. It is lifted, not
    removed; the database holds both, and that a chart has one active restriction at most."""

    __tablename__ = "chart_restriction"
    __table_args__ = (
        Index("ix_chart_restriction_active", "patient_id", unique=True, **only("state = 'active'")),
        CheckConstraint(f"length(reason) >= {SEALED_REASON}", name="chart_restriction_reason"),
        CheckConstraint(
            "(state = 'lifted') = (lifted_at IS NOT NULL)", name="chart_restriction_lifted"
        ),
    )

    restriction_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    reason: Mapped[str] = mapped_column(SealedText("chart_restriction.reason"))
    set_at: Mapped[datetime] = mapped_column(Instant)
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    state: Mapped[str] = mapped_column(
        choice("chart_restriction_state", "active", "lifted"),
        default="active",
        server_default="active",
    )
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    patient: Mapped[Patient] = relationship()
    set_by: Mapped[User | None] = relationship(foreign_keys=[set_by_id])
    lifted_by: Mapped[User | None] = relationship(foreign_keys=[lifted_by_id])

    __screen__ = Screen(
        title="Restricted charts",
        one="Restriction of a chart",
        menu="Administration",
        icon="fa-user-lock",
        columns=["patient", "set_at", "set_by", "state", "lifted_at"],
        search=["patient", "set_at", "state"],
        form=["patient", "reason", "state"],
        detail=["patient", "reason", "set_at", "set_by", "state", "lifted_at", "lifted_by"],
        labels={"set_at": "Since", "set_by": "By", "lifted_at": "Lifted", "lifted_by": "Lifted by"},
        help={
            "reason": "Such as: works here. Only the doctors who treat the patient and the staff "
            "named in the treating team read the chart from now on.",
            "state": "Lifted: all clinical staff read the chart again.",
        },
        order="-set_at",
        empty="No chart is restricted.",
        grants={
            Role.ADMIN: READ | ADD.only("patient", "reason") | CHANGE.only("state"),
        },
    )

    def __str__(self) -> str:
        return _("Restriction %(number)s", number=self.restriction_id)

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """Notes who set or lifted it, and when. Raises ClinicError without a reason, and where one that
        was lifted is to hold again."""
        require_reason(self.reason)
        state: Any = inspect(self)
        user_id = actor.user_id if actor else None
        if not state.has_identity:
            self.set_at, self.set_by_id, self.state = now, user_id, "active"
        elif self.state == "lifted" and self.lifted_at is None:
            self.lifted_at, self.lifted_by_id = now, user_id
        elif self.state == "active" and self.lifted_at is not None:
            raise ClinicError(_("It was lifted. Restrict the chart anew."), field="state")


class CareTeam(Entity):
    """Staff who read a restricted chart beside the doctors who treat the patient."""

    __tablename__ = "care_team"
    __table_args__ = (
        UniqueConstraint("patient_id", "staff_id", name="care_team_once"),
        Index("ix_care_team_staff", "staff_id"),
    )

    care_team_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"))
    added_at: Mapped[datetime] = mapped_column(Instant)
    patient: Mapped[Patient] = relationship()
    staff: Mapped[Staff] = relationship()

    __screen__ = Screen(
        title="Treating teams",
        one="Member of a treating team",
        menu="Administration",
        icon="fa-people-group",
        columns=["patient", "staff", "added_at"],
        search=["patient", "staff"],
        form=["patient", "staff"],
        detail=["patient", "staff", "added_at"],
        labels={"staff": "Member of staff", "added_at": "Named"},
        order="-added_at",
        empty="Nobody is named. Doctors who treat a patient need not be: they read the chart anyway.",
        grants={Role.ADMIN: MANAGE},
    )

    def __str__(self) -> str:
        return _("Member %(number)s", number=self.care_team_id)

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        self.added_at = self.added_at or now


class GlassBreak(Entity):
    """Someone outside the team opened a restricted chart, why, and for how many minutes. It ends by
    itself; of the row only the admin's review is ever written, once."""

    __tablename__ = "glass_break"
    __table_args__ = (
        Index("ix_glass_break_patient", "patient_id", "at"),
        Index("ix_glass_break_user", "user_id", "at"),
        CheckConstraint(f"length(reason) >= {SEALED_REASON}", name="glass_break_reason"),
        CheckConstraint("(review = 'open') = (reviewed_at IS NULL)", name="glass_break_reviewed"),
    )

    glass_break_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    reason: Mapped[str] = mapped_column(SealedText("glass_break.reason"))
    at: Mapped[datetime] = mapped_column(Instant)
    minutes: Mapped[str] = mapped_column(choice("glass_break_minutes", *MINUTES))
    review: Mapped[str] = mapped_column(
        choice("glass_break_review", *REVIEWS), default="open", server_default="open"
    )
    review_note: Mapped[str | None] = mapped_column(SealedText("glass_break.review_note"))
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    patient: Mapped[Patient] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    reviewed_by: Mapped[User | None] = relationship(foreign_keys=[reviewed_by_id])

    __screen__ = Screen(
        title="Broken glass",
        menu="Administration",
        icon="fa-hammer",
        columns=["at", "user", "patient", "minutes", "review"],
        search=["at", "user", "patient", "review"],
        form=["review", "review_note"],
        detail=[
            "at", "user", "patient", "minutes", "reason", "review", "review_note", "reviewed_at",
            "reviewed_by",
        ],
        labels={
            "at": "When", "user": "Who", "minutes": "Minutes", "review_note": "Note",
            "reviewed_at": "Reviewed", "reviewed_by": "Reviewed by",
        },
        help={"review": "Written once. What was opened stands on the audit trail."},
        order="-at",
        empty="Nobody has opened a restricted chart from outside its team.",
        grants={Role.ADMIN: READ | CHANGE},
    )  # fmt: skip

    def __str__(self) -> str:
        at = spelled(self.at.astimezone(clinic_zone()), "d MMM y HH:mm")
        return _("Glass broken on %(at)s", at=at)

    @property
    def until(self) -> datetime:
        """The first instant at which it does not hold any more."""
        return self.at + timedelta(minutes=int(self.minutes))

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """The admin's one review. Raises ClinicError where it is empty, or the second."""
        if self.reviewed_at is not None:
            raise ClinicError(_("This was reviewed already; the review stays."))
        if self.review == "open":
            raise ClinicError(_("Say whether it was justified."), field="review")
        self.reviewed_at, self.reviewed_by_id = now, actor.user_id if actor else None


def require_reason(reason: str | None) -> None:
    """Raises ClinicError for a reason that says nothing."""
    if len("".join((reason or "").split())) < SHORTEST_REASON:
        raise ClinicError(
            _("Give the reason in words, at least %(least)s letters.", least=SHORTEST_REASON),
            field="reason",
        )
