"""Booking, moving and ending a visit over the API, and what the loser is told."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.extensions import db
from app.models import Appointment, AppointmentHistory, Room, VisitType
from tests.cast import SOON, Cast

URL = "/api/v1/appointment/"


def at(hour: int, minute: int = 0) -> str:
    """An instant of the day to come, as the API is told it: clinic time."""
    return datetime.combine(SOON, time(hour, minute)).isoformat()


def wish(cast: Cast, hour: int, minute: int = 0, **changes: Any) -> dict[str, Any]:
    facts = {
        "patient_id": cast.paula, "doctor_id": cast.eriksen, "visit_type_id": cast.visit_type,
        "appointment_datetime": at(hour, minute),
    }  # fmt: skip
    return facts | changes


def test_a_free_time_is_booked(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    answer = rosa.post(URL, json=wish(cast, 9))
    assert answer.status_code == 201
    assert answer.json["result"]["status"] == "booked"


def test_the_length_is_that_of_the_visit_type(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    with cast.app.app_context():
        db.session.get_one(VisitType, cast.visit_type).minutes = 45
        db.session.commit()
    assert rosa.post(URL, json=wish(cast, 9)).json["result"]["minutes_duration"] == 45


def test_a_room_of_the_right_type_is_chosen(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    with cast.app.app_context():
        db.session.get_one(VisitType, cast.visit_type).room_type = "exam"
        db.session.commit()
    assert rosa.post(URL, json=wish(cast, 9)).json["result"]["room_id"] == cast.room


def test_the_loser_gets_409_and_the_next_three_free_times(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    rosa.post(URL, json=wish(cast, 9))
    answer = rosa.post(URL, json=wish(cast, 9, patient_id=cast.quentin))
    assert answer.status_code == 409
    starts = [datetime.fromisoformat(s["start"]) for s in answer.json["alternatives"]]
    assert len(starts) == 3
    assert starts == sorted(starts)


def test_the_alternatives_can_be_had(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    rosa.post(URL, json=wish(cast, 9))
    lost = rosa.post(URL, json=wish(cast, 9, patient_id=cast.quentin))
    start = lost.json["alternatives"][0]["start"]
    again = wish(cast, 9, patient_id=cast.quentin, appointment_datetime=start)
    assert rosa.post(URL, json=again).status_code == 201


def test_a_time_outside_the_shift_asks_for_a_reason(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    answer = rosa.post(URL, json=wish(cast, 20))
    assert (answer.status_code, answer.json["code"]) == (422, "soft_rule")
    assert answer.json["reasons"] == ["off duty"]


def test_with_a_reason_a_rule_of_the_house_is_overruled(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    answer = rosa.post(URL, json=wish(cast, 20, override_reason="an emergency"))
    assert answer.status_code == 201
    assert answer.json["result"]["override_reason"] == "an emergency"


def test_no_reason_overrules_a_double_booking(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    rosa.post(URL, json=wish(cast, 9))
    again = wish(cast, 9, patient_id=cast.quentin, override_reason="please")
    assert rosa.post(URL, json=again).status_code == 409


def test_a_doctor_on_no_rota_can_be_booked_at_any_time(rosa: FlaskClient, cast: Cast) -> None:
    assert rosa.post(URL, json=wish(cast, 20)).status_code == 201


def test_a_repeated_request_with_its_key_books_once(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    key = {"Idempotency-Key": "the first try"}
    first = rosa.post(URL, json=wish(cast, 9), headers=key)
    second = rosa.post(URL, json=wish(cast, 9), headers=key)
    assert (second.status_code, second.json) == (first.status_code, first.json)


def test_a_key_is_not_taken_for_another_request(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    key = {"Idempotency-Key": "the first try"}
    rosa.post(URL, json=wish(cast, 9), headers=key)
    other = rosa.post(URL, json=wish(cast, 10), headers=key)
    assert (other.status_code, other.json["code"]) == (422, "key_misused")
    longer = rosa.post(URL, json=wish(cast, 10), headers={"Idempotency-Key": "k" * 201})
    assert longer.status_code == 400


def test_the_same_key_of_two_people_books_twice(cast: Cast, on_duty: date) -> None:
    key = {"Idempotency-Key": "one"}
    cast.client("rosa").post(URL, json=wish(cast, 9), headers=key)
    other = wish(cast, 11, patient_id=cast.quentin)
    assert cast.client("amina").post(URL, json=other, headers=key).status_code == 201


def test_a_move_keeps_the_visit_and_counts_its_version(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    visit = rosa.post(URL, json=wish(cast, 9)).json
    moved = rosa.post(
        f"{URL}{visit['id']}/move", json={"appointment_datetime": at(10), "version": 1}
    )
    assert moved.status_code == 200
    assert moved.json["result"]["version"] == 2


def test_a_move_onto_a_taken_time_changes_nothing(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    rosa.post(URL, json=wish(cast, 9))
    visit = rosa.post(URL, json=wish(cast, 10, patient_id=cast.quentin)).json
    lost = rosa.post(f"{URL}{visit['id']}/move", json={"appointment_datetime": at(9)})
    assert lost.status_code == 409
    assert rosa.get(f"{URL}{visit['id']}").json["result"]["version"] == 1


def test_a_move_from_an_old_version_is_refused(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    visit = rosa.post(URL, json=wish(cast, 9)).json
    for expected in (200, 412):
        body = {"appointment_datetime": at(11 + expected % 2), "version": 1}
        answer = rosa.post(f"{URL}{visit['id']}/move", json=body)
        assert answer.status_code == expected
    assert answer.json["current"]["version"] == 2
    old = {"headers": {"If-Match": '"1"'}}
    for what, said in (
        ("move", {"appointment_datetime": at(13)}),
        ("status", {"status": "arrived"}),
    ):
        answer = rosa.post(f"{URL}{visit['id']}/{what}", json=said, **old)
        assert (answer.status_code, answer.json["current"]["version"]) == (412, 2)


def test_a_nurse_does_not_move_a_visit_in_time(cast: Cast, on_duty: date) -> None:
    nora = cast.client("nora")
    answer = nora.post(f"{URL}{cast.visit}/move", json={"appointment_datetime": at(9)})
    assert answer.status_code == 403


def test_every_change_leaves_its_history(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    visit = rosa.post(URL, json=wish(cast, 9)).json["id"]
    rosa.post(f"{URL}{visit}/move", json={"appointment_datetime": at(10)})
    rosa.post(f"{URL}{visit}/status", json={"status": "arrived"})
    with cast.app.app_context():
        rows = db.session.scalars(
            select(AppointmentHistory)
            .where(AppointmentHistory.appointment_id == visit)
            .order_by(AppointmentHistory.history_id)
        ).all()
        said = [(row.status_before, row.status_after, row.agent) for row in rows]
    assert said == [
        (None, "booked", "rosa"), ("booked", "booked", "rosa"), ("booked", "arrived", "rosa"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("person", "path", "last"),
    [
        ("rosa", ["arrived", "checked-in"], 200),
        ("nora", ["arrived", "checked-in", "in-room", "fulfilled"], 200),
        ("rosa", ["arrived", "checked-in", "in-room"], 403),
        ("rosa", ["fulfilled"], 422),
        ("rosa", ["cancelled", "booked"], 422),
        ("rosa", ["noshow", "arrived"], 200),
        ("nora", ["cancelled"], 403),
        ("rosa", ["nonsense"], 422),
    ],
)
def test_the_table_says_who_moves_a_visit_where(
    cast: Cast, person: str, path: list[str], last: int
) -> None:
    client = cast.client(person)
    answers = [client.post(f"{URL}{cast.visit}/status", json={"status": s}) for s in path]
    assert [a.status_code for a in answers] == [200] * (len(path) - 1) + [last]


def test_arriving_notes_the_time_and_undo_takes_it_back(cast: Cast) -> None:
    rosa = cast.client("rosa")
    rosa.post(f"{URL}{cast.visit}/status", json={"status": "arrived"})
    with cast.app.app_context():
        assert db.session.get_one(Appointment, cast.visit).arrived_at is not None
    undone = rosa.post(f"{URL}{cast.visit}/undo", json={})
    assert undone.json["result"]["status"] == "booked"
    with cast.app.app_context():
        assert db.session.get_one(Appointment, cast.visit).arrived_at is None


def test_an_undo_of_a_visit_that_was_changed_since_is_refused(cast: Cast) -> None:
    rosa = cast.client("rosa")
    arrived = rosa.post(f"{URL}{cast.visit}/status", json={"status": "arrived"}).json["result"]
    rosa.post(f"{URL}{cast.visit}/status", json={"status": "checked-in"})
    undone = rosa.post(f"{URL}{cast.visit}/undo", json={"version": arrived["version"]})
    assert undone.status_code == 412


def test_a_cancelled_visit_gives_its_time_back(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    visit = rosa.post(URL, json=wish(cast, 9)).json["id"]
    body = {"status": "cancelled", "cancellation_reason": "patient", "reason": "called"}
    rosa.post(f"{URL}{visit}/status", json=body)
    assert rosa.post(URL, json=wish(cast, 9, patient_id=cast.quentin)).status_code == 201


def test_the_form_books_by_the_same_rules(cast: Cast, on_duty: date) -> None:
    form = {
        "patient": str(cast.paula), "doctor": str(cast.eriksen), "status": "booked",
        "appointment_datetime": at(20), "minutes_duration": "",
    }  # fmt: skip
    rosa = cast.client("rosa")
    refused = rosa.post("/appointment/add", data=form)
    assert refused.status_code == 422
    assert "off duty" in refused.text
    kept = rosa.post("/appointment/add", data=form | {"override_reason": "an emergency"})
    assert kept.status_code == 302


def test_slots_are_listed_with_their_room(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    url = f"/api/v1/slot/?doctor_id={cast.eriksen}&visit_type_id={cast.visit_type}&start={SOON}"
    first = rosa.get(url).json["result"][0]
    assert set(first) == {"start", "end", "doctor_id", "room_id"}
    assert first["start"].endswith("Z")


def test_every_listed_slot_can_be_booked(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    url = f"/api/v1/slot/?doctor_id={cast.eriksen}&visit_type_id={cast.visit_type}&start={SOON}"
    taken: list[tuple[str, str]] = []
    for slot in rosa.get(url).json["result"]:
        if not taken or slot["start"] >= taken[-1][1]:
            body = wish(cast, 0, appointment_datetime=slot["start"])
            assert rosa.post(URL, json=body).status_code == 201
            taken.append((slot["start"], slot["end"]))
    assert len(taken) == 16


@pytest.mark.parametrize(
    "query", ["start=soon", "days=0", "days=63", "days=x", "start=0001-01-01", "start=2026-02-30"]
)
def test_a_question_that_cannot_be_meant_is_refused(rosa: FlaskClient, query: str) -> None:
    assert rosa.get(f"/api/v1/slot/?{query}").status_code == 400


def test_an_unknown_doctor_has_no_slots(rosa: FlaskClient) -> None:
    assert rosa.get("/api/v1/slot/?doctor_id=999").status_code == 404


def test_explain_gives_each_missing_time_its_reasons(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    rosa.post(URL, json=wish(cast, 9))
    url = f"/api/v1/slot/?doctor_id={cast.eriksen}&visit_type_id={cast.visit_type}&start={SOON}"
    missing = rosa.get(url + "&explain=1").json["missing"]
    assert ["booked 09:00–09:30"] in [entry["reasons"] for entry in missing]


def test_a_booking_costs_a_bounded_number_of_statements(
    rosa: FlaskClient, cast: Cast, on_duty: date, statements: list[str]
) -> None:
    rosa.post(URL, json=wish(cast, 9))
    statements.clear()
    rosa.post(URL, json=wish(cast, 10))
    assert len(statements) <= 9


def test_two_rooms_are_given_out_one_after_the_other(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    with cast.app.app_context():
        db.session.get_one(VisitType, cast.visit_type).room_type = "exam"
        db.session.add(Room(name="Room 2", room_type="exam"))
        db.session.commit()
    rosa.post(URL, json=wish(cast, 9))
    other = wish(cast, 9, patient_id=cast.quentin, doctor_id=cast.diaz)
    assert rosa.post(URL, json=other).json["result"]["room_id"] != cast.room
    with cast.app.app_context():
        assert db.session.scalar(select(func.count(Appointment.room_id.distinct()))) == 2
