"""Prescribing in a real browser: against an allergy, with a reason; then printed and stopped."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.exchange import icd_load
from app.extensions import db
from app.models import AlertAnswer, AllergyIntolerance, Condition, MedicationRequest
from tests.cast import Cast
from tests.prescribing_steps import add
from tests.test_chart_entries import CODES

pytestmark = pytest.mark.browser


def test_a_doctor_prescribes_against_an_allergy_and_overrides(
    page_of: Any, complaints: Any, sqlite_cast: Cast
) -> None:
    cast = sqlite_cast
    add(cast, AllergyIntolerance(patient_id=cast.paula, display="Penicillin", criticality="high"))
    page = page_of("diaz")
    page.goto(f"/chart/{cast.paula}")
    page.get_by_role("link", name="Prescribe").first.click()
    page.locator("#display[role=combobox]").press_sequentially("amox 500")
    page.get_by_role("option", name="Amoxicillin 500 mg capsule").click()
    alert = page.locator(".drug-alert")
    alert.get_by_text("Allergy to Penicillin").wait_for()
    assert page.locator("#dose_unit, [name=dose_unit]").input_value() == "capsule"
    assert complaints(page) == []
    page.locator("#dose_value").fill("1")
    page.locator("#timing").select_option("TID")
    page.locator("main").get_by_role("button", name="Prescribe").click()
    page.get_by_text("Not prescribed yet").wait_for()
    alert.locator("select").select_option("tolerated")
    alert.locator("input").fill("Took it twice since, no rash")
    page.locator("#timing").select_option("BID")
    page.wait_for_function(
        "() => !document.querySelector('[data-alerts]').hasAttribute('aria-busy')"
    )
    assert alert.locator("input").input_value() == "Took it twice since, no rash"
    page.locator("main").get_by_role("button", name="Prescribe").click()
    page.get_by_text("Prescribed: Amoxicillin 500 mg capsule.").wait_for()
    page.get_by_text("Went on: taken before without harm").wait_for()
    assert complaints(page) == []

    page.get_by_role("link", name="Print Amoxicillin 500 mg capsule").click()
    page.get_by_text("1 capsule by mouth twice a day").wait_for()
    assert complaints(page) == []
    page.go_back()
    page.get_by_label("Stop Amoxicillin 500 mg capsule").click()
    page.get_by_label("Why it is stopped").select_option("sintol")
    page.get_by_role("button", name="Stop this drug").click()
    page.get_by_text("Stopped: Amoxicillin 500 mg capsule.").wait_for()
    with cast.app.app_context():
        (row,) = db.session.scalars(select(MedicationRequest))
        (answer,) = db.session.scalars(select(AlertAnswer))
        assert (row.dosage, answer.comment) == (
            "1 capsule by mouth twice a day", "Took it twice since, no rash",
        )  # fmt: skip
        db.session.remove()


def test_on_a_phone_the_button_says_beside_it_what_the_check_found(
    page_of: Any, complaints: Any, sqlite_cast: Cast
) -> None:
    cast = sqlite_cast
    add(cast, AllergyIntolerance(patient_id=cast.paula, display="Penicillin", criticality="high"))
    page = page_of("diaz", width=390, height=844)
    page.goto(f"/chart/{cast.paula}/prescribe")
    page.locator("#display[role=combobox]").press_sequentially("amox 500")
    page.get_by_role("option", name="Amoxicillin 500 mg capsule").click()
    page.get_by_role("link", name="Stop: allergy").click()
    page.wait_for_function(
        "() => document.querySelector('.drug-alert').getBoundingClientRect().top < innerHeight"
    )
    assert complaints(page) == []


def test_a_nurse_finds_the_code_of_a_problem_as_she_types(
    page_of: Any, complaints: Any, sqlite_cast: Cast
) -> None:
    cast = sqlite_cast
    with cast.app.app_context():
        icd_load.fill(db.session(), CODES)
        db.session.commit()
        db.session.remove()
    page = page_of("nora")
    page.goto(f"/chart/{cast.paula}")
    assert page.get_by_role("link", name="Prescribe").count() == 0
    page.get_by_role("link", name="Add a problem").click()
    page.locator("#display[role=combobox]").press_sequentially("high blood")
    page.get_by_role("option", name="Essential (primary) hypertension").click()
    assert page.locator("#code").input_value() == "I10"
    assert complaints(page) == []
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("Kept: Essential (primary) hypertension.").wait_for()
    with cast.app.app_context():
        assert db.session.scalars(select(Condition.code)).one() == "I10"
        db.session.remove()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.proof
def test_every_page_of_it_passes_axe_and_fits(
    page_of: Any, complaints: Any, sqlite_cast: Cast, width: int, theme: str
) -> None:
    cast = sqlite_cast
    taken = MedicationRequest(patient_id=cast.paula, display="Simvastatin 20 MG Oral Tablet")
    add(cast, taken)
    page = page_of("diaz", width, color_scheme=theme)
    record = cast.record_of_diaz
    for path in ("?section=medication", "/prescribe", "/prescribe?renew=1", "/prescription/1",
                 "/problem/new", "/allergy/new", "/files", f"/note/{record}/summary"):  # fmt: skip
        page.goto(f"/chart/{cast.paula}{path}")
        page.wait_for_load_state("networkidle")
        assert complaints(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
