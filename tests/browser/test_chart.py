"""A visit from the nurse's vitals to the doctor's amendment, in a real browser, with a cut in the
middle: what was typed is there again after signing in anew."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Appointment, MedicalRecord, Observation
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
SECONDS = 20_000
NOTHING_KEPT = "() => !Object.keys(localStorage).some((key) => key.startsWith('note/'))"


@pytest.fixture
def clinic(served: str, sqlite_cast: Cast) -> str:
    """The address of the clinic; Paula is checked in."""
    with sqlite_cast.app.app_context():
        visit = db.session.get_one(Appointment, sqlite_cast.visit)
        visit.status, visit.reason = "checked-in", "Cough"
        visit.appointment_datetime = datetime.now(UTC).replace(microsecond=0)
        db.session.commit()
        db.session.remove()
    return served


@pytest.fixture
def browser(chromium: Any) -> Any:
    return chromium


class Person:
    """Someone at a browser of their own; what its console complains of is kept."""

    def __init__(self, browser: Any, clinic: str, name: str, **settings: Any) -> None:
        self.clinic, self.name = clinic, name
        self.context = browser.new_context(locale="en-GB", **settings)
        self.page = self.context.new_page()
        self.page.set_default_timeout(SECONDS)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.sign_in()

    def sign_in(self) -> None:
        self.page.goto(f"{self.clinic}/login/")
        self.fill_in_login()

    def fill_in_login(self) -> None:
        self.page.fill("[name=username]", self.name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def goto(self, path: str) -> Any:
        self.page.goto(self.clinic + path)
        return self.page

    def wait_for_state(self, words: str) -> None:
        playwright.expect(self.page.locator("[data-state]")).to_contain_text(words, timeout=SECONDS)

    def axe(self) -> list[Any]:
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run()")
        return [(v["id"], v["nodes"][0]["target"]) for v in found["violations"]]


def measure(nurse: Person, cast: Cast) -> None:
    page = nurse.goto(f"/chart/{cast.paula}")
    page.get_by_role("link", name="Record vitals").first.click()
    page.get_by_label("Systolic blood pressure").fill("152")
    page.get_by_label("Diastolic blood pressure").fill("84")
    page.get_by_label("Body temperature").fill("38,6")
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text("Recorded: blood pressure, body temperature").wait_for()


def start_note(person: Person, cast: Cast) -> Any:
    page = person.goto(f"/chart/{cast.paula}")
    page.get_by_role("button", name="Start note").click()
    page.wait_for_url("**/note/*")
    return page


def texts(cast: Cast) -> list[tuple[str, str | None]]:
    with cast.app.app_context():
        query = select(MedicalRecord.status, MedicalRecord.notes).where(
            MedicalRecord.appointment_id == cast.visit
        )
        found = [tuple(row) for row in db.session.execute(query)]
        db.session.remove()
    return found  # type: ignore[return-value]


def test_a_visit_from_the_vitals_to_the_amendment(
    browser: Any, clinic: str, sqlite_cast: Cast
) -> None:
    cast = sqlite_cast
    nora = Person(browser, clinic, "nora")
    measure(nora, cast)
    diaz = Person(browser, clinic, "diaz")
    page = start_note(diaz, cast)
    address = page.url
    page.get_by_text("152/84").wait_for()
    page.get_by_label("Notes", exact=True).press_sequentially("Coughs for three days. .lungs ")
    diaz.wait_for_state("Saved")
    assert texts(cast) == [
        ("draft", "Coughs for three days. Breathing clear on both sides, no wheeze, no crackles.")
    ]

    diaz.context.clear_cookies()
    page.get_by_label("Diagnosis", exact=True).press_sequentially("Acute bronchitis")
    diaz.wait_for_state("you are signed out")
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert ("note/" in kept, "bronchitis" in kept) == (True, False), (
        "the next at the machine reads it"
    )
    page.get_by_role("link", name="Sign in and go on").click()
    page.wait_for_url("**/login/**")
    diaz.fill_in_login()
    if page.url != address:
        page.goto(address)
    playwright.expect(page.get_by_label("Diagnosis", exact=True)).to_have_value("Acute bronchitis")
    diaz.wait_for_state("Saved")

    page.get_by_role("button", name="Sign", exact=True).click()
    page.locator("#confirm-yes").click()
    page.get_by_text("The note is locked").wait_for()
    assert texts(cast)[0][0] == "signed"
    page.wait_for_function(NOTHING_KEPT)

    page.get_by_role("link", name="Amend").click()
    page.get_by_label("Reason").fill("X-ray result")
    page.get_by_label("Diagnosis", exact=True).fill("Pneumonia")
    page.get_by_role("button", name="Sign the amendment").click()
    page.get_by_text("Versions side by side").wait_for()
    assert page.locator("del").inner_text() == "Acute bronchitis"
    assert page.locator("ins").inner_text() == "Pneumonia"
    with cast.app.app_context():
        measured = db.session.scalars(select(Observation.record_id)).all()
        db.session.remove()
    assert None not in measured
    assert nora.complaints + diaz.complaints == []


def test_a_text_typed_offline_arrives_once_there_is_a_connection(
    browser: Any, clinic: str, sqlite_cast: Cast
) -> None:
    diaz = Person(browser, clinic, "diaz")
    page = start_note(diaz, sqlite_cast)
    diaz.context.set_offline(True)
    page.get_by_label("Notes", exact=True).press_sequentially("Typed in the cellar")
    diaz.wait_for_state("offline. Kept in this browser")
    diaz.context.set_offline(False)
    diaz.wait_for_state("Saved")
    assert texts(sqlite_cast) == [("draft", "Typed in the cellar")]


def test_two_who_write_one_draft_see_both_texts_and_decide(
    browser: Any, clinic: str, sqlite_cast: Cast
) -> None:
    nora = Person(browser, clinic, "nora")
    theirs = start_note(nora, sqlite_cast)
    diaz = Person(browser, clinic, "diaz")
    mine = diaz.page
    mine.goto(theirs.url)
    theirs.get_by_label("Notes", exact=True).press_sequentially("What Nora wrote")
    nora.wait_for_state("Saved")
    mine.get_by_label("Notes", exact=True).press_sequentially("What Díaz wrote")
    diaz.wait_for_state("someone else changed this note")
    clash = mine.locator("#clash")
    assert "What Nora wrote" in clash.inner_text()
    assert "What Díaz wrote" in clash.inner_text()
    assert diaz.axe() == []
    mine.get_by_role("button", name="Keep mine").click()
    diaz.wait_for_state("Saved")
    assert texts(sqlite_cast) == [("draft", "What Díaz wrote")]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_of_the_chart_passes_axe(
    browser: Any, clinic: str, sqlite_cast: Cast, width: int, theme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed")
    cast = sqlite_cast
    nora = cast.client("nora")
    cast.app.config["WTF_CSRF_ENABLED"] = False
    for pulse in (58, 80, 120):
        nora.post(f"/chart/{cast.paula}/vitals", data={"pulse": pulse, "weight": 70, "height": 170})
    cast.app.config["WTF_CSRF_ENABLED"] = True
    screen: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": theme}
    diaz = Person(browser, clinic, "diaz", **screen)
    draft = f"/note/{cast.record_of_diaz}"
    for path in ("", "?section=vitals", "?section=visits", "?q=secret", "/note/new", draft,
                 "/files", "/access"):  # fmt: skip
        page = diaz.goto(f"/chart/{cast.paula}{path}")
        page.wait_for_load_state("networkidle")
        assert diaz.axe() == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    assert diaz.complaints == []


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_a_nurse_outside_the_team_breaks_the_glass(
    browser: Any, clinic: str, sqlite_cast: Cast, width: int, theme: str
) -> None:
    cast = sqlite_cast
    diaz = Person(browser, clinic, "diaz")
    page = diaz.goto(f"/chart/{cast.paula}")
    page.get_by_role("link", name="Access").click()
    page.get_by_label("Why it is to be restricted").fill("She works here, at the desk")
    page.get_by_role("button", name="Restrict this chart").click()
    page.get_by_text("The chart is restricted to the team.").wait_for()

    screen: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": theme}
    nora = Person(browser, clinic, "nora", **screen)
    page = nora.goto(f"/chart/{cast.paula}")
    page.get_by_role("heading", name="Restricted chart of Paula").wait_for()
    assert nora.axe() == []
    page.get_by_label("Why you must see it").fill("help")
    page.get_by_role("button", name="Break the glass").click()
    page.get_by_text("Give the reason in words").wait_for()
    assert nora.axe() == []
    page.get_by_label("Why you must see it").fill("She collapsed at the desk")
    page.get_by_label("30 minutes").check()
    page.get_by_role("button", name="Break the glass").click()
    page.get_by_text("The chart is open to you for 30 minutes").wait_for()

    page = diaz.goto(f"/chart/{cast.paula}/access")
    page.get_by_text("She collapsed at the desk").wait_for()
    assert diaz.axe() == []
    assert nora.complaints + diaz.complaints == []
