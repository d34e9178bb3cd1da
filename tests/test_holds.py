"""A hold keeps a time for ten minutes; once it has run out it stands in nobody's way."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.types import NullType

from app.extensions import db
from app.models import Appointment, AppointmentHistory
from app.models.visits import situations
from tests.cast import SOON, Cast

URL = "/api/v1/appointment/"


def wish(cast: Cast, hour: int, minute: int = 0, **changes: Any) -> dict[str, Any]:
    facts = {
        "patient_id": cast.paula, "doctor_id": cast.eriksen, "visit_type_id": cast.visit_type,
        "appointment_datetime": datetime.combine(SOON, time(hour, minute)).isoformat(),
    }  # fmt: skip
    return facts | changes


def held(rosa: FlaskClient, cast: Cast, hour: int = 9, **changes: Any) -> int:
    answer = rosa.post(f"{URL}hold", json=wish(cast, hour, **changes))
    assert answer.status_code == 201
    return int(answer.json["id"])


def let_run_out(cast: Cast, visit: int) -> None:
    with cast.app.app_context():
        past = datetime.now(UTC) - timedelta(minutes=1)
        key = Appointment.appointment_id == visit
        db.session.execute(update(Appointment).where(key).values(hold_until=past))
        db.session.commit()


def status_of(cast: Cast, visit: int) -> str:
    with cast.app.app_context():
        return db.session.get_one(Appointment, visit).status


def test_a_hold_is_a_pending_visit_for_ten_minutes(rosa: FlaskClient, cast: Cast) -> None:
    before = datetime.now(UTC)
    result = rosa.post(f"{URL}hold", json=wish(cast, 9)).json["result"]
    until = datetime.fromisoformat(result["hold_until"])
    assert result["status"] == "pending"
    assert timedelta(minutes=10) <= until - before < timedelta(minutes=11)


def test_a_hold_takes_its_time_from_others(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    held(rosa, cast)
    lost = rosa.post(f"{URL}hold", json=wish(cast, 9, patient_id=cast.quentin))
    assert lost.status_code == 409
    assert len(lost.json["alternatives"]) == 3


def test_a_confirmed_hold_is_booked(rosa: FlaskClient, cast: Cast) -> None:
    visit = held(rosa, cast)
    result = rosa.post(f"{URL}{visit}/confirm", json={}).json["result"]
    assert (result["status"], result["hold_until"]) == ("booked", None)


def test_confirming_twice_books_once(rosa: FlaskClient, cast: Cast) -> None:
    visit = held(rosa, cast)
    answers = [rosa.post(f"{URL}{visit}/confirm", json={}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    with cast.app.app_context():
        assert len(db.session.scalars(select(AppointmentHistory)).all()) == 2


def test_an_expired_hold_gives_way_to_a_booking(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    visit = held(rosa, cast)
    let_run_out(cast, visit)
    assert rosa.post(URL, json=wish(cast, 9, patient_id=cast.quentin)).status_code == 201
    assert status_of(cast, visit) == "cancelled"


def test_an_expired_hold_gives_way_to_a_move(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    other = rosa.post(URL, json=wish(cast, 12, patient_id=cast.quentin)).json["id"]
    let_run_out(cast, held(rosa, cast))
    body = {"appointment_datetime": wish(cast, 9)["appointment_datetime"]}
    assert rosa.post(f"{URL}{other}/move", json=body).status_code == 200


def test_an_expired_hold_is_free_time(rosa: FlaskClient, cast: Cast, on_duty: date) -> None:
    url = f"/api/v1/slot/?doctor_id={cast.eriksen}&visit_type_id={cast.visit_type}&start={SOON}"
    free = rosa.get(url).json["result"]
    visit = held(rosa, cast)
    assert rosa.get(url).json["result"] != free
    let_run_out(cast, visit)
    assert rosa.get(url).json["result"] == free


def test_an_expired_hold_whose_time_is_free_can_be_confirmed(rosa: FlaskClient, cast: Cast) -> None:
    visit = held(rosa, cast)
    let_run_out(cast, visit)
    assert rosa.post(f"{URL}{visit}/confirm", json={}).status_code == 200
    assert status_of(cast, visit) == "booked"


def test_an_expired_hold_whose_time_was_taken_is_409_with_alternatives(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    visit = held(rosa, cast)
    let_run_out(cast, visit)
    rosa.post(URL, json=wish(cast, 9, patient_id=cast.quentin))
    lost = rosa.post(f"{URL}{visit}/confirm", json={})
    assert lost.status_code == 409
    assert len(lost.json["alternatives"]) == 3
    assert status_of(cast, visit) == "cancelled"


def test_a_hold_that_was_cancelled_by_a_person_does_not_come_back(
    rosa: FlaskClient, cast: Cast
) -> None:
    visit = held(rosa, cast)
    rosa.post(f"{URL}{visit}/status", json={"status": "cancelled"})
    assert rosa.post(f"{URL}{visit}/confirm", json={}).status_code == 409


def test_a_running_hold_is_not_cancelled_by_another_booking(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    visit = held(rosa, cast)
    assert rosa.post(URL, json=wish(cast, 9, patient_id=cast.quentin)).status_code == 409
    assert status_of(cast, visit) == "pending"


def test_the_expired_hold_of_a_patient_elsewhere_gives_way_too(
    rosa: FlaskClient, cast: Cast, on_duty: date
) -> None:
    visit = held(rosa, cast, doctor_id=cast.diaz)
    let_run_out(cast, visit)
    assert rosa.post(URL, json=wish(cast, 9)).status_code == 201
    assert status_of(cast, visit) == "cancelled"


def test_the_history_says_that_the_hold_ran_out(rosa: FlaskClient, cast: Cast) -> None:
    visit = held(rosa, cast)
    let_run_out(cast, visit)
    rosa.post(URL, json=wish(cast, 9, patient_id=cast.quentin))
    with cast.app.app_context():
        query = select(AppointmentHistory).where(AppointmentHistory.appointment_id == visit)
        last = db.session.scalars(query.order_by(AppointmentHistory.history_id.desc())).first()
        assert last is not None
        assert (last.agent, last.status_after, last.reason) == (
            "clinic", "cancelled", "the hold ran out",
        )  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"status": "booked"}, {"hold_until": "2030-01-01"}, []])
def test_a_body_that_is_no_hold_is_refused(rosa: FlaskClient, body: Any) -> None:
    assert rosa.post(f"{URL}hold", json=body).status_code in (400, 422)


def test_an_instant_is_asked_as_it_is_kept_whatever_zone_the_server_is_in() -> None:
    for statement in (situations._DOCTORS, situations._STAYS):
        untyped = {k: b for k, b in statement.compile().binds.items() if type(b.type) is NullType}
        assert not untyped
