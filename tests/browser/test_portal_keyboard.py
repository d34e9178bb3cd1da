"""The portal by keyboard alone at 390 px, as a screen reader finds it: from the request for access
to the record as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import MedicalRecord, Notification, Patient, PortalRegistration
from app.models.messages import message_defaults
from tests.cast import Cast

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
WORDS = "three quiet words by the harbour"
MOST_TABS = 90
NAMELESS = re.compile(r"^\s*- (?:button|link|textbox|radio|checkbox|combobox|img)(?: \[|:|$)", re.M)
FOCUS = """() => {
    const at = document.activeElement, style = getComputedStyle(at);
    const label = at.labels?.[0]?.innerText ?? at.getAttribute("aria-label") ?? at.innerText;
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const field = at.matches("input, textarea") && style.boxShadow.includes(" 3px");
    const seen = ring || field || at.type === "date"; // its parts are marked by the browser
    return {label: (label ?? "").replace(/\\s+/g, " ").trim(), tag: at.tagName, seen};
}"""


class Keys:
    """A person with a keyboard; each stop must show where it is."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def to(self, label: str) -> Keys:
        """Tab on to what is called so."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            at = self.page.evaluate(FOCUS)
            assert at["seen"] or at["tag"] == "BODY", f"no focus to be seen on {at['label']!r}"
            if at["tag"] != "BODY" and re.search(label, at["label"]):
                return self
        raise AssertionError(f"Tab does not reach {label!r} on {self.page.url}")

    def type(self, words: str) -> Keys:
        self.page.keyboard.type(words)
        return self

    def enter(self) -> Keys:
        """Press Enter and read the page that comes as a screen reader does."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.read()
        return self

    def read(self) -> str:
        """The tree of roles and names; each page has its landmarks, one heading, and no button,
        link or field without a name."""
        tree: str = self.page.locator("body").aria_snapshot()
        assert "- banner" in tree and "- main" in tree, tree
        assert tree.count("[level=1]") == 1, tree
        assert NAMELESS.findall(tree) == [], tree
        return tree


@pytest.fixture
def open_to_all(sqlite_cast: Cast, day: str) -> Any:
    app = sqlite_cast.app
    app.config["PORTAL_REGISTRATION"] = True
    app.config["PORTAL_CUTOFF_HOURS"] = 2  # whatever the hour is, tomorrow's visits can be moved
    with app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
        db.session.remove()
    yield sqlite_cast
    app.config |= {"PORTAL_REGISTRATION": False, "PORTAL_CUTOFF_HOURS": 24}


def approve(cast: Cast) -> str:
    """The desk says yes; answers the path of the link that was sent."""
    cast.app.config["WTF_CSRF_ENABLED"] = False
    with cast.app.app_context():
        key = db.session.scalar(select(PortalRegistration.portal_registration_id))
        db.session.remove()
    path = f"/portal_registration/edit/{key}"
    assert cast.client("rosa").post(path, data={"state": "approved"}).status_code == 302
    cast.app.config["WTF_CSRF_ENABLED"] = True
    with cast.app.app_context():
        body = db.session.scalar(
            select(Notification.body).order_by(Notification.notification_id.desc())
        )
        patient = db.session.scalar(select(Patient.patient_id).where(Patient.name == "Nina New"))
        db.session.add(
            MedicalRecord(
                patient_id=patient, doctor_id=cast.diaz, visit_date=date(2026, 5, 4),
                reason_display="Sore throat", treatment="Tea and rest", status="signed",
                signed_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
            )
        )  # fmt: skip
        db.session.commit()
        db.session.remove()
    found = re.search(r"/portal/join/[\w-]+", body or "")
    assert found
    return found[0]


def test_a_new_patient_gets_along_with_the_keyboard_alone(
    stranger: Callable[..., Any], open_to_all: Cast, complaints: Callable[[Any], list[str]]
) -> None:
    page = stranger(**PHONE)
    keys = Keys(page)
    page.goto("/login/")
    keys.to("New here").enter()
    keys.to("Your name").type("Nina New").to("Birth date").type("05051990")
    keys.to("E-mail").type("nina@example.org").to("Ask for access").enter()
    assert "We have your request" in page.title()

    page.goto(approve(open_to_all))
    assert complaints(page) == []
    keys.to("Birth date").type("05051990").to("Choose a password").type(WORDS)
    keys.to("The password again").type(WORDS).enter()
    assert 'heading "Hello Nina" [level=1]' in keys.read()

    keys.to("Book a visit").enter()
    keys.to("Consultation").enter()
    assert re.search(r'button "\d\d:\d\d with Dr\. \w+"', keys.read())
    keys.to(r"^1\d:\d\d with").enter()
    keys.to("Book this visit").enter()
    assert "status: Your visit is booked." in keys.read()

    keys.to("^Move$").enter()
    keys.to(r"^11:\d\d with").enter()
    assert "status: Your visit is moved." in keys.read()

    keys.to("Cancel the visit").enter()
    keys.to("Cancel the visit").enter()
    assert "Your visit is cancelled." in keys.read()

    keys.to("^My record$").enter()
    keys.to("Sore throat").enter()
    assert "Tea and rest" in keys.read()
    keys.to("Your record").enter()
    keys.to("Save for another clinic")
    with page.expect_download() as caught:
        page.keyboard.press("Enter")
    bundle = json.loads(Path(caught.value.path()).read_text())
    assert "Encounter" in {entry["resource"]["resourceType"] for entry in bundle["entry"]}
