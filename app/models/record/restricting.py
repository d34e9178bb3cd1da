"""Who reads a restricted chart, and how one outside its team opens it for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from app.language import _
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Forbidden
from app.models.base.grants import Role
from app.models.base.types import Instant
from app.models.messages import outbox
from app.models.people import linked
from app.models.people.patient import Patient
from app.models.people.patient_link import PatientLink
from app.models.people.staff import Staff
from app.models.record.medical_record import MedicalRecord
from app.models.record.restriction import (
    MINUTES,
    CareTeam,
    ChartRestriction,
    GlassBreak,
    require_reason,
)
from app.models.visits.appointment import Appointment
from app.models.visits.history import AppointmentHistory

MOST_NAMES = 300
TREATED = ("pending", "booked", "arrived", "checked-in", "in-room", "fulfilled")
"""The visits by which a doctor treats a patient."""


class Restricted(Forbidden):
    """The chart is closed to this person; the glass may be broken."""

    code = "restricted"


def closed_to(actor: Acting, now: datetime) -> CompoundSelect[Any]:
    """The patients whose chart this person may not read at `now`. Of who was merged all are
    restricted where one is, and open where one is open."""
    kept, head = _closed(actor, now)
    replaced, of_head = _closed(actor, now)
    other = aliased(PatientLink)
    merged = and_(other.patient_id == of_head, other.undone_at.is_(None))
    return union_all(
        kept.add_columns(head), replaced.join(other, merged).add_columns(other.other_id)
    )


def _closed(actor: Acting, now: datetime) -> tuple[Select[Any], Any]:
    """The restrictions that close a chart to this person, and who is kept for their patient. Kept
    flat: SQLite reads a statement with this in every part of it."""
    row, up, also = aliased(ChartRestriction), aliased(PatientLink), aliased(PatientLink)
    head = func.coalesce(up.patient_id, row.patient_id)
    merged = and_(also.patient_id == head, also.undone_at.is_(None))
    query = (
        select()
        .select_from(row)
        .outerjoin(up, and_(up.other_id == row.patient_id, up.undone_at.is_(None)))
        .where(
            row.state == "active",
            ~_opens(actor, head, row.set_at, now),
            ~exists().where(merged, _opens(actor, also.other_id, row.set_at, now)),
        )
    )
    return query, head


def require_open(session: Session, actor: Acting, patient_id: int, now: datetime) -> None:
    """Raises Restricted where the chart is closed to this person."""
    if session.scalar(select(literal(patient_id).in_(closed_to(actor, now)))):
        raise Restricted(_("This chart is restricted to the team that treats the patient."))


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
        _treats(actor, Patient.patient_id, since),
    )
    if Role.DOCTOR not in actor.roles or session.scalar(query.limit(1)) is None:
        raise Forbidden(_("Only a doctor who treats the patient, or the admin, decides this."))


def break_glass(
    session: Session, actor: Acting, patient: Patient, reason: str, minutes: str, now: datetime
) -> GlassBreak:
    """Open a restricted chart for a while, which the admin is told; the caller commits. Raises
    ClinicError."""
    if not actor.roles & {Role.DOCTOR, Role.NURSE} or actor.user_id is None:
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


def _opens(actor: Acting, patient_id: Any, since: Any, now: datetime) -> ColumnElement[bool]:
    return or_(_treats(actor, patient_id, since), _broken(actor, patient_id, now))


def _treats(actor: Acting, patient_id: Any, since: Any) -> ColumnElement[bool]:
    """Named, or a doctor with a record or a visit of the patient. A visit that one booked for
    oneself once the chart was closed (`since`) opens nothing."""
    ways: list[ColumnElement[bool]] = [false()]
    if actor.staff_id is not None:
        ways.append(
            exists().where(CareTeam.patient_id == patient_id, CareTeam.staff_id == actor.staff_id)
        )
    if actor.doctor_id is not None:
        wrote = MedicalRecord.doctor_id == actor.doctor_id
        ways.append(exists().where(MedicalRecord.patient_id == patient_id, wrote))
        visit = and_(
            Appointment.patient_id == patient_id,
            Appointment.doctor_id == actor.doctor_id,
            Appointment.status.in_(TREATED),
        )
        if since is not None:
            visit = and_(visit, ~_booked_by(actor, since))
        ways.append(exists().where(visit))
    return or_(*ways)


def _booked_by(actor: Acting, since: Any) -> ColumnElement[bool]:
    return exists().where(
        AppointmentHistory.appointment_id == Appointment.appointment_id,
        AppointmentHistory.status_before.is_(None),
        AppointmentHistory.user_id == actor.user_id,
        AppointmentHistory.recorded >= since,
    )


def _broken(actor: Acting, patient_id: Any, now: datetime) -> ColumnElement[bool]:
    lasting = [
        and_(GlassBreak.minutes == minutes, GlassBreak.at > now - timedelta(minutes=int(minutes)))
        for minutes in MINUTES
    ]
    return exists().where(
        GlassBreak.patient_id == patient_id,
        GlassBreak.user_id == actor.user_id,
        GlassBreak.at <= now,
        or_(*lasting),
    )


def _tell_admins(session: Session, row: GlassBreak, now: datetime) -> None:
    """Without the patient's name: it leaves the house."""
    who = session.get_one(User, row.user_id).get_full_name()
    link = f"/glassbreakview/show/{row.glass_break_id}"
    context = {"who": who, "moment": now, "minutes": row.minutes, "link": link}
    admins = select(User.id).join(User.roles).where(RoleRow.name == Role.ADMIN, User.active)
    for user_id in session.scalars(admins.order_by(User.id)).all():
        cause = f"glass:{row.glass_break_id}"
        outbox.announce(session, "glass_broken", cause, now, user_id=user_id, context=context)
