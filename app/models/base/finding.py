"""Finding rows by the beginning of a text, by index on either database.

An index over `lower(column)` answers it: on PostgreSQL one of `text_pattern_ops`, whose operators
compare bytes whatever the language of the database; SQLite compares bytes anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    String,
    UnaryExpression,
    and_,
    bindparam,
    func,
    or_,
)
from sqlalchemy.sql.operators import custom_op

from app.models.base.constants import constant

LAST = "\U0010ffff"
BY_BYTES: Any = custom_op("USING ~<~")
EMPTY: Any = constant("")
SPACE: Any = constant(" ")
SIMPLE: Any = constant("simple")


def index(name: str, column: Any) -> Index:
    """The index by which `begins` finds."""
    return Index(name, func.lower(column), postgresql_ops={"lower": "text_pattern_ops"})


def asked(words: str) -> dict[str, str]:
    """The values of a statement that has `begins` in it."""
    return {"begins": words, "beyond": words + LAST}


def begins(column: Any, dialect: str) -> tuple[ColumnElement[bool], ColumnElement[Any]]:
    """The condition that a text begins with words that are given later, by `asked`, in capitals or
    not, and the order in which the index holds those that do."""
    text: Any = func.lower(column)
    low, high = (func.lower(bindparam(name, type_=String)) for name in ("begins", "beyond"))
    if dialect != "postgresql":
        return and_(text >= low, text < high), text
    return (
        and_(text.bool_op("~>=~")(low), text.bool_op("~<~")(high)),
        UnaryExpression(text, modifier=BY_BYTES),
    )


def has_word(columns: Sequence[Any], words: str, dialect: str) -> ColumnElement[bool]:
    """The condition that a word in the columns begins with `words`; several of these may go over
    from one column to the next, as a name does that is kept in two. On PostgreSQL an index over
    `words_of` the same columns answers it; SQLite looks at every row."""
    if dialect != "postgresql":
        texts = [_joined(columns)] if " " in words else columns
        return or_(*(text.icontains(f" {words}", autoescape=True) for text in texts))
    quoted = words.replace("\\", "\\\\").replace("'", "''")
    asked = func.to_tsquery(SIMPLE, f"'{quoted}':*")
    matches: ColumnElement[bool] = words_of(columns).bool_op("@@")(asked)
    return matches


def words_of(columns: Sequence[Any]) -> Any:
    """The words of all columns, in small letters, as PostgreSQL tells them apart."""
    return func.to_tsvector(SIMPLE, _joined(columns))


def _joined(columns: Sequence[Any]) -> Any:
    texts: list[Any] = [func.coalesce(column, EMPTY) for column in columns]
    return reduce(lambda said, more: said + SPACE + more, texts)
