"""Visits that were missed, or cancelled too late for anyone else to have the time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.language import _, _l, _p
from app.models.analytics.figure import Column, Figure, Total, Value, at_least_five, course, percent
from app.models.analytics.scope import Asked, Scope
from app.models.analytics.tables import VisitFact
from app.models.analytics.visits import by_day
from app.models.clinic.opening import WEEKDAYS

LEADS = (
    _l("Same day"),
    _l("1–6 days"),
    _l("1 week"),
    _l("2–3 weeks"),
    _l("4 weeks or more"),
    _l("Not known"),
)
UNTIL = (0, 6, 13, 27)

DUE = _l(
    "Of the visits that were due (seen, not come, or cancelled less than 24 hours before "
    "by or for the patient)"
)
MEANING = _l(
    "%(due)s, the share that nobody came to, and the share that was cancelled late.", due=DUE
)
WEEKDAY_MEANING = _l("%(due)s, the shares by the weekday of the visit.", due=DUE)
HOUR_MEANING = _l(
    "%(due)s, the shares by the hour in which the visit begins, clinic time.", due=DUE
)
LEAD_MEANING = _l("%(due)s, the shares by the whole days between booking and visit.", due=DUE)
KNOWN_MEANING = _l(
    "%(due)s, the shares of patients who had been seen here before, and of those who had not.",
    due=DUE,
)

WAS_DUE = VisitFact.status.in_(("fulfilled", "noshow")) | VisitFact.late
BECAME = (
    func.sum(case((VisitFact.status == "fulfilled", 1), else_=0)).label("seen"),
    func.sum(case((VisitFact.status == "noshow", 1), else_=0)).label("missed"),
    func.sum(case((VisitFact.late, 1), else_=0)).label("late"),
)
"""How many of the visits that were due went which way."""


@dataclass(frozen=True)
class Group:
    """The due visits of one weekday, hour, lead time (a place in `LEADS`) and familiarity."""

    weekday: int
    hour: int
    lead: int
    known: bool
    seen: int
    missed: int
    late: int


def due_visits(session: Session, scope: Scope) -> list[Group]:
    """The visits of the period that were due, by all four breakdowns at once."""
    known_lead = zip(UNTIL, range(len(UNTIL)), strict=True)
    steps = [(VisitFact.lead_days <= until, place) for until, place in known_lead]
    lead = case((VisitFact.lead_days.is_(None), 5), *steps, else_=4).label("lead")
    keys = (VisitFact.weekday, VisitFact.hour, lead, VisitFact.known)
    query = (
        select(
            *keys,
            *BECAME,
        )
        .where(*scope.visits(), VisitFact.day >= scope.first)
        .where(WAS_DUE)
        .group_by(*keys)
    )
    return [Group(*row) for row in session.execute(query)]


def figures(asked: Asked) -> list[Figure]:
    """The course of missed and late cancelled visits, and their shares by four breakdowns."""
    groups = asked.once(due_visits, asked.scope)
    seen = [_p("patients", "New"), _p("patients", "Known")]
    return [
        _course(asked),
        _broken("missed-by-weekday", _("Missed by weekday"), WEEKDAY_MEANING, _("Weekday"),
                ((_(WEEKDAYS[g.weekday]), g) for g in groups), [_(day) for day in WEEKDAYS]),
        _broken("missed-by-hour", _("Missed by hour"), HOUR_MEANING, _("Hour"),
                ((f"{g.hour:02}:00", g) for g in groups), [f"{h:02}:00" for h in range(24)]),
        _broken("missed-by-lead-time", _("Missed by lead time"), LEAD_MEANING, _("Booked before"),
                ((str(LEADS[g.lead]), g) for g in groups), list(map(str, LEADS))),
        _broken("missed-by-patient", _("Missed by new and known patients"), KNOWN_MEANING, _("Patient"),
                ((seen[g.known], g) for g in groups), seen),
    ]  # fmt: skip


def _course(asked: Asked) -> Figure:
    scope, counts = asked.scope, asked.once(by_day, asked.scope)
    rows = course(scope, ((day, (s, late, n)) for (day, s, late), n in counts.items()), _rates)
    now, before = (
        _rates((s, late, n) for (day, s, late), n in counts.items() if scope.is_now(day) is era)
        for era in (True, False)
    )
    totals = [
        Total(_("Missed"), now[0], before[0], "%", -1),
        Total(_("Cancelled late"), now[1], before[1], "%", -1),
        Total(_("Visits due"), now[2], before[2], better=1),
    ]
    return Figure(
        "missed-visits", _("Missed and cancelled late"), MEANING, "lines", _("From"), _columns(), rows, totals,
        empty=_("No visit was due in this period."),
    )  # fmt: skip


def _rates(found: Iterable[tuple[str, bool, int]]) -> list[Value]:
    sums: Counter[str] = Counter()
    for status, late, visits in found:
        sums["late" if late else status] += visits
    return _shares(sums["fulfilled"], sums["noshow"], sums["late"])


def _shares(seen: int, missed: int, late: int) -> list[Value]:
    due = seen + missed + late
    return [percent(missed, due), percent(late, due), at_least_five(due)]


def _columns() -> list[Column]:
    return [
        Column(_("Missed"), "%"),
        Column(_("Cancelled late"), "%"),
        Column(_("Visits due"), drawn=False),
    ]


def _broken(
    key: str, title: str, meaning: str, label: str, found: Iterable[tuple[str, Group]], order: list[str]
) -> Figure:  # fmt: skip
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for name, group in found:
        parts: tuple[Any, ...] = (group.seen, group.missed, group.late)
        sums[name] = [a + b for a, b in zip(sums[name], parts, strict=True)]
    rows = [(name, _shares(*sums[name])) for name in order if name in sums]
    return Figure(key, title, meaning, "columns", label, _columns(), rows)
