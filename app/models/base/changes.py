"""What a row was before it was changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect


def was(row: Any, name: str) -> Any:
    """What the database holds of an attribute that may have been changed since."""
    attribute = inspect(row).attrs[name]
    deleted = attribute.history.deleted
    return deleted[0] if deleted else attribute.value
