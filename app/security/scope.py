"""Which rows and which columns the acting person reaches; used on every way to a row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, false, inspect, or_, select, true
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.base import ExecutableOption

from app.language import _
from app.models import Action, Forbidden, NotFound, Role
from app.models.base.grants import Rule
from app.models.base.types import LARGEST_INTEGER
from app.models.record import closed
from app.security.actor import Actor
from app.security.policy import Policy, of_the_application, owner


def row_scope(actor: Actor | None, model: type[Any], action: Action) -> ColumnElement[bool]:
    """The condition that holds for the rows on which `actor` may do `action`."""
    if actor is None:
        return false()
    granted = (_row_condition(actor, model, r) for r in _rules(actor, model, action))
    return and_(or_(false(), *granted), _open_charts(actor, model))


def visible(
    actor: Actor | None, model: type[Any], action: Action, columns: Iterable[str]
) -> list[str]:
    """Those of `columns` that `actor` sees in every row that `row_scope` lets through, without
    links to tables of which they may see nothing."""
    if actor is None:
        return []
    table: Any = model  # which mypy takes for one that has no hash
    return list(_visible(of_the_application(), actor.roles, table, action, tuple(columns)))


@lru_cache(maxsize=2000)
def _visible(
    policy: Policy,
    roles: frozenset[Role],
    model: type[Any],
    action: Action,
    columns: tuple[str, ...],
) -> tuple[str, ...]:
    """Follows from the declarations alone, and is asked for every list of columns of a page."""
    rules = _widest(policy.rules_for(roles, model, action))
    return tuple(c for c in columns if _shown(rules, c) and _target_open(policy, roles, model, c))


def labels(actor: Actor | None, model: type[Any], columns: Iterable[str]) -> list[ExecutableOption]:
    """Options that load the links among `columns` in the same statement; one that leads to a
    row outside the person's scope stays empty."""
    links = inspect(model).relationships
    return [
        joinedload(
            getattr(model, name).and_(row_scope(actor, links[name].mapper.class_, Action.LIST))
        )
        for name in columns
        if name in links and links[name].direction.name == "MANYTOONE"
    ]


def load(
    session: Session,
    actor: Actor | None,
    model: type[Any],
    key: Any,
    action: Action,
    columns: Iterable[str] = (),
) -> Any:
    """The row with the links among `columns`, or NotFound where there is none or none for this
    person; Forbidden where they may see the row but not do this with it."""
    number = as_key(key)
    column = inspect(model).primary_key[0]
    statement = select(model).where(column == number, row_scope(actor, model, action))
    row = session.scalars(statement.options(*labels(actor, model, columns))).one_or_none()
    if row is not None:
        return row
    if action is not Action.SHOW and session.scalar(
        select(column).where(column == number, row_scope(actor, model, Action.SHOW))
    ):
        raise Forbidden(_("This one is not yours to change."))
    raise NotFound(_("There is no such entry, or it is not yours to see."))


def may(actor: Actor, row: Any, action: Action) -> bool:
    """Whether `row_scope` lets this loaded row through; costs no statement."""
    return any(_lets_through(actor, row, rule) for rule in _rules(actor, type(row), action))


def as_key(value: Any) -> int:
    """A row number; what cannot be one is a row that is not there."""
    if not is_key(value):
        raise NotFound(_("There is no such entry, or it is not yours to see."))
    return int(str(value))


def is_key(value: Any) -> bool:
    """Whether this can be a row number at all."""
    text = str(value)
    return text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= LARGEST_INTEGER


def own_values(actor: Actor, model: type[Any], action: Action) -> dict[str, int | None]:
    """Columns that a new or changed row must hold so that it stays the person's own; empty
    where some rule asks for nothing."""
    rules = _rules(actor, model, action)
    if any(rule.own_column is None for rule in rules):
        return {}
    return {
        rule.own_column: getattr(actor, owner(model, rule.own_column))
        for rule in rules
        if rule.own_column
    }


def _rules(actor: Actor, model: type[Any], action: Action) -> list[Rule]:
    return of_the_application().rules_for(actor.roles, model, action)


def _row_condition(actor: Actor, model: type[Any], rule: Rule) -> ColumnElement[bool]:
    if rule.own_column is None:
        return true()
    mine = getattr(actor, owner(model, rule.own_column))
    return false() if mine is None else and_(getattr(model, rule.own_column) == mine)


def _lets_through(actor: Actor, row: Any, rule: Rule) -> bool:
    """`_row_condition`, of a row in memory."""
    if rule.own_column is None:
        return True
    mine = getattr(actor, owner(type(row), rule.own_column))
    return mine is not None and mine == getattr(row, rule.own_column)


def _open_charts(actor: Actor, model: type[Any]) -> ColumnElement[bool]:
    """Of a restricted chart, nothing is reached by anyone but its team."""
    if not getattr(model, "__clinical__", False):
        return true()
    patient_id: ColumnElement[int] = model.patient_id
    return patient_id.not_in(closed.closed_to(actor, datetime.now(UTC)))


def require_open(session: Session, actor: Actor, row: Any) -> None:
    """Raises Restricted where a row that is about to be written is of a chart that is closed to
    this person: of the patient that it had, or of the one that it is given."""
    if not getattr(type(row), "__clinical__", False):
        return
    given = row.patient.patient_id if row.patient is not None else None
    for patient_id in {row.patient_id, given} - {None}:
        closed.require_open(session, actor, patient_id, datetime.now(UTC))


def _widest(rules: list[Rule]) -> list[Rule]:
    """A column shown for one's own rows only must not show in the rows of others: where some
    rule opens all rows, it alone decides on columns."""
    return [rule for rule in rules if rule.own_column is None] or rules


def _shown(rules: list[Rule], column: str) -> bool:
    """Whether the column shows in the rows of every owner that the rules speak of."""
    showing = {rule.own_column for rule in rules if not rule.hides(column)}
    return bool(rules) and showing == {rule.own_column for rule in rules}


def _target_open(policy: Policy, roles: frozenset[Role], model: type[Any], column: str) -> bool:
    link = inspect(model).relationships.get(column)
    return link is None or bool(policy.rules_for(roles, link.mapper.class_, Action.LIST))
