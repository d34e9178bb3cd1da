"""Guessing does not get far, and a password is one's own."""

from __future__ import annotations

import statistics
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import delete, event, func, select, text, update
from werkzeug.security import generate_password_hash

from app.extensions import db
from app.models import GuessCount, LoginSession, LoginSetting, Notification
from app.models.base import guesses
from app.models.messages import message_defaults
from app.security import sign_in as password_step
from app.security.guessing import login_subject
from tests.cast import PASSWORD, Cast
from tests.test_sessions import NEW, change, rosa_is_edited

API = "/api/v1/security/login"


def by_form(client: FlaskClient, name: str, password: str) -> int:
    return client.post("/login/", data={"username": name, "password": password}).status_code


def by_api(client: FlaskClient, name: str, password: str) -> int:
    return client.post(API, json={"username": name, "password": password}).status_code


def by_account(client: FlaskClient, name: str, password: str) -> int:
    data = {"current": password, "password": NEW, "conf_password": NEW}
    return client.post("/account/", data=data).status_code


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that is compared with a hash, wherever it comes from."""
    from app.views.login import account

    seen: list[str] = []

    def note(hashed: str, password: str) -> bool:
        seen.append(password)
        return password == PASSWORD

    for module in (password_step, account):
        monkeypatch.setattr(module, "check_password_hash", note)
    return seen


@pytest.mark.parametrize("way", [by_form, by_api, by_account])
def test_of_many_guesses_by_one_pathway_ten_are_evaluated(
    cast: Cast, evaluated: list[str], way: Any
) -> None:
    client = cast.client("rosa" if way is by_account else "anonymous")
    answers = [way(client, "rosa", f"guess number {n}") for n in range(40)]
    assert len(evaluated) == 10
    assert set(answers[10:]) == {429}


def test_the_pathways_count_together_by_name_and_by_address_of_mail(
    sqlite_cast: Cast, evaluated: list[str]
) -> None:
    here, signed_in = sqlite_cast.app.test_client(), sqlite_cast.client("rosa")
    for n in range(8):
        by_form(here, "rosa", f"a{n}")
        by_form(here, "rosa@example.org", f"b{n}")
        by_api(here, "rosa", f"c{n}")
        by_account(signed_in, "rosa", f"d{n}")
    assert len(evaluated) == 10


def test_an_unknown_name_is_refused_after_as_many_tries(
    sqlite_cast: Cast, evaluated: list[str]
) -> None:
    client = sqlite_cast.app.test_client()
    answers = [by_form(client, "nobody", str(n)) for n in range(12)]
    assert answers == [401] * 10 + [429] * 2


def test_the_right_password_does_not_open_what_is_locked(
    sqlite_cast: Cast, evaluated: list[str]
) -> None:
    client = sqlite_cast.app.test_client()
    for n in range(10):
        by_form(client, "rosa", str(n))
    assert by_form(client, "rosa", PASSWORD) == 429
    assert by_form(client, "nora", PASSWORD) == 302


def test_many_threads_at_once_get_ten(cast: Cast) -> None:
    """Counted up in the database, in one statement: no two read the same count."""
    made: list[int] = []

    def try_ten() -> None:
        for _ in range(10):
            with cast.app.app_context():
                try:
                    subject, now = login_subject(1), datetime.now(UTC)
                    made.append(guesses.count(db.session(), subject, guesses.ACCOUNT, now))
                    db.session.commit()
                except guesses.TooMany:
                    db.session.rollback()
                db.session.remove()

    threads = [threading.Thread(target=try_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == list(range(1, 11))


def counted(session: Any, minutes: float, start: datetime) -> int | None:
    """How many a guess makes that is made so long after `start`; None where it is refused."""
    now = start + timedelta(minutes=minutes)
    try:
        return guesses.count(session, "x", guesses.ACCOUNT, now)
    except guesses.TooMany:
        return None


def test_no_five_minutes_hold_more_than_ten_guesses(session: Any) -> None:
    start = datetime(2026, 5, 4, 8, tzinfo=UTC)
    accepted = [m / 10 for m in range(300) if counted(session, m / 10, start)]
    assert max(sum(a <= b < a + 5 for b in accepted) for a in accepted) == 10
    assert len(accepted) > 30


def test_after_five_quiet_minutes_one_may_try_again(session: Any) -> None:
    start = datetime(2026, 5, 4, 8, tzinfo=UTC)
    assert [counted(session, 0, start) for _ in range(11)] == [*range(1, 11), None]
    assert counted(session, 4.99, start) is None
    assert counted(session, 5, start) == 1


def test_a_right_guess_does_not_count_and_forgets_no_wrong_one(session: Any) -> None:
    start = datetime(2026, 5, 4, 8, tzinfo=UTC)
    for _ in range(3):
        counted(session, 0, start)
    guesses.take_back(session, "x")
    assert counted(session, 1, start) == 3


def test_right_guesses_wait_for_each_other_in_one_order(cast: Cast) -> None:
    """Whoever waits for the address holds nothing of the login yet: nobody waits in a circle."""
    with cast.app.app_context():
        if db.engine.dialect.name == "postgresql":  # SQLite has one writer
            _one_waits_for_the_other(cast)


def _one_waits_for_the_other(cast: Cast) -> None:
    session, subjects = db.session(), ("address", "login")
    for name in reversed(subjects):  # the table itself has the login first
        guesses.count(session, name, guesses.ACCOUNT, datetime.now(UTC))
    session.commit()
    login, address = session.scalars(select(GuessCount.guess_count_id).order_by("guess_count_id"))
    session.rollback()
    lock = "SELECT 1 FROM guess_count WHERE guess_count_id = :key FOR UPDATE NOWAIT"

    def right() -> None:
        with cast.app.app_context():
            guesses.take_back(db.session(), *subjects)
            db.session.commit()

    waits = threading.Thread(target=right)
    with db.engine.begin() as other:
        other.execute(text(lock), {"key": address})
        waits.start()
        while not other.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert waits.is_alive()
        assert other.scalar(text(lock), {"key": login}) == 1
    waits.join()
    assert session.scalars(select(GuessCount.guesses)).all() == [0, 0]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ab_user SET password = 'another' WHERE username = 'rosa'",
        "UPDATE ab_user SET active = false WHERE username = 'rosa'",
        "INSERT INTO login_setting (user_id, must_change, version)"
        " SELECT id, true, 1 FROM ab_user WHERE username = 'rosa'",
    ],
)
def test_what_changes_while_the_password_is_compared_lets_nobody_in(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """It has ended the sessions that were there; one that begins right after must not outlive it."""

    def compare(_hashed: str, password: str) -> bool:
        with db.engine.begin() as other:
            other.execute(text(change))
        return password == PASSWORD

    monkeypatch.setattr(password_step, "check_password_hash", compare)
    with cast.app.app_context():
        before = db.session.scalar(select(func.count(LoginSession.login_session_id)))
        db.session.remove()
        assert by_form(cast.app.test_client(), "rosa", PASSWORD) == 401
        assert db.session.scalar(select(func.count(LoginSession.login_session_id))) == before
        assert db.session.scalars(select(GuessCount.guesses)).all() == [1, 1]


def test_one_address_that_tries_many_names_is_refused(
    sqlite_cast: Cast, evaluated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.security import guessing

    monkeypatch.setattr(guessing, "ADDRESS", guesses.Limit(20, timedelta(minutes=5), quiet=False))
    client = sqlite_cast.app.test_client()
    answers = [by_form(client, f"name{n}", "a guess") for n in range(25)]
    assert answers == [401] * 20 + [429] * 5
    elsewhere = client.post(
        "/login/",
        data={"username": "rosa", "password": PASSWORD},
        environ_base={"REMOTE_ADDR": "10.1.1.1"},
    )
    assert elsewhere.status_code == 302


def test_a_locked_person_is_told_how_long_and_what_to_do(
    sqlite_cast: Cast, evaluated: list[str]
) -> None:
    client = sqlite_cast.app.test_client()
    for n in range(10):
        by_form(client, "rosa", str(n))
    answer = client.post("/login/", data={"username": "rosa", "password": "x"})
    assert "Wait 5 minutes" in answer.text
    assert "administrator" in answer.text
    assert 290 <= int(answer.headers["Retry-After"]) <= 300
    told = client.post(API, json={"username": "rosa", "password": "x"})
    assert told.json["code"] == "too_many"


def test_the_lock_is_in_the_trail_and_told_to_its_owner(cast: Cast, evaluated: list[str]) -> None:
    change(cast, message_defaults.seed)
    client = cast.app.test_client()
    for n in range(14):
        by_form(client, "rosa", str(n))
    with cast.app.app_context():
        locks = db.session.execute(text("SELECT entity_id FROM audit_event WHERE action='lockout'"))
        assert [row[0] for row in locks] == [str(cast.users["rosa"])]
        told = db.session.scalars(select(Notification).where(Notification.rule == "login_paused"))
        rosa = cast.users["rosa"]
        assert {(n.user_id, n.channel) for n in told} == {(rosa, "email"), (rosa, "inbox")}


def test_the_admin_lets_a_locked_person_in_at_once(sqlite_cast: Cast, evaluated: list[str]) -> None:
    client, amina = sqlite_cast.app.test_client(), sqlite_cast.client("amina")
    for n in range(10):
        by_form(client, "rosa", str(n))
    key = sqlite_cast.users["rosa"]
    way = f'action="/users/unlock/{key}"'
    assert way not in amina.get(f"/users/show/{sqlite_cast.users['nora']}").text
    page = amina.get(f"/users/show/{key}").text
    assert "Paused for 5 min" in page and way in page
    amina.post(f"/users/unlock/{key}")
    page = amina.get(f"/users/show/{key}").text
    assert "Paused" not in page and way not in page
    assert by_form(client, "rosa", PASSWORD) == 302


def test_what_was_typed_as_a_name_is_kept_as_a_hash_only(
    sqlite_cast: Cast, evaluated: list[str]
) -> None:
    by_form(sqlite_cast.app.test_client(), "my secret password", "x")
    with sqlite_cast.app.app_context():
        rows = db.session.execute(select(GuessCount.subject_hash)).all()
        assert len(rows) == 2  # the name and the address
        assert "secret" not in str(rows)


def test_old_counts_are_forgotten(session: Any) -> None:
    start = datetime(2026, 5, 4, 8, tzinfo=UTC)
    counted(session, 0, start)
    assert guesses.forget(session, start + guesses.KEPT) == 0
    assert guesses.forget(session, start + guesses.KEPT + timedelta(seconds=1)) == 1


def test_a_known_and_an_unknown_name_take_the_same_time(sqlite_cast: Cast) -> None:
    """With real hashes. The median of a few tries differs by less than a third."""
    hashed = generate_password_hash(PASSWORD)
    change(sqlite_cast, lambda s: s.execute(update(User).values(password=hashed)))
    client = sqlite_cast.app.test_client()
    by_form(client, "warming", "up")

    def seconds(name: str) -> float:
        begun = time.perf_counter()
        by_form(client, name, "a wrong password")
        return time.perf_counter() - begun

    took = [(seconds(f"unknown{n}"), seconds("rosa")) for n in range(7)]
    unknown, known = (statistics.median(side) for side in zip(*took, strict=True))
    assert 0.67 < known / unknown < 1.5


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("password1234", "guess"), ("qwertyuiop12", "guess"), ("rosaricci2026", ""),
        ("111111111111", ""), ("elevenchars", "At least 12"),
    ],
)  # fmt: skip
def test_a_password_that_is_guessed_first_is_refused(
    sqlite_cast: Cast, password: str, why: str
) -> None:
    data = {"current": PASSWORD, "password": password, "conf_password": password}
    answer = sqlite_cast.client("rosa").post("/account/", data=data)
    assert answer.status_code == 422
    assert why in answer.text
    assert by_form(sqlite_cast.app.test_client(), "rosa", PASSWORD) == 302


def test_the_admin_cannot_set_one_that_is_guessed_first(sqlite_cast: Cast) -> None:
    weak = "rosa-ricci-1"
    assert rosa_is_edited(sqlite_cast, password=weak, conf_password=weak) == 422


def test_the_admin_changes_their_own_password_with_the_old_one_only(sqlite_cast: Cast) -> None:
    data = {
        "username": "amina", "first_name": "Amina", "last_name": "Haddad", "active": "y",
        "email": "amina@example.org", "roles": "admin", "password": NEW, "conf_password": NEW,
    }  # fmt: skip
    key = sqlite_cast.users["amina"]
    assert sqlite_cast.client("amina").post(f"/users/edit/{key}", data=data).status_code == 422


@pytest.fixture
def given(cast: Cast) -> FlaskClient:
    """Rosa's browser, who signs in with a password that the admin has set."""
    assert rosa_is_edited(cast, password=NEW, conf_password=NEW) == 302
    client = cast.app.test_client()
    answer = client.post("/login/?next=/patient/list/", data={"username": "rosa", "password": NEW})
    assert answer.location == "/login/password"
    return client


def choose(client: FlaskClient, password: str) -> Any:
    return client.post("/login/password", data={"password": password, "conf_password": password})


def test_a_password_set_by_the_admin_must_be_changed_first(given: FlaskClient) -> None:
    assert given.get("/patient/list/").status_code == 302
    assert "Choose your own password" in given.get("/login/password").text
    assert choose(given, "qwertyuiop12").status_code == 422
    assert given.get("/patient/list/").status_code == 302
    assert choose(given, "words of my own choice").location == "/patient/list/"
    assert given.get("/patient/list/").status_code == 200


def test_it_is_changed_once(cast: Cast, given: FlaskClient) -> None:
    choose(given, "words of my own choice")
    client = cast.app.test_client()
    assert by_form(client, "rosa", "words of my own choice") == 302
    assert client.get("/patient/list/").status_code == 200


def test_it_is_another_than_the_one_that_was_given(given: FlaskClient) -> None:
    assert choose(given, NEW).status_code == 422


def test_a_program_is_not_let_in_with_a_password_that_must_be_changed(
    cast: Cast, given: FlaskClient
) -> None:
    answer = given.post(API, json={"username": "rosa", "password": NEW})
    assert answer.status_code == 401
    assert "must be changed" in answer.json["message"]


def test_half_a_sign_in_is_over_after_some_minutes(given: FlaskClient) -> None:
    with given.session_transaction() as cookie:
        cookie["half"] = cookie["half"] | {"until": int(time.time()) - 1}
    assert given.get("/login/password").location == "/login/"


def test_half_a_sign_in_is_over_when_the_password_changes(cast: Cast, given: FlaskClient) -> None:
    other = "another word by the admin"
    rosa_is_edited(cast, password=other, conf_password=other)
    assert given.get("/login/password").location == "/login/"


def test_a_new_password_and_a_new_device_are_told(cast: Cast) -> None:
    change(cast, message_defaults.seed)
    change(cast, lambda s: s.execute(delete(LoginSession)))  # nobody has signed in before
    client = cast.app.test_client()
    login = {"username": "rosa", "password": PASSWORD}
    client.post("/login/", data=login)
    client.post("/login/", data=login, headers={"User-Agent": "curl/8"})
    client.post("/account/", data={"current": PASSWORD, "password": NEW, "conf_password": NEW})
    other = cast.app.test_client()
    login["password"] = NEW
    other.post("/login/", data=login, headers={"User-Agent": "Mozilla (iPhone) Safari/6"})
    with cast.app.app_context():
        told = db.session.scalars(
            select(Notification.subject).where(Notification.channel == "email").order_by("created")
        )
        assert list(told) == ["Your password was changed", "A new sign-in to your account"]


def test_no_setting_row_is_there_for_whom_nothing_is_asked(cast: Cast) -> None:
    by_form(cast.app.test_client(), "rosa", PASSWORD)
    with cast.app.app_context():
        assert db.session.scalars(select(LoginSetting)).all() == []


def test_a_sign_in_is_two_short_transactions_with_the_hash_between_them(
    cast: Cast, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(cast, lambda s: s.execute(delete(LoginSession)))  # a first sign-in tells nobody
    with cast.app.app_context():
        engine = db.engine
    statements.clear()
    monkeypatch.setattr(
        password_step, "check_password_hash", lambda *_: statements.append("the hash") or True
    )

    def note(_connection: Any) -> None:
        statements.append("commit")

    event.listen(engine, "commit", note)
    try:
        assert by_form(cast.app.test_client(), "rosa", PASSWORD) == 302
    finally:
        event.remove(engine, "commit", note)
    done = [said for said in statements if said in ("commit", "the hash")]
    assert done == ["commit", "the hash", "commit"]
    assert len(statements) - len(done) <= 10
