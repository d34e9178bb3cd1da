"""The first booking of a new patient, from the link of the invitation: how many taps, how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.extensions import db
from app.models import Patient
from app.models.messages import message_defaults
from app.models.portal import joining
from tests.cast import Cast

pytestmark = pytest.mark.browser
WORDS = "quiet harbour lantern"

THINK, POINT, KEY = 1.35, 1.1, 0.33
"""Seconds to make up one's mind and to point, of the keystroke-level model (Card, Moran and Newell,
1980); a key at 36 words a minute, which people type with two thumbs on a phone (Palin and others,
2019)."""
LONGEST = 60


class Thumb:
    """Counts what a person does, and how long it would take them."""

    def __init__(self, page: Any) -> None:
        self.page, self.taps, self.fields, self.keys = page, 0, 0, 0
        self.began = time.monotonic()

    def tap(self, role: str, name: str) -> None:
        self.taps += 1
        self.page.get_by_role(role, name=name).first.click()
        self.page.wait_for_load_state()

    def write(self, label: str, words: str, typed: int | None = None) -> None:
        self.fields += 1
        self.keys += typed or len(words)
        self.page.get_by_label(label, exact=True).fill(words)

    @property
    def seconds(self) -> float:
        """The person’s and the machine’s."""
        decisions = self.taps + self.fields
        machine = time.monotonic() - self.began
        return decisions * (THINK + POINT) + self.keys * KEY + machine


@pytest.fixture
def link(sqlite_cast: Cast, day: str) -> str:
    """The path in Tim’s invitation."""
    with sqlite_cast.app.app_context():
        message_defaults.seed(db.session())
        tim = Patient(
            name="Tim Tester", dob=datetime(1990, 4, 1, tzinfo=UTC).date(), email="tim@example.org"
        )
        db.session.add(tim)
        db.session.flush()
        _, secret = joining.invite(db.session(), tim, "self", "", datetime.now(UTC))
        db.session.commit()
        db.session.remove()
    return f"/portal/join/{secret}"


def test_the_first_booking_takes_five_taps_and_three_fields_within_a_minute(
    stranger: Callable[..., Any], link: str
) -> None:
    page = stranger(width=390, height=844)
    thumb = Thumb(page)
    page.goto(link)
    thumb.write("Birth date", "1990-04-01", typed=8)
    thumb.write("Choose a password", WORDS)
    thumb.write("The password again", WORDS)
    thumb.tap("button", "Open my portal")
    thumb.tap("link", "Book a visit")
    thumb.tap("link", "Consultation")
    thumb.tap("button", "with Dr.")
    thumb.tap("button", "Book this visit")
    assert page.get_by_role("status").inner_text() == "Your visit is booked."
    assert (thumb.taps, thumb.fields) == (5, 3)
    assert thumb.seconds < LONGEST, thumb.seconds
