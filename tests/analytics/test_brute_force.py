"""Every figure equals a count by other means, on the demo clinic and both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.exchange import demo
from app.models.analytics import rollup
from tests.analytics.compare import differences

ZONE = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 16, 9, 40, tzinfo=UTC)


@pytest.fixture
def clinic(session: Session) -> Session:
    """The demo clinic with time off, a blocked room and patients who were merged, its facts kept."""
    demo.build(session, patients=150, years=1, now=NOW, zone=ZONE)
    session.execute(
        text(
            "INSERT INTO time_off (staff_id, start_at, end_at, status) "
            "SELECT staff_id, '2026-02-02 07:00:00', '2026-02-06 12:30:00', 'approved' FROM doctor"
        )
    )
    session.execute(
        text(
            "INSERT INTO blocking (room_id, start_at, end_at) "
            "SELECT room_id, '2026-02-27 09:10:00', '2026-03-03 10:00:00' FROM room WHERE room_id < 4"
        )
    )
    rollup.refresh(session, NOW)
    session.execute(
        text(
            "INSERT INTO patient_link (patient_id, other_id, reason, moved, linked_at) "
            "SELECT patient_id - 1, patient_id, 'Registered twice', '{}', '2026-03-01 08:00:00' "
            "FROM patient WHERE patient_id % 3 = 0"
        )
    )
    rollup.refresh(session, NOW)
    return session


def test_every_figure_equals_the_brute_force_count(clinic: Session) -> None:
    assert differences(clinic, ZONE, date(2026, 1, 1), date(2026, 3, 29)) == []


def test_the_rollup_is_what_the_tables_say(clinic: Session) -> None:
    assert rollup.rollup_differences(clinic, ZONE) == []
