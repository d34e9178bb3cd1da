"""How soon one can be seen, and who is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.analytics.figure import Column, Figure, Total, Value, course
from app.models.analytics.scope import Asked, Scope
from app.models.analytics.tables import AccessFact, VisitFact
from app.models.base.clock import clinic_zone, holidays_between, midnight
from app.models.base.intervals import Interval
from app.models.people.staff import Doctor, Staff
from app.models.visits import availability, situations
from app.models.visits.availability import Wish

AHEAD = timedelta(days=60)
THIRD = 3
USUAL = Wish(minutes=30, grid=15)
"""What is looked for: half an hour, with any room."""

ACCESS_MEANING = _l(
    "Whole days from the measurement to the third free half-hour of a doctor, measured "
    "once a day in the morning; the mean of the doctors, and of each the latest. The "
    "third, because the first two are often cancellations of the moment."
)
NEW_MEANING = _l("Patients whose first visit that took place lies in the period, by its day.")


def third_next(session: Session, scope: Scope) -> dict[tuple[date, int], int | None]:
    """Days to the third next free time by day of measurement and doctor; both periods."""
    query = select(AccessFact.day, AccessFact.doctor_id, AccessFact.days).where(
        scope.both(AccessFact.day)
    )
    if scope.doctor_id is not None:
        query = query.where(AccessFact.doctor_id == scope.doctor_id)
    return {(r.day, r.doctor_id): r.days for r in session.execute(query)}


def new_patients(session: Session, scope: Scope) -> Counter[date]:
    """How many patients had their first visit on each day; both periods."""
    query = (
        select(VisitFact.day, func.count(VisitFact.patient_id.distinct()).label("patients"))
        .where(*scope.visits(), VisitFact.first)
        .group_by(VisitFact.day)
    )
    return Counter({r.day: r.patients for r in session.execute(query)})


def measure(session: Session, now: datetime) -> int:
    """The job: once a day, how far ahead the third free time of every active doctor lies. Answers
    how many doctors were measured."""
    zone = clinic_zone()
    today = now.astimezone(zone).date()
    if session.scalar(select(AccessFact.day).where(AccessFact.day == today).limit(1)):
        return 0
    query = select(Doctor.doctor_id).join(Staff, Staff.staff_id == Doctor.staff_id)
    doctors = list(session.scalars(query.where(Staff.active).order_by(Doctor.doctor_id)))
    found = days_to_third(session, doctors, now, zone)
    session.add_all(AccessFact(doctor_id=key, day=today, days=days) for key, days in found.items())
    session.flush()
    return len(found)


def days_to_third(
    session: Session, doctors: list[int], now: datetime, zone: ZoneInfo
) -> dict[int, int | None]:
    """By doctor, the days from today's date to that of the third free half-hour that does not
    overlap the ones before it; None where there is none within `AHEAD`."""
    today = now.astimezone(zone).date()
    until = midnight(today + AHEAD, zone)
    window = Interval(now, until)
    closed = holidays_between(today, until.astimezone(zone).date())
    situation = situations.load(session, doctors, window, zone, closed, now)
    return {key: _third(situation, key, now, zone, today) for key in doctors}


def _third(
    situation: availability.Situation, doctor_id: int, now: datetime, zone: ZoneInfo, today: date
) -> int | None:
    last, found = now, 0
    for slot in situation.free(doctor_id, USUAL, now):
        if slot.start >= last:
            last, found = slot.end, found + 1
            if found == THIRD:
                return (slot.start.astimezone(zone).date() - today).days
    return None


def figures(asked: Asked) -> list[Figure]:
    """How soon a time can be had, by week and by doctor, and how many patients were new."""
    found = asked.once(third_next, asked.scope)
    return [_course(asked, found), _doctors(asked, found), _new(asked)]


def _course(asked: Asked, found: dict[tuple[date, int], int | None]) -> Figure:
    scope = asked.scope
    rows = course(scope, ((day, days) for (day, _), days in found.items()), _mean)
    now, before = (
        _mean(days for (day, _), days in found.items() if scope.is_now(day) is era)
        for era in (True, False)
    )
    totals = [Total(_("Days to third next free time"), now[0], before[0], "d", -1)]
    return Figure(
        "third-next-available", _("Time to the third next free appointment"), ACCESS_MEANING, "lines",
        _("From"), [Column(_("Mean of the doctors"), "d")], rows, totals,
        empty=_("Not measured yet. It is measured once a day from now on."),
    )  # fmt: skip


def _mean(found: Iterable[int | None]) -> list[Value]:
    known = [days for days in found if days is not None]
    return [round(sum(known) / len(known), 1) if known else None]


def _doctors(asked: Asked, found: dict[tuple[date, int], int | None]) -> Figure:
    latest = {key: days for (day, key), days in sorted(found.items()) if asked.scope.is_now(day)}
    rows: list[tuple[str, list[Value]]] = [
        (asked.names.doctors[key], [latest[key]]) for key in asked.names.doctors if key in latest
    ]
    return Figure(
        "third-next-by-doctor", _("Third next free appointment by doctor"), ACCESS_MEANING, "bars", _("Doctor"),
        [Column(_("Days"), "d")], sorted(rows, key=lambda row: float(row[1][0] or 0)),
        note=_("A doctor without a number had no free time within 60 days."),
        empty=_("Not measured yet. It is measured once a day from now on."),
    )  # fmt: skip


def _new(asked: Asked) -> Figure:
    counts, scope = asked.once(new_patients, asked.scope), asked.scope
    rows = course(scope, counts.items(), lambda found: [sum(found)])
    now, before = (
        sum(n for day, n in counts.items() if scope.is_now(day) is era) for era in (True, False)
    )
    return Figure(
        "new-patients", _("New patients"), NEW_MEANING, "columns", _("From"), [Column(_("New patients"))], rows,
        [Total(_("New patients"), now, before, better=1)],
    )  # fmt: skip
