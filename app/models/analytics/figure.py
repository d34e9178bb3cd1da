"""A figure: numbers with a title, a meaning and a way to be drawn. It knows no page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from app.language import _l
from app.models.analytics.scope import Scope
from app.spelling import counted

SMALLEST = 5
FEW = "< 5"
"""Stands for what would be said of fewer than five: too few to mean anything, and few enough to
be recognised."""

Value = int | float | str | None


def _say(shown: object, *names: str) -> None:
    """Turn texts into the language of who asks: a figure is also kept, joined and sent."""
    for name in names:
        object.__setattr__(shown, name, str(getattr(shown, name)))


@dataclass(frozen=True)
class Column:
    """A column of numbers; `unit` stands behind them. Those not `drawn` are in the table alone."""

    name: str
    unit: str = ""
    drawn: bool = True

    def __post_init__(self) -> None:
        _say(self, "name")


@dataclass(frozen=True)
class Total:
    """One number of the period beside that of the period before. `better` is 1 where more is
    better, -1 where less is, 0 where neither."""

    name: str
    now: Value
    before: Value
    unit: str = ""
    better: int = 0

    def __post_init__(self) -> None:
        _say(self, "name")

    @property
    def change(self) -> float | None:
        """In percent of the period before; of a percentage, in percentage points."""
        if not isinstance(self.now, (int, float)) or not isinstance(self.before, (int, float)):
            return None
        if self.unit == "%":
            return self.now - self.before
        return (self.now - self.before) / self.before * 100 if self.before else None


@dataclass(frozen=True)
class Figure:
    """`kind` is how it is drawn: `columns`, `stacked`, `bars` (lying, for names) or `lines`.
    Each row is a label and one value a column."""

    key: str
    title: str
    meaning: str
    kind: str
    label: str
    columns: list[Column]
    rows: list[tuple[str, list[Value]]]
    totals: list[Total] = field(default_factory=list)
    empty: str = _l("Nothing to count in this period.")
    note: str = ""

    def __post_init__(self) -> None:
        _say(self, "title", "meaning", "label", "empty", "note")

    @property
    def is_empty(self) -> bool:
        """Whether every value is nothing or 0, so that a sentence stands in its place."""
        return not any(value not in (None, 0) for _, values in self.rows for value in values)


def spelled(value: Value, unit: str = "") -> str:
    """A number for people: thousands apart, at most one decimal, its unit behind."""
    if value is None:
        return "–"
    text = value if isinstance(value, str) else counted(round(value, 1))
    return f"{text} {unit}".strip()


def number_of(value: Value) -> float | None:
    """The value where it is a number that can be drawn."""
    return value if isinstance(value, (int, float)) else None


def percent(part: int, whole: int) -> Value:
    """In percent with one decimal; None of nothing, and `FEW` of fewer than five."""
    if not whole:
        return None
    return FEW if whole < SMALLEST else round(part / whole * 100, 1)


def share(part: int, whole: int) -> float | None:
    """In percent with one decimal, of time rather than of people; None of nothing."""
    return round(part / whole * 100, 1) if whole else None


def at_least_five(count: int) -> Value:
    """The count, or `FEW` where it is so small that it may tell who is meant."""
    return FEW if 0 < count < SMALLEST else count


def percentile(counts: Mapping[int, int], rank: float) -> Value:
    """The smallest value that at least `rank` percent of all do not exceed (nearest rank), of
    values with how often each occurs; None of nothing, `FEW` of fewer than five."""
    whole = sum(counts.values())
    if not whole:
        return None
    if whole < SMALLEST:
        return FEW
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen * 100 >= rank * whole:
            return value
    raise AssertionError("a rank lies between 0 and 100")


def course(
    scope: Scope, found: Iterable[tuple[date, Any]], fold: Callable[[list[Any]], list[Value]]
) -> list[tuple[str, list[Value]]]:
    """Rows over time: what was found on each day, folded by day, week or month."""
    by_step: dict[date, list[Any]] = defaultdict(list)
    step_of = cache(scope.step_of)
    for day, item in found:
        if scope.is_now(day):
            by_step[step_of(day)].append(item)
    return [(label, fold(by_step[step])) for step, label in scope.steps()]
