"""Counts that cost no more than they show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ScalarSelect, Select, func, select

from app.models.base.constants import constant


def count_up_to(rows: Select[Any], most: int) -> ScalarSelect[int]:
    """How many rows a statement finds, counted up to `most` and no further."""
    return select(func.count()).select_from(rows.limit(constant(most)).subquery()).scalar_subquery()
