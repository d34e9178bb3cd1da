"""The second factor: a code of the phone beside the password, good once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app.extensions import db
from app.models import LoginSetting
from app.models.base import guesses, sealing
from app.models.people import login_setting
from tests.cast import PASSWORD, Cast
from tests.test_sessions import change

API = "/api/v1/security/login"
LOGIN = {"username": "rosa", "password": PASSWORD}
NOW = datetime(2026, 5, 4, 8, 0, 5, tzinfo=UTC)


def code_of(secret: str, now: datetime, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(now.timestamp()) // 30 + steps)


class Phone:
    """Rosa's phone, set up a while ago."""

    def __init__(self, cast: Cast) -> None:
        self.secret = login_setting.new_secret()
        before = datetime.now(UTC) - timedelta(hours=1)
        with cast.app.app_context():
            code = code_of(self.secret, before)
            user_id = cast.users["rosa"]
            self.recovery = login_setting.enrol(db.session(), user_id, self.secret, code, before)
            db.session.commit()
            db.session.remove()

    def code(self) -> str:
        return code_of(self.secret, datetime.now(UTC))


@pytest.fixture
def phone(cast: Cast) -> Phone:
    return Phone(cast)


@pytest.fixture
def half_in(cast: Cast, phone: Phone) -> FlaskClient:
    """Rosa's browser, after the password."""
    client = cast.app.test_client()
    assert client.post("/login/?next=/patient/list/", data=LOGIN).location == "/login/code"
    return client


def send(client: FlaskClient, code: str) -> Any:
    return client.post("/login/code", data={"code": code})


def test_the_password_alone_opens_nothing(half_in: FlaskClient) -> None:
    assert half_in.get("/patient/list/").status_code == 302
    assert half_in.get("/api/v1/patient/").status_code == 401
    assert "One more step" in half_in.get("/login/code").text


def test_the_code_opens_what_one_was_going_to(half_in: FlaskClient, phone: Phone) -> None:
    assert send(half_in, phone.code()).location == "/patient/list/"
    assert half_in.get("/patient/list/").status_code == 200


@pytest.mark.parametrize("code", ["000000", "", "abc", "1" * 30, "\x00", "１２３４５６"])
def test_another_code_opens_nothing(half_in: FlaskClient, code: str) -> None:
    assert send(half_in, code).status_code in (200, 400, 401, 422)
    assert half_in.get("/patient/list/").status_code == 302


def test_a_code_that_opened_opens_no_second_time(cast: Cast, phone: Phone) -> None:
    code = phone.code()
    answers = []
    for _ in range(2):
        client = cast.app.test_client()
        client.post("/login/", data=LOGIN)
        answers.append(send(client, code).status_code)
    assert answers == [302, 401]


def test_an_older_code_is_no_good_after_a_newer_one(session: Any, cast: Cast) -> None:
    secret = login_setting.new_secret()
    user_id = cast.users["rosa"]
    login_setting.enrol(session, user_id, secret, code_of(secret, NOW), NOW)
    row = login_setting.of_login(session, user_id)
    later = NOW + timedelta(seconds=60)
    assert not login_setting.accepts(session, row, code_of(secret, NOW), NOW)
    assert login_setting.accepts(session, row, code_of(secret, later), later)
    assert not login_setting.accepts(session, row, code_of(secret, later, -1), later)


@pytest.mark.parametrize(
    ("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_clocks_may_differ_by_one_step(session: Any, cast: Cast, steps: int, good: bool) -> None:
    secret = login_setting.new_secret()
    early = NOW - timedelta(hours=1)
    login_setting.enrol(session, cast.users["rosa"], secret, code_of(secret, early), early)
    row = login_setting.of_login(session, cast.users["rosa"])
    assert login_setting.accepts(session, row, code_of(secret, NOW, steps), NOW) is good


def test_a_recovery_code_opens_once(cast: Cast, phone: Phone) -> None:
    answers = []
    for written in (phone.recovery[3], phone.recovery[3].upper().replace("-", " ")):
        client = cast.app.test_client()
        client.post("/login/", data=LOGIN)
        answers.append(send(client, written).status_code)
    assert answers == [302, 401]


def test_the_secret_and_the_recovery_codes_are_not_readable_in_the_database(
    cast: Cast, phone: Phone
) -> None:
    with cast.app.app_context():
        kept = str(db.session.execute(text("SELECT * FROM login_setting")).all())
        kept += str(db.session.execute(text("SELECT * FROM recovery_code")).all())
    assert phone.secret not in kept
    assert not any(code.replace("-", "") in kept for code in phone.recovery)


def test_codes_are_guessed_ten_times(half_in: FlaskClient, phone: Phone) -> None:
    answers = [send(half_in, f"{n:06}").status_code for n in range(12)]
    assert answers == [401] * 10 + [429] * 2
    assert send(half_in, phone.code()).status_code == 429


def test_the_right_password_gives_no_further_guesses_at_the_code(cast: Cast, phone: Phone) -> None:
    client, codes = cast.app.test_client(), []
    for n in range(20):
        if client.post("/login/", data=LOGIN).status_code == 302:
            codes.append(send(client, f"{n:06}").status_code)
    assert codes.count(401) == 10


def test_a_program_sends_the_code_with_the_password(cast: Cast, phone: Phone) -> None:
    client = cast.app.test_client()
    missing = client.post(API, json=LOGIN)
    assert (missing.status_code, missing.json["code"]) == (401, "second_factor")
    assert client.post(API, json=LOGIN | {"code": "000000"}).status_code == 401
    assert client.post(API, json=LOGIN | {"code": 1}).status_code == 401
    code = phone.code()
    assert client.post(API, json=LOGIN | {"code": code}).status_code == 200
    assert client.post(API, json=LOGIN | {"code": code}).status_code == 401


def offered(page: str) -> tuple[str, str]:
    """The secret that a page shows, and what its form brings back."""
    secret = re.search(r"<figcaption><code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    return secret, re.search(r'name="offer" value="([^"]+)"', page)[1]


def test_one_sets_it_up_in_one_s_account(cast: Cast) -> None:
    client = cast.client("rosa")
    secret, offer = offered(client.get("/account/second-factor/").text)
    code = code_of(secret, datetime.now(UTC))
    wrong = client.post("/account/second-factor/", data={"offer": offer, "code": "000000"})
    assert wrong.status_code == 422
    assert offered(wrong.text)[0] == secret
    page = client.post("/account/second-factor/", data={"offer": offer, "code": code}).text
    assert len(re.findall(r"<li><code>[a-z2-7-]{19}</code>", page)) == 10
    assert "<dd>rosa</dd>" in page and "data-print" in page and "js/print.js" in page
    assert "10 of your recovery codes are left" in client.get("/account/").text
    fresh = cast.app.test_client()
    assert fresh.post("/login/", data=LOGIN).location == "/login/code"


def test_a_secret_of_one_s_own_choice_is_not_taken(cast: Cast) -> None:
    client = cast.client("rosa")
    answer = client.post("/account/second-factor/", data={"offer": "ABCDEFGH", "code": "000000"})
    assert answer.status_code == 422
    with cast.app.app_context():
        assert db.session.query(LoginSetting).count() == 0


def test_what_weakens_it_asks_for_the_password(cast: Cast, phone: Phone) -> None:
    client = cast.client("rosa")
    for way in ("codes", "remove"):
        client.post(f"/account/second-factor/{way}", data={"current": "wrong"})
    assert "10 of your recovery codes are left" in client.get("/account/").text
    page = client.post("/account/second-factor/codes", data={"current": PASSWORD}).text
    assert phone.recovery[0] not in page
    client.post("/account/second-factor/remove", data={"current": PASSWORD})
    assert cast.app.test_client().post("/login/", data=LOGIN).location == "/"


@pytest.fixture
def required(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The reception needs a second factor."""
    monkeypatch.setitem(cast.app.config, "SECOND_FACTOR_ROLES", frozenset({"receptionist"}))
    return cast


def test_a_role_that_needs_one_sets_it_up_before_anything_opens(required: Cast) -> None:
    client = required.app.test_client()
    assert client.post("/login/", data=LOGIN).location == "/login/enrol"
    assert client.get("/patient/list/").status_code == 302
    secret, offer = offered(client.get("/login/enrol").text)
    code = code_of(secret, datetime.now(UTC))
    assert client.post("/login/enrol", data={"offer": offer, "code": "000000"}).status_code == 401
    page = client.post("/login/enrol", data={"offer": offer, "code": code}).text
    assert "Keep these codes" in page
    assert client.get("/patient/list/").status_code == 302
    assert client.post("/login/code").location == "/"
    assert client.get("/patient/list/").status_code == 200


def test_other_roles_are_not_asked(required: Cast) -> None:
    client = required.app.test_client()
    assert client.post("/login/", data=LOGIN | {"username": "nora"}).location == "/"


def test_a_program_of_such_a_role_is_told_where_to_set_it_up(required: Cast) -> None:
    answer = required.app.test_client().post(API, json=LOGIN)
    assert answer.status_code == 401
    assert "web page" in answer.json["message"]


def test_who_needs_one_does_not_take_it_away(required: Cast, phone: Phone) -> None:
    client = required.client("rosa")
    url = "/account/second-factor/remove"
    assert client.post(url, data={"current": PASSWORD}).status_code == 422
    assert required.app.test_client().post("/login/", data=LOGIN).location == "/login/code"


def test_the_admin_resets_it_and_its_sessions_end(cast: Cast, phone: Phone) -> None:
    rosa, key = cast.client("rosa"), cast.users["rosa"]
    cast.client("amina").post(f"/users/reset-factor/{key}")
    assert rosa.get("/account/").status_code == 302
    assert cast.app.test_client().post("/login/", data=LOGIN).location == "/"
    with cast.app.app_context():
        done = db.session.execute(
            text("SELECT agent FROM audit_event WHERE action='second-factor'")
        )
        assert [row[0] for row in done] == ["amina"]


def test_what_is_sealed_opens_for_its_purpose_and_for_a_while(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        sealed = sealing.seal("one", "a text")
        assert sealing.open("one", sealed, timedelta(minutes=1)) == "a text"
        for purpose, longest in (("another", None), ("one", timedelta(seconds=-1))):
            with pytest.raises(sealing.Unsealed):
                sealing.open(purpose, sealed, longest)


def test_what_an_older_key_sealed_opens_with_the_fallback(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = sqlite_cast.app.config
    with sqlite_cast.app.app_context():
        sealed = sealing.seal("one", "a text")
        monkeypatch.setitem(config, "SECRET_KEY_FALLBACKS", [config["SECRET_KEY"]])
        monkeypatch.setitem(config, "SECRET_KEY", "another key, long enough to be taken too")
        assert sealing.open("one", sealed) == "a text"


def test_the_lock_of_the_code_is_the_lock_of_the_login(cast: Cast, phone: Phone) -> None:
    subject, now = f"login:{cast.users['rosa']}", datetime.now(UTC)
    change(cast, lambda s: [guesses.count(s, subject, guesses.ACCOUNT, now) for _ in range(10)])
    assert cast.app.test_client().post("/login/", data=LOGIN).status_code == 429
