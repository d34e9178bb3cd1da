"""Appointments by what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.analytics.figure import Column, Figure, Total, Value, course
from app.models.analytics.scope import Asked, Scope
from app.models.analytics.tables import VisitFact
from app.models.visits.appointment import HERE, NOT_BEGUN

GROUPS = (
    (_l("Seen"), ("fulfilled",)),
    (_l("Here now"), HERE),
    (_l("Still booked"), NOT_BEGUN),
    (_l("Cancelled"), ("cancelled",)),
    (_l("Missed"), ("noshow",)),
)
BETTER = (1, None, None, -1, -1)
"""The groups that head the figure, and whether more or less of them is better."""

MEANING = _l(
    "Visits that begin in the period, by their status now; those entered in error are "
    "left out. Seen are fulfilled, here now arrived to in room, still booked proposed to "
    "booked or on the waitlist."
)
KIND_MEANING = _l("Visits that begin in the period, by visit type; cancelled ones are left out.")

DayCounts = Counter[tuple[date, str, bool]]


def by_day(session: Session, scope: Scope) -> DayCounts:
    """How many visits by day, status, and whether they were cancelled late; both periods."""
    query = (
        select(VisitFact.day, VisitFact.status, VisitFact.late, func.count().label("visits"))
        .where(*scope.visits())
        .group_by(VisitFact.day, VisitFact.status, VisitFact.late)
    )
    rows: Any = session.connection().execute(query)  # thousands: plain rows, without the ORM
    return Counter({(day, status, late): visits for day, status, late, visits in rows})


def by_kind(session: Session, scope: Scope) -> Counter[tuple[int, int | None]]:
    """How many visits that were not cancelled, by period (1 is the asked one) and visit type."""
    parts = [
        select(literal(now), VisitFact.visit_type_id, func.count())
        .where(*scope.visits(), days, VisitFact.status != "cancelled")
        .group_by(VisitFact.visit_type_id)
        for now, days in scope.eras(VisitFact.day)
    ]
    rows: Any = session.execute(union_all(*parts))
    return Counter({(now, key): visits for now, key, visits in rows})


def figures(asked: Asked) -> list[Figure]:
    """The visits of the period by what became of them, and by visit type."""
    counts = asked.once(by_day, asked.scope)
    return [_status(asked, counts), _kinds(asked)]


def _status(asked: Asked, counts: DayCounts) -> Figure:
    scope = asked.scope
    rows = course(
        scope, ((day, (status, n)) for (day, status, late), n in counts.items()), _grouped
    )
    totals = {now: Counter[str]() for now in (True, False)}
    for (day, status, _late), visits in counts.items():
        totals[scope.is_now(day)][status] += visits
    eras = zip(*(_grouped(totals[era].items()) for era in (True, False)), strict=True)
    whole = Total(_("All visits"), totals[True].total(), totals[False].total(), better=1)
    named = [
        Total(name, now, before, better=better)
        for (name, *_rest), better, (now, before) in zip(GROUPS, BETTER, eras, strict=True)
        if better is not None
    ]
    return Figure(
        "visits-by-status", _("Appointments by status"), MEANING, "stacked", _("From"),
        [Column(name) for name, *_rest in GROUPS], rows, [whole, *named],
        empty=_("No visit in this period. Choose a longer one, or fewer filters."),
    )  # fmt: skip


def _grouped(found: Iterable[tuple[str, int]]) -> list[Value]:
    pairs = list(found)
    return [sum(n for status, n in pairs if status in group) for _name, group in GROUPS]


def _kinds(asked: Asked) -> Figure:
    counts = asked.once(by_kind, asked.scope)
    keys = [*asked.names.types, None]
    there = [key for key in keys if counts[1, key] or counts[0, key]]
    rows: list[tuple[str, list[Value]]] = [
        (asked.names.types[key] if key else _("No type"), [counts[1, key], counts[0, key]])
        for key in sorted(there, key=lambda key: -counts[1, key])
    ]
    return Figure(
        "visits-by-type", _("Appointments by visit type"), KIND_MEANING, "bars", _("Visit type"),
        [Column(_("Visits")), Column(_("Period before"))], rows,
    )  # fmt: skip
