"""Visits and shifts as the calendar's script reads them: an array each, for they come by the thousand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from app.spelling import days_spelled
from app.views.generated.values import encode

ONE_DAY = timedelta(days=1)
KEYS = (
    "id", "version", "start", "end", "at", "minutes", "status", "arrived_at", "patient_id",
    "patient", "dob", "phone", "doctor_id", "doctor", "room_id", "room", "type_id", "type",
    "colour", "may_change", "series_id",
)  # fmt: skip


def of_visits(rows: Iterable[Any], hidden: frozenset[str], zone: ZoneInfo) -> list[list[Any]]:
    """Rows of `agenda.visits`, each in the order of `KEYS`; wall-clock times are those of `zone`,
    what is `hidden` is None."""
    times, born = _spelling(zone), days_spelled("d MMM y")
    told = [
        [
            key, version, *times(start, minutes), minutes, status,
            arrived_at and encode(arrived_at), patient_id, patient, dob and born(dob), phone,
            doctor_id, doctor, room_id, room, type_id, kind, colour, bool(editable), series_id,
        ]
        for (
            key, version, start, minutes, status, arrived_at, patient_id, doctor_id,
            room_id, type_id, series_id, patient, dob, phone, doctor, room, kind, colour, editable,
        ) in rows
    ]  # fmt: skip
    for place in (KEYS.index(key) for key in hidden):
        for visit in told:
            visit[place] = None
    return told


def of_shifts(rows: Iterable[Any], zone: ZoneInfo) -> list[tuple[int, str, str]]:
    """Rows of `agenda.duty`: doctor, first and last wall-clock time."""
    return [(key, _wall(since, zone), _wall(until, zone)) for key, since, until in rows]


def _spelling(zone: ZoneInfo) -> Callable[[datetime, int], tuple[str, str, str]]:
    """What spells the beginning of a visit, in UTC without a zone, and its minutes: beginning and end
    on the wall, and the beginning in UTC. The visits of many doctors begin and end at the same few
    moments, each of which is spelled once."""
    length = cache(lambda minutes: timedelta(minutes=minutes))
    at = cache(lambda utc: f"{utc.isoformat()}Z")  # as `encode`

    @cache
    def ahead(day: date) -> timedelta | None:
        """How far the wall is ahead of UTC on a day of UTC; None where the clock is changed in it."""
        midnight = datetime.combine(day, time(), UTC)
        first, last = ((midnight + n * ONE_DAY).astimezone(zone).utcoffset() for n in range(2))
        return first if first == last else None

    @cache
    def wall(utc: datetime) -> str:
        since_utc = ahead(utc.date())
        if since_utc is None:
            return _wall(utc.replace(tzinfo=UTC), zone)
        return (utc + since_utc).isoformat()[:16]

    def times(start: datetime, minutes: int) -> tuple[str, str, str]:
        begins, ends = wall(start), wall(start + length(minutes))
        if ends <= begins:  # the clock is set back while the visit lasts
            ends = (datetime.fromisoformat(begins) + length(minutes)).isoformat(timespec="minutes")
        return begins, ends, at(start)

    return times


def _wall(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()[:16]  # without seconds and offset
