"""The operations that are measured, and what each may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """`limit` is the most that ours may take, as a multiple of what `beside` says; `growth` the most
    that it may take with ten times the data, as a multiple of what it takes now."""

    name: str
    limit: float
    beside: str = "raw"
    growth: float = 1.3


EMPTY = Operation("empty route with a permission", 2, "open")
LOGIN = Operation("login", 1.15, "alone")
SEARCH = Operation("patient search by prefix, JSON", 2)
LIST = Operation("patient list, HTML", 7)
WEEK_OF_ONE = Operation("week of one doctor, JSON", 2)
WEEK_OF_ALL = Operation("week of all doctors, JSON", 2)
DAY_OF_ALL = Operation("day of all doctors, JSON", 2)
TIMES = Operation("free times, 14 days", 2.5)
BOOKING = Operation("booking", 4)
FORM = Operation("appointment form, HTML", 15, "open")
CHART = Operation("chart with 20 records, HTML", 6)
FIGURES = Operation("analytics, 24 months", 3, growth=2)

ALL = (
    EMPTY, LOGIN, SEARCH, LIST, WEEK_OF_ONE, WEEK_OF_ALL, DAY_OF_ALL, TIMES, BOOKING, FORM, CHART,
    FIGURES,
)  # fmt: skip
