"""Every page works under the policy that its answer carries: the browser refuses nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.extensions import db
from app.models import LoginSession, Role
from tests.cast import ONE_OF, PASSWORD, Cast

pytestmark = pytest.mark.browser

NO_PAGE = ("/api/", "/static/", "/health", "/ready", "/login/")
WITH_ARGUMENTS = (
    "/chart/1",
    "/patient/show/1",
    "/patient/edit/1",
    "/appointment/add",
    "/users/show/1",
)


def pages_of(cast: Cast) -> dict[str, list[str]]:
    """Every page, each with the first person who may open it."""
    rules = [r for r in cast.app.url_map.iter_rules() if "GET" in r.methods and not r.arguments]
    urls = [r.rule for r in rules if not r.rule.startswith(NO_PAGE)] + list(WITH_ARGUMENTS)
    found: dict[str, list[str]] = {}
    left = set(urls)
    for role in (Role.DOCTOR, Role.ADMIN, Role.RECEPTIONIST, Role.PATIENT):
        client = cast.client(ONE_OF[role])
        for url in sorted(left):
            answer = client.get(url, buffered=True)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                found.setdefault(ONE_OF[role], []).append(url)
                left.discard(url)
    return found


@pytest.mark.proof
def test_the_browser_refuses_nothing_on_any_page(
    sqlite_cast: Cast, page_of: Callable[..., Any]
) -> None:
    refused: list[str] = []
    for name, urls in pages_of(sqlite_cast).items():
        page = page_of(name)
        page.on(
            "console", lambda m: refused.append(m.text) if "Content Security" in m.text else None
        )
        for url in urls:
            page.goto(url, wait_until="load")
    assert refused == []


def test_what_was_typed_comes_back_after_signing_in_again(
    sqlite_cast: Cast, page_of: Callable[..., Any]
) -> None:
    page = page_of("amina")
    page.goto("/room/add")
    page.fill("[name=name]", "A room of my own")
    page.fill("[name=room_type]", "exam")
    end_sessions(sqlite_cast)
    page.click(".form-bar [type=submit]")
    page.wait_for_selector("[name=password]")
    page.fill("[name=username]", "amina")
    page.fill("[name=password]", PASSWORD)
    page.click("main [type=submit]")
    page.wait_for_url("**/room/add")
    assert page.input_value("[name=name]") == "A room of my own"
    page.click(".form-bar [type=submit]")
    page.wait_for_url("**/room/show/*")


def end_sessions(cast: Cast) -> None:
    with cast.app.app_context():
        long_ago = datetime.now(UTC) - timedelta(hours=2)
        db.session.execute(update(LoginSession).values(seen=long_ago))
        db.session.commit()
        db.session.remove()


def test_what_a_page_sends_by_script_waits_until_one_has_signed_in_again(
    sqlite_cast: Cast, page_of: Callable[..., Any]
) -> None:
    page = page_of("amina")
    page.goto("/calendar/")
    page.wait_for_load_state("networkidle")  # the visits are there
    end_sessions(sqlite_cast)
    page.evaluate(
        """() => { window.sent = import("/static/js/calendar/api.js").then(({ post }) =>
            post("/api/v1/room/", { name: "Sent late", room_type: "exam" })) }"""
    )
    page.wait_for_selector("#signed-out[open]")
    page.click("#signed-out button")
    page.wait_for_selector("#signed-out [role=status]:has-text('not signed in yet')")
    other = page.context.new_page()
    other.goto("/login/")
    other.fill("[name=username]", "amina")
    other.fill("[name=password]", PASSWORD)
    other.click("main [type=submit]")
    other.wait_for_url("**/")
    page.click("#signed-out button")
    assert page.evaluate("window.sent.then(({ status }) => status)") == 201
