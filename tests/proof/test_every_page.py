"""Every page of every role in a real browser: axe finds nothing, nothing jumps, nothing is wider
than the screen, the console is silent, and a list is seen within a second on a slow machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from app.cli import build_demo
from app.exchange.demo import PASSWORD
from app.extensions import db
from app.models import Appointment, Patient
from app.models.messages import links, message_defaults
from app.models.portal import joining
from tests.browser.conftest import FAR_AWAY, serving_here
from tests.databases import filled
from tests.proof.looking import FIRST_PAINT, Looker
from tests.proof.pages import pages_of

pytestmark = pytest.mark.proof

ANYONE = "anonymous"
FEWEST = {"admin": 110, "doctor": 85, "nurse": 80, "receptionist": 60, "patient": 20, ANYONE: 6}
"""How many pages each has at least, so that a search that finds nothing is no success."""
TRIES = 3
SHOWN = (
    "/calendar/?view=day",
    "/calendar/?view=week",
    "/calendar/?view=month",
    "/calendar/?view=list",
)
"""Pages that a script leads to."""


@pytest.fixture
def demo(sqlite_app: Flask) -> Iterator[Flask]:
    """A demo clinic of today, served with its check against forgery."""
    filled(sqlite_app, "demo_of_today", _build)
    yield sqlite_app
    sqlite_app.config["WTF_CSRF_ENABLED"] = False


def _build() -> None:
    message_defaults.seed(db.session())
    build_demo(patients=150, years=1)


@pytest.fixture
def address(demo: Flask) -> Iterator[str]:
    with serving_here(demo) as base:
        yield base


def found(app: Flask, name: str) -> list[str]:
    """The pages of a login; of `ANYONE`, those of people who have none."""
    client = app.test_client()
    if name == ANYONE:
        return pages_of(app, client, tuple(_from_messages(app)))
    sent = client.post("/login/", data={"username": name, "password": PASSWORD})
    assert sent.status_code == 302
    return pages_of(app, client, SHOWN)


def _from_messages(app: Flask) -> list[str]:
    """The addresses that messages bring to people who need not sign in."""
    now = datetime.now(UTC)
    with app.app_context():
        session = db.session()
        visit = session.scalars(
            select(Appointment).where(
                Appointment.status == "booked", Appointment.appointment_datetime > now
            )
        ).first()
        person = session.scalars(
            select(Patient).where(Patient.user_id.is_(None), Patient.email.is_not(None))
        ).first()
        assert visit and person
        _, secret = joining.invite(session, person, "self", "", now)
        paths = [
            links.path_of_visit(purpose, visit.appointment_id, visit.appointment_datetime)
            for purpose in ("confirm", "cancel")
        ]
        paths += [urlsplit(links.to_stop(person.patient_id, now)).path, f"/portal/join/{secret}"]
        session.commit()
        db.session.remove()
    return paths


def sign_in(chromium: Any, base: str, name: str) -> Looker:
    context = chromium.new_context(base_url=base, timezone_id=FAR_AWAY)
    looker = Looker(context.new_page(), base, name)
    if name != ANYONE:
        looker.page.goto("/login/")
        looker.page.fill("[name=username]", name)
        looker.page.fill("[name=password]", PASSWORD)
        looker.page.click("main [type=submit]")
        looker.page.wait_for_url(lambda url: "/login" not in url)
    return looker


@pytest.mark.parametrize(("name", "least"), FEWEST.items())
def test_every_page_of_a_role_is_as_its_users_need_it(
    demo: Flask, address: str, chromium: Any, name: str, least: int
) -> None:
    urls = found(demo, name)
    assert len(urls) >= least
    demo.config["WTF_CSRF_ENABLED"] = True
    looker = sign_in(chromium, address, name)
    for url in urls:
        looker.look(url)
    faults = looker.faults + _late(looker, urls)
    looker.page.context.close()
    assert faults == []


def _late(looker: Looker, urls: list[str]) -> list[str]:
    """The lists that take too long each time; a machine that has more to do than it has processors
    is given as much more time."""
    late = [url for url in urls if url.endswith("/list/")]
    for _ in range(TRIES):
        most = FIRST_PAINT * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
        late = [url for url in late if looker.first_paint(url) > most]
    return [f"{looker.who} {url}: nothing is seen within {FIRST_PAINT} ms" for url in late]
