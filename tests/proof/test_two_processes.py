"""The walks of the browser with two processes behind a balancer that alternates between them:
nothing is kept in one that the other does not see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.browser import test_board as boards
from tests.browser import test_calendar as calendars
from tests.browser import test_chart as charts
from tests.browser import test_policy as policies
from tests.browser import test_portal as portals
from tests.browser import test_rota as rotas
from tests.browser import test_waiting as waits
from tests.browser.conftest import complaints as complaints
from tests.browser.conftest import day as day
from tests.browser.conftest import page_of as page_of
from tests.browser.conftest import stranger as stranger
from tests.browser.test_chart import browser as browser
from tests.browser.test_chart import clinic as clinic
from tests.browser.test_rota import people as people
from tests.cast import Cast
from tests.conftest import SETTINGS
from tests.databases import empty, with_cast
from tests.proof.balancer import balancing
from tests.proof.server import serving_app

pytestmark = pytest.mark.proof

test_booking = calendars.test_a_click_on_an_empty_time_books_there
test_moving = calendars.test_a_drag_moves_the_visit_and_can_be_taken_back
test_cancelling = calendars.test_the_card_of_a_visit_opens_by_key_and_cancels_with_a_reason
test_two_who_move = calendars.test_a_visit_that_another_moved_meanwhile_is_not_moved_over
test_board = boards.test_a_patient_walks_over_the_board
test_chart = charts.test_a_visit_from_the_vitals_to_the_amendment
test_two_who_write = charts.test_two_who_write_one_draft_see_both_texts_and_decide
test_signing_in_again = policies.test_what_was_typed_comes_back_after_signing_in_again
test_portal = portals.test_a_patient_books_moves_and_cancels_at_390_px
test_rota = rotas.test_a_week_is_drawn_moved_stretched_and_published
test_series = waits.test_a_series_is_booked_without_what_cannot_be_had_and_listed


ON_BOTH = (test_moving, test_two_who_write)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Two processes mean PostgreSQL in most clinics; SQLite is held to it by two walks."""
    names = ["postgresql", "sqlite"] if metafunc.function in ON_BOTH else ["postgresql"]
    metafunc.parametrize("sqlite_cast", names, indirect=True)


@pytest.fixture
def sqlite_cast(make_app: Callable[[str], Flask], request: pytest.FixtureRequest) -> Cast:
    """The cast on either database, under the name by which the walks ask for it."""
    application = make_app(request.param)
    empty(application)
    return with_cast(application)


@pytest.fixture
def served(sqlite_cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The balancer's address; both processes were asked when the walk has ended."""
    monkeypatch.setenv("SECRET_KEY", SETTINGS["SECRET_KEY"])
    monkeypatch.setenv("CLINIC_TIMEZONE", SETTINGS["CLINIC_TIMEZONE"])
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    app = sqlite_cast.app
    with (
        serving_app(app, folders[0], workers=1) as one,
        serving_app(app, folders[1], workers=1) as two,
        balancing([one.port, two.port]) as balancer,
    ):
        yield f"http://127.0.0.1:{balancer.server_port}"
    taken = sorted(balancer.taken.values())
    assert taken[0] > 5 and taken[1] - taken[0] <= 1
