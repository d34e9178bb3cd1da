"""What a database holds: its rows by table, its migration, and what of it the models declare."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, inspect, select, table

from app.models.record.icd import is_own_table

REVISION = "alembic_version"


def count_tables(connection: Connection) -> dict[str, int]:
    """The number of rows of every table that the database has, by name."""
    names = sorted(inspect(connection).get_table_names())
    return {
        name: connection.scalar(select(func.count()).select_from(table(name))) or 0
        for name in names
    }


def revision_of(connection: Connection) -> str:
    """The migration that a database is at; empty where it has none."""
    if not inspect(connection).has_table(REVISION):
        return ""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")


def is_declared(name: Any, kind: str, _parents: Any) -> bool:
    """Whether a comparison of the models with a database looks at it; not at what only one of the
    two databases has: a table of the search for codes, an index of words."""
    if kind == "index" and str(name).endswith("_words"):
        return False
    return kind != "table" or not is_own_table(name)
