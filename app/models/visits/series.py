"""Recurring visits: a rule (RFC 5545 RRULE), and one ordinary appointment for each occurrence.

An occurrence keeps its time on the clock on the wall over a change of the clock. It lives its own
life: its status and notes never touch the others. The rows are the truth; the rule says what was
asked for when they were booked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone
from app.models.base.errors import ClinicError
from app.models.clinic.visit_type import VisitType
from app.models.visits import life
from app.models.visits.appointment import EXPECTED, Appointment
from app.models.visits.appointment_series import AppointmentSeries
from app.models.visits.recurrence import occurrences
from app.models.visits.series_steps import Outcome, try_each

SCOPES = ("one", "following", "all")
OPEN = ("proposed", *EXPECTED)
"""Occurrences that a change of the series still reaches; what has begun or ended stays."""


@dataclass(frozen=True)
class Change:
    """Where to: a new time on the wall for the occurrence spoken of, and what else is new."""

    start_wall: datetime
    doctor_id: int | None = None
    room_id: int | None = None
    minutes: int | None = None
    override_reason: str | None = None


def instant_of(wall: datetime) -> datetime:
    """The instant of a wall-clock time of the clinic; one that the clock skips is read with the
    offset before the change (RFC 5545, 3.3.5)."""
    return wall.replace(tzinfo=clinic_zone()).astimezone(UTC)


def wall_of(moment: datetime) -> datetime:
    """The instant as the clock in the clinic shows it, without a zone."""
    return moment.astimezone(clinic_zone()).replace(tzinfo=None)


def create(
    session: Session,
    actor: Acting,
    series: AppointmentSeries,
    now: datetime,
    *,
    skip: bool = False,
    reason: str | None = None,
    override_reason: str | None = None,
) -> Outcome:
    """Book every occurrence, or raise SeriesClash and keep nothing; `skip` leaves out those that
    cannot be had."""
    kind = session.get(VisitType, series.visit_type_id) if series.visit_type_id else None
    walls = _begin(session, series, kind, now)

    def one(wall: datetime) -> Appointment:
        return Appointment(
            patient_id=series.patient_id,
            doctor_id=series.doctor_id,
            room_id=series.room_id,
            visit_type_id=series.visit_type_id,
            minutes_duration=series.minutes,
            appointment_datetime=instant_of(wall),
            occurrence_wall=wall,
            series_id=series.series_id,
            status="booked",
            reason=reason,
            override_reason=override_reason,
        )

    steps = [(instant_of(wall), partial(one, wall)) for wall in walls]
    outcome = try_each(session, actor, steps, kind, now, skip)
    lost = {missed.start for missed in outcome.missed}
    series.exceptions = [wall.isoformat() for wall in walls if instant_of(wall) in lost]
    return outcome


def move(
    session: Session,
    actor: Acting,
    visit: Appointment,
    scope: str,
    change: Change,
    now: datetime,
    *,
    skip: bool = False,
) -> Outcome:
    """Move one occurrence, it and the later ones, or all that are open, by the same time on the
    clock; raises SeriesClash unless `skip` lets those stay that cannot be moved."""
    kind = session.get(VisitType, visit.visit_type_id) if visit.visit_type_id else None
    ahead = change.start_wall - wall_of(visit.appointment_datetime)
    visits = reached(session, visit, scope, now)
    if ahead > timedelta():  # else an occurrence would be moved onto one that moves after it
        visits.reverse()

    def moved(row: Appointment) -> Appointment:
        row.appointment_datetime = instant_of(wall_of(row.appointment_datetime) + ahead)
        row.doctor_id = change.doctor_id or row.doctor_id
        row.room_id = change.room_id or row.room_id
        row.minutes_duration = change.minutes or row.minutes_duration
        row.override_reason = change.override_reason
        return row

    steps = [
        (instant_of(wall_of(row.appointment_datetime) + ahead), partial(moved, row))
        for row in visits
    ]
    return try_each(session, actor, steps, kind, now, skip)


def cancel(
    session: Session,
    actor: Acting,
    visit: Appointment,
    scope: str,
    why: str | None,
    reason: str | None,
    now: datetime,
) -> Outcome:
    """Cancel one occurrence, it and the later ones, or all that are open."""
    visits = reached(session, visit, scope, now)
    if not visits:
        raise ClinicError(_("None of these visits is still to come."))
    for row in visits:
        row.cancellation_reason = why
        life.move_status(session, actor, row, "cancelled", now, reason)
    series = session.get_one(AppointmentSeries, visit.series_id)
    gone = {row.occurrence_wall.isoformat() for row in visits if row.occurrence_wall}
    series.exceptions = sorted({*series.exceptions, *gone})
    session.flush()
    return Outcome(visits)


def _begin(
    session: Session, series: AppointmentSeries, kind: VisitType | None, now: datetime
) -> list[datetime]:
    """Keep the series itself; answers the times on the wall that its rule means."""
    if vars(series).get("minutes") is None:  # the caller may leave it to the kind of visit
        series.minutes = kind.minutes if kind else 30
    walls = occurrences(series.rrule, series.start_wall, clinic_zone())
    if instant_of(walls[0]) < now:
        raise ClinicError(_("A series begins in the future."), field="start")
    series.created, series.exceptions = now, []
    session.add(series)
    session.flush()
    return walls


def reached(session: Session, visit: Appointment, scope: str, now: datetime) -> list[Appointment]:
    """The occurrences of which `scope` speaks, in order: this one as it is; of the others those
    that are open and still to come."""
    if scope not in SCOPES:
        raise ClinicError(
            _("Choose one of: %(choices)s.", choices=", ".join(SCOPES)), field="scope"
        )
    if scope == "one":
        return [visit]
    query = (
        select(Appointment)
        .where(
            Appointment.series_id == visit.series_id,
            Appointment.status.in_(OPEN),
            Appointment.appointment_datetime > now,
        )
        .order_by(Appointment.occurrence_wall)
    )
    if scope == "following":
        query = query.where(Appointment.occurrence_wall >= visit.occurrence_wall)
    return list(session.scalars(query))


def left_out(session: Session, series: AppointmentSeries) -> list[datetime]:
    """The times on the wall that the rule means and that have no visit, not even a cancelled one."""
    query = select(Appointment.occurrence_wall).where(Appointment.series_id == series.series_id)
    there = set(session.scalars(query))
    return [
        wall for told in series.exceptions if (wall := datetime.fromisoformat(told)) not in there
    ]
