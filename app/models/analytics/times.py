"""How long patients wait, and how long visits take."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.analytics.figure import SMALLEST, Column, Figure, Total, Value, course, percentile
from app.models.analytics.scope import Asked, Scope
from app.models.analytics.tables import VisitFact

WAIT_MEANING = _l(
    "Whole minutes from the patient’s arrival to the move into a room on the board: the "
    "median, and the time that nine in ten did not exceed (nearest rank)."
)
HOUR_MEANING = _l("The same by the hour in which the visit was to begin, clinic time.")
LENGTH_MEANING = _l(
    "Of visits that went over the board: the mean length that was planned, and the mean "
    "time from the move into the room to “Done”, by visit type."
)
NO_BOARD = _l(
    "No visit of this period went over the board. Move patients there, and it shows here."
)

Waits = Counter[tuple[date, int, int]]


def waits(session: Session, scope: Scope) -> Waits:
    """How many visits by day, hour, and minutes waited; both periods."""
    keys = (VisitFact.day, VisitFact.hour, VisitFact.waited)
    query = (
        select(*keys, func.count().label("visits"))
        .where(*scope.visits(), VisitFact.waited.is_not(None))
        .group_by(*keys)
    )
    return Counter({(r.day, r.hour, r.waited): r.visits for r in session.execute(query)})


def lengths(session: Session, scope: Scope) -> dict[tuple[int, int | None], tuple[int, int, int]]:
    """By period (1 is the asked one) and visit type: visits, minutes planned, minutes taken."""
    now = scope.in_now(VisitFact.day)
    query = (
        select(
            now,
            VisitFact.visit_type_id,
            func.count().label("visits"),
            func.sum(VisitFact.planned).label("planned"),
            func.sum(VisitFact.taken).label("taken"),
        )
        .where(*scope.visits(), VisitFact.taken.is_not(None))
        .group_by(now, VisitFact.visit_type_id)
    )
    rows = session.execute(query)
    return {(r.now, r.visit_type_id): (r.visits, int(r.planned), int(r.taken)) for r in rows}


def figures(asked: Asked) -> list[Figure]:
    """How long patients waited, by day and by hour, and how long visits took."""
    found = asked.once(waits, asked.scope)
    return [_course(asked, found), _by_hour(asked, found), _lengths(asked)]


def _course(asked: Asked, found: Waits) -> Figure:
    scope = asked.scope
    rows = course(scope, ((day, (waited, n)) for (day, _, waited), n in found.items()), _ranks)
    now, before = (
        _ranks([(waited, n) for (day, _, waited), n in found.items() if scope.is_now(day) is era])
        for era in (True, False)
    )
    totals = [
        Total(_("Median wait"), now[0], before[0], "min", -1),
        Total(_("Nine in ten wait at most"), now[1], before[1], "min", -1),
    ]
    return Figure(
        "waiting-time", _("Waiting time"), WAIT_MEANING, "lines", _("From"), _columns(), rows, totals, NO_BOARD
    )  # fmt: skip


def _by_hour(asked: Asked, found: Waits) -> Figure:
    hours: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (day, hour, waited), visits in found.items():
        if asked.scope.is_now(day):
            hours[hour].append((waited, visits))
    rows = [(f"{hour:02}:00", _ranks(hours[hour])) for hour in sorted(hours)]
    return Figure(
        "waiting-by-hour", _("Waiting by hour"), HOUR_MEANING, "columns", _("Hour"), _columns(), rows,
        empty=NO_BOARD,
    )  # fmt: skip


def _columns() -> list[Column]:
    return [
        Column(_("Median"), "min"),
        Column(_("Nine in ten"), "min"),
        Column(_("Visits"), drawn=False),
    ]


def _ranks(found: list[tuple[int, int]]) -> list[Value]:
    counts: Counter[int] = Counter()
    for waited, visits in found:
        counts[waited] += visits
    return [percentile(counts, 50), percentile(counts, 90), counts.total()]


def _lengths(asked: Asked) -> Figure:
    found = asked.once(lengths, asked.scope)
    rows: list[tuple[str, list[Value]]] = []
    for key in [*asked.names.types, None]:
        visits, planned, taken = found.get((1, key), (0, 0, 0))
        if visits >= SMALLEST:
            name = asked.names.types[key] if key else _("No type")
            rows.append((name, [round(planned / visits, 1), round(taken / visits, 1), visits]))
    now, before = (_over(found, era) for era in (1, 0))
    columns = [
        Column(_("Planned"), "min"),
        Column(_("Real"), "min"),
        Column(_("Visits"), drawn=False),
    ]
    return Figure(
        "length-of-visits", _("Length planned and real"), LENGTH_MEANING, "bars", _("Visit type"), columns,
        rows, [Total(_("Real ÷ planned length"), now, before, "%")], NO_BOARD,
        note=_("Types with fewer than five such visits are left out."),
    )  # fmt: skip


def _over(found: dict[tuple[int, int | None], tuple[int, int, int]], era: int) -> Value:
    planned = sum(p for (now, _), (_, p, _) in found.items() if now == era)
    taken = sum(t for (now, _), (_, _, t) in found.items() if now == era)
    return round(taken / planned * 100, 1) if planned else None
