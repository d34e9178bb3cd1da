"""Every time that the portal offers can be had, in many clinics by chance."""

from __future__ import annotations

import os

import pytest

from tests.cast import Cast
from tests.portal_worlds import refused

pytestmark = pytest.mark.proof
CLINICS = int(os.environ.get("PORTAL_CLINICS", "12"))


def test_every_offered_time_of_twelve_clinics_can_be_had(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On each database; over both changes of the clock, near holidays and leave."""
    monkeypatch.setitem(cast.app.config, "CLINIC_COUNTRY", "ES")
    tried = [refused(cast, seed, most=25) for seed in range(100, 100 + CLINICS)]
    assert sum(count for count, _ in tried) > 50 * CLINICS
    assert [wrong for _, found in tried for wrong in found] == []
