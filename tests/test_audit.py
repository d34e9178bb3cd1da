"""Every read of a person's record and every write leaves one event, which nobody changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.extensions import db
from app.models import AuditEvent, MedicalRecord, Room
from app.security import audit
from tests.cast import PASSWORD, Cast


def events(cast: Cast, **wanted: Any) -> list[AuditEvent]:
    """The trail, oldest first, without what signing in left."""
    with cast.app.app_context():
        found = db.session.scalars(
            select(AuditEvent).filter_by(**wanted).order_by(AuditEvent.audit_id)
        ).all()
        db.session.expunge_all()
        db.session.remove()
    return list(found)


def told(event: AuditEvent) -> tuple[Any, ...]:
    return event.agent, event.action, event.entity, event.entity_id, event.patient_id


READS = [
    ("rosa", "/patient/list/", "list", "Patient", None),
    ("rosa", "/patient/export", "export", "Patient", None),
    ("rosa", "/patient/show/1", "show", "Patient", "1"),
    ("rosa", "/patient/edit/1", "show", "Patient", "1"),
    ("rosa", "/search/patients?q=pau", "search", "Patient", None),
    ("rosa", "/api/v1/patient/", "list", "Patient", None),
    ("rosa", "/api/v1/patient/1", "show", "Patient", "1"),
    ("nora", "/appointment/list/", "list", "Appointment", None),
    ("nora", "/appointment/show/1", "show", "Appointment", "1"),
    ("diaz", "/medical_record/list/", "list", "MedicalRecord", None),
    ("diaz", "/medical_record/show/1", "show", "MedicalRecord", "1"),
    ("diaz", "/medical_record/export", "export", "MedicalRecord", None),
    ("diaz", "/api/v1/medical_record/1", "show", "MedicalRecord", "1"),
]


@pytest.mark.parametrize(("name", "url", "action", "entity", "key"), READS)
def test_a_read_of_a_record_leaves_one_event(
    cast: Cast, name: str, url: str, action: str, entity: str, key: str | None
) -> None:
    answer = cast.client(name).get(url)
    assert answer.status_code == 200
    patient = cast.paula if key else None
    assert [told(event) for event in events(cast)] == [(name, action, entity, key, patient)]


@pytest.mark.parametrize("url", ["/patient/pick?q=pau", "/medical_record/pick"])
def test_a_look_up_that_names_patients_leaves_an_event(cast: Cast, url: str) -> None:
    assert cast.client("diaz").get(url).status_code == 200
    assert [event.action for event in events(cast)] == ["search"]


@pytest.mark.parametrize("url", ["/room/list/", "/api/v1/doctor/", "/staff/show/1", "/account/"])
def test_a_read_of_nobodys_record_leaves_none(cast: Cast, url: str) -> None:
    assert cast.client("nora").get(url).status_code == 200
    assert events(cast) == []


@pytest.mark.parametrize(
    "url", ["/patient/show/99", "/patient/list/?_flt_0_nothing=1", "/api/v1/patient/99"]
)
def test_a_read_that_showed_nothing_leaves_none(cast: Cast, url: str) -> None:
    assert cast.client("rosa").get(url).status_code in (400, 404)
    assert events(cast) == []


def test_a_stale_form_that_shows_the_record_leaves_an_event(cast: Cast) -> None:
    data = {"name": "x", "dob": "1980-01-01", "sex": "other", "version": "999"}
    assert cast.client("rosa").post("/patient/edit/1", data=data).status_code == 412
    assert [told(event) for event in events(cast)] == [("rosa", "show", "Patient", "1", cast.paula)]


def test_a_stale_put_that_shows_the_record_leaves_an_event(cast: Cast) -> None:
    answer = cast.client("rosa").put("/api/v1/patient/1", json={"phone": "1", "version": 999})
    assert answer.status_code == 412
    assert [event.action for event in events(cast)] == ["show"]


def test_an_event_tells_when_from_where_and_how_it_ended(cast: Cast) -> None:
    cast.client("rosa").get("/patient/show/1")
    (event,) = events(cast)
    assert event.recorded.tzinfo is not None
    assert (event.address, event.outcome, event.user_id) == (
        "127.0.0.1", "success", cast.users["rosa"],
    )  # fmt: skip


def test_a_list_tells_what_was_asked(cast: Cast) -> None:
    cast.client("rosa").get("/patient/list/?q=pau")
    assert events(cast)[0].detail == {"query": "q=pau"}


def test_a_read_whose_event_cannot_be_kept_is_not_answered(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_session: Any) -> None:
        raise OperationalError("BEGIN IMMEDIATE", None, Exception("database is locked"))

    monkeypatch.setattr(audit, "keep_reads", locked)
    answer = sqlite_cast.client("rosa").get("/patient/show/1")
    assert answer.status_code == 503
    assert "Paula" not in answer.text


def test_an_export_is_in_the_trail_before_its_first_row(cast: Cast) -> None:
    answer = cast.client("rosa").get("/patient/export", buffered=False)
    assert [event.action for event in events(cast)] == ["export"]
    assert "Paula" in answer.text


@pytest.mark.parametrize("way", ["form", "api"])
def test_an_add_leaves_one_event(cast: Cast, way: str) -> None:
    client, row = cast.client("rosa"), {"name": "Zoë", "dob": "1980-01-01", "sex": "other"}
    if way == "form":
        assert client.post("/patient/add", data=row).status_code == 302
    else:
        assert client.post("/api/v1/patient/", json=row).status_code == 201
    assert [told(event) for event in events(cast)] == [("rosa", "add", "Patient", "3", 3)]


@pytest.mark.parametrize("way", ["form", "api"])
def test_an_edit_leaves_one_event_with_the_names_of_the_columns(cast: Cast, way: str) -> None:
    client = cast.client("rosa")
    if way == "form":
        row = {"name": "Paula O’Connor", "dob": "1980-02-29", "sex": "unknown", "phone": "1"}
        row |= {"email": "p@example.org", "insurance_details": "Policy of Paula O’Connor"}
        assert client.post("/patient/edit/1", data=row).status_code == 302
    else:
        row = {"phone": "1", "email": "p@example.org"}
        assert client.put("/api/v1/patient/1", json=row).status_code == 200
    (event,) = events(cast)
    assert told(event) == ("rosa", "edit", "Patient", "1", cast.paula)
    assert event.detail == {"columns": ["email", "phone"]}


def test_an_edit_of_columns_before_a_link_names_them_all(cast: Cast) -> None:
    body = {"minutes_duration": 45, "room_id": cast.room}
    assert cast.client("amina").put("/api/v1/appointment/1", json=body).status_code == 200
    edit = events(cast, action="edit")[0]
    assert {"minutes_duration", "room_id"} <= set(edit.detail["columns"])


@pytest.mark.parametrize("way", ["form", "api"])
def test_a_delete_leaves_one_event(cast: Cast, way: str) -> None:
    client = cast.client("amina")
    if way == "form":
        assert client.post(f"/visit_type/delete/{cast.visit_type}").status_code == 302
    else:
        assert client.delete(f"/api/v1/visit_type/{cast.visit_type}").status_code == 200
    assert [told(event)[:4] for event in events(cast)] == [
        ("amina", "delete", "VisitType", str(cast.visit_type))
    ]


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("post", "/api/v1/room/", {"name": "Room 1", "room_type": "exam"}),
        ("put", "/api/v1/patient/1", {"dob": "2199-01-01"}),
        ("delete", "/api/v1/patient/1", None),
        ("post", "/api/v1/patient/", {"name": "x"}),
    ],
)
def test_a_refused_write_leaves_no_event(cast: Cast, method: str, url: str, body: Any) -> None:
    answer = getattr(cast.client("amina"), method)(url, json=body)
    assert answer.status_code in (409, 422)
    assert events(cast) == []


def test_a_write_without_its_event_is_not_kept(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_facts: Any) -> dict[str, Any]:
        return {"action": "add", "entity": "Room"}  # without `recorded`, which is needed

    monkeypatch.setattr(audit, "_facts", fail)
    answer = cast.client("amina").post("/api/v1/room/", json={"name": "R", "room_type": "exam"})
    assert answer.status_code == 409
    with cast.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Room)) == 1


STATEMENTS = {
    "update": "UPDATE audit_event SET agent = 'somebody else'",
    "delete": "DELETE FROM audit_event",
    "insert or replace": (
        "INSERT OR REPLACE INTO audit_event (audit_id, recorded, action, entity) "
        "VALUES (1, '2026-01-01 00:00:00', 'x', 'x')"
    ),
    "upsert": (
        "INSERT INTO audit_event (audit_id, recorded, action, entity) "
        "VALUES (1, '2026-01-01 00:00:00', 'x', 'x') "
        "ON CONFLICT (audit_id) DO UPDATE SET action = 'y'"
    ),
    "truncate": "TRUNCATE audit_event",
    "truncate others": "TRUNCATE audit_event, room CASCADE",
}
ONLY_ON = {"insert or replace": "sqlite", "truncate": "postgresql", "truncate others": "postgresql"}


def refuses(app: Flask, statement: str, why: str) -> None:
    with app.app_context(), db.engine.connect() as connection:
        with pytest.raises(DBAPIError, match=why):
            connection.execute(text(statement))
        connection.rollback()


def dialect(app: Flask) -> str:
    with app.app_context():
        return str(db.engine.dialect.name)


@pytest.mark.parametrize("kind", STATEMENTS)
def test_the_database_refuses_to_change_an_event(app: Flask, cast: Cast, kind: str) -> None:
    if ONLY_ON.get(kind, dialect(app)) != dialect(app):
        pytest.skip(f"no statement of {dialect(app)}")
    cast.client("rosa").get("/patient/show/1")
    refuses(app, STATEMENTS[kind], "audit_event_append_only")
    assert [event.agent for event in events(cast)] == ["rosa"]


SIGNED = {
    "update": "UPDATE medical_record SET diagnosis = 'another' WHERE record_id = 1",
    "unsign": "UPDATE medical_record SET status = 'draft' WHERE record_id = 1",
    "delete": "DELETE FROM medical_record WHERE record_id = 1",
    "insert or replace": (
        "INSERT OR REPLACE INTO medical_record (record_id, patient_id, doctor_id, visit_date) "
        "VALUES (1, 1, 1, '2026-01-01')"
    ),
    "truncate": "TRUNCATE medical_record CASCADE",
}


@pytest.mark.parametrize("kind", SIGNED)
def test_the_database_refuses_to_change_a_signed_record(app: Flask, cast: Cast, kind: str) -> None:
    if ONLY_ON.get(kind, dialect(app)) != dialect(app):
        pytest.skip(f"no statement of {dialect(app)}")
    with app.app_context():
        db.session.get_one(MedicalRecord, cast.record_of_diaz).status = "signed"
        db.session.commit()
        db.session.remove()
    refuses(app, SIGNED[kind], "medical_record_signed")


def test_a_draft_may_still_be_changed(app: Flask, cast: Cast) -> None:
    with app.app_context(), db.engine.begin() as connection:
        assert connection.execute(text(SIGNED["update"])).rowcount == 1


@pytest.mark.parametrize("way", ["form", "api"])
@pytest.mark.parametrize(("password", "outcome"), [(PASSWORD, "success"), ("wrong", "failure")])
def test_a_login_leaves_an_event(cast: Cast, way: str, password: str, outcome: str) -> None:
    client, login = cast.app.test_client(), {"username": "rosa", "password": password}
    if way == "form":
        client.post("/login/", data=login)
    else:
        client.post("/api/v1/security/login", json=login)
    (event,) = events(cast)
    assert (event.action, event.outcome) == ("login", outcome)
    assert event.agent == ("rosa" if outcome == "success" else None)


def test_a_failed_login_never_keeps_the_password(cast: Cast) -> None:
    cast.app.test_client().post("/login/", data={"username": "rosa", "password": "hunter2hunter2"})
    (event,) = events(cast)
    assert event.detail == {"username": "rosa"}


def test_a_failed_login_by_a_name_that_is_nobodys_does_not_keep_it(sqlite_cast: Cast) -> None:
    typed = {"username": "hunter2hunter2", "password": "rosa"}
    sqlite_cast.app.test_client().post("/login/", data=typed)
    (event,) = events(sqlite_cast)
    assert (event.outcome, event.detail) == ("failure", None)


def test_no_get_deletes(cast: Cast) -> None:
    client = cast.client("amina")
    for rule in cast.app.url_map.iter_rules():
        if "delete" in rule.endpoint:
            assert "GET" not in rule.methods
    assert client.get("/patient/delete/2").status_code == 405
    assert client.get("/patient/action/delete/2").status_code == 404


@pytest.fixture
def guarded(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setitem(sqlite_app.config, "WTF_CSRF_ENABLED", True)
    return sqlite_app


def page_token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/room/add").text)
    assert found
    return found.group(1)


ROOM = {"name": "Room 2", "room_type": "exam", "status": "available"}


@pytest.mark.parametrize("url", ["/room/add", "/room/edit/1", "/room/delete/1", "/logout/"])
def test_a_form_without_the_token_of_the_page_is_a_400(
    guarded: Flask, sqlite_cast: Cast, url: str
) -> None:
    assert sqlite_cast.client("amina").post(url, data=ROOM).status_code == 400


def test_a_form_with_the_token_of_the_page_is_taken(guarded: Flask, sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("amina")
    token = page_token(client)
    assert client.post("/room/add", data=ROOM | {"csrf_token": token}).status_code == 302


@pytest.mark.parametrize(
    ("method", "url"),
    [("post", "/api/v1/room/"), ("put", "/api/v1/room/1"), ("delete", "/api/v1/room/1")],
)
def test_the_api_by_cookie_asks_for_the_token(
    guarded: Flask, sqlite_cast: Cast, method: str, url: str
) -> None:
    assert getattr(sqlite_cast.client("amina"), method)(url, json=ROOM).status_code == 400


def test_the_api_by_cookie_with_the_token_is_taken(guarded: Flask, sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("amina")
    headers = {"X-CSRFToken": page_token(client)}
    assert client.post("/api/v1/room/", json=ROOM, headers=headers).status_code == 201


def test_the_api_by_bearer_needs_no_token(guarded: Flask, sqlite_cast: Cast) -> None:
    client, headers = sqlite_cast.app.test_client(), sqlite_cast.token("amina")
    assert client.post("/api/v1/room/", json=ROOM, headers=headers).status_code == 201


def test_a_cookie_is_not_excused_by_a_bearer_that_is_none(
    guarded: Flask, sqlite_cast: Cast
) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    answer = sqlite_cast.client("amina").post("/api/v1/room/", json=ROOM, headers=headers)
    assert answer.status_code in (400, 401)
