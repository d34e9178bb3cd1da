"""Who may use the portal for whom: one-time links that open it, and guardians.

A patient's own login is `patient.user_id`. A guardian's login has a row for each patient that they
act for, from the day on which they proved to know them until it is ended.
"""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, case, select, union_all
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import CHANGE, READ, Role
from app.models.base.screen import Screen
from app.models.base.types import Instant, choice
from app.models.people.linked import kept, same_person
from app.models.people.patient import Patient

RELATIONS = ("self", "parent", "guardian", "carer")
PURPOSES = ("invitation", "reset")
MOST_TRIES = 5
"""Wrong birth dates after which a link is dead."""


class PortalToken(Entity):
    """A link that lets one person in once; of its secret only the hash is kept."""

    __tablename__ = "portal_token"
    __table_args__ = (
        CheckConstraint(f"tries BETWEEN 0 AND {MOST_TRIES}", name="portal_token_tries"),
        CheckConstraint("created < expires_at", name="portal_token_in_order"),
        CheckConstraint(
            "(purpose = 'reset') = (user_id IS NOT NULL)", name="portal_token_reset_of_a_login"
        ),
        Index("ix_portal_token_patient", "patient_id"),
    )
    __screen__ = None

    portal_token_id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(choice("portal_token_purpose", *PURPOSES))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    relation: Mapped[str] = mapped_column(
        choice("portal_token_relation", *RELATIONS), default="self", server_default="self"
    )
    holder: Mapped[str] = mapped_column(String(129))
    email: Mapped[str | None] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    patient: Mapped[Patient] = relationship()
    user: Mapped[User | None] = relationship()


class PortalAccess(Entity):
    """A login that acts for a patient who is somebody else: a child, a person in care."""

    __tablename__ = "portal_access"
    __table_args__ = (
        Index("ix_portal_access_user", "user_id"),
        Index("ix_portal_access_patient", "patient_id"),
        CheckConstraint("relation <> 'self'", name="portal_access_of_another"),
    )

    portal_access_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id", ondelete="CASCADE"))
    relation: Mapped[str] = mapped_column(choice("portal_access_relation", *RELATIONS))
    holder: Mapped[str] = mapped_column(String(129))
    since: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    user: Mapped[User] = relationship()
    patient: Mapped[Patient] = relationship()

    __screen__ = Screen(
        title="Guardians",
        one="Guardian",
        menu="Clinic",
        icon="fa-people-roof",
        columns=["patient", "holder", "relation", "since", "ended_at"],
        search=["patient", "holder", "relation"],
        form=["ended_at"],
        detail=["patient", "holder", "relation", "since", "ended_at"],
        labels={"holder": "Guardian", "ended_at": "Ended"},
        help={"ended_at": "With a time here, the guardian’s login no longer opens this patient."},
        order="-since",
        empty="Nobody acts for another patient. Invite a guardian from the patient’s page.",
        grants={Role.ADMIN: READ | CHANGE, Role.RECEPTIONIST: READ | CHANGE},
    )

    def __str__(self) -> str:
        return _("Access of %(holder)s", holder=self.holder)

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        if self.ended_at is not None and self.ended_at < self.since:
            raise ClinicError(_("It ends after it began."), field="ended_at")


def acted_for(session: Session, user_id: int, now: datetime) -> list[Patient]:
    """Whom this login may act for: its own patient first, then those it guards, by name; for who
    was merged, whoever is kept. In one statement."""
    registered = aliased(Patient)
    own = select(kept(registered.patient_id)).where(registered.user_id == user_id)
    guarded = select(kept(PortalAccess.patient_id)).where(
        PortalAccess.user_id == user_id,
        PortalAccess.ended_at.is_(None) | (PortalAccess.ended_at > now),
    )
    query = select(Patient).where(Patient.patient_id.in_(union_all(own, guarded)))
    mine = case((Patient.patient_id.in_(own), 0), else_=1)
    return list(session.scalars(query.order_by(mine, Patient.name, Patient.patient_id)))


def is_read(session: Session, patient_id: int, now: datetime) -> bool:
    """Whether a login, the patient's own or a guardian's, reads this patient's portal."""
    own = select(Patient.user_id).where(
        same_person(Patient.patient_id, patient_id), Patient.user_id.is_not(None)
    )
    return session.scalar(own.limit(1)) is not None or bool(guardians(session, patient_id, now))


def guardians(session: Session, patient_id: int, now: datetime) -> list[PortalAccess]:
    """Who acts for this patient now."""
    query = select(PortalAccess).where(
        same_person(PortalAccess.patient_id, patient_id),
        PortalAccess.ended_at.is_(None) | (PortalAccess.ended_at > now),
    )
    return list(session.scalars(query.order_by(PortalAccess.since)))
