"""However many old messages there are, those that wait are found by an index of their own."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.jobs import delivery


def test_what_is_due_is_found_by_the_index_of_those_that_wait(session: Session) -> None:
    statement = delivery.DUE.compile(session.get_bind())
    values = statement.construct_params({"now": "2026-06-01 08:00:00", "most": 50})
    asked, how = tuple(values[name] for name in statement.positiontup or ()), "EXPLAIN QUERY PLAN"
    if session.get_bind().dialect.name == "postgresql":
        asked, how = values, "EXPLAIN"
        session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is empty
    plan = session.connection().exec_driver_sql(f"{how} {statement}", asked)
    assert "ix_notification_due" in str(plan.all())
