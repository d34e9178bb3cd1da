"""The figures and the homes in a real browser: drawn, readable, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.extensions import db
from app.models import Appointment
from app.models.analytics import rollup
from app.models.analytics.sections import SECTIONS
from tests.cast import Cast

pytestmark = pytest.mark.browser

PageOf = Callable[..., Any]
MODES = pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])


@pytest.fixture
def counted(sqlite_cast: Cast) -> None:
    """A visit on each of the last nine days."""
    with sqlite_cast.app.app_context():
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        for number in range(1, 10):
            seen = Appointment(
                patient_id=sqlite_cast.paula, doctor_id=sqlite_cast.diaz, minutes_duration=30,
                appointment_datetime=now - timedelta(days=number), status="fulfilled",
            )  # fmt: skip
            db.session.add(seen)
        db.session.flush()
        rollup.refresh(db.session(), now)
        db.session.commit()
        db.session.remove()


@MODES
@pytest.mark.proof
def test_axe_finds_nothing_wrong_with_any_section(
    page_of: PageOf, counted: None, complaints: Callable[[Any], list[str]], width: int, scheme: str
) -> None:
    page = page_of("amina", width=width, color_scheme=scheme)
    for section in SECTIONS:
        page.goto(f"/analytics/?section={section.key}")
        page.locator(".figure").first.wait_for()
        assert complaints(page) == [], section.key
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), section.key


@MODES
@pytest.mark.parametrize("name", ["amina", "diaz", "nora", "rosa"])
def test_axe_finds_nothing_wrong_with_a_home(
    page_of: PageOf,
    day: str,
    complaints: Callable[[Any], list[str]],
    name: str,
    width: int,
    scheme: str,
) -> None:
    page = page_of(name, width=width, color_scheme=scheme)
    page.goto("/")
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_plot_is_drawn_with_its_numbers_beside_it(page_of: PageOf, counted: None) -> None:
    page = page_of("rosa")
    page.goto("/analytics/")
    plot = page.locator("[data-plot=visits-by-status] canvas")
    plot.wait_for()
    inked = """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        .data].some((value) => value > 0)"""
    page.wait_for_timeout(600)
    assert plot.evaluate(inked)
    assert page.locator("#visits-by-status table tbody tr").count() == 30
