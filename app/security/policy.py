"""All grants of the application, compiled once at start and asked at every step.

A subject is what a grant speaks of: a table of the clinic, one of the framework's, or a
hand-written page. Its name is the framework's permission name (`can_list on Patient`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app
from sqlalchemy import inspect
from sqlalchemy.orm import RelationshipProperty

from app.models import Action, DeclarationError, Entity, Grant, Role, Screen
from app.models.base.grants import Rule
from app.models.base.sealed import Sealed

OWNERS = {"patient": "patient_id", "doctor": "doctor_id", "staff": "staff_id", "ab_user": "user_id"}
"""Tables that a login leads to, and the acting person's attribute that holds the key."""


@dataclass(frozen=True)
class Subject:
    """A table with the rules of each role, its column names checked and links spelled out."""

    name: str
    model: type[Any]
    rules: Mapping[Role, tuple[Rule, ...]]

    def rules_for(self, roles: Iterable[Role], action: Action) -> list[Rule]:
        """The rules of these roles that allow the action."""
        return [r for role in roles for r in self.rules.get(role, ()) if action in r.actions]


@dataclass(eq=False)
class Policy:
    """Answers what a set of roles may do. Built by `add_table` and `add_page`, then read only."""

    subjects: dict[str, Subject] = field(default_factory=dict)
    by_model: dict[type[Any], Subject] = field(default_factory=dict)
    permissions: dict[Role, set[tuple[str, str]]] = field(
        default_factory=lambda: {role: set() for role in Role}
    )

    def rules_for(self, roles: Iterable[Role], model: type[Any], action: Action) -> list[Rule]:
        """What these roles may do with rows of this table: none for one that nobody declared."""
        subject = self.by_model.get(model)
        return subject.rules_for(roles, action) if subject else []

    def add_table(self, name: str, model: type[Any], grants: Mapping[Role, Grant]) -> None:
        """Take in the grants of one table; raises DeclarationError on one that names nothing."""
        rules = {
            _known_role(name, role): tuple(_spelled_out(name, model, rule) for rule in grant.rules)
            for role, grant in grants.items()
        }
        subject = Subject(name, model, rules)
        self.subjects[name] = self.by_model[model] = subject
        for role, grant in grants.items():
            self.permissions[role] |= {(f"can_{action}", name) for action in grant.actions}

    def add_page(self, name: str, may: Mapping[str, Iterable[Role]]) -> None:
        """Take in a hand-written page: which roles hold each of its permissions."""
        for permission, roles in may.items():
            for role in roles:
                self.permissions[_known_role(name, role)].add((f"can_{permission}", name))

    def allows(self, roles: Iterable[Role], permission: str, name: str) -> bool:
        """Whether any of the roles holds the permission, in the framework's spelling."""
        return any((permission, name) in self.permissions[role] for role in roles)

    def as_builtin_roles(self) -> dict[str, list[list[str]]]:
        """The framework's spelling; it matches by prefix, so each name is anchored."""
        return {
            role.value: [[f"{re.escape(n)}$", f"{re.escape(p)}$"] for p, n in sorted(granted)]
            for role, granted in self.permissions.items()
        }


def of_the_application() -> Policy:
    """The policy that was compiled at start."""
    policy: Policy = current_app.extensions["clinic_policy"]
    return policy


def compile_tables(policy: Policy, tables: Iterable[type[Entity]]) -> None:
    """Take in every declared table; raises DeclarationError that names the one amiss."""
    for table in tables:
        if "__screen__" not in vars(table):
            raise DeclarationError(
                f"{table.__name__} has no __screen__; write None where no screen is meant."
            )
        if table.__screen__ is not None:
            _check_words(table, table.__screen__)
            policy.add_table(table.__name__, table, table.__screen__.grants)


def owner(model: type[Any], column: str) -> str:
    """Which key of the acting person an own-column must equal, e.g. `doctor_id`."""
    attribute = inspect(model).columns[column]
    if attribute.primary_key and model.__tablename__ in OWNERS:
        return OWNERS[model.__tablename__]
    for key in attribute.foreign_keys:
        table = key.target_fullname.split(".")[0]
        if table in OWNERS:
            return OWNERS[table]
    raise DeclarationError(
        f"{model.__name__}: .own({column!r}) leads to no patient, doctor, member of staff or login."
    )


def _known_role(name: str, role: object) -> Role:
    if not isinstance(role, Role):
        raise DeclarationError(f"{name} grants something to {role!r}, which is no role.")
    return role


def _spelled_out(name: str, model: type[Any], rule: Rule) -> Rule:
    for column in rule.columns_named():
        _require_column(name, model, column)
    if rule.own_column:
        owner(model, rule.own_column)
    only = None if rule.only is None else _with_links(model, rule.only)
    return replace(rule, hidden=_with_links(model, rule.hidden), only=only)


def _with_links(model: type[Any], names: Iterable[str]) -> frozenset[str]:
    """Both spellings of a foreign key: `room` and `room_id` are hidden together."""
    spelled = set(names)
    for link in inspect(model).relationships:
        columns = {inspect(model).get_property_by_column(c).key for c in link.local_columns}
        if link.direction.name == "MANYTOONE" and (link.key in spelled or columns & spelled):
            spelled |= columns | {link.key}
    return frozenset(spelled)


def _check_words(table: type[Entity], screen: Screen) -> None:
    """Refuse a screen that speaks of columns which are not there, or not of that kind."""
    name, columns = table.__name__, table.columns()
    order = (screen.order or table.pk_name()).lstrip("-")
    form = columns if screen.form is None else screen.form
    for column in (*screen.columns, *screen.search, *form, *(screen.detail or ()), order,
                   *screen.optional, *screen.labels, *screen.help):  # fmt: skip
        _require_column(name, table, column)
    for column in columns.values():
        if (
            isinstance(column.type, Sealed)
            and column.type.place != f"{table.__tablename__}.{column.name}"
        ):
            raise DeclarationError(f"{name}.{column.name} is sealed for {column.type.place}.")
    for column in (order, *screen.search):
        if column in columns and isinstance(columns[column].type, Sealed):
            raise DeclarationError(
                f"{name} cannot be searched or sorted by {column!r}: it is encrypted in the database."
            )
    if order not in columns:
        raise DeclarationError(f"{name} cannot be sorted by {order!r}, which is a link.")
    linked = {table.foreign_key(link) for link in table.links()}
    for column in form:
        if column in columns and columns[column].foreign_keys and column not in linked:
            raise DeclarationError(f"{name}.{column} has no relationship, so no form can check it.")


def _require_column(name: str, model: type[Any], column: str) -> None:
    attributes = inspect(model).attrs
    if column not in attributes and not isinstance(attributes.get(column), RelationshipProperty):
        raise DeclarationError(f"{name} names the column {column!r}, which it does not have.")
