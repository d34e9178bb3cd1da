"""No patient reaches another’s rows; a smaller walk than the one in tests/proof."""

from __future__ import annotations

from tests.cast import Cast
from tests.portal_probes import Probe, fill, probes, refusals, state_of, try_all

COUNT = 300


def test_a_walk_over_all_routes_finds_no_byte_of_another_patient(sqlite_cast: Cast) -> None:
    keys = fill(sqlite_cast)
    before = state_of(sqlite_cast)
    tries = probes(sqlite_cast, keys, COUNT, seed=1)
    assert try_all(sqlite_cast, tries, keys) == []
    assert state_of(sqlite_cast) == before


def test_a_try_at_another_patients_row_leaves_an_event_on_every_route(sqlite_cast: Cast) -> None:
    keys = fill(sqlite_cast)
    paths = ("/portal/visit/{}", "/portal/record/visit/{}", "/patient/show/{}", "/invite/{}")
    tries = [Probe("GET", path.format(key), key) for path in paths for key in keys.values()]
    try_all(sqlite_cast, tries, keys)
    assert refusals(sqlite_cast) == len(tries)


def test_a_patient_is_refused_in_the_frame_of_the_portal(sqlite_cast: Cast) -> None:
    for path, status in (("/nothing-here", 404), ("/portal/visit/999", 404), ("/board/", 403)):
        answer = sqlite_cast.client("paula").get(path)
        assert answer.status_code == status
        assert 'class="portal"' in answer.text and 'id="menu"' not in answer.text
