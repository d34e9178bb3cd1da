"""Closing a chart to all but the team that treats the patient, and breaking the glass for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import (
    literal,
    select,
)
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Forbidden
from app.models.base.grants import CARE, Role
from app.models.base.types import Instant
from app.models.messages import outbox
from app.models.people import linked
from app.models.people.patient import Patient
from app.models.people.staff import Staff
from app.models.record.closed import treats
from app.models.record.restriction import (
    MINUTES,
    CareTeam,
    ChartRestriction,
    GlassBreak,
    require_reason,
)

MOST_NAMES = 300


def active(session: Session, patient_id: int) -> Sequence[ChartRestriction]:
    """The restrictions of a chart that hold now, the first one first: of who was merged there can be
    one a row of the register."""
    query = select(ChartRestriction).where(
        linked.same_person(ChartRestriction.patient_id, patient_id),
        ChartRestriction.state == "active",
    )
    return session.scalars(query.order_by(ChartRestriction.set_at)).all()


def require_team(session: Session, actor: Acting, patient_id: int) -> None:
    """Only a doctor who treats the patient says who reads the chart; breaking the glass makes no
    member of the team. Raises Forbidden."""
    restrictions = active(session, patient_id)
    since = literal(restrictions[0].set_at, Instant) if restrictions else None
    query = select(Patient.patient_id).where(
        linked.same_person(Patient.patient_id, patient_id),
        treats(actor, Patient.patient_id, since),
    )
    if Role.DOCTOR not in actor.roles or session.scalar(query.limit(1)) is None:
        raise Forbidden(_("Only a doctor who treats the patient, or the admin, decides this."))


def break_glass(
    session: Session, actor: Acting, patient: Patient, reason: str, minutes: str, now: datetime
) -> GlassBreak:
    """Open a restricted chart for a while, which the admin is told; the caller commits. Raises
    ClinicError."""
    if not actor.roles & CARE or actor.user_id is None:
        raise Forbidden(_("Charts are read by nurses and doctors."))
    require_reason(reason)
    if minutes not in MINUTES:
        raise ClinicError(
            _("Choose %(numbers)s minutes.", numbers=", ".join(MINUTES)), field="minutes"
        )
    row = GlassBreak(
        patient_id=patient.patient_id, user_id=actor.user_id, reason=reason, at=now, minutes=minutes
    )
    session.add(row)
    session.flush()
    _tell_admins(session, row, now)
    return row


def team(session: Session, patient_id: int) -> Sequence[Any]:
    """The staff named for a chart, by name."""
    query = select(CareTeam, Staff.name).join(Staff, Staff.staff_id == CareTeam.staff_id)
    return session.execute(
        query.where(linked.same_person(CareTeam.patient_id, patient_id)).order_by(Staff.name)
    ).all()


def nameable(session: Session, patient_id: int) -> Sequence[Staff]:
    """The nurses and doctors who work here and are not named yet, by name."""
    named = select(CareTeam.staff_id).where(linked.same_person(CareTeam.patient_id, patient_id))
    query = select(Staff).where(
        Staff.active,
        Staff.role.in_(("doctor", "nurse")),
        Staff.user_id.is_not(None),
        Staff.staff_id.not_in(named),
    )
    return session.scalars(query.order_by(Staff.name).limit(MOST_NAMES)).all()


def breaks(session: Session, patient_id: int, limit: int = 20) -> Sequence[Any]:
    """Who broke the glass of a chart, newest first."""
    query = (
        select(GlassBreak, User.first_name, User.last_name)
        .join(User, User.id == GlassBreak.user_id)
        .where(linked.same_person(GlassBreak.patient_id, patient_id))
        .order_by(GlassBreak.at.desc())
    )
    return session.execute(query.limit(limit)).all()


def open_until(session: Session, user_id: int, patient_id: int, now: datetime) -> datetime | None:
    """When a chart whose glass this person broke closes again; None where nothing is broken."""
    query = select(GlassBreak.at, GlassBreak.minutes).where(
        linked.same_person(GlassBreak.patient_id, patient_id),
        GlassBreak.user_id == user_id,
        GlassBreak.at > now - timedelta(minutes=int(MINUTES[-1])),
    )
    ends = [at + timedelta(minutes=int(minutes)) for at, minutes in session.execute(query)]
    return max((end for end in ends if end > now), default=None)


def _tell_admins(session: Session, row: GlassBreak, now: datetime) -> None:
    """Without the patient's name: it leaves the house."""
    who = session.get_one(User, row.user_id).get_full_name()
    link = f"/glass_break/show/{row.glass_break_id}"
    context = {"who": who, "moment": now, "minutes": row.minutes, "link": link}
    admins = select(User.id).join(User.roles).where(RoleRow.name == Role.ADMIN, User.active)
    for user_id in session.scalars(admins.order_by(User.id)).all():
        cause = f"glass:{row.glass_break_id}"
        outbox.announce(session, "glass_broken", cause, now, user_id=user_id, context=context)
