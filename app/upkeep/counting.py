"""How many rows each table of a database has, the framework's and our own alike."""

from __future__ import annotations

from sqlalchemy import Connection, func, inspect, select, table

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
