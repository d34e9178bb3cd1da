"""The portal in a real browser at 390 px: with and without scripts, its weight, and axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.extensions import db
from app.models import Appointment
from tests.cast import Cast

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
PAGES = ("/portal/", "/portal/book/", "/portal/visits", "/portal/record/", "/portal/more/",
         "/portal/more/reach", "/portal/more/privacy", "/portal/record/report", "/portal/for/",
         "/portal/record/paper", "/portal/record/measurements", "/portal/more/messages", "/account/",
         "/account/second-factor/", "/portal/book/{kind}", "/portal/visit/{visit}",
         "/portal/visit/{visit}/cancel", "/portal/book/move/{visit}", "/portal/forgot",
         "/portal/register")  # fmt: skip
HEAVIEST = 150_000


def visit_to_come(cast: Cast) -> int:
    """Paula’s, far enough ahead to be moved."""
    with cast.app.app_context():
        start = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
        visit = Appointment(
            patient_id=cast.paula, doctor_id=cast.eriksen, visit_type_id=cast.visit_type,
            appointment_datetime=start + timedelta(days=3), minutes_duration=30,
        )  # fmt: skip
        db.session.add(visit)
        db.session.commit()
        key = visit.appointment_id
        db.session.remove()
    return key


@pytest.mark.parametrize("scripts", [True, False])
def test_a_patient_books_moves_and_cancels_at_390_px(
    page_of: Callable[..., Any], day: str, scripts: bool
) -> None:
    page = page_of("paula", **PHONE, java_script_enabled=scripts)
    page.goto("/portal/")
    page.get_by_role("link", name="Book a visit").click()
    page.get_by_role("link", name="Consultation").click()
    page.get_by_role("button", name="with Dr.").last.click()
    page.get_by_role("button", name="Book this visit").click()
    assert page.get_by_role("status").inner_text() == "Your visit is booked."
    page.get_by_role("link", name="Move").click()
    page.get_by_role("button", name="with Dr.").nth(-2).click()
    assert page.get_by_role("status").inner_text() == "Your visit is moved."
    page.get_by_role("link", name="Cancel the visit").click()
    page.get_by_role("button", name="Cancel the visit").click()
    assert "cancelled" in page.get_by_role("status").inner_text()


def test_every_page_is_light_narrow_and_without_complaint(
    page_of: Callable[..., Any],
    complaints: Callable[[Any], list[str]],
    day: str,
    sqlite_cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sqlite_cast.app.config, "PORTAL_REGISTRATION", True)
    keys = {"kind": sqlite_cast.visit_type, "visit": visit_to_come(sqlite_cast)}
    page = page_of("paula", **PHONE)
    weight = [0]
    page.on("response", lambda answer: weight.append(len(answer.body()) if answer.ok else 0))
    wrong = []
    for path in PAGES:
        weight[:] = [0]
        page.goto(path.format(**keys))
        page.wait_for_load_state("networkidle")
        width = page.evaluate("document.documentElement.scrollWidth")
        if sum(weight) > HEAVIEST or width > PHONE["width"] or complaints(page):
            wrong.append((path, sum(weight), width, complaints(page)))
    assert wrong == []


UNDER = "(all) => import('/static/js/chart/trends.js').then((m) => m.underTimes(...all))"


def test_on_a_phone_the_language_is_chosen_below_everything_and_plots_speak_it(
    page_of: Callable[..., Any],
) -> None:
    page = page_of("paula", **PHONE)
    page.goto("/portal/visits")
    page.get_by_role("button", name="Español").click(timeout=5_000)
    page.get_by_role("heading", name="Sus citas").wait_for()
    months, days = (
        [1_767_700_000 + 45 * 86_400 * n for n in (-1, 0, 1)],
        [1_767_700_000, 1_768_000_000],
    )
    assert page.evaluate(UNDER, [months, 30 * 86_400]) == ["nov\n2025", "ene\n2026", "feb"]
    assert page.evaluate(UNDER, [days, 5 * 86_400]) == ["6 ene\n2026", "9 ene"]
    west = page.evaluate(UNDER, [days, 5 * 86_400, "America/Los_Angeles"])
    assert west == ["6 ene\n2026", "9 ene"], "days of the clinic"
    assert page.evaluate(UNDER, [days, 3_600, "Asia/Tokyo"]) == ["20:46\n6 ene", "08:06\n10 ene"]
