"""What doctors and staff get done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, extract, func, select
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.analytics.figure import Column, Figure, Total, Value, share
from app.models.analytics.scope import Asked, Scope
from app.models.analytics.tables import VisitFact
from app.models.base.clock import midnight
from app.models.people.staff import Staff
from app.models.record.medical_record import MedicalRecord
from app.models.visits.appointment import WAITING
from app.models.visits.history import AppointmentHistory

DAY = 24 * 60 * 60

VISITS_MEANING = _l(
    "Visits seen (fulfilled) in the period, and the hours that were planned for them."
)
NOTES_MEANING = _l(
    "Notes of visits in the period: how many, the share of the signed ones that were "
    "signed within 24 hours of the visit’s end (of those whose times are known), and how "
    "many are still unsigned."
)
STAFF_MEANING = _l(
    "What each member of staff did with appointments in the period: booked them, checked "
    "patients in (arrived or checked in), moved them into a room."
)


@dataclass(frozen=True)
class Notes:
    """Notes of one doctor: all, unsigned, signed with known times, of these within 24 hours."""

    notes: int = 0
    unsigned: int = 0
    timed: int = 0
    in_time: int = 0

    def __add__(self, other: Notes) -> Notes:
        return Notes(
            self.notes + other.notes,
            self.unsigned + other.unsigned,
            self.timed + other.timed,
            self.in_time + other.in_time,
        )


def seen(session: Session, scope: Scope) -> dict[tuple[int, int], tuple[int, int]]:
    """Visits that took place and their planned minutes, by period (1 is the asked one) and
    doctor."""
    now = scope.in_now(VisitFact.day)
    query = (
        select(
            now,
            VisitFact.doctor_id,
            func.count().label("visits"),
            func.sum(VisitFact.planned).label("planned"),
        )
        .where(*scope.visits(), VisitFact.status == "fulfilled")
        .group_by(now, VisitFact.doctor_id)
    )
    return {(r.now, r.doctor_id): (r.visits, int(r.planned)) for r in session.execute(query)}


def notes(session: Session, scope: Scope) -> dict[tuple[int, int], Notes]:
    """By period (1 is the asked one) and doctor; from an index that holds no text."""
    record = MedicalRecord
    now = scope.in_now(record.visit_date)
    timed = record.signed_at.is_not(None) & record.ended_at.is_not(None)
    seconds = extract("epoch", record.signed_at) - extract("epoch", record.ended_at)
    query = (
        select(
            now,
            record.doctor_id,
            func.count().label("notes"),
            func.sum(case((record.status == "draft", 1), else_=0)).label("unsigned"),
            func.sum(case((timed, 1), else_=0)).label("timed"),
            func.sum(case((timed & (seconds <= DAY), 1), else_=0)).label("in_time"),
        )
        .where(scope.both(record.visit_date))
        .group_by(now, record.doctor_id)
    )
    if scope.doctor_id is not None:
        query = query.where(record.doctor_id == scope.doctor_id)
    rows = session.execute(query)
    return {(r.now, r.doctor_id): Notes(r.notes, r.unsigned, r.timed, r.in_time) for r in rows}


def handled(session: Session, start: datetime, end: datetime) -> dict[str, tuple[int, int, int]]:
    """By name of the member of staff: visits booked, checked in, moved into a room; half-open."""
    past = AppointmentHistory

    def count(condition: object) -> object:
        return func.sum(case((condition, 1), else_=0))  # type: ignore[arg-type]

    query = (
        select(
            Staff.name,
            count(past.status_before.is_(None)),
            count(past.status_after.in_(WAITING)),
            count(past.status_after == "in-room"),
        )  # type: ignore[call-overload]
        .join(Staff, Staff.user_id == past.user_id)
        .where(past.recorded >= start, past.recorded < end)
        .group_by(Staff.staff_id, Staff.name)
        .order_by(Staff.name)
    )
    return {name: (a, b, c) for name, a, b, c in session.execute(query)}


def figures(asked: Asked) -> list[Figure]:
    """Visits and notes of each doctor; the work of each member of staff for who sees all doctors."""
    found = [_visits(asked), _notes(asked)]
    return [*found, _staff(asked)] if asked.all_doctors else found


def _visits(asked: Asked) -> Figure:
    found = asked.once(seen, asked.scope)
    rows: list[tuple[str, list[Value]]] = []
    for key in asked.shown(key for era, key in found):
        visits, planned = found.get((1, key), (0, 0))
        before = found.get((0, key), (0, 0))[0]
        rows.append((asked.names.doctors[key], [visits, before, round(planned / 60)]))
    now, earlier = (sum(n for (era, _), (n, _) in found.items() if era == e) for e in (1, 0))
    columns = [
        Column(_("Visits seen")),
        Column(_("Period before")),
        Column(_("Planned"), "h", drawn=False),
    ]
    return Figure(
        "visits-by-doctor", _("Visits by doctor"), VISITS_MEANING, "bars", _("Doctor"), columns,
        sorted(rows, key=lambda row: -float(row[1][0] or 0)),
        [Total(_("Visits seen"), now, earlier, better=1)],
    )  # fmt: skip


def _notes(asked: Asked) -> Figure:
    found = asked.once(notes, asked.scope)
    rows: list[tuple[str, list[Value]]] = []
    for key in asked.shown(key for era, key in found if era):
        n = found[1, key]
        rows.append((asked.names.doctors[key], [share(n.in_time, n.timed), n.notes, n.unsigned]))
    now, before = (
        sum((n for (era, _), n in found.items() if era == e), start=Notes()) for e in (1, 0)
    )
    totals = [
        Total(
            _("Signed in 24 h"),
            share(now.in_time, now.timed),
            share(before.in_time, before.timed),
            "%",
            1,
        ),
        Total(_("Unsigned notes"), now.unsigned, before.unsigned, better=-1),
    ]
    columns = [
        Column(_("Signed in 24 h"), "%"), Column(_("Notes"), drawn=False), Column(_("Unsigned"), drawn=False),
    ]  # fmt: skip
    return Figure(
        "notes-by-doctor", _("Notes signed in time"), NOTES_MEANING, "bars", _("Doctor"), columns, rows, totals,
        empty=_("No note of a visit in this period."),
    )  # fmt: skip


def _staff(asked: Asked) -> Figure:
    start, end = instants(asked)
    found = asked.once(handled, start, end)
    rows: list[tuple[str, list[Value]]] = [(name, list(counts)) for name, counts in found.items()]
    columns = [Column(_("Booked")), Column(_("Checked in")), Column(_("Moved into a room"))]
    return Figure(
        "work-by-staff", _("Appointments handled by staff"), STAFF_MEANING, "bars", _("Member of staff"),
        columns, rows, empty=_("Nobody with a login worked on an appointment in this period."),
    )  # fmt: skip


def instants(asked: Asked) -> tuple[datetime, datetime]:
    """The period as instants, half-open, in the clinic's days."""
    first, last = asked.scope.first, asked.scope.last
    return midnight(first, asked.zone), midnight(last + timedelta(days=1), asked.zone)
