"""Values of this code in a statement."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Integer, String, literal_column


def constant(value: str | int) -> ColumnElement[str | int]:
    """A value that the code says itself, spelled in the statement: nothing to send with it, and a kept
    plan of PostgreSQL reckons with it. Never what somebody wrote. Raises ValueError where a word has a
    quotation mark."""
    if isinstance(value, int):
        return literal_column(str(value), Integer())
    if "'" in value:
        raise ValueError(value)
    return literal_column(f"'{value}'", String())
