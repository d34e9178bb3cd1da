"""In a real browser: a series from the booking panel, and the waiting list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any

import pytest

from app.extensions import db
from app.models import Appointment, AppointmentSeries
from app.models.base.itself import CLINIC
from app.models.visits import series
from tests.cast import Cast

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


def test_the_undo_of_a_cancelled_series_says_what_could_not_be_had_again(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    keys = _series(sqlite_cast, day, 3)
    page = page_of("rosa")
    page.goto(f"/calendar/?view=day&date={day}&visit={keys[0]}")
    page.click("#visit-card >> text=Cancel…")
    page.check("#cancelling-scope input[value=all]")
    page.click("#cancelling >> button:has-text('Cancel the visit')")
    page.locator(".toast", has_text="3 visits cancelled").wait_for()
    with sqlite_cast.app.app_context():
        lost = db.session.get_one(Appointment, keys[1])
        taker = Appointment(
            patient_id=sqlite_cast.paula, doctor_id=sqlite_cast.eriksen, minutes_duration=30,
            appointment_datetime=lost.appointment_datetime,
        )  # fmt: skip
        db.session.add(taker)
        db.session.commit()
        db.session.remove()
    page.click(".toast >> text=Undo")
    page.locator(".toast", has_text="2 of 3 visits are back").wait_for()


def _series(cast: Cast, day: str, count: int) -> list[int]:
    """Quentin with Dr. Eriksen at 15:00 on so many days."""
    with cast.app.app_context():
        start = datetime.combine(datetime.fromisoformat(day), time(15))
        wanted = AppointmentSeries(
            doctor_id=cast.eriksen, patient_id=cast.quentin, rrule=f"FREQ=DAILY;COUNT={count}",
            minutes=30, start_wall=start,
        )  # fmt: skip
        made = series.create(db.session(), CLINIC, wanted, datetime.now(UTC))
        keys = [visit.appointment_id for visit in made.visits]
        db.session.commit()
        db.session.remove()
    return keys
