"""What a figure is asked for: a period, the one before it, and what it is narrowed to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, literal, select, union_all
from sqlalchemy.orm import Session

from app.models.analytics.tables import VisitFact
from app.models.clinic.room import Room
from app.models.clinic.visit_type import VisitType
from app.models.people.staff import Doctor
from app.spelling import spelled

Answer = TypeVar("Answer")

LONGEST = 366 * 5
"""Days that one question may ask for."""

BY_DAY, BY_WEEK = 31, 190
"""Up to so many days a course has a point a day, and a point a week; then a point a month."""


ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Scope:
    """The clinic's days from `first` to `last`, both included; keys narrow the visits."""

    first: date
    last: date
    doctor_id: int | None = None
    visit_type_id: int | None = None
    room_id: int | None = None
    dated: bool = False
    """Whether the steps of a course are called by their first day (ISO 8601), as programs read them."""

    @cached_property
    def days(self) -> int:
        """The length of the period in days, both ends included."""
        return (self.last - self.first).days + 1

    @cached_property
    def since(self) -> date:
        """The first day of the period before, which is as long."""
        return self.first - timedelta(days=self.days)

    def is_now(self, day: date) -> bool:
        """Whether the day lies in the period itself, not in the one before."""
        return day >= self.first

    def in_now(self, column: Any) -> ColumnElement[int]:
        """1 in the period itself, 0 in the one before."""
        return case((column >= self.first, 1), else_=0).label("now")

    def eras(self, column: Any) -> tuple[tuple[int, ColumnElement[bool]], ...]:
        """As `in_now`, each with its days: where the rows of each are counted by themselves, in half
        the time."""
        return (1, column.between(self.first, self.last)), (
            0,
            column.between(self.since, self.first - ONE_DAY),
        )

    def both(self, column: Any) -> ColumnElement[bool]:
        """The days of the period and of the one before."""
        return column.between(self.since, self.last)  # type: ignore[no-any-return]

    def visits(self) -> list[ColumnElement[bool]]:
        """Conditions on `VisitFact`: both periods, and what the figures are narrowed to."""
        narrowed = (
            (VisitFact.doctor_id, self.doctor_id),
            (VisitFact.visit_type_id, self.visit_type_id),
            (VisitFact.room_id, self.room_id),
        )
        chosen = [column == key for column, key in narrowed if key is not None]
        return [self.both(VisitFact.day), VisitFact.status != "entered-in-error", *chosen]

    def step_of(self, day: date) -> date:
        """The first day of the day, week or month by which a course shows this day."""
        if self.days <= BY_DAY:
            return day
        if self.days <= BY_WEEK:
            return max(day - timedelta(days=day.weekday()), self.first)
        return max(day.replace(day=1), self.first)

    def steps(self) -> list[tuple[date, str]]:
        """Every step of the period with its label, in order."""
        days = (self.first + timedelta(days=n) for n in range(self.days))
        firsts = dict.fromkeys(map(self.step_of, days))
        if self.dated:
            return [(day, day.isoformat()) for day in firsts]
        if self.days > BY_WEEK:
            return [(day, spelled(day, "MMM y")) for day in firsts]
        return [(day, spelled(day, "d MMM")) for day in firsts]


@dataclass(frozen=True)
class Names:
    """What doctors, rooms and visit types are called, by key, each in the order of their names."""

    doctors: dict[int, str] = field(default_factory=dict)
    types: dict[int, str] = field(default_factory=dict)
    rooms: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A question for figures. `own` is the only doctor whose own numbers may be shown; None with
    `all_doctors` shows everybody's, and without it nobody's."""

    session: Session
    scope: Scope
    names: Names
    zone: ZoneInfo
    now: datetime
    all_doctors: bool = True
    own: int | None = None
    _answers: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, function: Callable[..., Answer], *more: Any) -> Answer:
        """What a function of this session and `more` says, which two figures or languages share."""
        if (function, more) not in self._answers:
            self._answers[function, more] = function(self.session, *more)
        answer: Answer = self._answers[function, more]
        return answer

    def shown(self, doctors: Iterable[int]) -> list[int]:
        """Of these doctors, those whose numbers may stand by themselves, by name."""
        there = set(doctors)
        named = [key for key in self.names.doctors if key in there]
        return [key for key in named if self.all_doctors or key == self.own]

    @property
    def today(self) -> date:
        """The date in the clinic at the moment of asking."""
        return self.now.astimezone(self.zone).date()


def names(session: Session) -> Names:
    """All of them in one statement."""
    columns = (
        ("doctors", Doctor.doctor_id, Doctor.name),
        ("types", VisitType.visit_type_id, VisitType.name),
        ("rooms", Room.room_id, Room.name),
    )
    parts = [
        select(literal(kind).label("kind"), key.label("key"), name.label("name"))
        for kind, key, name in columns
    ]
    found = Names()
    for kind, key, name in session.execute(union_all(*parts).order_by("name", "key")):
        getattr(found, kind)[key] = name
    return found
