"""Whether a value fits its column: asked before the database, which says so in its own words
and, on SQLite, does not say so at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Enum

from app.exchange.batch import Broken, Row
from app.models.base.types import FhirDateTime


def check(columns: Iterable[Column[Any]], row: Row, kind: str) -> None:
    """Raises Broken naming the resource and the column."""
    for column in columns:
        value = row.get(column.key)
        fault = _fault(column.type, value) if isinstance(value, str) else None
        if fault:
            raise Broken(f"{kind} {row['identifier'][:80]}: {column.key} {fault}.")


def _fault(kind: Any, value: str) -> str | None:
    if isinstance(kind, Enum):
        return None if value in kind.enums else f"is {value[:40]!r}, which is not known"
    length = (kind.impl if isinstance(kind, FhirDateTime) else kind).length
    if length and len(value) > length:
        return f"is longer than {length} characters"
    return None
