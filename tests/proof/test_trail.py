"""Ten thousand events of the audit trail: whatever is done to one of them is found and named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import AuditEvent
from app.models.trail.seal_folder import SealFolder
from app.models.trail.trail_sealing import seal_trail
from app.models.trail.verifying import verify
from tests.test_seals import tamper

pytestmark = pytest.mark.proof

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
SEALS, EACH = 20, 500

DONE = {
    "nothing": ("SELECT 1", None),
    "alter": (
        "UPDATE audit_event SET agent = 'x' WHERE audit_id = 7007",
        "Event 7007 was altered.",
    ),
    "drop": ("DELETE FROM audit_event WHERE audit_id = 7007", "Event 7007 was removed."),
    "swap": (
        "UPDATE audit_event SET agent = CASE audit_id WHEN 7007 THEN 'a7010' ELSE 'a7007' END "
        "WHERE audit_id IN (7007, 7010)",
        "Event 7007 was swapped with event 7010.",
    ),
    "cut": (
        "DELETE FROM audit_event WHERE audit_id > 9500; DELETE FROM audit_seal WHERE first_id > 9500",
        "The trail was cut off: event 9501 and what follows, up to event 10000, were sealed and "
        "are gone.",
    ),
}


@pytest.mark.parametrize("kind", DONE)
def test_what_is_done_to_one_of_10000_events_is_named(
    app: Flask, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setitem(app.config, "CLINIC_SEALS", tmp_path)
    for number in range(SEALS):
        first = number * EACH + 1
        events = [
            {"recorded": NOW, "agent": f"a{key}", "action": "show", "entity": "Patient"}
            for key in range(first, first + EACH)
        ]
        session.execute(insert(AuditEvent), events)
        session.commit()
        assert seal_trail(session, NOW + timedelta(minutes=number)) == EACH
    statements, fault = DONE[kind]
    with db.engine.begin() as connection:
        tamper(connection, *statements.split("; "))
    verdict = verify(session, SealFolder(tmp_path), NOW + timedelta(hours=1))
    assert verdict.fault == fault
