"""A clinic with ten times the past: what is about patients stands in it nine times more, each time
two years earlier, so that a day of today has as many visits as before."""

from __future__ import annotations

from typing import Any

import psycopg
from clinics import Clinic, copied
from psycopg.sql import SQL, Composable, Identifier, Literal

TIMES = 10
DAYS = 728
"""Whole weeks, so that a day stays the day of the week that it was."""
APART = 10_000_000
"""Between the keys of one turn and the next."""

TABLES = (
    "patient", "appointment", "appointment_history", "medical_record", "condition", "observation",
    "medication_request", "allergy_intolerance", "visit_fact", "notification",
)  # fmt: skip
KEYS = {"patient_id", "appointment_id", "record_id", "replaces_id", "renewed_from_id"}
ONCE = {"identifier", "record_number", "once", "message_id", "attempt"}
COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_name = %s ORDER BY ordinal_position
"""


def tenfold(clinic: Clinic) -> Clinic:
    """A database of its own beside that of the clinic."""
    return copied(clinic, f"times_{TIMES}", _fill)


def _fill(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET session_replication_role = replica")  # no trigger asks or counts
    for table in TABLES:
        columns = connection.execute(COLUMNS, [table]).fetchall()
        key = columns[0][0]
        names = SQL(", ").join(Identifier(name) for name, _ in columns)
        earlier = SQL(
            "INSERT INTO {table} ({names}) SELECT {spelled} FROM {table} WHERE {key} < {apart}"
        )
        for turn in range(1, TIMES):
            spelled = SQL(", ").join(_spelled(table, key, turn, *column) for column in columns)
            connection.execute(
                earlier.format(
                    table=Identifier(table), names=names, spelled=spelled,
                    key=Identifier(key), apart=Literal(APART),
                )
            )  # fmt: skip
    connection.execute("VACUUM ANALYZE")


def _spelled(table: str, key: str, turn: int, column: str, kind: str) -> Composable:
    """What a column holds in the copy of one turn."""
    name = Identifier(column)
    if column == key or column in KEYS:
        return SQL("{} + {}").format(name, Literal(APART * turn))
    if column in ONCE:
        return SQL("{} || {}").format(name, Literal(f"~{turn}"))
    if (table, column) == ("patient", "user_id"):
        return SQL("NULL")
    if kind == "date" and column != "dob":
        return SQL("{} - {}").format(name, Literal(DAYS * turn))
    if kind.startswith("timestamp"):
        return SQL("{} - make_interval(days => {})").format(name, Literal(DAYS * turn))
    return name
