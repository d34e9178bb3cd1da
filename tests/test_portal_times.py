"""Every time that the portal offers can be had; tests/proof tries many more clinics."""

from __future__ import annotations

import pytest

from tests.cast import Cast
from tests.portal_worlds import refused


def test_offered_times_of_clinics_by_chance_can_be_booked_and_moved_to(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast.app.config, "CLINIC_COUNTRY", "ES")
    tried = [refused(cast, seed, most=4) for seed in range(2)]
    assert sum(count for count, _ in tried) > 30
    assert [wrong for _, found in tried for wrong in found] == []
