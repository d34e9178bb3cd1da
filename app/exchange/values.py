"""Times and visits as both formats write them; what cannot be meant raises Broken."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta

from app.exchange.batch import Broken, Row
from app.models.base.types import FhirDateTime

LENGTH_UNKNOWN = timedelta(minutes=30)
LONGEST_VISIT = timedelta(days=366 * 100)
YEARS = range(1800, 2201)
"""In which the database takes a visit."""

ENCOUNTER_STATUSES = {
    "planned": "noshow",
    "arrived": "fulfilled",
    "triaged": "fulfilled",
    "in-progress": "fulfilled",
    "onleave": "fulfilled",
    "finished": "fulfilled",
    "cancelled": "cancelled",
    "entered-in-error": "entered-in-error",
    "unknown": "fulfilled",
}
"""FHIR R4 Encounter.status → the status of a past appointment. None of them holds a doctor or
a room, so that no booking rule can refuse history."""


def day(text: str | None, where: str) -> date:
    """A whole date; `where` names the field in the sentence."""
    try:
        return datetime.strptime(text or "", "%Y-%m-%d").date()
    except ValueError:
        raise Broken(_complaint(where, text, "is not a whole date")) from None


def moment(text: str | None, where: str) -> str | None:
    """A FHIR dateTime in its one spelling, precision kept."""
    if text is None:
        return None
    try:
        return FhirDateTime.normal(text)
    except (ValueError, KeyError, OverflowError):
        raise Broken(_complaint(where, text, "is not a FHIR date or time")) from None


def instant(text: str | None, where: str) -> datetime:
    """An aware instant, UTC; a bare date stands for its midnight in UTC."""
    return _written(text, where)[0]


def visit_times(start: str | None, end: str | None, where: str) -> Row:
    """The columns that say when a visit was; its date is the one on the clock of the place."""
    started_at, visit_date = _written(start, f"{where} start")
    ended_at = instant(end, f"{where} end") if end else None
    length = (ended_at or started_at + LENGTH_UNKNOWN) - started_at
    if length > LONGEST_VISIT:
        raise Broken(f"{where} lasts longer than a hundred years.")
    if visit_date.year not in YEARS:
        raise Broken(_complaint(f"{where} start", start, "lies before 1800 or after 2200"))
    return {
        "appointment_datetime": started_at,
        "minutes_duration": max(1, math.ceil(length / timedelta(minutes=1))),
        "started_at": started_at,
        "ended_at": ended_at,
        "visit_date": visit_date,
    }


def visit_status(status: str | None, started_at: datetime, now: datetime, where: str) -> Row:
    """The columns that say what became of a visit; one still to come holds no time."""
    if status not in ENCOUNTER_STATUSES:
        raise Broken(_complaint(f"{where} status", status, "FHIR R4 does not know"))
    to_come = status == "planned" and started_at > now
    return {
        "encounter_status": status,
        "appointment_status": "proposed" if to_come else ENCOUNTER_STATUSES[status],
    }


def _written(text: str | None, where: str) -> tuple[datetime, date]:
    try:
        written = datetime.fromisoformat(text or "")
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text or ""):
            written = written.replace(tzinfo=UTC)
        if written.tzinfo is None:
            raise Broken(_complaint(where, text, "has no time zone"))
        return written.astimezone(UTC), written.date()
    except (ValueError, OverflowError):
        raise Broken(_complaint(where, text, "is not a time")) from None


def _complaint(where: str, text: str | None, fault: str) -> str:
    return f"{where} is {text[:40]!r}, which {fault}." if text else f"{where} is missing."
