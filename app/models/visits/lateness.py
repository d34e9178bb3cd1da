"""By how much a doctor runs late, from real times: arrivals, and how long visits lasted today.

A plain forecast: the visit in the room lasts as long as planned times the doctor's pace of the day,
then the next go in, in the order of their planned times. Instants are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.visits.appointment import EXPECTED, SEEN, WAITING
from app.models.visits.history import AppointmentHistory

OVERDUE = timedelta(minutes=15)
"""Who has not come by then holds up nobody."""

FORGOTTEN = timedelta(hours=4)
"""Who has been here for longer than that went home without a click, and holds up nobody."""

ENOUGH = 3
"""From how many ended visits of the day a pace is read."""

PACE = (0.5, 2.0)


@dataclass(frozen=True)
class Times:
    """When a visit really began and ended, as far as it was clicked on."""

    began: datetime | None = None
    ended: datetime | None = None


@dataclass
class Forecast:
    """Of one doctor: minutes late now, and when each visit that is not begun goes in."""

    minutes: int = 0
    goes_in: dict[int, datetime] = field(default_factory=dict)


def times_of(session: Session, rows: Iterable[Any]) -> dict[int, Times]:
    """The real times of those visits that began, in one statement; none where none did."""
    begun = [row.appointment_id for row in rows if row.status in SEEN]
    if not begun:
        return {}
    moved = AppointmentHistory.status_after
    query = (
        select(AppointmentHistory.appointment_id, moved, func.max(AppointmentHistory.recorded))
        .where(AppointmentHistory.appointment_id.in_(begun))
        .where(moved.in_(SEEN))
        .group_by(AppointmentHistory.appointment_id, moved)
    )
    found: dict[int, dict[str, datetime]] = {}
    for key, status, moment in session.execute(query):
        found.setdefault(key, {})[status] = moment
    return {
        key: Times(moments.get("in-room"), moments.get("fulfilled"))
        for key, moments in found.items()
    }


def forecasts(
    rows: Sequence[Any], times: Mapping[int, Times], now: datetime
) -> dict[int, Forecast]:
    """For each doctor who has a visit today."""
    doctors: dict[int, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row.appointment_datetime):
        doctors.setdefault(row.doctor_id, []).append(row)
    return {key: _forecast(mine, times, now) for key, mine in doctors.items()}


def pace_of(rows: Iterable[Any], times: Mapping[int, Times]) -> float:
    """How long visits lasted today, as a share of what was planned; 1 where little is known."""
    known = [(row.minutes_duration, times.get(row.appointment_id, Times())) for row in rows]
    ended = [(planned, t.ended - t.began) for planned, t in known if t.began and t.ended]
    if len(ended) < ENOUGH:
        return 1.0
    lasted = sum(span.total_seconds() / 60 for _, span in ended)
    share: float = lasted / sum(planned for planned, _ in ended)
    return min(max(share, PACE[0]), PACE[1])


def _forecast(rows: list[Any], times: Mapping[int, Times], now: datetime) -> Forecast:
    pace, found, late = pace_of(rows, times), Forecast(), None
    rows = [row for row in rows if not _is_forgotten(row, times, now)]
    free = max([now, *(_ends(row, times, pace) for row in rows if row.status == "in-room")])
    for row in rows:
        if not _comes(row, now):
            continue
        begins = max(free, row.appointment_datetime)
        found.goes_in[row.appointment_id] = begins
        if late is None or (row.status in WAITING and late[0] not in WAITING):
            due = max(row.appointment_datetime, row.arrived_at or row.appointment_datetime)
            late = row.status, begins - due
        free = begins + _length(row, pace)
    if late is not None:
        found.minutes = max(0, int(late[1].total_seconds() // 60))
    return found


def _is_forgotten(row: Any, times: Mapping[int, Times], now: datetime) -> bool:
    since: datetime = row.arrived_at or row.appointment_datetime
    if row.status == "in-room":
        since = times.get(row.appointment_id, Times()).began or since
    return row.status not in EXPECTED and since + FORGOTTEN <= now


def _comes(row: Any, now: datetime) -> bool:
    expected = row.status in EXPECTED and row.appointment_datetime + OVERDUE > now
    return row.status in WAITING or expected


def _ends(row: Any, times: Mapping[int, Times], pace: float) -> datetime:
    planned: datetime = row.appointment_datetime
    began = times.get(row.appointment_id, Times()).began
    return (began or max(planned, row.arrived_at or planned)) + _length(row, pace)


def _length(row: Any, pace: float) -> timedelta:
    return timedelta(minutes=round(row.minutes_duration * pace))
