"""What is kept stays about its person; only a merge hands it over."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Appointment, Condition, MedicalRecord
from tests.cast import Cast
from tests.note_steps import HANGING

PERSON = "Whose it is stays as it is"


def test_a_record_is_not_given_to_another_patient(cast: Cast) -> None:
    url = f"/api/v1/medical_record/{cast.record_of_diaz}"
    answer = cast.client("diaz").put(url, json={"patient_id": cast.quentin})
    assert answer.status_code == 422
    assert PERSON in answer.text
    with cast.app.app_context():
        assert db.session.get_one(MedicalRecord, cast.record_of_diaz).patient_id == cast.paula


def test_a_visit_is_not_given_to_another_patient(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        visit = db.session.query(Appointment).filter_by(patient_id=sqlite_cast.paula).first()
        key = visit.appointment_id
    url = f"/api/v1/appointment/{key}"
    answer = sqlite_cast.client("rosa").put(url, json={"patient_id": sqlite_cast.quentin})
    assert answer.status_code == 422
    assert PERSON in answer.text


@pytest.mark.parametrize("change", [{"minutes_duration": 45}, {"doctor_id": 0}])
def test_a_visit_that_took_place_keeps_its_time_and_doctor(
    sqlite_cast: Cast, change: dict[str, int]
) -> None:
    with sqlite_cast.app.app_context():
        visit = db.session.query(Appointment).filter_by(patient_id=sqlite_cast.paula).first()
        visit.status, key = "fulfilled", visit.appointment_id
        other = {sqlite_cast.eriksen, sqlite_cast.diaz} - {visit.doctor_id}
        db.session.commit()
    body = change | ({"doctor_id": other.pop()} if "doctor_id" in change else {})
    answer = sqlite_cast.client("rosa").put(f"/api/v1/appointment/{key}", json=body)
    assert answer.status_code == 422
    assert "a visit that is over" in answer.text


@pytest.mark.parametrize("table", ["medical_record", *HANGING])
def test_raw_sql_hands_nothing_of_the_record_over(cast: Cast, session: Session, table: str) -> None:
    if table != "medical_record":
        _add(session, table, cast.paula, cast.record_of_diaz)
        session.commit()
    hand_over = f"UPDATE {table} SET patient_id = {cast.quentin}"
    assert _refused(session, f"{hand_over} WHERE record_id = {cast.record_of_diaz}")


@pytest.mark.parametrize("table", HANGING)
def test_raw_sql_hangs_nothing_on_the_record_of_another(
    cast: Cast, session: Session, table: str
) -> None:
    with pytest.raises(DBAPIError, match="record_of_another"):
        _add(session, table, cast.quentin, cast.record_of_diaz)


def test_what_stands_alone_is_not_hung_on_the_record_of_another(
    cast: Cast, session: Session
) -> None:
    session.add(Condition(patient_id=cast.quentin, display="Cough"))
    session.commit()
    assert _refused(
        session,
        f"UPDATE condition SET record_id = {cast.record_of_diaz} WHERE patient_id = {cast.quentin}",
    )


def _add(session: Session, table: str, patient_id: int, record_id: int) -> None:
    columns, values = "patient_id, record_id, display", f"{patient_id}, {record_id}, 'x'"
    session.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"))


def _refused(session: Session, statement: str) -> bool:
    try:
        session.execute(text(statement))
    except DBAPIError as error:
        session.rollback()
        return "record_of_another" in str(error.orig)
    return False
