"""Every figure beside the brute-force count of the same question."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.models import Condition, MedicationRequest
from app.models.analytics import access, coded, missed, people, times, use, visits
from app.models.analytics.scope import Asked, Names, Scope
from tests.analytics.brute import Count, utc

NARROWED: tuple[dict[str, int], ...] = ({}, {"doctor_id": 1}, {"visit_type_id": 2}, {"room_id": 1})


def differences(session: Session, zone: ZoneInfo, first: date, last: date) -> list[str]:
    """The names of the figures that are not what is counted by brute force."""
    count = Count(session, zone, first, last)
    pairs: dict[str, tuple[Any, Any]] = {}
    for wanted in NARROWED:
        scope = Scope(first, last, **wanted)
        pairs |= {
            f"{name} {wanted}": pair
            for name, pair in _visits(session, count, scope, wanted).items()
        }
    pairs |= _rest(session, zone, count, Scope(first, last))
    assert any(ours for ours, _ in pairs.values()), "nothing was counted"
    return [name for name, (ours, theirs) in pairs.items() if ours != theirs]


def _visits(
    session: Session, count: Count, scope: Scope, wanted: dict[str, int]
) -> dict[str, tuple[Any, Any]]:
    due = {
        (g.weekday, g.hour, g.lead, g.known): [g.seen, g.missed, g.late]
        for g in missed.due_visits(session, scope)
    }
    return {
        "by_day": (visits.by_day(session, scope), count.by_day(**wanted)),
        "by_kind": (visits.by_kind(session, scope), count.by_kind(**wanted)),
        "due": (due, count.due(**wanted)),
        "waits": (times.waits(session, scope), count.waits(**wanted)),
        "lengths": (times.lengths(session, scope), count.lengths(**wanted)),
        "new_patients": (access.new_patients(session, scope), count.new_patients(**wanted)),
        "seen": (people.seen(session, scope), count.seen(**wanted)),
    }


def _rest(
    session: Session, zone: ZoneInfo, count: Count, scope: Scope
) -> dict[str, tuple[Any, Any]]:
    asked = Asked(session, scope, Names(), zone, utc(2026, 1, 1))
    notes = {
        key: (n.notes, n.unsigned, n.timed, n.in_time)
        for key, n in people.notes(session, scope).items()
    }
    return {
        "use of doctors": (use.doctors(session, scope), count.use_of_doctors()),
        "use of shifts": (use.shifts(session, scope), count.use_of_shifts()),
        "use of rooms": (use.rooms(session, scope), count.use_of_rooms()),
        "notes": (notes, count.notes()),
        "handled": (people.handled(session, *people.instants(asked)), count.handled()),
        "diagnoses": (_codes(coded.diagnoses(session, scope)), count.coded(Condition, "recorded")),
        "drugs": (_codes(coded.drugs(session, scope)), count.coded(MedicationRequest, "authored")),
        "drugs of a doctor": (
            _codes(coded.drugs(session, Scope(scope.first, scope.last, doctor_id=1))),
            count.coded(MedicationRequest, "authored", 1),
        ),
    }


def _codes(found: list[coded.Coded]) -> dict[str, list[int]]:
    return {row.code: [row.patients, row.before] for row in found}
