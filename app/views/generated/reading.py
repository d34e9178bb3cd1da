"""The statements behind a generated list and a look-up: rows in scope, sorted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from flask_appbuilder.models.filters import Filters
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    cast,
    false,
    inspect,
    or_,
    select,
    union_all,
)
from sqlalchemy import types as sa
from sqlalchemy.orm import Query, Session

from app.models import Action, Entity, Patient
from app.models.base import finding
from app.models.people import linked
from app.security.actor import Actor
from app.security.scope import row_scope, visible
from app.security.standing import once_a_person
from app.views.generated.parsing import clean_text

MOST_PICKS = 20


def rows_in_scope(
    session: Session,
    actor: Actor,
    model: type[Any],
    filters: Filters,
    words: str,
    search: Iterable[str],
) -> Query[Any]:
    """Every row that the person may list and that the filters and words let through."""
    scoped = session.query(model).filter(row_scope(actor, model, Action.LIST))
    query: Query[Any] = filters.apply_all(scoped)
    return query.filter(_holds(model, search, words)) if words else query


def sorted_by(query: Query[Any], model: type[Any], order: tuple[str, str] | None) -> Query[Any]:
    """In the asked order, then by key, so that a page never repeats a row of another."""
    key = inspect(model).primary_key[0]
    if order is None:
        return query.order_by(key.desc())
    column = inspect(model).columns[order[0]]
    if order[1] == "asc":
        return query.order_by(column.asc(), key.asc())
    return query.order_by(column.desc(), key.desc())


def declared_order(model: type[Any]) -> tuple[str, str] | None:
    """The column and direction that a table is sorted by; None where none is declared."""
    screen = getattr(model, "__screen__", None)
    if not screen or not screen.order:
        return None
    return screen.order.lstrip("-"), "desc" if screen.order.startswith("-") else "asc"


def picks(session: Session, actor: Actor, model: type[Any], words: str) -> list[Any]:
    """The rows that `words` may mean; of patients who were merged, who is kept."""
    found = _picks(session, actor, model, words)
    return linked.who_are_kept(session, found) if model is Patient else found


def _picks(session: Session, actor: Actor, model: type[Any], words: str) -> list[Any]:
    """At most 20 rows of which a label begins with `words`; where these are fewer, also those
    that have a word which does."""
    dialect, words = session.get_bind().dialect.name, clean_text(words).strip()
    clinical = getattr(model, "__clinical__", False)
    look = (_looking if clinical else _looking_as_ever)(actor, model, dialect)
    first = look.columns[0]
    if not words:
        return list(session.scalars(look.rows))
    if look.beginning is None:
        begins = cast(first, String).startswith(words, autoescape=True)
        return list(session.scalars(look.rows.where(begins)))
    key, asked = inspect(model).primary_key[0], finding.asked(words)
    found = list(session.scalars(look.found, asked))
    if len(found) < MOST_PICKS:
        inside = finding.has_word(look.columns, words, dialect)
        more = look.rows.where(inside, key.not_in(look.beginning)).limit(MOST_PICKS - len(found))
        found += session.scalars(more, asked)
    return sorted(found, key=lambda row: str(getattr(row, first.key)).casefold())


class Looking(NamedTuple):
    """How one person looks up the rows of a table."""

    columns: list[Any]
    """Those by which they know a row."""
    rows: Select[Any]
    """The first of all rows."""
    beginning: CompoundSelect[Any] | None
    """Keys of those of which a label begins with words; None where there is no label."""
    found: Select[Any]
    """The rows of these keys."""


def _looking(actor: Actor, model: type[Any], dialect: str) -> Looking:
    """Each part of `beginning` reads no more of its index than it gives, however many rows there
    are."""
    columns, key = label_columns(actor, model), inspect(model).primary_key[0]
    scope = row_scope(actor, model, Action.LIST)
    rows = select(model).where(scope).order_by(columns[0]).limit(MOST_PICKS)
    if not _is_text(columns[0]):
        return Looking(columns, rows, None, rows)
    parts = []
    for column in columns:
        condition, order = finding.begins(column, dialect)
        first = select(key).where(scope, condition).order_by(order).limit(MOST_PICKS).subquery()
        parts.append(select(first.c[0]))
    beginning = union_all(*parts)
    return Looking(columns, rows, beginning, rows.where(key.in_(beginning)))


_looking_as_ever = once_a_person(_looking)


def label_columns(actor: Actor, model: type[Any]) -> list[Any]:
    """The text columns by which the person knows a row: its name, then what else can be
    searched; the key where there are none."""
    columns = inspect(model).columns
    wanted = ["name", "family_name", "record_number", "display"]
    wanted += ["username", "first_name", "last_name"]
    if issubclass(model, Entity) and model.__screen__:
        wanted += model.__screen__.search
    seen = visible(actor, model, Action.LIST, dict.fromkeys(wanted))
    texts = [columns[n] for n in seen if n in columns and _is_text(columns[n])]
    return texts or [inspect(model).primary_key[0]]


def _holds(model: type[Any], search: Iterable[str], words: str) -> ColumnElement[bool]:
    columns = inspect(model).columns
    texts = [columns[name] for name in search if name in columns and _is_text(columns[name])]
    return or_(false(), *(c.icontains(words, autoescape=True) for c in texts))


def _is_text(column: Any) -> bool:
    return isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum)
