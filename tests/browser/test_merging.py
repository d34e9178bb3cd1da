"""In a real browser: two patients are compared, merged, read as one, parted, and told apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cast import Cast
from tests.test_merging import finish

pytestmark = pytest.mark.browser


def compare(page: Any, kept: int, other: str) -> None:
    page.goto(f"/duplicates/?patient={kept}")
    page.fill("#other", other)
    page.locator("[role=option]", has_text=other).first.click()
    page.click("form:has(#other) button[type=submit]")
    page.wait_for_url("**/duplicates/*/*")


def test_two_patients_are_merged_read_as_one_parted_and_told_apart(
    sqlite_cast: Cast, page_of: Callable[..., Any], complaints: Callable[[Any], list[str]]
) -> None:
    finish(sqlite_cast, sqlite_cast.record_of_diaz)
    desk, doctor = page_of("rosa"), page_of("diaz", 390)
    chart = f"/chart/{sqlite_cast.quentin}?section=visits"
    compare(desk, sqlite_cast.quentin, "Paula")
    heads = desk.locator(".merge-table tbody tr:first-child td").all_inner_texts()
    assert "Quentin" in heads[0] and "Paula" in heads[1]
    assert complaints(desk) == []
    desk.fill("#reason", "Registered twice")
    desk.click("main button:has-text('Merge')")
    desk.click("#confirm-yes")
    desk.locator("text=Merged into this patient").wait_for()
    doctor.goto(chart)
    assert doctor.locator("text=Paula’s secret diagnosis").count() == 1
    assert doctor.locator("text=Quentin’s secret diagnosis").count() == 1
    desk.get_by_label("Why it is undone").fill("They are two after all")
    desk.click("main button:has-text('Undo the merge')")
    desk.click("#confirm-yes")
    desk.locator("text=They are two patients again.").wait_for()
    doctor.goto(chart)
    assert doctor.locator("text=Paula’s secret diagnosis").count() == 0
    compare(desk, sqlite_cast.quentin, "Paula")
    desk.fill("#apart", "Other birth date")
    desk.click("main button:has-text('Tell them apart')")
    desk.locator("text=They are two people; the pair is not shown again.").wait_for()
    desk.set_viewport_size({"width": 390, "height": 860})
    compare(desk, sqlite_cast.quentin, "Paula")
    desk.locator("text=Told apart as two people").wait_for()
    assert complaints(desk) == []
