"""A clinic that is really served, and pages of a real Chromium in which someone is signed in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app.extensions import db
from app.models import Appointment, Doctor, Shift, VisitType
from app.models.base.clock import clinic_zone, day_of
from tests.cast import PASSWORD, Cast

ROOT = Path(__file__).resolve().parents[2]
FAR_AWAY = "America/New_York"
"""The zone of the browser: what is shown must be the clinic's time all the same."""


@contextmanager
def serving_here(app: Flask) -> Iterator[str]:
    """The address of a clinic that a thread of this process serves."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def served(sqlite_cast: Cast) -> Iterator[str]:
    """The address of the clinic, with its check against forgery."""
    app = sqlite_cast.app
    app.config["WTF_CSRF_ENABLED"] = True
    with serving_here(app) as address:
        yield address
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def stranger(chromium: Any, served: str) -> Iterator[Callable[..., Any]]:
    """`stranger()`: a page in which nobody is signed in. Any fault that the console tells, and
    any request that leaves the machine, fails the test; a refusal by the rules is none."""
    faults: list[str] = []
    opened: list[Any] = []

    def note(message: Any) -> None:
        refused = "the server responded with a status of 4" in message.text
        if message.type == "error" and not refused:
            faults.append(message.text)

    def come(width: int = 1280, height: int = 860, **settings: Any) -> Any:
        size = {"width": width, "height": height}
        context = chromium.new_context(
            base_url=served, viewport=size, timezone_id=FAR_AWAY, **settings
        )
        context.set_default_timeout(20_000)
        opened.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((served, "data:")) else faults.append(r.url),
        )
        return page

    yield come
    for context in opened:
        context.close()
    assert faults == []


@pytest.fixture
def page_of(stranger: Callable[..., Any]) -> Callable[..., Any]:
    """`page_of("rosa")`: a page in which she is signed in, held to the same."""

    def sign_in(name: str, width: int = 1280, height: int = 860, **settings: Any) -> Any:
        page = stranger(width, height, **settings)
        page.goto("/login/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("main [type=submit]")
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    return sign_in


@pytest.fixture
def complaints() -> Callable[[Any], list[str]]:
    """What axe finds wrong with a page."""
    axe = ROOT / "node_modules/axe-core/axe.min.js"
    if not axe.exists():
        pytest.skip("axe-core is not there; run `npm ci`")

    def ask(page: Any) -> list[str]:
        page.evaluate(axe.read_text())
        found = page.evaluate("axe.run()")["violations"]
        return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]

    return ask


@pytest.fixture
def day(sqlite_cast: Cast) -> str:
    """Tomorrow: both doctors on duty, Paula at 10:00 with Dr. Díaz, Quentin at 12:00."""
    cast = sqlite_cast
    with cast.app.app_context():
        start, _ = day_of(datetime.now(UTC), clinic_zone(), days=1)
        db.session.get_one(VisitType, cast.visit_type).grid_minutes = 30
        for doctor in (cast.diaz, cast.eriksen):
            staff = db.session.get_one(Doctor, doctor).staff_id
            for days in range(4):
                on = start.date() + timedelta(days=days)
                db.session.add(
                    Shift(staff_id=staff, shift_date=on, start_time=time(8), end_time=time(18))
                )
        for patient, hour in ((cast.paula, 10), (cast.quentin, 12)):
            at = datetime.combine(start.date(), time(hour), clinic_zone())
            db.session.add(
                Appointment(
                    patient_id=patient, doctor_id=cast.diaz, visit_type_id=cast.visit_type,
                    appointment_datetime=at, minutes_duration=30, status="booked",
                )
            )  # fmt: skip
        db.session.commit()
        db.session.remove()
        return start.date().isoformat()
