"""Every page of every role in a real browser: axe finds nothing, nothing jumps, nothing is wider
than the screen, the console is silent, and a list is seen within a second on a slow machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from app.cli import build_demo
from app.exchange.demo import PASSWORD
from app.extensions import db
from app.models import Appointment, AppointmentSeries, Doctor, Patient
from app.models.base.itself import CLINIC
from app.models.messages import links, message_defaults
from app.models.people import login_setting
from app.models.portal import joining
from app.models.rota import sick
from app.models.visits import series
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
RARE = ("/absence/1", "/series/1")
"""Pages that no other page leads to for long."""
REFUSED = ("/nothing-here", "/roles/list/")
"""What nobody has, and what only the admin may open."""
STEPS = {"receptionist": "code", "nurse": "enrol", "doctor": "password"}
"""What each is asked after the password, in the proof of signing in."""


@pytest.fixture
def demo(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A demo clinic of today, served with its check against forgery; patients may ask for access."""
    filled(sqlite_app, "demo_of_today", _build)
    monkeypatch.setitem(sqlite_app.config, "PORTAL_REGISTRATION", True)
    yield sqlite_app
    sqlite_app.config["WTF_CSRF_ENABLED"] = False


def _build() -> None:
    message_defaults.seed(db.session())
    build_demo(patients=150, years=1)
    _what_the_demo_lacks()
    db.session.commit()


def _what_the_demo_lacks() -> None:
    """A doctor who is away, and a recurring visit, both on days far off."""
    session, now = db.session(), datetime.now(UTC)
    day = now.date() + timedelta(days=70 - now.weekday())
    doctor, patient = (
        session.scalars(select(Doctor)).first(),
        session.scalars(select(Patient)).first(),
    )
    assert doctor and patient
    kept = sick.confirm(session, CLINIC, sick.Choices(doctor.doctor_id, day, day, []), "Flu", now)
    assert kept.absence.absence_id == 1
    visits = AppointmentSeries(
        patient_id=patient.patient_id, doctor_id=doctor.doctor_id, minutes=20,
        rrule="FREQ=WEEKLY;COUNT=3", start_wall=datetime.combine(day, time(9)),
    )  # fmt: skip
    series.create(session, CLINIC, visits, now, skip=True, override_reason="Asked for")
    assert visits.series_id == 1


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
    return pages_of(app, client, SHOWN + RARE)


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


def sign_in(chromium: Any, base: str, name: str, until: str = "") -> Looker:
    """Someone who has given the password, and is in, or is asked for more at `until`."""
    context = chromium.new_context(base_url=base, timezone_id=FAR_AWAY)
    looker = Looker(context.new_page(), base, name)
    if name != ANYONE:
        looker.page.goto("/login/")
        looker.page.fill("[name=username]", name)
        looker.page.fill("[name=password]", PASSWORD)
        looker.page.click("main [type=submit]")
        looker.page.wait_for_url(lambda url: until in url if until else "/login" not in url)
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
    for url in REFUSED:
        looker.look(url, refused=True)
    faults = looker.faults + _late(looker, urls)
    looker.page.context.close()
    assert faults == []


def test_every_step_of_signing_in_is_as_its_users_need_it(
    demo: Flask, address: str, chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(demo.config, "SECOND_FACTOR_ROLES", frozenset({"nurse"}))
    _ask_more_than_the_password(demo)
    demo.config["WTF_CSRF_ENABLED"] = True
    faults: list[str] = []
    for name, step in STEPS.items():
        looker = sign_in(chromium, address, name, until=f"/login/{step}")
        looker.look(f"/login/{step}")
        faults += looker.faults
        looker.page.context.close()
    assert faults == []


def _ask_more_than_the_password(app: Flask) -> None:
    """Each of `STEPS` is asked for what stands beside it."""
    secret, now = login_setting.new_secret(), datetime.now(UTC)
    with app.app_context():
        keys = {name: app.appbuilder.sm.find_user(name).id for name in STEPS}
        session = db.session()
        code = pyotp.TOTP(secret).at(now)
        assert login_setting.enrol(session, keys["receptionist"], secret, code, now)
        login_setting.made_for(session, keys["doctor"]).must_change = True
        session.commit()
        db.session.remove()


def _late(looker: Looker, urls: list[str]) -> list[str]:
    """The lists that take too long each time; a machine that has more to do than it has processors
    is given as much more time."""
    late = [url for url in urls if url.endswith("/list/")]
    for _ in range(TRIES):
        most = FIRST_PAINT * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
        late = [url for url in late if looker.first_paint(url) > most]
    return [f"{looker.who} {url}: nothing is seen within {FIRST_PAINT} ms" for url in late]
