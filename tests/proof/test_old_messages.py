"""A million messages that were sent long ago make the claim of the next no slower."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text, update

from app import database
from app.extensions import db
from app.jobs import claiming
from app.models import Notification
from tests.cast import Cast
from tests.notify.test_delivery import write
from tests.notify.test_outbox_plan import plan_of

log = logging.getLogger(__name__)
pytestmark = pytest.mark.proof

OLD = int(os.environ.get("PROOF_OLD_MESSAGES", "1000000"))
AT_ONCE, ROUNDS = 50, 40
LEAST = 0.8
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
AT = "2025-01-01 08:00:00.000000"

GROW = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO notification (once, rule, channel, patient_id, subject, body, state, created,
    not_before, sent_at, message_id, attempts, version)
SELECT 'old:' || i, 'booked', 'email', :patient, 'Old', 'Old', 'sent', :at, :at, :at,
    '<old-' || i || '@x>', 1, 1 FROM n
"""


@pytest.fixture
def connection(app: Flask, cast: Cast) -> Iterator[Connection]:
    """As a worker has it, at a clinic where some messages are due."""
    with app.app_context():
        write(db.session(), cast, AT_ONCE)
        db.session.remove()
        with database.not_waiting(db.engine) as own:
            yield own


def test_claims_are_as_quick_with_a_million_old_messages(
    connection: Connection, cast: Cast
) -> None:
    before = claims_a_second(connection)
    connection.execute(text(GROW), {"count": OLD, "patient": cast.paula, "at": AT})
    connection.commit()
    connection.execute(text("ANALYZE notification"))
    connection.commit()
    after = claims_a_second(connection)
    name = connection.dialect.name
    log.info("%s: %.0f claims a second; with %s old messages %.0f.", name, before, OLD, after)
    assert "ix_notification_due" in plan_of(connection, claiming.DUE, now=NOW, most=50)
    assert after >= LEAST * before


def claims_a_second(connection: Connection) -> float:
    """Of a worker that looks what is due and claims it, one by one; the quickest round counts,
    which what else the machine does disturbs least."""
    return AT_ONCE / min(_round(connection) for _ in range(ROUNDS))


def _round(connection: Connection) -> float:
    begun = time.perf_counter()
    keys = connection.scalars(claiming.DUE, {"now": NOW, "most": AT_ONCE}).all()
    connection.commit()
    for key in keys:
        assert claiming.claim(connection, key, "me", NOW) is not None
        connection.commit()
    seconds = time.perf_counter() - begun
    assert len(keys) == AT_ONCE
    table: Any = Notification.__table__
    free = update(table).where(table.c.notification_id.in_(keys))
    connection.execute(free.values(state="planned", lease_until=None, claimed_by=None))
    connection.commit()
    return seconds
