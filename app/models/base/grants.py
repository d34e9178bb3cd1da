"""Who may: roles, and the grants that a table's declaration gives them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Role(StrEnum):
    """The five roles; the value is the name of the framework's role row."""

    ADMIN = "admin"
    DOCTOR = "doctor"
    NURSE = "nurse"
    RECEPTIONIST = "receptionist"
    PATIENT = "patient"


STAFF = frozenset(Role) - {Role.PATIENT}
DESK = frozenset({Role.ADMIN, Role.RECEPTIONIST})
"""Who keeps the register and the calendar."""
CARE = frozenset({Role.DOCTOR, Role.NURSE})
"""Who treats, and so may see clinical text."""


class Action(StrEnum):
    """What can be done with a row, on a screen or through the API alike."""

    LIST = "list"
    SHOW = "show"
    ADD = "add"
    EDIT = "edit"
    DELETE = "delete"


@dataclass(frozen=True)
class Rule:
    """One line of a grant: these actions, on one's own rows only, without these columns."""

    actions: frozenset[Action]
    own_column: str | None = None
    hidden: frozenset[str] = frozenset()
    only: frozenset[str] | None = None

    def hides(self, column: str) -> bool:
        """Whether the column is left out."""
        return column in self.hidden or (self.only is not None and column not in self.only)

    def columns_named(self) -> frozenset[str]:
        """Every column that the rule speaks of, to be checked at start."""
        own = {self.own_column} if self.own_column else set()
        return self.hidden | (self.only or frozenset()) | own


@dataclass(frozen=True)
class Grant:
    """What one role may do with one table. Grants are added with `|`: each rule stands alone."""

    rules: tuple[Rule, ...]

    def own(self, column: str) -> Grant:
        """Narrow to the rows whose `column` leads to the user's own patient, doctor, staff or
        login row; which of them follows from the column's foreign key."""
        return Grant(tuple(replace(rule, own_column=column) for rule in self.rules))

    def hiding(self, *columns: str | Iterable[str]) -> Grant:
        """Leave these columns out: of lists, forms, search, sort, export and API."""
        names = frozenset(_flat(columns))
        return Grant(tuple(replace(rule, hidden=rule.hidden | names) for rule in self.rules))

    def only(self, *columns: str | Iterable[str]) -> Grant:
        """Leave every column out but these."""
        names = frozenset(_flat(columns))
        return Grant(tuple(replace(rule, only=names) for rule in self.rules))

    def __or__(self, other: Grant) -> Grant:
        return Grant(self.rules + other.rules)

    def rules_for(self, action: Action) -> tuple[Rule, ...]:
        """Those rules that allow this action."""
        return tuple(rule for rule in self.rules if action in rule.actions)

    @property
    def actions(self) -> frozenset[Action]:
        """What can be done by any of the rules."""
        return frozenset().union(*(rule.actions for rule in self.rules))


def _flat(columns: Iterable[str | Iterable[str]]) -> Iterable[str]:
    for column in columns:
        if isinstance(column, str):
            yield column
        else:
            yield from column


def _grant(*actions: Action) -> Grant:
    return Grant((Rule(frozenset(actions)),))


READ = _grant(Action.LIST, Action.SHOW)
EDIT = _grant(Action.LIST, Action.SHOW, Action.ADD, Action.EDIT)
MANAGE = _grant(Action.LIST, Action.SHOW, Action.ADD, Action.EDIT, Action.DELETE)
ADD = _grant(Action.ADD)
CHANGE = _grant(Action.EDIT)
