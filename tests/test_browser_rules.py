"""What every answer tells the browser, and forms that were sent too late."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text, update

from app import create_app
from app.extensions import db
from app.models import LoginSession, Role
from tests.cast import ONE_OF, PASSWORD, Cast
from tests.conftest import SETTINGS
from tests.test_sessions import change

SCRIPT = re.compile(r"<script\b([^>]*)>")
LOGIN = {"username": "rosa", "password": PASSWORD}


def pages(cast: Cast, client: FlaskClient) -> dict[str, Any]:
    """Every page that takes no argument, with what this person is answered."""
    rules = [r for r in cast.app.url_map.iter_rules() if not r.arguments and "GET" in r.methods]
    return {rule.rule: client.get(rule.rule, buffered=True) for rule in rules}


@pytest.mark.parametrize("role", [*Role, "anonymous"])
def test_every_page_of_every_role_carries_the_headers_and_no_script_without_the_nonce(
    sqlite_cast: Cast, role: str
) -> None:
    client = sqlite_cast.client(ONE_OF.get(role, "anonymous"))  # type: ignore[call-overload]
    for url, answer in pages(sqlite_cast, client).items():
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff", url
        assert headers["X-Frame-Options"] == "DENY", url
        assert headers["Referrer-Policy"] == "same-origin", url
        assert "camera=()" in headers["Permissions-Policy"], url
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, url
        assert "unsafe" not in policy, url
        assert "http" not in policy, url
        nonce = re.search(r"'nonce-([\w-]{20,})'", policy)[1]
        assert inline_scripts(answer, nonce) == [], url


def inline_scripts(answer: Any, nonce: str) -> list[str]:
    """Scripts inside the page that do not carry its nonce; data that is no script needs none."""
    if answer.mimetype != "text/html":
        return []
    found = SCRIPT.findall(answer.text)
    return [
        attributes
        for attributes in found
        if "src=" not in attributes
        and "application/json" not in attributes
        and f'nonce="{nonce}"' not in attributes
    ]


def test_a_nonce_is_good_for_one_answer(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("rosa")
    policies = {client.get("/").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


@pytest.mark.parametrize("url", ["/login/", "/health", "/", "/api/v1/patient/", "/nothing"])
def test_nothing_but_files_is_cached(sqlite_cast: Cast, url: str) -> None:
    assert sqlite_cast.client("rosa").get(url).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("https", ["yes", "no"])
def test_https_is_insisted_on_where_the_clinic_has_it(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch, https: str
) -> None:
    monkeypatch.setenv("CLINIC_HTTPS", https)
    url = sqlite_cast.app.config["SQLALCHEMY_DATABASE_URI"]
    secure = create_app(**SETTINGS, SQLALCHEMY_DATABASE_URI=url)
    answer = secure.test_client().post("/login/", data=LOGIN, base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert ("Strict-Transport-Security" in answer.headers) is (https == "yes")
    assert cookie.startswith("__Host-clinic=" if https == "yes" else "clinic=")
    assert ("Secure" in cookie and "Path=/" in cookie) or https == "no"
    assert "Domain" not in cookie
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    with secure.app_context():
        db.session.remove()
        db.engine.dispose()


# -- forms that were sent after their session had ended


ROOM = {"name": "The new room", "room_type": "exam", "status": "available"}


@pytest.fixture
def late(cast: Cast) -> FlaskClient:
    """Amina's browser, left alone for an hour."""
    client = cast.client("amina")
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    change(cast, lambda s: s.execute(update(LoginSession).values(seen=hour_ago)))
    return client


def kept_in(page: str) -> str:
    found = re.search(r'name="kept" value="([^"]+)"', page)
    return found[1] if found else ""


def hidden(page: str) -> dict[str, str]:
    return {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)
    }


def sign_in(client: FlaskClient, name: str, kept: str) -> Any:
    return client.post("/login/", data={"username": name, "password": PASSWORD, "kept": kept})


def test_a_form_sent_too_late_shows_the_login_and_saves_nothing(
    cast: Cast, late: FlaskClient
) -> None:
    answer = late.post("/room/add", data=ROOM)
    assert answer.status_code == 401
    assert "what you typed is kept" in answer.text
    assert "The new room" not in answer.text  # it is sealed
    with cast.app.app_context():
        assert db.session.execute(text("SELECT count(*) FROM room")).scalar() == 1


def test_the_same_person_gets_the_form_back_as_typed(late: FlaskClient) -> None:
    kept = kept_in(late.post("/room/add", data=ROOM).text)
    page = sign_in(late, "amina", kept).text
    assert 'action="/room/add"' in page
    form = late.post("/room/add", data=hidden(page))
    assert form.status_code == 200
    assert 'value="The new room"' in form.text
    assert "nothing was saved yet" in form.text
    assert late.post("/room/add", data=ROOM).status_code == 302


def test_an_edit_that_comes_back_still_knows_its_version(cast: Cast, late: FlaskClient) -> None:
    typed = ROOM | {"version": "1"}
    kept = kept_in(late.post(f"/room/edit/{cast.room}", data=typed).text)
    change(cast, lambda s: s.execute(text("UPDATE room SET version = 2")))
    page = late.post(f"/room/edit/{cast.room}", data=hidden(sign_in(late, "amina", kept).text))
    assert hidden(page.text)["version"] == "1"
    assert late.post(f"/room/edit/{cast.room}", data=typed).status_code == 412


def test_a_wrong_password_keeps_it_still(late: FlaskClient) -> None:
    kept = kept_in(late.post("/room/add", data=ROOM).text)
    data = {"username": "amina", "password": "wrong", "kept": kept}
    assert kept_in(late.post("/login/", data=data).text) == kept


def test_another_person_does_not_get_it(late: FlaskClient) -> None:
    kept = kept_in(late.post("/room/add", data=ROOM).text)
    answer = sign_in(late, "rosa", kept)
    assert answer.status_code == 302
    assert "The new room" not in late.get("/").text


@pytest.mark.parametrize("kept", ["x", "gAAAAA", "é"])
def test_what_was_not_sealed_here_is_not_shown(sqlite_cast: Cast, kept: str) -> None:
    assert sign_in(sqlite_cast.app.test_client(), "amina", kept).status_code == 302


def test_passwords_are_not_kept(cast: Cast, late: FlaskClient) -> None:
    data = {
        "current": PASSWORD,
        "password": "secret words",
        "conf_password": "secret words",
        "x": "y",
    }
    kept = kept_in(late.post("/account/", data=data).text)
    assert set(hidden(sign_in(late, "amina", kept).text)) == {"csrf_token", "x"}


def test_a_form_without_any_session_is_not_kept(sqlite_cast: Cast) -> None:
    assert sqlite_cast.client("anonymous").post("/room/add", data=ROOM).status_code == 302


def test_after_signing_out_nothing_is_kept(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("amina")
    client.post("/logout/")
    assert client.post("/room/add", data=ROOM).status_code == 302


def test_a_page_written_by_hand_sends_it_when_the_person_says_so(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = cast.client("rosa")
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    change(cast, lambda s: s.execute(update(LoginSession).values(seen=hour_ago)))
    kept = kept_in(client.post("/account/feed", data={"do": "make"}).text)
    page = sign_in(client, "rosa", kept).text
    assert "Send it now" in page
    assert "data-resume" not in page
    assert client.post("/account/feed", data=hidden(page)).status_code == 200
