"""However many old messages there are, those that wait are found by an index of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.jobs import claiming


def plan_of(connection: Connection, statement: Any, **values: Any) -> str:
    """How the database answers a statement."""
    compiled = statement.compile(connection)
    found = compiled.construct_params(values)
    for name, value in found.items():
        if isinstance(value, datetime) and connection.dialect.name == "sqlite":
            found[name] = f"{value:%Y-%m-%d %H:%M:%S.%f}"
    asked: Any = tuple(found[name] for name in compiled.positiontup or ())
    how = "EXPLAIN QUERY PLAN"
    if connection.dialect.name == "postgresql":
        asked, how = found, "EXPLAIN"
    return str(connection.exec_driver_sql(f"{how} {compiled}", asked).all())


@pytest.mark.parametrize(
    ("statement", "values", "index"),
    [
        (claiming.DUE, {"most": 50}, "ix_notification_due"),
        (
            claiming.CLAIM,
            {"key": 1, "until": None, "me": "me"},
            "PRIMARY KEY|notification_pkey|ix_notification_due",
        ),
        (claiming.GIVE_BACK, {}, "ix_notification_held"),
    ],
    ids=["due", "claim", "give back"],
)
def test_what_a_worker_asks_is_answered_by_an_index(
    session: Session, statement: Any, values: dict[str, Any], index: str
) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is empty
    moment = datetime.fromisoformat("2026-06-01T08:00:00+00:00")
    plan = plan_of(session.connection(), statement, now=moment, **values)
    assert any(name in plan for name in index.split("|")), plan
