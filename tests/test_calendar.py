"""The calendar: what it is asked, what it answers, and at what cost."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import update

from app.extensions import db
from app.models import Appointment, Doctor, Patient, Room, Shift, Staff
from tests.calendar_rows import DAY, add, events, visit, visits
from tests.cast import Cast


def fill(cast: Cast, count: int) -> None:
    """So many visits on the day, each with rows of its own."""
    for number in range(count):
        staff = Staff(name=f"Dr. {number}", role="doctor")
        doctor = Doctor(name=f"Dr. {number}", specialization="Surgery", staff=staff)
        shift = Shift(
            staff=staff, shift_date=date(2026, 5, 4), start_time=time(8), end_time=time(16)
        )
        patient = Patient(name=f"Patient {number}", dob=date(1990, 1, 1))
        room = Room(name=f"Ward {number}", room_type="exam")
        at = datetime(2026, 5, 4, 10, tzinfo=UTC)
        seen = Appointment(
            patient=patient, doctor=doctor, room=room, appointment_datetime=at, minutes_duration=30
        )
        add(cast, shift, seen)


def test_a_visit_is_told_in_the_clinics_wall_time_and_as_an_instant(cast: Cast) -> None:
    (seen,) = visits(cast)
    assert (seen["start"], seen["end"]) == ("2026-05-04T10:00", "2026-05-04T10:30")
    assert seen["at"] == "2026-05-04T08:00:00Z"
    assert (seen["patient"], seen["doctor"], seen["version"]) == ("Paula O’Connor", "Dr. Díaz", 1)


@pytest.mark.parametrize(("count", "name"), [(1, "rosa"), (60, "rosa"), (60, "diaz")])
def test_the_data_of_a_month_cost_2_statements_beside_the_session_and_the_audit(
    cast: Cast, statements: list[str], count: int, name: str
) -> None:
    fill(cast, count)
    client = cast.client(name)
    statements.clear()
    client.get("/calendar/events?start=2026-04-27&end=2026-06-08")
    asked = [s for s in statements if " ab_user" not in s and "audit_event" not in s]
    assert len(asked) == 2, asked
    assert len([s for s in statements if s.startswith("SELECT")]) <= 4
    assert len(statements) <= 5


@pytest.mark.parametrize("count", [1, 60])
def test_the_page_costs_4_statements_whatever_the_clinic_has(
    cast: Cast, statements: list[str], count: int
) -> None:
    fill(cast, count)
    client = cast.client("rosa")
    statements.clear()
    client.get("/calendar/")
    assert len(statements) == 4  # the person; doctors, rooms, visit types


@pytest.mark.parametrize(
    "query",
    [
        "", "start=2026-05-04", "end=2026-05-04", "start=2026-05-04&end=2026-05-04",
        "start=2026-05-05&end=2026-05-04", "start=2026-05-01&end=2026-06-13",
        "start=4.5.2026&end=2026-05-05", "start=2026-5-4&end=2026-05-05",
        "start=2026-05-04T00:00&end=2026-05-05", "start=2026-02-30&end=2026-03-02",
        "start=0001-01-01&end=0001-01-02", "start=9999-12-30&end=9999-12-31",
        "start=٢٠٢٦-٠٥-٠٤&end=2026-05-05",
        "start=2026-05-04&end=2026-05-05&by=nurse", "start=2026-05-04&end=2026-05-05&doctor=x",
        "start=2026-05-04&end=2026-05-05&room=-1", "start=2026-05-04&end=2026-05-05&type=1.5",
        "start=2026-05-04&end=2026-05-05&doctor=99999999999999999999",
    ],
)  # fmt: skip
def test_an_argument_that_cannot_be_meant_is_refused(sqlite_cast: Cast, query: str) -> None:
    answer = sqlite_cast.client("rosa").get(f"/calendar/events?{query}")
    assert answer.status_code == 400


@pytest.mark.parametrize("query", ["view=year", "date=today", "by=nurse", "doctor=me"])
def test_an_address_of_the_page_that_cannot_be_meant_is_refused(
    sqlite_cast: Cast, query: str
) -> None:
    assert sqlite_cast.client("rosa").get(f"/calendar/?{query}").status_code == 400


def test_six_weeks_are_the_most_that_is_told_at_once(sqlite_cast: Cast) -> None:
    assert visits(sqlite_cast, url="/calendar/events?start=2026-04-27&end=2026-06-08")


@pytest.mark.parametrize(
    ("key", "column"), [("doctor", "eriksen"), ("room", "room"), ("type", "visit_type")]
)
def test_a_filter_leaves_the_visits_of_one_doctor_room_or_type(
    cast: Cast, key: str, column: str
) -> None:
    other = visit(
        cast, datetime(2026, 5, 4, 12, tzinfo=UTC), room_id=cast.room, visit_type_id=cast.visit_type
    )
    add(cast, other)
    (seen,) = visits(cast, url=f"{DAY}&{key}={getattr(cast, column)}")
    assert seen["patient"] == "Quentin Quist"


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "waitlist"])
def test_a_visit_that_does_not_take_place_leaves_its_time_empty(cast: Cast, status: str) -> None:
    add(cast, visit(cast, datetime(2026, 5, 4, 12, tzinfo=UTC), status=status))
    assert [v["patient"] for v in visits(cast)] == ["Paula O’Connor"]


@pytest.mark.parametrize(
    ("start", "minutes", "shown"),
    [
        ("2026-05-03T21:59", 1, False), ("2026-05-03T21:59", 2, True), ("2026-05-03T03:00", 1200, True),
        ("2026-05-04T21:59", 5, True), ("2026-05-04T22:00", 5, False),
    ],
)  # fmt: skip
def test_a_visit_over_midnight_stands_on_both_days(
    cast: Cast, start: str, minutes: int, shown: bool
) -> None:
    at = datetime.fromisoformat(start).replace(tzinfo=UTC)
    add(cast, visit(cast, at, minutes_duration=minutes))
    assert ("Quentin Quist" in [v["patient"] for v in visits(cast)]) is shown


def test_a_day_on_which_the_clock_is_set_back_has_25_hours(cast: Cast) -> None:
    day = "/calendar/events?start=2026-10-25&end=2026-10-26"
    hours = [datetime(2026, 10, 24, 22, tzinfo=UTC) + timedelta(hours=n) for n in range(-1, 26)]
    add(cast, *(visit(cast, hour, minutes_duration=60) for hour in hours))
    seen = visits(cast, url=day)
    walls = [v["start"][11:] for v in seen]
    assert len(walls) == 25 and walls[:4] == ["00:00", "01:00", "02:00", "02:00"]
    assert [v["end"][11:] for v in seen][1:4] == ["02:00", "03:00", "03:00"]


def test_a_day_on_which_the_clock_is_set_forward_has_23_hours(cast: Cast) -> None:
    day = "/calendar/events?start=2026-03-29&end=2026-03-30"
    hours = [datetime(2026, 3, 28, 23, tzinfo=UTC) + timedelta(hours=n) for n in range(-1, 25)]
    add(cast, *(visit(cast, hour, minutes_duration=60) for hour in hours))
    seen = visits(cast, url=day)
    assert len(seen) == 23
    assert (seen[1]["start"], seen[1]["end"]) == ("2026-03-29T01:00", "2026-03-29T03:00")


def test_published_shifts_are_told_as_time_on_duty_and_drafts_are_not(cast: Cast) -> None:
    with cast.app.app_context():
        staff = db.session.get_one(Doctor, cast.diaz).staff_id
    days = [
        (3, time(22), time(6), True),
        (4, time(8), time(12), True),
        (4, time(13), time(17), False),
    ]
    add(cast, *(
        Shift(staff_id=staff, shift_date=date(2026, 5, d), start_time=a, end_time=b, published=p)
        for d, a, b, p in days
    ))  # fmt: skip
    assert events(cast)["duty"]["rows"] == [
        [cast.diaz, "2026-05-03T22:00", "2026-05-04T06:00"],
        [cast.diaz, "2026-05-04T08:00", "2026-05-04T12:00"],
    ]


def test_what_has_not_changed_is_not_sent_again(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("rosa")
    tag = client.get(DAY).headers["ETag"]
    again = client.get(DAY, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    add(sqlite_cast, visit(sqlite_cast, datetime(2026, 5, 4, 12, tzinfo=UTC)))
    assert client.get(DAY, headers={"If-None-Match": tag}).status_code == 200


def test_the_page_has_no_script_and_no_style_of_its_own(sqlite_cast: Cast) -> None:
    page = sqlite_cast.client("rosa").get("/calendar/").text
    assert " style=" not in page and " onclick=" not in page
    assert page.count("<script>") == 0


def test_rooms_stand_in_the_order_of_their_numbers(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        db.session.add_all(Room(name=f"Room {n}", room_type="exam") for n in (10, 2))
        db.session.commit()
        db.session.remove()
    page = sqlite_cast.client("rosa").get("/calendar/").text
    settings = json.loads(re.search(r'id="cal-settings">(.*?)</script>', page)[1])  # type: ignore[index]
    assert [room["name"] for room in settings["rooms"]] == ["Room 1", "Room 2", "Room 10"]


def test_without_a_doctor_the_calendar_says_what_comes_first(sqlite_cast: Cast) -> None:
    first = "Add the first doctor"
    assert first not in sqlite_cast.client("amina").get("/calendar/").text
    with sqlite_cast.app.app_context():
        db.session.execute(update(Staff).values(active=False))
        db.session.commit()
    assert first in sqlite_cast.client("amina").get("/calendar/").text
    told = sqlite_cast.client("rosa").get("/calendar/").text
    assert "The admin adds the first." in told and first not in told
