"""Staff who use no mouse: the day's work of the desk and of a doctor by keys alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Appointment, MedicalRecord, Observation
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.browser

PageOf = Callable[..., Any]
FAR = 150
"""Nothing that a page is for lies more tabs away."""

SEEN = """() => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
  return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
}"""
IS_AT = """([selector, text]) => {
  const at = document.activeElement;
  return at.matches(selector) && (!text || (at.ariaLabel ?? at.textContent).includes(text));
}"""
INSIDE = "(selector) => document.querySelector(selector).contains(document.activeElement)"


class Keys:
    """A person at a page whose hands stay on the keys."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def tab_to(self, selector: str, text: str = "") -> None:
        """Go on by Tab until there, and see where one is."""
        for _ in range(FAR):
            if self.page.evaluate(IS_AT, [selector, text]):
                assert self.page.evaluate(SEEN), f"{selector}: the focus is not seen"
                return
            self.press("Tab")
        raise AssertionError(f"{selector} {text} is not reached by Tab")

    def enter(self, selector: str, text: str = "") -> None:
        self.tab_to(selector, text)
        self.press("Enter")

    def find(self, typed: str, found: str) -> None:
        """The search of the top bar."""
        self.press("/")
        self.type(typed)
        self.page.locator(".option", has_text=found).wait_for()
        self.press("ArrowDown", "Enter")

    def opened(self, dialog: str) -> None:
        """A dialog that is open has the focus, and Tab does not lead out of it to the page."""
        self.page.locator(f"{dialog}[open]").wait_for()
        assert self.page.evaluate(INSIDE, dialog)

    def told(self, text: str) -> None:
        self.page.locator(".toast", has_text=text).last.wait_for()


def statuses(cast: Cast, patient: int) -> list[tuple[str, int]]:
    with cast.app.app_context():
        query = select(Appointment.status, Appointment.version).where(
            Appointment.patient_id == patient, Appointment.status.in_(["booked", "cancelled"])
        )
        found = [tuple(row) for row in db.session.execute(query)]
        db.session.remove()
    return found


def test_the_desk_finds_books_moves_and_cancels_by_keys_alone(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    keys = Keys(page := page_of("rosa"))
    keys.find("Quen", "Quentin")
    page.wait_for_url("**/patient/show/*")
    assert "Quentin" in page.locator("h1").inner_text()

    page.goto("/")
    keys.enter("nav a", "Calendar")
    page.wait_for_url("**/calendar/**")
    page.locator("#cal-frame[aria-busy=false]").wait_for()
    keys.press("d", "ArrowRight")
    visit = page.locator(".ec-event", has_text="Quentin")
    visit.wait_for()
    keys.press("n")
    keys.opened("#booking")
    keys.tab_to("#booking-patient")
    keys.type("Paul")
    page.locator("#booking .option", has_text="Paula").wait_for()
    keys.press("ArrowDown", "Enter")
    page.locator("#booking .slot").first.wait_for()
    keys.enter("#booking .slot")
    keys.enter("#booking-send")
    keys.told("booked")
    assert page.locator(".ec-event", has_text="Paula").count() == 2

    keys.enter(".ev-button", "Quentin")
    keys.opened("#visit-card")
    keys.press("Escape")
    assert page.evaluate(IS_AT, [".ev-button", "Quentin"]), "the focus is where it was"
    keys.press("Enter")
    keys.enter("#visit-card button", "Move…")
    keys.opened("#booking")
    page.locator("#booking .slot").first.wait_for()
    keys.enter("#booking .slot")
    keys.enter("#booking-send")
    keys.opened("#telling")
    keys.enter("#telling button", "Move and tell")
    keys.told("Quentin")

    keys.enter(".ev-button", "Quentin")
    keys.enter("#visit-card button", "Cancel…")
    keys.opened("#cancelling")
    keys.enter("#cancelling button", "Cancel the visit")
    keys.told("cancelled")
    assert [status for status, _ in statuses(sqlite_cast, sqlite_cast.quentin)] == ["cancelled"]


def test_a_doctor_writes_and_signs_a_note_by_keys_alone(page_of: PageOf, sqlite_cast: Cast) -> None:
    keys = Keys(page := page_of("diaz"))
    keys.find("Paul", "Paula")
    page.wait_for_url("**/chart/*")
    keys.enter("main a, main button", "New note")
    page.wait_for_url("**/note/new")
    keys.enter("main form button", "Start writing")
    page.wait_for_url(re.compile(r"/note/\d+"))
    keys.tab_to("[name=notes]")
    keys.type("Coughs for three days.")
    keys.tab_to("[name=diagnosis]")
    keys.type("Acute bronchitis")
    page.locator("[data-state]", has_text="Saved ").wait_for()
    keys.enter("main button", "Sign")
    keys.opened("#confirm")
    keys.enter("#confirm-yes")
    page.get_by_text("The note is locked").wait_for()
    with sqlite_cast.app.app_context():
        query = select(MedicalRecord).where(MedicalRecord.status == "signed")
        notes = [row.notes for row in db.session.scalars(query)]
        db.session.remove()
    assert "Coughs for three days." in notes


def test_a_nurse_measures_by_keys_alone(page_of: PageOf, sqlite_cast: Cast) -> None:
    keys = Keys(page := page_of("nora"))
    keys.find("Paul", "Paula")
    page.wait_for_url("**/chart/*")
    keys.enter("main a", "Record vitals")
    page.wait_for_url("**section=vitals*")
    for name, value in (("systolic", "128"), ("diastolic", "77"), ("pulse", "64")):
        keys.tab_to(f"[name={name}]")
        keys.type(value)
    keys.enter("main form button", "Record")
    page.get_by_text("128/77").first.wait_for()
    with sqlite_cast.app.app_context():
        query = select(Observation.value).where(Observation.patient_id == sqlite_cast.paula)
        kept = set(db.session.scalars(query))
        db.session.remove()
    assert 64 in kept


def test_the_admin_lets_someone_in_by_keys_alone(page_of: PageOf, sqlite_cast: Cast) -> None:
    keys = Keys(page := page_of("amina"))
    keys.enter("nav summary", "Administration")
    keys.enter("nav a", "Users")
    page.wait_for_url("**/users/list/*")
    keys.enter("main a", "Add")
    page.wait_for_url("**/users/add*")
    for name, value in {
        "username": "nils", "first_name": "Nils", "last_name": "Nyman",
        "email": "nils@example.org",
    }.items():  # fmt: skip
        keys.tab_to(f"[name={name}]")
        keys.type(value)
    keys.tab_to("[name=roles][value=nurse]")
    keys.press("Space")
    for name in ("password", "conf_password"):
        keys.tab_to(f"[name={name}]")
        keys.type(PASSWORD)
    keys.enter("main form button", "Add")
    page.wait_for_url("**/users/show/*")
    assert "Nils" in page.locator("h1").inner_text()
