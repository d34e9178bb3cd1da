"""A page costs the same few statements whatever it shows, and loads no table whole."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.extensions import db
from app.models import (
    ALL,
    AllergyIntolerance,
    Appointment,
    Condition,
    Doctor,
    MedicalRecord,
    MedicationRequest,
    Observation,
    Patient,
    Room,
    Shift,
    Staff,
    VisitType,
)
from tests.cast import Cast

TABLES = [table.__tablename__ for table in ALL if table.__screen__]
STAFF = ("amina", "diaz", "nora", "rosa")
LIST, DETAIL, BOOKING = 6, 8, 9


def rows_of(cast: Cast, number: int) -> list[Any]:
    """One row for every table, with links to rows of its own."""
    patient = Patient(name=f"Patient {number}", dob=date(1990, 1, 1))
    doctor = Doctor(name=f"Dr. {number}", specialization="Surgery")
    staff = Staff(name=f"Nurse {number}", role="nurse")
    room = Room(name=f"Ward {number}", room_type="exam")
    day = date(2026, 6, 1) + timedelta(days=number)
    visit = Appointment(
        patient=patient, doctor=doctor, room=room, appointment_datetime=datetime(2026, 6, 1, 8, tzinfo=UTC)
    )  # fmt: skip
    record = MedicalRecord(patient=patient, doctor=doctor, visit_date=day, appointment=visit)
    shift = Shift(staff=staff, shift_date=day, start_time=time(8), end_time=time(16))
    coded = [
        Condition(patient=patient, display=f"Condition {number}"),
        AllergyIntolerance(patient=patient, display=f"Allergy {number}"),
        MedicationRequest(patient=patient, doctor=doctor, display=f"Drug {number}"),
        Observation(patient=patient, display=f"Pulse {number}"),
    ]
    return [visit, record, shift, VisitType(name=f"Type {number}"), *coded]


def grow(cast: Cast, count: int) -> None:
    with cast.app.app_context():
        for number in range(count):
            db.session.add_all(rows_of(cast, number))
        db.session.commit()
        db.session.remove()


def costs(cast: Cast, statements: list[str], name: str, url: str) -> int:
    """How many statements the page takes; 0 where the role may not open it, or has no such row."""
    client = cast.client(name)
    statements.clear()
    answer = client.get(url)
    answer.get_data()
    assert answer.status_code in (200, 403, 404), f"{url} for {name}: {answer.status_code}"
    return len(statements) if answer.status_code == 200 else 0


@pytest.mark.parametrize("name", STAFF)
@pytest.mark.parametrize("count", [1, 60])
def test_a_list_costs_at_most_6_statements(
    cast: Cast, statements: list[str], name: str, count: int
) -> None:
    grow(cast, count)
    urls = [f"/{table}/list/" for table in [*TABLES, "users", "roles"]]
    dear = {url: cost for url in urls if (cost := costs(cast, statements, name, url)) > LIST}
    assert dear == {}


@pytest.mark.parametrize("name", STAFF)
@pytest.mark.parametrize("count", [1, 60])
def test_a_list_of_the_api_costs_at_most_6_statements(
    cast: Cast, statements: list[str], name: str, count: int
) -> None:
    grow(cast, count)
    urls = [f"/api/v1/{table}/" for table in TABLES]
    dear = {url: cost for url in urls if (cost := costs(cast, statements, name, url)) > LIST}
    assert dear == {}


def test_a_page_of_100_rows_costs_as_many_statements_as_one_of_1(
    cast: Cast, statements: list[str]
) -> None:
    urls = {
        model.__tablename__: f"/{model.__tablename__}/list/?psize_{model.__name__}View=100"
        for model in ALL if model.__screen__
    }  # fmt: skip
    grow(cast, 1)
    few = {t: costs(cast, statements, "diaz", url) for t, url in urls.items()}
    with cast.app.app_context():
        for number in range(1, 110):
            db.session.add_all(rows_of(cast, number))
        db.session.commit()
        db.session.remove()
    many = {t: costs(cast, statements, "diaz", url) for t, url in urls.items()}
    assert many == few


@pytest.mark.parametrize("name", STAFF)
@pytest.mark.parametrize("page", ["show/1", "edit/1", "add"])
def test_a_detail_or_a_form_costs_at_most_8_statements(
    cast: Cast, statements: list[str], name: str, page: str
) -> None:
    grow(cast, 1)
    urls = [f"/{table}/{page}" for table in TABLES]
    dear = {url: cost for url in urls if (cost := costs(cast, statements, name, url)) > DETAIL}
    assert dear == {}


def test_an_export_is_one_statement_whatever_its_length(cast: Cast, statements: list[str]) -> None:
    grow(cast, 60)
    assert 0 < costs(cast, statements, "diaz", "/appointment/export") <= LIST
    assert sum("JOIN patient AS" in statement for statement in statements) == 1


def test_a_refusal_costs_at_most_3_statements(cast: Cast, statements: list[str]) -> None:
    client = cast.client("paula")
    statements.clear()
    assert client.get("/patient/list/").status_code == 403
    assert len(statements) <= 3


def test_free_times_a_week_and_a_booking_cost_the_same_in_a_full_clinic(
    cast: Cast, statements: list[str]
) -> None:
    day = date.today() + timedelta(days=7)
    grow_day(cast, 0, 1, day)
    few = [desk_costs(cast, statements, day, hour) for hour in (8, 9)][1]
    grow_day(cast, 1, 120, day)
    assert desk_costs(cast, statements, day, 10) == few
    assert all(few)
    assert few[2] <= BOOKING


def grow_day(cast: Cast, first: int, last: int, day: date) -> None:
    """Visits at seven, each with a patient, a doctor on the rota and a room of its own."""
    at = datetime.combine(day, time(7), UTC)
    with cast.app.app_context():
        for number in range(first, last):
            visit, *_ = rows_of(cast, number)
            visit.appointment_datetime = at
            visit.doctor.staff = Staff(name=f"Dr. {number}", role="doctor")
            at_work = Shift(
                staff=visit.doctor.staff, shift_date=day, start_time=time(6), end_time=time(20)
            )
            db.session.add_all([visit, at_work])
        db.session.commit()
        db.session.remove()


def desk_costs(cast: Cast, statements: list[str], day: date, hour: int) -> tuple[int, int, int]:
    """Statements of the free times of a doctor, of a week of all doctors, and of a booking."""
    week = f"start={day}&end={day + timedelta(days=7)}"
    urls = (f"/api/v1/slot/?doctor_id={cast.diaz}&start={day}&days=14", f"/calendar/events?{week}")
    slots, calendar = (costs(cast, statements, "rosa", url) for url in urls)
    client = cast.client("rosa")
    body = {
        "patient_id": cast.quentin, "doctor_id": cast.diaz,
        "appointment_datetime": f"{day}T{hour:02}:00:00Z",
    }  # fmt: skip
    statements.clear()
    answer = client.post("/api/v1/appointment/", json=body)
    assert answer.status_code == 201, answer.text
    return slots, calendar, len(statements)


@pytest.fixture
def fetched(app: Flask) -> Any:
    """The most rows of one table that came to Python since it was last asked."""
    most = {"rows": 0}

    seen: list[Any] = []

    def loaded(target: Any, _context: Any) -> None:
        seen.append(type(target).__name__)
        most["rows"] = max(most["rows"], seen.count(seen[-1]))

    for model in ALL:
        event.listen(model, "load", loaded)
    yield lambda: (most["rows"], most.update(rows=0), seen.clear())[0]
    for model in ALL:
        event.remove(model, "load", loaded)


@pytest.mark.parametrize("page", ["add", "edit/1", "list/"])
@pytest.mark.parametrize("table", ["appointment", "shift", "medical_record", "condition"])
def test_no_form_or_list_loads_another_table(
    cast: Cast, fetched: Any, table: str, page: str
) -> None:
    grow(cast, 150)
    client = cast.client("amina" if table in ("appointment", "shift") else "diaz")
    fetched()
    answer = client.get(f"/{table}/{page}")
    assert answer.status_code == 200
    assert fetched() <= 50
    assert not re.search(r"<option[^>]*>\s*(Patient|Dr\.|Nurse|Ward) ", answer.text)


def test_a_look_up_brings_at_most_20_rows(cast: Cast, fetched: Any) -> None:
    grow(cast, 150)
    fetched()
    assert len(cast.client("rosa").get("/patient/pick?q=Patient").json) == 20
    assert fetched() <= 20
