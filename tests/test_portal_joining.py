"""Coming into the portal: invitation, guardians, registration, a new password."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import event, select, update

from app.extensions import db
from app.models import (
    AuditEvent,
    Notification,
    Patient,
    PortalAccess,
    PortalRegistration,
    PortalToken,
)
from app.models.messages import message_defaults
from app.models.visits.feed import hash_of
from tests.cast import PASSWORD, Cast

NEW = "three quiet words by the harbour"
BORN = "2016-04-01"


@pytest.fixture(autouse=True)
def rules(cast: Cast) -> None:
    """The messages that every clinic starts with."""
    with cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
        db.session.remove()


def register(cast: Cast, **columns: Any) -> int:
    """Tim, a patient without a login, whose mother’s address is in the register."""
    with cast.app.app_context():
        facts = {
            "name": "Tim Tester",
            "dob": datetime(2016, 4, 1).date(),
            "email": "mum@example.org",
        }
        patient = Patient(**facts | columns)
        db.session.add(patient)
        db.session.commit()
        return patient.patient_id


def invite(cast: Cast, patient_id: int, relation: str = "self", holder: str = "") -> str:
    """The path of the link that the desk sent, out of the message."""
    data = {"relation": relation, "holder": holder}
    answer = cast.client("rosa").post(f"/invite/{patient_id}", data=data)
    assert answer.status_code == 302, answer.text
    return link(cast)


def link(cast: Cast) -> str:
    with cast.app.app_context():
        last = db.session.scalars(
            select(Notification).order_by(Notification.notification_id.desc())
        ).first()
        assert last is not None
        return "/portal/join/" + re.search(r"/portal/join/([\w-]+)", last.body)[1]


def join(client: FlaskClient, path: str, dob: str = BORN, **more: str) -> Any:
    words = {"dob": dob, "password": NEW, "conf_password": NEW}
    return client.post(path, data=words | more)


def user_of(cast: Cast, patient_id: int) -> int | None:
    with cast.app.app_context():
        return db.session.get_one(Patient, patient_id).user_id


def test_an_invitation_and_the_birth_date_make_a_login_and_open_the_portal(cast: Cast) -> None:
    tim = register(cast)
    client = cast.app.test_client()
    answer = join(client, invite(cast, tim))
    assert answer.location == "/portal/"
    key = user_of(cast, tim)
    with cast.app.app_context():
        name = db.session.get_one(User, key).username
    page = client.get("/portal/").text
    assert ("Hello Tim" in page, f"You sign in as {name}." in page) == (True, True)


def test_of_a_link_only_the_hash_is_kept(cast: Cast) -> None:
    secret = invite(cast, register(cast)).rsplit("/", 1)[1]
    with cast.app.app_context():
        assert db.session.scalars(select(PortalToken.token_hash)).all() == [hash_of(secret)]


def test_a_link_works_once(cast: Cast) -> None:
    path = invite(cast, register(cast))
    join(cast.app.test_client(), path)
    assert join(cast.app.test_client(), path).status_code == 404


def test_opening_a_link_changes_nothing(cast: Cast) -> None:
    tim = register(cast)
    path = invite(cast, tim)
    for _ in range(10):
        assert cast.app.test_client().get(path).status_code == 200
    assert join(cast.app.test_client(), path).status_code == 302


def test_the_page_of_a_link_tells_nothing_of_the_patient(cast: Cast) -> None:
    page = cast.app.test_client().get(invite(cast, register(cast))).text
    assert "Tim" not in page and "2016" not in page and "mum@" not in page


def test_after_five_wrong_birth_dates_the_link_is_dead(cast: Cast) -> None:
    tim = register(cast)
    path, client = invite(cast, tim), cast.app.test_client()
    answers = [join(client, path, "2016-04-02").status_code for _ in range(5)]
    assert answers == [422, 422, 422, 422, 404]
    assert join(client, path).status_code == 404 and user_of(cast, tim) is None


def test_a_wrong_birth_date_leaves_an_event(cast: Cast) -> None:
    tim = register(cast)
    join(cast.app.test_client(), invite(cast, tim), "2016-04-02")
    with cast.app.app_context():
        query = select(AuditEvent.patient_id).where(
            AuditEvent.action == "invitation-use", AuditEvent.outcome == "failure"
        )
        assert db.session.scalars(query).all() == [tim]


def test_a_link_ends_after_a_week(cast: Cast) -> None:
    path = invite(cast, register(cast))
    with cast.app.app_context():
        week = timedelta(days=8)
        past = {
            "created": datetime.now(UTC) - week,
            "expires_at": datetime.now(UTC) - timedelta(days=1),
        }
        db.session.execute(update(PortalToken).values(**past))
        db.session.commit()
    assert join(cast.app.test_client(), path).status_code == 404


def test_a_second_invitation_voids_the_first(cast: Cast) -> None:
    tim = register(cast)
    first = invite(cast, tim)
    second = invite(cast, tim)
    answer = cast.app.test_client().get(first)
    assert answer.status_code == 404
    assert "This link no longer works" in answer.text and "Error" not in answer.text
    assert join(cast.app.test_client(), second).status_code == 302


@pytest.mark.parametrize("password", ["short", ""])
def test_a_short_password_is_refused_and_costs_no_try(cast: Cast, password: str) -> None:
    path = invite(cast, register(cast))
    answer = join(cast.app.test_client(), path, password=password, conf_password=password)
    assert answer.status_code == 422
    with cast.app.app_context():
        assert db.session.scalar(select(PortalToken.tries)) == 0


@pytest.mark.parametrize("who", ["diaz", "nora", "paula"])
def test_only_the_desk_invites(cast: Cast, who: str) -> None:
    assert cast.client(who).post(f"/invite/{cast.quentin}").status_code in (302, 403)
    with cast.app.app_context():
        assert db.session.scalar(select(PortalToken.portal_token_id)) is None


def test_a_patient_without_an_address_cannot_be_invited(cast: Cast) -> None:
    tim = register(cast, email=None)
    answer = cast.client("rosa").post(f"/invite/{tim}", data={"relation": "self"})
    assert answer.status_code == 422 and "no e-mail address" in answer.text


def test_for_a_child_the_desk_is_offered_the_parent_first(sqlite_cast: Cast) -> None:
    born = datetime.now(UTC).date().replace(day=1)
    for patient, chosen in (
        (register(sqlite_cast, dob=born), "parent"),
        (sqlite_cast.paula, "self"),
    ):
        page = sqlite_cast.client("rosa").get(f"/invite/{patient}").text
        assert re.search(rf'value="{chosen}" checked', page)


def test_a_guardian_reaches_the_child_and_nobody_else(cast: Cast) -> None:
    tim = register(cast)
    client = cast.app.test_client()
    join(client, invite(cast, tim, "parent", "Mia Tester"))
    assert "Visits of Tim" in client.get("/portal/").text
    assert client.post("/portal/for/", data={"patient": cast.quentin}).status_code == 404
    assert user_of(cast, tim) is None


def test_a_patient_adds_a_child_to_their_own_login(cast: Cast) -> None:
    path, paula = invite(cast, register(cast), "parent", "Paula"), cast.client("paula")
    assert paula.post(path, data={"dob": BORN}).location == "/portal/"
    assert "Tim Tester" in paula.get("/portal/for/").text


def test_who_acts_for_two_turns_from_one_to_the_other(cast: Cast) -> None:
    tim = register(cast)
    paula = cast.client("paula")
    paula.post(invite(cast, tim, "parent", "Paula"), data={"dob": BORN})
    assert "Hello Paula" in paula.get("/portal/").text
    paula.post("/portal/for/", data={"patient": tim})
    assert "Visits of Tim" in paula.get("/portal/").text


def test_a_form_about_another_person_than_chosen_now_changes_nothing(cast: Cast) -> None:
    tim = register(cast)
    paula = cast.client("paula")
    paula.post(invite(cast, tim, "parent", "Paula"), data={"dob": BORN})
    paula.post("/portal/for/", data={"patient": tim})
    data = {"acting_for": cast.paula, "time": "2030-01-01T08:00:00Z 1"}
    assert paula.post(f"/portal/book/{cast.visit_type}", data=data).status_code == 409


def test_an_ended_guardianship_opens_nothing_at_once(cast: Cast) -> None:
    tim = register(cast)
    paula = cast.client("paula")
    paula.post(invite(cast, tim, "parent", "Paula"), data={"dob": BORN})
    paula.post("/portal/for/", data={"patient": tim})
    with cast.app.app_context():
        db.session.execute(update(PortalAccess).values(ended_at=datetime.now(UTC)))
        db.session.commit()
    assert "Hello Paula" in paula.get("/portal/").text


def test_a_new_password_comes_by_a_link_and_ends_the_old_one(cast: Cast) -> None:
    cast.app.test_client().post("/portal/forgot", data={"login": "PAULA@example.org"})
    assert join(cast.app.test_client(), link(cast), "1980-02-29").location == "/login/"
    login = {"username": "paula", "password": PASSWORD}
    assert cast.app.test_client().post("/login/", data=login).status_code == 401
    login["password"] = NEW
    assert cast.app.test_client().post("/login/", data=login).status_code == 302


def test_who_asks_for_a_password_learns_not_who_is_here(cast: Cast) -> None:
    said = {
        cast.app.test_client().post("/portal/forgot", data={"login": name}).text
        for name in ("paula", "nobody@example.org")
    }
    assert len({re.sub(r'name="csrf[^>]*>', "", text) for text in said}) == 1


def test_a_name_that_nobody_has_is_as_much_work_as_one_that_is_known(cast: Cast) -> None:
    client, work = cast.app.test_client(), {}
    for name in ("warm", "paula", "nobody"):
        work[name] = statements(
            cast, lambda name=name: client.post("/portal/forgot", data={"login": name})
        )
    assert work["paula"] == work["nobody"]
    assert any(said.startswith("INSERT INTO notification") for said in work["nobody"])
    with cast.app.app_context():
        of = {row.user.username for row in db.session.scalars(select(PortalToken))}
        to = set(db.session.scalars(select(Notification.user_id)))
        asked = select(AuditEvent.outcome).where(AuditEvent.action == "portal-reset")
        outcomes = list(db.session.scalars(asked.order_by(AuditEvent.audit_id)))
    assert (of, to) == ({"paula"}, {cast.users["paula"]})
    assert outcomes == ["failure", "success", "failure"]


def statements(cast: Cast, work: Callable[[], object]) -> list[str]:
    """What a piece of work asks of the database, but for its savepoints."""
    said: list[str] = []

    def note(_1: Any, _2: Any, statement: str, *_: Any) -> None:
        if "SAVEPOINT" not in statement:
            said.append(statement)

    with cast.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return said


@pytest.mark.parametrize("name", ["diaz", "amina"])
def test_who_works_here_gets_no_link_for_a_password(cast: Cast, name: str) -> None:
    cast.app.test_client().post("/portal/forgot", data={"login": name})
    with cast.app.app_context():
        assert db.session.scalar(select(PortalToken.portal_token_id)) is None


@pytest.fixture
def open_to_all(cast: Cast) -> Any:
    cast.app.config["PORTAL_REGISTRATION"] = True
    yield cast
    cast.app.config["PORTAL_REGISTRATION"] = False


ASKS = {"name": "Nina New", "dob": "1990-05-05", "email": "nina@example.org", "phone": ""}


def test_registration_is_off_where_nobody_switched_it_on(cast: Cast) -> None:
    assert cast.app.test_client().get("/portal/register").status_code == 404


def test_who_registers_waits_for_the_desk_and_is_then_invited(open_to_all: Cast) -> None:
    cast = open_to_all
    assert cast.app.test_client().post("/portal/register", data=ASKS).status_code == 200
    with cast.app.app_context():
        asked = db.session.scalars(select(PortalRegistration)).one()
        key = asked.portal_registration_id
        assert asked.state == "waiting" and asked.patient_id is None
    answer = cast.client("rosa").post(
        f"/portal_registration/edit/{key}", data={"state": "approved"}
    )
    assert answer.status_code == 302, answer.text
    client = cast.app.test_client()
    assert join(client, link(cast), ASKS["dob"]).location == "/portal/"
    assert "Hello Nina" in client.get("/portal/").text


def test_an_approval_by_the_api_invites_too_and_only_once(open_to_all: Cast) -> None:
    cast = open_to_all
    cast.app.test_client().post("/portal/register", data=ASKS)
    with cast.app.app_context():
        key = db.session.scalar(select(PortalRegistration.portal_registration_id))
    rosa, path = cast.client("rosa"), f"/api/v1/portal_registration/{key}"
    assert rosa.put(path, json={"state": "approved"}).status_code == 200
    assert rosa.put(path, json={"state": "declined"}).status_code == 422
    assert link(cast)


def test_a_registration_is_not_tied_to_a_patient_of_another_birth_date(open_to_all: Cast) -> None:
    cast = open_to_all
    cast.app.test_client().post("/portal/register", data=ASKS)
    with cast.app.app_context():
        key = db.session.scalar(select(PortalRegistration.portal_registration_id))
    body = {"state": "approved", "patient_id": cast.quentin}
    answer = cast.client("rosa").put(f"/api/v1/portal_registration/{key}", json=body)
    assert answer.status_code == 422


def test_the_page_of_a_patient_leads_the_desk_to_the_invitation(cast: Cast) -> None:
    way = f"/invite/{cast.paula}"
    assert way in cast.client("rosa").get(f"/patient/show/{cast.paula}").text
    assert way not in cast.client("nora").get(f"/patient/show/{cast.paula}").text


def test_the_desk_is_told_when_nothing_would_carry_the_invitation(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rosa, page = cast.client("rosa"), f"/invite/{register(cast)}"
    assert "Nothing is set up to send it" in rosa.get(page).text
    rosa.post(page, data={"relation": "self"})
    assert "is kept here: nothing is set up" in rosa.get("/inbox/").text
    monkeypatch.setitem(cast.app.config, "MAIL_SERVER", "mail.example.org")
    assert "Nothing is set up to send it" not in rosa.get(page).text
    rosa.post(page, data={"relation": "self"})
    assert "An invitation is on its way to" in rosa.get("/inbox/").text


@pytest.mark.parametrize("name", ["paula@example.org", "nobody@example.org"])
def test_a_new_password_is_asked_for_ten_times_at_most_whether_the_name_is_known(
    cast: Cast, name: str
) -> None:
    client = cast.app.test_client()
    answers = [client.post("/portal/forgot", data={"login": name}) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert "Too many tries" in answers[-1].text
