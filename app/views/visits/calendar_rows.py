"""Visits and shifts as the calendar's script reads them: an array each, for they come by the thousand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from app.spelling import days_spelled
from app.views.generated.values import encode

KEYS = (
    "id", "version", "start", "end", "at", "minutes", "status", "arrived_at", "patient_id",
    "patient", "dob", "phone", "doctor_id", "doctor", "room_id", "room", "type_id", "type",
    "colour", "may_change", "series_id",
)  # fmt: skip


def of_visits(rows: Iterable[Any], hidden: frozenset[str], zone: ZoneInfo) -> list[list[Any]]:
    """Rows of `agenda.visits`, each in the order of `KEYS`; wall-clock times are those of `zone`,
    what is `hidden` is None."""
    times = cache(partial(_times, zone))
    born = days_spelled("d MMM y")
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


def _times(zone: ZoneInfo, start: datetime, minutes: int) -> tuple[str, str, str]:
    """Beginning and end on the wall, and the beginning in UTC."""
    begins, ends = _wall(start, zone), _wall(start + timedelta(minutes=minutes), zone)
    if ends <= begins:  # the clock is set back while the visit lasts
        wall = datetime.fromisoformat(begins) + timedelta(minutes=minutes)
        ends = wall.isoformat(timespec="minutes")
    # as `encode`, of what is in UTC already: it comes by the hundred
    return begins, ends, start.isoformat().removesuffix("+00:00") + "Z"


def _wall(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()[:16]  # without seconds and offset
