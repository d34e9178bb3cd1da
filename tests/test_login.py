"""Signing in and out, and what a login may not give away."""

from __future__ import annotations

import copy
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Role as Grants
from app.models.people import logins
from app.security.policy import of_the_application
from app.views.login import rights
from tests.cast import PASSWORD, Cast
from tests.databases import with_cast

NEW = {
    "username": "newbie", "first_name": "New", "last_name": "Person", "email": "new@example.org",
    "active": "y", "roles": "nurse", "password": "a long password", "conf_password": "a long password",
}  # fmt: skip


def sign_in(
    client: FlaskClient, username: str = "rosa", password: str = PASSWORD, **query: str
) -> Any:
    login = {"username": username, "password": password}
    return client.post("/login/", data=login, query_string=query)


@pytest.fixture
def browser(sqlite_cast: Cast) -> FlaskClient:
    return sqlite_cast.app.test_client()


def body(page: str) -> str:
    """The page without what differs from one request to the next, and without what was typed."""
    return re.sub(r'(value|nonce|content)="[^"]*"', "", page)


def test_a_name_and_its_password_open_the_start_page(cast: Cast) -> None:
    client = cast.app.test_client()
    assert sign_in(client).headers["Location"] == "/"
    assert client.get("/patient/list/").status_code == 200


@pytest.mark.parametrize("username", ["rosa@example.org", "ROSA "])
def test_the_e_mail_address_is_a_name_too_and_nothing_else_is(
    browser: FlaskClient, username: str
) -> None:
    expected = 302 if "@" in username else 401
    assert sign_in(browser, username).status_code == expected


def test_the_answer_is_the_same_for_an_unknown_name(browser: FlaskClient) -> None:
    known, unknown = sign_in(browser, "rosa", "wrong"), sign_in(browser, "nobody", "wrong")
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert body(known.text) == body(unknown.text)


def test_the_answer_of_the_api_is_the_same_for_an_unknown_name(browser: FlaskClient) -> None:
    url = "/api/v1/security/login"
    answers = [
        browser.post(url, json={"username": name, "password": "wrong"})
        for name in ("rosa", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].data == answers[1].data


@pytest.mark.parametrize("password", ["", "\x00", " ", PASSWORD.upper(), PASSWORD + " "])
def test_another_password_opens_nothing(browser: FlaskClient, password: str) -> None:
    assert sign_in(browser, "rosa", password).status_code in (200, 401)
    assert browser.get("/patient/list/").status_code in (302, 401)


def test_an_inactive_login_opens_nothing(sqlite_cast: Cast, browser: FlaskClient) -> None:
    signed_in = sqlite_cast.client("rosa")
    with sqlite_cast.app.app_context():
        db.session.scalar(select(User).filter_by(username="rosa")).active = False
        db.session.commit()
        db.session.remove()
    assert sign_in(browser).status_code == 401
    assert signed_in.get("/patient/list/").status_code in (302, 401)


def test_who_follows_a_link_without_a_session_is_asked_to_sign_in_and_accused_of_nothing(
    browser: FlaskClient,
) -> None:
    page = browser.get("/patient/list/", follow_redirects=True).text
    assert "Sign in, and the page that you asked for opens." in page
    assert "Denied" not in page


@pytest.mark.parametrize("url", ["/patient/list/", "/patient/show/1?x=1"])
def test_one_comes_back_to_where_one_was_going(browser: FlaskClient, url: str) -> None:
    assert sign_in(browser, next=url).headers["Location"] == url


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/", "//evil.example/", "http:evil.example", "/\\evil.example",
        "\\\\evil.example", "javascript:alert(1)", "http://localhost.evil.example/", "https:///evil",
        "http://localhost@evil.example/", "\t//evil.example",
    ],
)  # fmt: skip
def test_one_is_never_sent_to_another_host(browser: FlaskClient, url: str) -> None:
    sent = sign_in(browser, next=url).headers["Location"]
    assert urlsplit(urljoin("http://localhost/login/", sent)).netloc == "localhost"
    assert "\\" not in sent  # which a browser takes for a slash


@pytest.mark.parametrize("url", ["/\r\nX:1", "/patient/list/\n", "/\u2028x"])
def test_a_way_back_that_is_no_address_is_left_out(browser: FlaskClient, url: str) -> None:
    answer = sign_in(browser, next=url)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil"])
@pytest.mark.parametrize("url", ["/login/", "/health", "/patient/list/", "/api/v1/patient/"])
def test_an_unknown_host_is_a_400(browser: FlaskClient, host: str, url: str) -> None:
    answer = browser.get(url, headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text


def test_a_host_that_is_not_ours_is_no_way_back(browser: FlaskClient) -> None:
    login = {"username": "rosa", "password": PASSWORD}
    url = "/login/?next=http://evil.example/"
    answer = browser.post(url, data=login, headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_signing_out_ends_the_session(browser: FlaskClient) -> None:
    sign_in(browser)
    assert browser.post("/logout/").headers["Location"] == "/login/"
    assert browser.get("/patient/list/").status_code in (302, 401)


def test_no_link_signs_out(browser: FlaskClient) -> None:
    sign_in(browser)
    assert browser.get("/logout/").status_code == 405
    assert browser.get("/patient/list/").status_code == 200


def test_the_session_is_a_new_one_after_signing_in(browser: FlaskClient) -> None:
    with browser.session_transaction() as planted:
        planted["planted"] = "by somebody else"
        planted["csrf_token"] = "known to somebody else"
    sign_in(browser)
    with browser.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "known to somebody else"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: FlaskClient) -> None:
    cookie = sign_in(browser).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_cookie_travels_by_https_only_where_the_clinic_has_it(
    sqlite_cast: Cast, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite_cast.app.config, "SESSION_COOKIE_SECURE", True)
    assert "Secure" in sign_in(browser).headers["Set-Cookie"]


def test_a_login_is_picked_by_any_part_of_the_name_that_it_shows(cast: Cast) -> None:
    for words in ("Ami", "hadd", "amina", "Amina Had"):
        found = cast.client("amina").get(f"/users/pick?q={words}").json
        assert [row["text"] for row in found] == ["Amina Haddad"]


def test_the_admin_adds_a_login(cast: Cast) -> None:
    assert cast.client("amina").post("/users/add", data=NEW).status_code == 302
    client = cast.app.test_client()
    assert sign_in(client, "newbie", "a long password").status_code == 302
    own = {"password": "my own long words", "conf_password": "my own long words"}
    assert client.post("/login/password", data=own).location == "/"
    assert client.get("/medical_record/list/").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"password": "elevenchars", "conf_password": "elevenchars"}, {"conf_password": "another one 12"},
        {"password": "", "conf_password": ""}, {"email": "no address"}, {"roles": "superuser"},
        {"username": ""}, {"username": "rosa"}, {"username": "ROSA"}, {"username": "ｒosa"},
        {"username": "ro\u200bsa"}, {"username": "rosa "}, {"username": "ro\u3164sa"},
        {"email": "rosa@example.org"},
    ],
)  # fmt: skip
def test_a_login_that_cannot_be_meant_is_refused(sqlite_cast: Cast, change: dict[str, str]) -> None:
    answer = sqlite_cast.client("amina").post("/users/add", data=NEW | change)
    assert answer.status_code in (409, 422)


def test_a_role_and_what_it_may_are_read_in_words(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        key = db.session.scalar(select(Role.id).where(Role.name == "nurse"))
    page = sqlite_cast.client("amina").get(f"/roles/show/{key}").text
    assert re.search(r"<h1[^>]*>\s*Nurse\s*</h1>", page)
    assert "Opening hours" in page
    assert "OpeningHours" not in page
    assert "see, change (only status)" in page  # a room's
    assert "see, add (one&#39;s own), change (one&#39;s own)" in page


def test_a_permission_that_only_a_page_of_ones_own_knows_is_read_by_its_name(
    sqlite_cast: Cast,
) -> None:
    with sqlite_cast.app.app_context():
        policy = copy.copy(of_the_application())
        there = policy.permissions[Grants.NURSE] | {("can_print", "Labels"), ("can_show", "Labels")}
        policy.permissions = policy.permissions | {Grants.NURSE: there}
        assert ("Labels", "see, print") in rights.lines(policy, Grants.NURSE, [])


@pytest.mark.parametrize("name", ["diaz", "nora", "rosa", "paula"])
@pytest.mark.parametrize("url", ["/users/list/", "/users/add", "/users/edit/1", "/roles/list/"])
def test_nobody_else_sees_logins(sqlite_cast: Cast, name: str, url: str) -> None:
    assert sqlite_cast.client(name).get(url).status_code == 403


def test_a_new_login_is_asked_for_its_password_and_then_for_it_again(sqlite_cast: Cast) -> None:
    page = sqlite_cast.client("amina").get("/users/add").text
    assert page.index('name="password"') < page.index('name="conf_password"')
    assert "Good for one sign-in" in page


def test_an_edit_without_a_password_keeps_the_old_one(sqlite_cast: Cast) -> None:
    key = sqlite_cast.users["rosa"]
    data = NEW | {
        "username": "rosa",
        "email": "rosa@example.org",
        "password": "",
        "conf_password": "",
    }
    data["roles"] = "receptionist"
    assert sqlite_cast.client("amina").post(f"/users/edit/{key}", data=data).status_code == 302
    assert sign_in(sqlite_cast.app.test_client()).status_code == 302


@pytest.mark.parametrize("change", [{"active": ""}, {"roles": "nurse"}])
def test_the_only_admin_cannot_stop_being_one(sqlite_cast: Cast, change: dict[str, str]) -> None:
    key, amina = sqlite_cast.users["amina"], sqlite_cast.client("amina")
    own = NEW | {"username": "amina", "roles": "admin", "password": "", "conf_password": ""}
    answer = amina.post(f"/users/edit/{key}", data=own | change)
    assert answer.status_code == 422
    assert "This is the only login that manages the clinic" in answer.text
    assert amina.get("/users/list/").status_code == 200
    amina.post("/users/add", data=NEW | {"roles": "admin", "username": "second"})
    other = own | {"email": "amina@example.org"} | change
    assert amina.post(f"/users/edit/{key}", data=other).status_code == 302


@pytest.mark.parametrize("goes", [False, True], ids=["stopped", "deleted"])
def test_two_admins_do_not_stop_each_other_at_once(postgresql_app: Flask, goes: bool) -> None:
    """On SQLite one writes after the other as it is."""
    cast = with_cast(postgresql_app)
    with postgresql_app.app_context(), Session(db.engine) as first, Session(db.engine) as second:
        amina, nora = (cast.users[name] for name in ("amina", "nora"))
        first.execute(
            text(
                "UPDATE ab_user_role SET role_id = (SELECT id FROM ab_role WHERE name = 'admin') "
                "WHERE user_id = :u"
            ),
            {"u": nora},
        )
        first.commit()
        logins.keep_an_admin(first, _stopped(first, amina), goes=goes)
        first.execute(update(User).where(User.id == amina).values(active=False))
        second.execute(text("SET LOCAL lock_timeout = '50ms'"))
        other = _stopped(second, nora)
        with pytest.raises(OperationalError, match="lock timeout"):
            logins.keep_an_admin(second, other, goes=goes)


def _stopped(session: Session, key: int) -> User:
    with session.no_autoflush:
        user = session.get_one(User, key)
        user.active = False
    return user


def test_a_login_is_changed_though_its_name_would_not_be_given_today(sqlite_cast: Cast) -> None:
    key = sqlite_cast.users["rosa"]
    with sqlite_cast.app.app_context():
        db.session.execute(update(User).where(User.id == key).values(username="AMINA"))
        db.session.commit()
    off = NEW | {"username": "AMINA", "active": "", "password": "", "conf_password": ""}
    assert sqlite_cast.client("amina").post(f"/users/edit/{key}", data=off).status_code == 302


def test_the_admin_cannot_delete_the_login_in_use(sqlite_cast: Cast) -> None:
    key = sqlite_cast.users["amina"]
    answer = sqlite_cast.client("amina").post(f"/users/delete/{key}")
    assert (answer.status_code, "signed in with" in answer.text) == (422, True)
    assert sqlite_cast.client("amina").get("/users/list/").status_code == 200


@pytest.mark.parametrize(
    "url",
    ["/users/list/", "/users/show/5", "/users/edit/5", "/users/export", "/users/pick", "/account/",
     "/roles/list/", "/staff/show/1", "/api/v1/staff/1", "/api/v1/_openapi", "/api/v1/patient/1"],
)  # fmt: skip
def test_no_page_shows_the_hash_of_a_password(sqlite_cast: Cast, url: str) -> None:
    answer = sqlite_cast.client("amina").get(url)
    assert answer.status_code == 200
    assert "pbkdf2" not in answer.text
    assert "scrypt" not in answer.text


@pytest.mark.parametrize(
    "argument", ["_flt_0_password=pbkdf2", "_oc_UserView=password", "_oc_UserView=roles"]
)
def test_no_list_is_asked_by_the_hash_of_a_password(sqlite_cast: Cast, argument: str) -> None:
    assert sqlite_cast.client("amina").get(f"/users/list/?{argument}").status_code == 400


def change_password(client: FlaskClient, current: str, new: str, again: str | None = None) -> int:
    data = {"current": current, "password": new, "conf_password": new if again is None else again}
    return int(client.post("/account/", data=data).status_code)


@pytest.mark.parametrize(
    ("current", "new", "again"),
    [
        ("wrong", "a new long one", None), ("", "a new long one", None), (PASSWORD, "short", None),
        (PASSWORD, "a new long one", "another long one"), (PASSWORD, "", ""),
    ],
)  # fmt: skip
def test_a_password_is_not_changed_without_the_old_one_and_twice_a_good_new_one(
    sqlite_cast: Cast, current: str, new: str, again: str | None
) -> None:
    assert change_password(sqlite_cast.client("rosa"), current, new, again) == 422
    assert sign_in(sqlite_cast.app.test_client()).status_code == 302


def test_a_changed_password_is_the_only_one(cast: Cast) -> None:
    assert change_password(cast.client("rosa"), PASSWORD, "a new long one") == 302
    client = cast.app.test_client()
    assert sign_in(client).status_code == 401
    assert sign_in(client, "rosa", "a new long one").status_code == 302
