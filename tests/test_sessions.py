"""A session ends once and for all: what was caught of it opens nothing any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import LoginSession
from app.models.people import login_session
from app.models.people.devices import device_name
from app.security.sessions import BACKGROUND
from tests.cast import PASSWORD, Cast

NEW = "a later horse staple"
LOGIN = "/api/v1/security/login"


class Replay:
    """Rosa's cookie, access and refresh token, caught while they were good."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.browser = cast.app.test_client()
        login = {"username": "rosa", "password": PASSWORD}
        cookie = self.browser.post("/login/", data=login).headers["Set-Cookie"]
        self.cookie = cookie.partition(";")[0]
        self.tokens = cast.app.test_client().post(LOGIN, json=login | {"refresh": True}).json
        assert self.accepted() == {"cookie", "access", "refresh"}

    def accepted(self) -> set[str]:
        tries = {
            "cookie": ("GET", "/patient/list/", {"Cookie": self.cookie}),
            "access": ("GET", "/api/v1/patient/", self.bearer("access_token")),
            "refresh": ("POST", "/api/v1/security/refresh", self.bearer("refresh_token")),
        }
        client = self.cast.app.test_client(use_cookies=False)
        return {
            name
            for name, (method, url, headers) in tries.items()
            if client.open(url, method=method, headers=headers).status_code == 200
        }

    def bearer(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[name]}"}


@pytest.fixture(autouse=True)
def nobody_is_signed_in(request: pytest.FixtureRequest) -> None:
    """These tests count sessions, so each begins with none."""
    for name in {"cast", "sqlite_cast"} & set(request.fixturenames):
        cast = request.getfixturevalue(name)
        cast.secrets.clear()
        change(cast, lambda session: session.execute(text("DELETE FROM login_session")))


@pytest.fixture
def replay(cast: Cast) -> Replay:
    return Replay(cast)


def change(cast: Cast, work: Callable[[Any], Any]) -> None:
    with cast.app.app_context():
        work(db.session)
        db.session.commit()
        db.session.remove()


def rosa_is_edited(cast: Cast, **changes: Any) -> int:
    data = {
        "username": "rosa", "first_name": "Rosa", "last_name": "Ricci", "active": "y",
        "email": "rosa@example.org", "roles": "receptionist", "password": "", "conf_password": "",
    }  # fmt: skip
    data |= changes
    kept = {name: value for name, value in data.items() if value is not None}
    url = f"/users/edit/{cast.users['rosa']}"
    return cast.client("amina").post(url, data=kept).status_code


def test_after_signing_out_the_cookie_and_the_tokens_are_refused(replay: Replay) -> None:
    assert replay.browser.post("/logout/").status_code == 302
    assert replay.accepted() == {"access", "refresh"}
    client = replay.cast.app.test_client()
    client.post("/api/v1/security/logout", headers=replay.bearer("refresh_token"))
    assert replay.accepted() == set()


def test_a_program_signs_out_by_its_access_token_too(replay: Replay) -> None:
    client = replay.cast.app.test_client()
    url, headers = "/api/v1/security/logout", replay.bearer("access_token")
    assert client.post(url, headers=headers).status_code == 200
    assert client.post(url, headers=headers).status_code == 401
    assert replay.accepted() == {"cookie"}


def test_a_session_that_was_left_idle_is_over(replay: Replay) -> None:
    idle = datetime.now(UTC) - timedelta(minutes=30)
    change(replay.cast, lambda s: s.execute(update(LoginSession).values(seen=idle)))
    assert replay.accepted() == set()


def test_a_session_in_use_is_over_when_it_grows_too_old(replay: Replay) -> None:
    change(replay.cast, lambda s: s.execute(update(LoginSession).values(expires=datetime.now(UTC))))
    assert replay.accepted() == set()


def test_changing_the_password_ends_every_session_but_goes_on_in_this_browser(
    replay: Replay,
) -> None:
    data = {"current": PASSWORD, "password": NEW, "conf_password": NEW}
    assert replay.browser.post("/account/", data=data).status_code == 302
    assert replay.accepted() == set()
    assert replay.browser.get("/patient/list/").status_code == 200


def test_a_password_that_the_admin_sets_ends_every_session(replay: Replay) -> None:
    assert rosa_is_edited(replay.cast, password=NEW, conf_password=NEW) == 302
    assert replay.accepted() == set()


def test_deactivation_ends_every_session_for_good(replay: Replay) -> None:
    assert rosa_is_edited(replay.cast, active=None) == 302
    assert replay.accepted() == set()
    assert rosa_is_edited(replay.cast) == 302  # active again
    assert replay.accepted() == set()


@pytest.mark.parametrize("roles", ["nurse", ["receptionist", "nurse"]])
def test_another_role_ends_every_session(replay: Replay, roles: Any) -> None:
    assert rosa_is_edited(replay.cast, roles=roles) == 302
    assert replay.accepted() == set()


def test_another_name_or_address_of_the_same_person_ends_no_session(replay: Replay) -> None:
    assert rosa_is_edited(replay.cast, last_name="Rossi", email="rossi@example.org") == 302
    assert replay.accepted() == {"cookie", "access", "refresh"}


def test_a_new_secret_key_ends_what_the_earlier_one_signed_unless_that_is_named(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replay.cast.app.config
    earlier = config["SECRET_KEY"]
    monkeypatch.setitem(config, "SECRET_KEY", "another key, long enough to be taken too")
    assert replay.accepted() == set()
    monkeypatch.setitem(config, "SECRET_KEY_FALLBACKS", [earlier])
    assert replay.accepted() == {"cookie", "access", "refresh"}


def test_a_deleted_login_has_no_session(replay: Replay) -> None:
    change(replay.cast, lambda s: s.execute(text("UPDATE staff SET user_id = NULL")))
    change(replay.cast, lambda s: s.delete(s.get(User, replay.cast.users["rosa"])))
    assert replay.accepted() == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ab_user SET password = 'x' WHERE id = :id",
        "UPDATE ab_user SET active = false WHERE id = :id",
        "UPDATE ab_user_role SET role_id = role_id WHERE user_id = :id",
        "DELETE FROM ab_user_role WHERE user_id = :id",
    ],
)
def test_the_database_ends_them_whoever_changes_the_login(replay: Replay, statement: str) -> None:
    parameters = {"id": replay.cast.users["rosa"]}
    change(replay.cast, lambda s: s.execute(text(statement), parameters))
    assert replay.accepted() == set()


def test_what_the_database_ended_says_when_and_why(cast: Cast) -> None:
    Replay(cast)
    rosa_is_edited(cast, roles="nurse")
    with cast.app.app_context():
        rows = db.session.scalars(
            select(LoginSession).where(LoginSession.user.has(username="rosa"))
        )
        found = [(row.ended_why, abs(datetime.now(UTC) - row.ended_at)) for row in rows]
    assert {why for why, _ in found} == {"roles changed"}
    assert max(since for _, since in found) < timedelta(minutes=1)


def test_an_ended_session_does_not_come_back(cast: Cast) -> None:
    Replay(cast).browser.post("/logout/")
    revive = update(LoginSession).where(LoginSession.ended_at.is_not(None))
    with pytest.raises(IntegrityError, match="login_session_ended"):
        change(cast, lambda s: s.execute(revive.values(ended_at=None, ended_why=None)))


def test_only_the_hash_of_the_secret_is_kept(cast: Cast) -> None:
    client = cast.client("rosa")
    with client.session_transaction() as cookie:
        secret = cookie["_user_id"]
    with cast.app.app_context():
        rows = db.session.execute(text("SELECT * FROM login_session")).all()
    assert secret not in str(rows)


@pytest.mark.parametrize("secret", ["1", "", None, 1, ["x"], "9" * 500, "\ud800", {"a": 1}])
def test_a_cookie_without_a_session_opens_nothing(sqlite_cast: Cast, secret: Any) -> None:
    client = sqlite_cast.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = secret, True
    assert client.get("/patient/list/").location.startswith("/login/")


def test_a_token_of_another_person_does_not_go_with_a_session(sqlite_cast: Cast) -> None:
    from flask_jwt_extended import create_access_token

    secret = sqlite_cast.session_of(sqlite_cast.users["rosa"])
    with sqlite_cast.app.app_context():
        token = create_access_token(
            str(sqlite_cast.users["amina"]), additional_claims={"sid": secret}
        )
    headers = {"Authorization": f"Bearer {token}"}
    client = sqlite_cast.app.test_client()
    assert client.get("/api/v1/staff/", headers=headers).status_code == 401


def last_use(cast: Cast) -> datetime:
    with cast.app.app_context():
        return db.session.scalars(select(LoginSession.seen)).one()


@pytest.fixture
def quiet(sqlite_cast: Cast) -> FlaskClient:
    """Rosa's browser, unused for ten minutes."""
    client = sqlite_cast.client("rosa")
    before = datetime.now(UTC) - timedelta(minutes=10)
    change(sqlite_cast, lambda s: s.execute(update(LoginSession).values(seen=before)))
    return client


def test_a_request_is_a_use_of_the_session(sqlite_cast: Cast, quiet: FlaskClient) -> None:
    quiet.get("/patient/list/")
    assert datetime.now(UTC) - last_use(sqlite_cast) < timedelta(minutes=1)


def test_a_page_that_asks_for_news_by_itself_is_no_use(
    sqlite_cast: Cast, quiet: FlaskClient
) -> None:
    quiet.get("/patient/list/", headers={BACKGROUND: "yes"})
    assert datetime.now(UTC) - last_use(sqlite_cast) > timedelta(minutes=9)


def test_looking_up_the_session_costs_no_statement_of_its_own(
    cast: Cast, statements: list[str]
) -> None:
    client = cast.client("rosa")
    statements.clear()
    client.get("/search/patients?q=")
    assert sum("login_session" in statement for statement in statements) == 1
    assert sum("ab_user" in statement for statement in statements) <= 2


def test_one_sees_where_one_is_signed_in_and_ends_it(sqlite_cast: Cast) -> None:
    here = sqlite_cast.client("rosa")
    there = sqlite_cast.client("rosa")
    with sqlite_cast.app.app_context():
        _this, other = db.session.scalars(
            select(LoginSession.login_session_id).order_by(LoginSession.login_session_id)
        )
    page = here.get("/account/").text
    assert f"/account/sessions/{other}/end" in page
    assert here.post(f"/account/sessions/{other}/end").status_code == 302
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_one_ends_all_the_others_at_once(sqlite_cast: Cast) -> None:
    here, *others = (sqlite_cast.client("rosa") for _ in range(4))
    stranger = sqlite_cast.client("nora")
    here.post("/account/sessions/end-others")
    assert [c.get("/account/").status_code for c in (here, *others)] == [200, 302, 302, 302]
    assert stranger.get("/account/").status_code == 200


def test_nobody_ends_the_session_of_another(sqlite_cast: Cast) -> None:
    rosa, nora = sqlite_cast.client("rosa"), sqlite_cast.client("nora")
    assert nora.post("/account/sessions/1/end").status_code == 404
    assert rosa.get("/account/").status_code == 200


def test_the_admin_ends_one_session_or_all_of_a_person(sqlite_cast: Cast) -> None:
    first, second, nora = (sqlite_cast.client(name) for name in ("rosa", "rosa", "nora"))
    amina = sqlite_cast.client("amina")
    assert "Rosa Ricci" in amina.get("/login_session/list/").text
    amina.post("/login_session/end/1")
    assert [c.get("/account/").status_code for c in (first, second, nora)] == [302, 200, 200]
    amina.post("/login_session/end-all/1")
    assert [c.get("/account/").status_code for c in (second, nora)] == [302, 200]


@pytest.mark.parametrize("name", ["diaz", "nora", "rosa", "paula"])
@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/login_session/list/"), ("GET", "/api/v1/login_session/"),
        ("POST", "/login_session/end/1"), ("POST", "/login_session/end-all/1"),
    ],
)  # fmt: skip
def test_nobody_but_the_admin_reaches_the_sessions_of_others(
    sqlite_cast: Cast, name: str, method: str, url: str
) -> None:
    assert sqlite_cast.client(name).open(url, method=method).status_code == 403


def test_ending_a_session_leaves_an_event(sqlite_cast: Cast) -> None:
    sqlite_cast.client("rosa")
    sqlite_cast.client("amina").post("/login_session/end/1")
    with sqlite_cast.app.app_context():
        found = db.session.execute(text("SELECT agent, action, entity, entity_id FROM audit_event"))
        assert ("amina", "end-session", "LoginSession", "1") in [tuple(row) for row in found]


def test_what_is_long_over_is_forgotten(cast: Cast) -> None:
    cast.client("rosa")
    cast.client("nora")
    now = datetime.now(UTC)
    old = update(LoginSession).where(LoginSession.user_id == cast.users["rosa"])
    change(cast, lambda s: s.execute(old.values(expires=now - login_session.KEPT)))
    with cast.app.app_context():
        assert login_session.forget(db.session(), now + timedelta(seconds=1)) == 1
        db.session.rollback()


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox (Windows)"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605 Version/18 Safari/605",
         "Safari (Mac)"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit Version/18 Safari",
         "Safari (iPhone)"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit Chrome/140 Mobile Safari", "Chrome (Android)"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari Edg/140", "Edge (Windows)"),
        ("curl/8.9.1", "curl/8.9.1"),
        ("", None),
        ("\x1b[31m" + "x" * 300, "[31m" + "x" * 96),
    ],
)  # fmt: skip
def test_a_device_has_a_name_for_people(agent: str, name: str | None) -> None:
    assert device_name(agent) == name
