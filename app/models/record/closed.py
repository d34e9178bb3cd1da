"""Whose chart is closed to whom: the conditions, for one chart and for every statement on records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from app.language import _
from app.models.base.acting import Acting
from app.models.base.errors import Forbidden
from app.models.base.types import Instant
from app.models.people import linked
from app.models.people.patient_link import PatientLink
from app.models.record.medical_record import MedicalRecord
from app.models.record.restriction import MINUTES, CareTeam, ChartRestriction, GlassBreak
from app.models.visits.appointment import ACTIVE, Appointment
from app.models.visits.history import AppointmentHistory

TREATED = (*ACTIVE, "fulfilled")
"""The visits by which a doctor treats a patient."""


@dataclass(frozen=True)
class _Reader:
    """Who reads, with the keys that they have, and when: values, or parameters of a statement."""

    user_id: Any
    staff_id: Any
    doctor_id: Any
    now: Any
    broken_since: tuple[tuple[str, Any], ...]
    """From when on a broken glass still lasts, by its minutes."""


class Restricted(Forbidden):
    """The chart is closed to this person; the glass may be broken."""

    code = "restricted"


def closed_to(actor: Acting, now: datetime) -> CompoundSelect[Any]:
    """The patients whose chart this person may not read at `now`. Of who was merged all are
    restricted where one is, and open where one is open."""
    return _closed_to(
        _Reader(actor.user_id, actor.staff_id, actor.doctor_id, now, tuple(_lasting(now).items()))
    )


def _closed_to(reader: _Reader) -> CompoundSelect[Any]:
    kept, head = _closed(reader)
    replaced, of_head = _closed(reader)
    other = aliased(PatientLink)
    merged = and_(other.patient_id == of_head, other.undone_at.is_(None))
    return union_all(
        kept.add_columns(head), replaced.join(other, merged).add_columns(other.other_id)
    )


def _closed(reader: _Reader) -> tuple[Select[Any], Any]:
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
            ~_opens(reader, head, row.set_at),
            ~exists().where(merged, _opens(reader, also.other_id, row.set_at)),
        )
    )
    return query, head


def require_open(session: Session, actor: Acting, patient_id: int, now: datetime) -> bool:
    """Raises Restricted where the chart is closed to this person; else whether it is restricted. Of
    most charts it is clear at once that nobody restricted them, and no more is asked."""
    if not session.scalar(_MAY_BE_RESTRICTED, {"patient_id": patient_id}):
        return False
    keys = {name: getattr(actor, name) for name in ("user_id", "staff_id", "doctor_id")}
    asked = keys | {"patient_id": patient_id, "now": now}
    asked |= {f"broken_since_{minutes}": since for minutes, since in _lasting(now).items()}
    query = _is_closed(staff=actor.staff_id is not None, doctor=actor.doctor_id is not None)
    found = session.execute(query, asked).one()
    if found.closed:
        raise Restricted(_("This chart is restricted to the team that treats the patient."))
    return bool(found.restricted)


@cache
def _is_closed(*, staff: bool, doctor: bool) -> Select[bool, bool]:
    """Asks whether a chart is restricted, and closed to who has a key as staff, as a doctor; made
    once for each, since to put it together takes longer than to send it."""
    reader = _Reader(
        _number("user_id"),
        _number("staff_id") if staff else None,
        _number("doctor_id") if doctor else None,
        _moment("now"),
        tuple((minutes, _moment(f"broken_since_{minutes}")) for minutes in MINUTES),
    )
    restricted = exists().where(
        linked.same_person(ChartRestriction.patient_id, linked.WHOSE),
        ChartRestriction.state == "active",
    )
    return select(
        linked.WHOSE.in_(_closed_to(reader)).label("closed"), restricted.label("restricted")
    )


_MAY_BE_RESTRICTED = select(
    or_(
        exists().where(
            ChartRestriction.patient_id == linked.WHOSE, ChartRestriction.state == "active"
        ),
        exists().where(PatientLink.patient_id == linked.WHOSE),
        exists().where(PatientLink.other_id == linked.WHOSE),
    )
)
"""Whether this chart is restricted, or that of somebody who was merged with its patient may be."""


def _number(name: str) -> Any:
    return bindparam(name, type_=Integer())


def _moment(name: str) -> Any:
    return bindparam(name, type_=Instant())


def _lasting(now: datetime) -> dict[str, datetime]:
    """The minutes for which the glass is broken, each with the instant after which it was."""
    return {minutes: now - timedelta(minutes=int(minutes)) for minutes in MINUTES}


def treats(actor: Acting | _Reader, patient_id: Any, since: Any) -> ColumnElement[bool]:
    """Named, or a doctor with a record or a visit of the patient. A record begun once the chart was
    closed (`since`), or a visit that one booked for oneself then, opens nothing."""
    ways: list[ColumnElement[bool]] = [false()]
    if actor.staff_id is not None:
        ways.append(
            exists().where(CareTeam.patient_id == patient_id, CareTeam.staff_id == actor.staff_id)
        )
    if actor.doctor_id is not None:
        wrote = and_(
            MedicalRecord.patient_id == patient_id, MedicalRecord.doctor_id == actor.doctor_id
        )
        if since is not None:
            wrote = and_(wrote, _begun_before(since))
        ways.append(exists().where(wrote))
        visit = and_(
            Appointment.patient_id == patient_id,
            Appointment.doctor_id == actor.doctor_id,
            Appointment.status.in_(TREATED),
        )
        if since is not None:
            visit = and_(visit, ~_booked_by(actor, since))
        ways.append(exists().where(visit))
    return or_(*ways)


def _opens(reader: _Reader, patient_id: Any, since: Any) -> ColumnElement[bool]:
    return or_(treats(reader, patient_id, since), _broken(reader, patient_id))


def _begun_before(since: Any) -> ColumnElement[bool]:
    # of a row that was kept without the instant the day is all that is known
    return or_(
        MedicalRecord.started_at < since,
        and_(MedicalRecord.started_at.is_(None), MedicalRecord.visit_date < since),
    )


def _booked_by(actor: Acting | _Reader, since: Any) -> ColumnElement[bool]:
    return exists().where(
        AppointmentHistory.appointment_id == Appointment.appointment_id,
        AppointmentHistory.status_before.is_(None),
        AppointmentHistory.user_id == actor.user_id,
        AppointmentHistory.recorded >= since,
    )


def _broken(reader: _Reader, patient_id: Any) -> ColumnElement[bool]:
    lasting = [
        and_(GlassBreak.minutes == minutes, GlassBreak.at > since)
        for minutes, since in reader.broken_since
    ]
    return exists().where(
        GlassBreak.patient_id == patient_id,
        GlassBreak.user_id == reader.user_id,
        GlassBreak.at <= reader.now,
        or_(*lasting),
    )
