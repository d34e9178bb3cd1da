"""A patient goes through the house, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.extensions import db
from app.models import Appointment
from tests.cast import Cast

pytestmark = pytest.mark.browser


def test_a_patient_walks_over_the_board(page_of: Callable[..., Any], sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        seen = db.session.get_one(Appointment, sqlite_cast.visit)
        seen.appointment_datetime = datetime.now(UTC).replace(microsecond=0)
        db.session.commit()
        db.session.remove()
    page = page_of("nora", width=390, height=844)
    page.goto("/board/")
    for step, column in (
        ("Arrived", "arrived"), ("Check in", "checked-in"), ("To the room", "in-room"), ("Done", "fulfilled"),
    ):  # fmt: skip
        page.click(f".board-card >> button:has-text('{step}')")
        page.locator(f"[data-status='{column}'] .board-card", has_text="Paula").wait_for()
    page.locator(".toast").last.get_by_text("Undo").click()
    page.locator("[data-status='in-room'] .board-card", has_text="Paula").wait_for()
