"""Every figure at full size: 150,000 visits of two years, and the shared sample, by brute force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.exchange import demo, import_paths
from app.models import Appointment, VisitFact
from app.models.analytics import rollup
from tests.analytics.compare import differences
from tests.exchange.bundles import shared

pytestmark = pytest.mark.proof

ZONE = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 16, 9, 40, tzinfo=UTC)
TWO_YEARS = timedelta(days=729)


def test_every_figure_of_150_000_visits_equals_the_brute_force_count(session: Session) -> None:
    demo.build(session, patients=20_000, years=2, now=NOW, zone=ZONE)
    rollup.refresh(session, NOW)
    assert (session.scalar(select(func.count()).select_from(Appointment)) or 0) >= 150_000
    today = NOW.astimezone(ZONE).date()
    assert differences(session, ZONE, today - timedelta(days=364), today) == []
    assert rollup.rollup_differences(session, ZONE) == []


@pytest.mark.parametrize(
    "parts", [("synthea-fhir-r4", "dev-100.tar.xz"), ("synthea-csv", "ohdsi-27")]
)
def test_every_figure_of_the_imported_sample_equals_the_brute_force_count(
    session: Session, parts: tuple[str, str]
) -> None:
    import_paths(session, [shared(*parts)])
    rollup.refresh(session, NOW)
    last = session.scalar(select(func.max(VisitFact.day)))
    assert last is not None
    assert differences(session, ZONE, last - TWO_YEARS, last) == []
    assert rollup.rollup_differences(session, ZONE) == []
