"""Nobody's edit is lost unseen, and what was refused was not kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import inspect, select, update
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import Action, Patient, Role, Room, Stale
from app.security.actor import Actor
from app.views.generated import writing
from app.views.generated.api import EntityApi
from tests.cast import Cast
from tests.databases import with_cast

AMINA = Actor(1, "amina", "Amina Haddad", frozenset({Role.ADMIN}))
FORM = {"name": "Paula O’Connor", "dob": "1980-02-29", "sex": "unknown"}


def value(cast: Cast, column: Any, key: int = 1) -> Any:
    """A column of the row as the database has it now."""
    with cast.app.app_context():
        primary = next(iter(column.class_.__table__.primary_key))
        found = db.session.scalar(select(column).where(primary == key))
        db.session.remove()
    return found


@pytest.fixture
def changed(cast: Cast) -> FlaskClient:
    """The reception, who opened Paula at version 1 before a colleague saved version 2."""
    client = cast.client("rosa")
    body = {"phone": "555-THEIRS", "version": value(cast, Patient.version)}
    assert client.put(f"/api/v1/patient/{cast.paula}", json=body).status_code == 200
    return client


def send(client: FlaskClient, cast: Cast, **fields: str) -> Any:
    return client.post(f"/patient/edit/{cast.paula}", data=FORM | fields)


def first_version(cast: Cast) -> str:
    return str(value(cast, Patient.version) - 1)


def test_a_form_carries_the_version_that_it_was_opened_at(cast: Cast) -> None:
    page = cast.client("rosa").get(f"/patient/edit/{cast.paula}").text
    assert f'name="version" value="{value(cast, Patient.version)}"' in page


def test_a_stale_form_is_refused_and_changes_nothing(changed: FlaskClient, cast: Cast) -> None:
    answer = send(changed, cast, phone="555-MINE", version=first_version(cast))
    assert answer.status_code == 412
    assert value(cast, Patient.phone) == "555-THEIRS"


def test_a_stale_form_shows_both_texts_and_keeps_the_typed_one(
    changed: FlaskClient, cast: Cast
) -> None:
    page = send(changed, cast, phone="555-MINE", version=first_version(cast)).text
    assert "555-THEIRS" in page
    assert 'name="phone" value="555-MINE"' in page


def test_a_stale_form_can_be_sent_again(changed: FlaskClient, cast: Cast) -> None:
    page = send(changed, cast, phone="555-MINE", version=first_version(cast)).text
    now = value(cast, Patient.version)
    assert f'name="version" value="{now}"' in page
    assert send(changed, cast, phone="555-MINE", version=str(now)).status_code == 302


@pytest.mark.parametrize("way", ["header", "weak header", "body"])
def test_a_stale_put_is_refused_with_the_current_row(
    changed: FlaskClient, cast: Cast, way: str
) -> None:
    old = first_version(cast)
    tag = {"header": f'"{old}"', "weak header": f'W/"{old}"', "body": ""}[way]
    body = {"phone": "555-MINE"} | ({} if tag else {"version": int(old)})
    answer = changed.put(f"/api/v1/patient/{cast.paula}", json=body, headers={"If-Match": tag})
    assert answer.status_code == 412
    assert answer.json["current"]["phone"] == "555-THEIRS"
    assert value(cast, Patient.phone) == "555-THEIRS"


def test_the_tag_of_a_get_opens_a_put(cast: Cast) -> None:
    client = cast.client("rosa")
    tag = client.get(f"/api/v1/patient/{cast.paula}").headers["ETag"]
    url = f"/api/v1/patient/{cast.paula}"
    assert client.put(url, json={"phone": "1"}, headers={"If-Match": tag}).status_code == 200
    assert client.put(url, json={"phone": "2"}, headers={"If-Match": tag}).status_code == 412
    for said, expected in ((f'"0", {tag}', 412), ("*", 200)):
        answer = client.put(url, json={"phone": "2"}, headers={"If-Match": said})
        assert answer.status_code == expected


def test_a_stale_delete_keeps_the_row(cast: Cast) -> None:
    client, url = cast.client("amina"), "/api/v1/room/"
    room = client.post(url, json={"name": "Attic", "room_type": "exam"}).json["id"]
    client.put(f"{url}{room}", json={"name": "Loft"})
    gone = client.delete(f"{url}{room}", headers={"If-Match": '"1"'})
    assert (gone.status_code, gone.json["current"]["name"]) == (412, "Loft")
    assert client.delete(f"{url}{room}", headers={"If-Match": '"2"'}).status_code == 200


def test_a_put_is_one_version_whatever_it_names(cast: Cast) -> None:
    client = cast.client("amina")
    body = {"minutes_duration": 45, "room_id": cast.room, "reason": "Cough"}
    before = client.get(f"/api/v1/appointment/{cast.visit}").json["result"]["version"]
    answer = client.put(f"/api/v1/appointment/{cast.visit}", json=body)
    assert answer.status_code == 200
    assert answer.json["result"]["version"] == before + 1


def test_an_edit_between_load_and_commit_is_refused(app: Any, cast: Cast) -> None:
    """Where two requests passed the comparison at once, the second commit finds no such version."""
    with app.test_request_context():
        session = db.session()
        room = session.get_one(Room, cast.room)
        session.expunge(room)
        session.rollback()
        with db.engine.begin() as other:
            other.execute(update(Room).values(room_type="theirs", version=Room.version + 1))
        session.add(room)
        room.room_type = "mine"
        with pytest.raises(Stale):
            writing.save(session, AMINA, room, Action.EDIT)
    assert value(cast, Room.room_type) == "theirs"


def test_whoever_loses_at_the_commit_is_told_the_row_too(
    postgresql_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = with_cast(postgresql_app)

    def quicker(_api: Any, _row: Any) -> None:
        with db.engine.begin() as other:
            other.execute(update(Room).values(room_type="theirs", version=Room.version + 1))

    monkeypatch.setattr(EntityApi, "pre_update", quicker)
    answer = cast.client("amina").put(f"/api/v1/room/{cast.room}", json={"room_type": "mine"})
    assert (answer.status_code, answer.json["current"]["room_type"]) == (412, "theirs")


def test_a_refused_edit_is_not_kept_by_a_later_commit(app: Any, cast: Cast) -> None:
    with app.test_request_context():
        session = db.session()
        room = session.get_one(Room, cast.room)
        room.name = "Refused"

        def refuse(_row: Any) -> None:
            raise Stale("No.")

        with pytest.raises(Stale):
            writing.save(session, AMINA, room, Action.EDIT, refuse)
        session.commit()
    assert value(cast, Room.name) == "Room 1"


def test_a_refused_put_leaves_the_row_as_it_was(cast: Cast) -> None:
    client = cast.client("rosa")
    body = {"phone": "555-MINE", "dob": "2199-01-01"}
    answer = client.put(f"/api/v1/patient/{cast.paula}", json=body)
    assert (answer.status_code, answer.json["field"]) == (422, "dob")
    assert value(cast, Patient.phone) == "555-0100"


def test_a_refused_edit_leaves_the_row_as_it_was(cast: Cast) -> None:
    answer = send(cast.client("rosa"), cast, phone="555-MINE", dob="2199-01-01")
    assert answer.status_code == 422
    assert value(cast, Patient.phone) == "555-0100"


def test_a_refused_add_keeps_what_was_typed(cast: Cast) -> None:
    typed = {"name": "Zoë “Zed” <i>", "dob": "2199-01-01", "sex": "female", "contact_info": "Here"}
    answer = cast.client("rosa").post("/patient/add", data=typed)
    assert answer.status_code == 422
    assert 'value="Zoë “Zed” &lt;i&gt;"' in answer.text
    assert 'value="2199-01-01"' in answer.text
    assert "Here</textarea>" in answer.text


def test_a_refused_add_says_why_beside_the_field(cast: Cast) -> None:
    typed = {"name": "Zoë", "dob": "2199-01-01", "sex": "female"}
    page = cast.client("rosa").post("/patient/add", data=typed).text
    beside = page.split('id="dob-error"')[1][:300]
    assert "The birth date lies in the future." in beside


def test_what_cannot_be_read_is_given_back_as_it_was_typed(cast: Cast) -> None:
    page = cast.client("rosa").post("/patient/add", data={"name": "Zoë", "dob": "31/12/80"}).text
    assert 'value="31/12/80"' in page
    assert "Write a date like" in page


def test_a_name_in_use_is_a_409_in_words(cast: Cast) -> None:
    client = cast.client("amina")
    answer = client.post("/api/v1/room/", json={"name": "Room 1", "room_type": "exam"})
    assert answer.status_code == 409
    assert answer.json["message"] == "Another entry has this name already."
    assert "Room 1" not in answer.text


def test_a_name_in_use_is_said_beside_the_field_of_the_form(cast: Cast) -> None:
    typed = {"name": "Room 1", "room_type": "exam", "status": "available"}
    answer = cast.client("amina").post("/room/add", data=typed)
    assert answer.status_code == 409
    assert "Another entry has this name already." in answer.text.split('id="name-error"')[1][:300]


@pytest.mark.parametrize("way", ["form", "api"])
def test_a_patient_with_visits_is_not_deleted(cast: Cast, way: str) -> None:
    client = cast.client("amina")
    if way == "form":
        answer = client.post(f"/patient/delete/{cast.paula}")
    else:
        answer = client.delete(f"/api/v1/patient/{cast.paula}")
    assert answer.status_code == 409
    assert value(cast, Patient.name) == "Paula O’Connor"


@pytest.mark.parametrize("what", ["patient", "users"])
def test_the_number_of_who_was_deleted_comes_to_nobody_again(cast: Cast, what: str) -> None:
    with cast.app.app_context():
        numbers = []
        for name in ("one", "two"):
            row = (
                Patient(name=name, dob=date(1980, 1, 1)) if what == "patient"
                else User(username=name, first_name=name, last_name=name, email=name, active=True)
            )  # fmt: skip
            db.session.add(row)
            db.session.commit()
            numbers.append(inspect(row).identity)
            db.session.delete(row)
            db.session.commit()
    assert numbers[0] != numbers[1]


def test_a_double_booking_is_a_409_in_words(cast: Cast) -> None:
    body = {
        "patient_id": cast.quentin, "doctor_id": cast.diaz,
        "appointment_datetime": "2026-05-04T08:10:00Z", "status": "booked",
    }  # fmt: skip
    answer = cast.client("amina").post("/api/v1/appointment/", json=body)
    assert answer.status_code == 409
    assert "INSERT" not in answer.text


def test_the_values_of_a_statement_stay_out_of_its_error(app: Any, cast: Cast) -> None:
    with app.app_context():
        db.session.add(Room(name="Room 1", room_type="a secret"))
        with pytest.raises(IntegrityError) as refused:
            db.session.commit()
        db.session.rollback()
    assert "a secret" not in str(refused.value)
    assert "hide_parameters" in str(refused.value)
