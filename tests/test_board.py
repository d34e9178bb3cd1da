"""The board: who stands on it, who runs late, to whom it shows, and at what cost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.models import Appointment, AuditEvent, Doctor, Patient
from app.models.base.clock import clinic_zone, day_of
from tests.cast import Cast

STAFF = ("amina", "diaz", "nora", "rosa")


def noon(cast: Cast) -> datetime:
    """The middle of the clinic's day that it is now."""
    with cast.app.app_context():
        return day_of(datetime.now(UTC), clinic_zone())[0].astimezone(UTC) + timedelta(hours=12)


def add(cast: Cast, at: datetime, status: str = "booked", **changes: Any) -> None:
    values = {
        "patient_id": cast.quentin, "doctor_id": cast.eriksen, "minutes_duration": 20,
        "appointment_datetime": at, "status": status,
    }  # fmt: skip
    with cast.app.app_context():
        db.session.add(Appointment(**(values | changes)))
        db.session.commit()
        db.session.remove()


def board(cast: Cast, name: str = "nora", query: str = "") -> list[dict[str, Any]]:
    answer = cast.client(name).get(f"/board/rows{query}")
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    return [dict(zip(told["keys"], row, strict=True)) for row in told["rows"]]


@pytest.mark.parametrize(
    "status", ["pending", "booked", "arrived", "checked-in", "in-room", "fulfilled"]
)
def test_a_visit_of_the_day_stands_on_the_board(cast: Cast, status: str) -> None:
    add(cast, noon(cast), status)
    assert [(r["patient"], r["status"]) for r in board(cast)] == [("Quentin Quist", status)]


@pytest.mark.parametrize(
    "status", ["cancelled", "noshow", "proposed", "waitlist", "entered-in-error"]
)
def test_a_visit_that_does_not_come_is_not_on_the_board(sqlite_cast: Cast, status: str) -> None:
    add(sqlite_cast, noon(sqlite_cast), status)
    assert board(sqlite_cast) == []


@pytest.mark.parametrize(
    ("status", "there"), [("in-room", True), ("checked-in", True), ("booked", False)]
)
def test_who_is_here_since_before_midnight_is_still_on_the_board(
    sqlite_cast: Cast, status: str, there: bool
) -> None:
    add(sqlite_cast, noon(sqlite_cast) - timedelta(hours=14), status)
    assert bool(board(sqlite_cast)) is there


def test_tomorrow_is_not_on_the_board(sqlite_cast: Cast) -> None:
    add(sqlite_cast, noon(sqlite_cast) + timedelta(hours=26))
    assert board(sqlite_cast) == []


def test_the_board_of_one_doctor_shows_no_other(sqlite_cast: Cast) -> None:
    add(sqlite_cast, noon(sqlite_cast))
    assert board(sqlite_cast, query=f"?doctor={sqlite_cast.diaz}") == []
    assert len(board(sqlite_cast, query=f"?doctor={sqlite_cast.eriksen}")) == 1


def test_a_board_of_a_doctor_that_cannot_be_meant_is_refused(sqlite_cast: Cast) -> None:
    for path in ("/board/", "/board/rows"):
        assert sqlite_cast.client("nora").get(f"{path}?doctor=all").status_code == 400


def test_the_running_late_is_told_with_the_rows(sqlite_cast: Cast) -> None:
    now = datetime.now(UTC)
    with sqlite_cast.app.app_context():
        start = day_of(now, clinic_zone())[0]
    since = max(
        now - timedelta(minutes=40), start - timedelta(minutes=30)
    )  # it is on today's board
    add(sqlite_cast, since, "arrived")
    told = sqlite_cast.client("nora").get("/board/rows").get_json()["late"]
    assert told[str(sqlite_cast.eriksen)] >= 30


@pytest.mark.parametrize("count", [1, 60])
def test_the_board_costs_1_statement_beside_the_session_and_the_audit(
    cast: Cast, statements: list[str], count: int
) -> None:
    with cast.app.app_context():
        at = day_of(datetime.now(UTC), clinic_zone())[0]
        for number in range(count):
            doctor = Doctor(name=f"Dr. {number}", specialization="Surgery")
            patient = Patient(name=f"Patient {number}", dob=date(1990, 1, 1))
            seen = Appointment(doctor=doctor, patient=patient, appointment_datetime=at)
            seen.minutes_duration = 20
            db.session.add(seen)
        db.session.commit()
        db.session.remove()
    client = cast.client("nora")
    statements.clear()
    assert len(client.get("/board/rows").get_json()["rows"]) == count
    asked = [s for s in statements if " ab_user" not in s and "audit_event" not in s]
    assert len(asked) == 1, asked
    assert len(statements) <= 4


def test_an_unchanged_board_is_not_sent_and_not_audited_again(sqlite_cast: Cast) -> None:
    add(sqlite_cast, noon(sqlite_cast))
    client = sqlite_cast.client("nora")
    tag = client.get("/board/rows").headers["ETag"]
    for _ in range(3):
        assert client.get("/board/rows", headers={"If-None-Match": tag}).status_code == 304
    with sqlite_cast.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == 1


@pytest.mark.parametrize("path", ["/board/", "/board/rows"])
@pytest.mark.parametrize("name", STAFF)
def test_every_member_of_staff_sees_the_board(sqlite_cast: Cast, path: str, name: str) -> None:
    assert sqlite_cast.client(name).get(path).status_code == 200


@pytest.mark.parametrize("path", ["/board/", "/board/rows"])
def test_no_patient_and_nobody_unknown_sees_the_board(sqlite_cast: Cast, path: str) -> None:
    assert sqlite_cast.client("paula").get(path).status_code == 403
    assert sqlite_cast.client("anonymous").get(path).location.startswith("/login/")


@pytest.mark.parametrize("path", ["/board/", "/calendar/"])
def test_a_name_leads_to_the_chart_for_those_who_treat_only(sqlite_cast: Cast, path: str) -> None:
    assert "/chart/0" in sqlite_cast.client("nora").get(path).text
    page = sqlite_cast.client("rosa").get(path).text
    assert "/patient/show/0" in page
    assert "/chart/" not in page


def test_the_page_of_a_patient_leads_those_who_treat_to_the_chart(sqlite_cast: Cast) -> None:
    page = f"/patient/show/{sqlite_cast.paula}"
    assert f'href="/chart/{sqlite_cast.paula}"' in sqlite_cast.client("nora").get(page).text
    assert "/chart/" not in sqlite_cast.client("rosa").get(page).text
