"""In a real browser: a series from the booking panel, and the waiting list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

PageOf = Callable[..., Any]


def choose(page: Any, field: str, words: str) -> None:
    page.fill(field, words)
    page.locator("[role=option]", has_text=words).first.click()


def test_a_series_is_booked_without_what_cannot_be_had_and_listed(
    page_of: PageOf, day: str, complaints: Callable[[Any], list[str]]
) -> None:
    page = page_of("rosa")
    page.goto(f"/calendar/?view=day&date={day}")
    page.click("#cal-new")
    choose(page, "#booking-patient", "Quentin")
    page.select_option("#booking-doctor", label="Dr. Eriksen")
    page.locator(".slot").first.click()
    page.select_option("#booking-repeat", "FREQ=DAILY")
    page.fill("#booking-count", "6")
    page.click("text=Book 6 visits")
    page.locator("#missed[open]").wait_for()
    assert "off duty" in page.inner_text("#missed-list")
    page.click("text=Go on with the others")
    page.click(".toast >> text=Show all")
    page.wait_for_url("**/series/*")
    assert page.locator("text=Find another time").count() == 2
    assert complaints(page) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_patient_is_put_on_the_waiting_list(
    page_of: PageOf, width: int, complaints: Callable[[Any], list[str]]
) -> None:
    page = page_of("rosa", width)
    page.goto("/waitlist/")
    page.click("#waiting-add")
    choose(page, "#waiting-patient", "Paula")
    page.click("#waiting-form >> text=Put on the list")
    page.locator(".row", has_text="Paula").wait_for()
    assert complaints(page) == []
