"""Ten thousand tries of one patient at another’s rows, over every route."""

from __future__ import annotations

import pytest

from tests.cast import Cast
from tests.portal_probes import fill, probes, state_of, try_all

pytestmark = pytest.mark.proof
COUNT = 10_000
MUST_BE_WALKED = (
    "/portal/", "/api/v1/", "/chart/", "/feed", "/export", ".ics", "/files/", "_flt_0_", "filters:",
    "/messages/stop/", "/visit/", "/invite/", "/ops/",
)  # fmt: skip
"""Pages, API, exports, feeds, files, lists and their filters are all among the probes."""


def test_ten_thousand_probes_find_no_byte_of_another_patient(sqlite_cast: Cast) -> None:
    keys = fill(sqlite_cast)
    before = state_of(sqlite_cast)
    tries = probes(sqlite_cast, keys, COUNT, seed=20260601)
    assert len(tries) == COUNT
    paths = [probe.path for probe in tries]
    assert [part for part in MUST_BE_WALKED if not any(part in path for path in paths)] == []
    assert try_all(sqlite_cast, tries, keys) == []
    assert state_of(sqlite_cast) == before
