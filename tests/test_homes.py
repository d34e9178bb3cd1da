"""The homes: what each role starts its day with, and in how many statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from app.extensions import db
from app.models import (
    Appointment,
    AuditEvent,
    Doctor,
    Notification,
    Observation,
    OpeningHours,
    Patient,
    PortalRegistration,
    Room,
    Shift,
    Staff,
    TimeOff,
    VisitType,
    WaitlistEntry,
)
from app.models.base.clock import clinic_zone, day_of
from app.models.clinic.opening import WEEKDAYS
from tests.cast import Cast

MOST = 10


def keep(cast: Cast, *rows: Any) -> None:
    with cast.app.app_context():
        db.session.add_all(rows)
        db.session.commit()
        db.session.remove()


def home(cast: Cast, name: str) -> str:
    answer = cast.client(name).get("/")
    assert answer.status_code == 200
    return answer.text


def noon(cast: Cast, days: int = 0) -> datetime:
    with cast.app.app_context():
        start, _ = day_of(datetime.now(UTC), clinic_zone(), days=days)
        return start.astimezone(UTC) + timedelta(hours=12)


def visit(cast: Cast, status: str, days: int = 0, **more: Any) -> Appointment:
    return Appointment(
        patient_id=cast.quentin, doctor_id=cast.diaz, appointment_datetime=noon(cast, days),
        minutes_duration=30, status=status, **more,
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("name", ["amina", "diaz", "nora", "rosa"])
def test_a_home_costs_at_most_10_statements(
    cast: Cast, statements: list[str], name: str, count: int
) -> None:
    rows: list[Any] = []
    for number in range(count):
        patient = Patient(name=f"Patient {number}", dob=date(1990, 1, 1))
        doctor = Doctor(name=f"Dr. {number}", specialization="Surgery")
        room = Room(name=f"Ward {number}", room_type="exam")
        start = noon(cast, number % 2)
        status = ("in-room", "pending")[number % 2]
        rows += [
            Appointment(patient=patient, doctor=doctor, room=room, appointment_datetime=start, status=status),
            Shift(staff=Staff(name=f"Nurse {number}", role="nurse"), shift_date=start.date(),
                  start_time=time(0), end_time=time(23)),
            WaitlistEntry(patient=patient, visit_type_id=cast.visit_type, earliest=start,
                          latest=start + timedelta(days=9), created=start),
        ]  # fmt: skip
    keep(cast, *rows)
    client = cast.client(name)
    statements.clear()
    assert client.get("/").status_code == 200
    assert len(statements) <= MOST, statements


def test_the_admin_sees_what_waits_for_an_answer(cast: Cast) -> None:
    now = datetime.now(UTC)
    keep(cast, Shift(staff_id=1, shift_date=now.date(), start_time=time(0), end_time=time(23)))
    assert "Nothing waits for you." in home(cast, "amina")
    dead = Notification(
        once="x", rule="reminder", channel="email", patient_id=cast.paula, subject="x", body="x",
        state="dead", created=now, not_before=now, message_id="x",
    )  # fmt: skip
    leave = TimeOff(staff_id=1, start_at=now, end_at=now + timedelta(days=1))
    refused = AuditEvent(recorded=now, action="login", entity="User", outcome="failure")
    keep(cast, dead, leave, refused)
    page = home(cast, "amina")
    for said in ("1 message did not go out", "1 request for time off", "1 sign-in was refused"):
        assert said in page


def test_the_admin_sees_what_is_missing_before_a_first_visit_can_be_booked(cast: Cast) -> None:
    page = home(cast, "amina")
    assert "There is no published shift yet" in page
    assert not any(
        f"There is no {step} yet" in page for step in ("room", "kind of visit", "doctor", "patient")
    )
    with cast.app.app_context():
        for model, key in ((Room, cast.room), (VisitType, cast.visit_type)):
            db.session.delete(db.session.get_one(model, key))
        db.session.commit()
        db.session.remove()
    page = home(cast, "amina")
    places = [
        page.index(f"There is no {step} yet")
        for step in ("room", "kind of visit", "published shift")
    ]
    assert places == sorted(places)


def test_the_admin_sees_who_is_in_which_room(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        db.session.get_one(Room, sqlite_cast.room).status = "occupied"
        db.session.commit()
        db.session.remove()
    keep(sqlite_cast, visit(sqlite_cast, "in-room", room_id=sqlite_cast.room))
    page = home(sqlite_cast, "amina")
    assert page.index("Room 1") < page.index("Occupied") < page.index("Dr. Díaz")


def test_the_admin_sees_the_gaps_of_the_rota(sqlite_cast: Cast) -> None:
    keep(
        sqlite_cast,
        *(OpeningHours(weekday=d, start_time=time(8), end_time=time(12)) for d in WEEKDAYS),
    )
    assert "No nurse on" in home(sqlite_cast, "amina")


def test_the_admin_sees_who_is_signed_in(sqlite_cast: Cast) -> None:
    sqlite_cast.client("rosa").get("/")
    sqlite_cast.token("rosa")
    assert "Rosa Ricci" in home(sqlite_cast, "amina")


def test_the_admin_sees_no_patient_on_the_home(sqlite_cast: Cast) -> None:
    keep(sqlite_cast, visit(sqlite_cast, "in-room", room_id=sqlite_cast.room))
    assert "Quentin" not in home(sqlite_cast, "amina")


def test_a_login_of_no_patient_is_led_out_of_the_portal(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        db.session.get_one(Patient, sqlite_cast.paula).user_id = None
        db.session.commit()
        db.session.remove()
    answer = sqlite_cast.client("paula").get("/", follow_redirects=True)
    assert answer.status_code == 403
    assert "/logout/" in answer.text.partition("<main")[2]
    assert 'href="/"' not in answer.text
    assert "Error" not in answer.text


def test_a_doctor_sees_who_comes_and_nobody_elses_patients(sqlite_cast: Cast) -> None:
    keep(sqlite_cast, visit(sqlite_cast, "booked"))
    assert "Quentin" in home(sqlite_cast, "diaz")
    assert sqlite_cast.client("eriksen").get("/").text.count("Quentin Quist") == 1  # a draft of his


def result(cast: Cast, **more: Any) -> Observation:
    now = datetime.now(UTC)
    told = {"patient_id": cast.paula, "display": "HbA1c", "category": "laboratory", "issued": now}
    return Observation(**told | more)


def test_a_result_waits_for_the_doctor_until_the_chart_is_opened(cast: Cast) -> None:
    keep(cast, result(cast, issued=datetime.now(UTC) - timedelta(minutes=5)))
    assert "1 new finding" in home(cast, "diaz")
    assert "new finding" not in home(cast, "eriksen")
    cast.client("diaz").get(f"/chart/{cast.paula}")
    assert "new finding" not in home(cast, "diaz")
    keep(cast, result(cast, issued=datetime.now(UTC) + timedelta(seconds=5)))
    assert "1 new finding" in home(cast, "diaz")


@pytest.mark.parametrize(
    "more", [{"category": "vital-signs"}, {"issued": datetime(2026, 1, 1, tzinfo=UTC)}]
)
def test_vital_signs_and_what_is_old_are_no_results(
    sqlite_cast: Cast, more: dict[str, Any]
) -> None:
    keep(sqlite_cast, result(sqlite_cast, **more))
    assert "new finding" not in home(sqlite_cast, "diaz")


def test_the_nurse_sees_whose_vital_signs_are_missing(cast: Cast) -> None:
    keep(cast, visit(cast, "checked-in"))
    assert "Measure" in home(cast, "nora")
    cast.client("nora").post(f"/chart/{cast.quentin}/vitals", data={"pulse": "70"})
    page = home(cast, "nora")
    assert "Measure" not in page
    assert "Quentin Quist" in page  # still to be prepared


def test_the_nurse_sees_the_rooms_to_clean(sqlite_cast: Cast) -> None:
    keep(sqlite_cast, Room(name="Ward 9", room_type="exam", status="cleaning"))
    assert "Ward 9" in home(sqlite_cast, "nora")


def test_the_reception_calls_who_has_not_confirmed_tomorrow(sqlite_cast: Cast) -> None:
    keep(sqlite_cast, visit(sqlite_cast, "pending", days=1))
    page = home(sqlite_cast, "rosa")
    assert "Quentin Quist" in page
    assert 'href="tel:5550100"' in page


def test_the_reception_asks_for_numbers_that_are_missing(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        db.session.get_one(Patient, sqlite_cast.quentin).phone = ""
        db.session.commit()
        db.session.remove()
    keep(sqlite_cast, visit(sqlite_cast, "booked", days=3), visit(sqlite_cast, "booked", days=4))
    page = home(sqlite_cast, "rosa")
    assert page.count("Add a number") == 1


def test_the_reception_sees_the_waitlist_the_most_urgent_first(sqlite_cast: Cast) -> None:
    now = datetime.now(UTC)
    span = {"earliest": now, "latest": now + timedelta(days=5), "created": now}
    kind = sqlite_cast.visit_type
    keep(
        sqlite_cast,
        WaitlistEntry(patient_id=sqlite_cast.paula, visit_type_id=kind, **span),
        WaitlistEntry(patient_id=sqlite_cast.quentin, visit_type_id=kind, priority=2, **span),
    )
    page = home(sqlite_cast, "rosa")
    assert page.index("Quentin Quist") < page.index("Paula O")


def test_a_waiting_list_that_is_cut_says_how_many_wait_not_how_many_are_shown(
    sqlite_cast: Cast,
) -> None:
    now = datetime.now(UTC)
    facts = {"earliest": now, "latest": now + timedelta(days=5), "created": now}
    facts |= {"visit_type_id": sqlite_cast.visit_type}
    people = [Patient(name=f"Wait {n}", dob=date(1990, 1, 1)) for n in range(9)]
    keep(sqlite_cast, *[WaitlistEntry(patient=person, **facts) for person in people])
    page = home(sqlite_cast, "rosa")
    panel = page[page.index(">Waiting list</h2>") :]
    assert panel.index('"count">9<') < panel.index("Wait ")


def test_the_reception_sees_who_asks_for_the_portal_until_they_are_answered(
    sqlite_cast: Cast,
) -> None:
    asking = [
        PortalRegistration(
            name=name, dob=date(1990, 1, 1), email="x@example.org", created=noon(sqlite_cast),
            state=state,
        )
        for name, state in (("Willa Waits", "waiting"), ("Dora Declined", "declined"))
    ]  # fmt: skip
    assert "Portal requests" not in main_of(home(sqlite_cast, "rosa"))
    keep(sqlite_cast, *asking)
    shown = main_of(home(sqlite_cast, "rosa"))
    assert "Willa Waits" in shown
    assert "Dora Declined" not in shown


def main_of(page: str) -> str:
    return page.split("<main")[1]
