"""The calendar shows each person what their grants let through, and leaves its trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import READ, Appointment, AuditEvent, Doctor, Patient, Role, Room, Shift, VisitType
from app.security.actor import Actor
from app.security.policy import Policy
from app.views.generated import reading
from tests.calendar_rows import DAY, add, visit, visits
from tests.cast import Cast

STAFF = ("amina", "diaz", "nora", "rosa")


@pytest.fixture
def change_grants(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Gives a table other grants, until the end of the test."""
    given: Policy = cast.app.extensions["clinic_policy"]
    permissions = {role: set(granted) for role, granted in given.permissions.items()}
    policy = Policy(dict(given.subjects), dict(given.by_model), permissions)
    monkeypatch.setitem(cast.app.extensions, "clinic_policy", policy)
    return lambda model, grants: policy.add_table(model.__name__, model, grants)


@pytest.mark.parametrize("path", ["/calendar/", DAY])
@pytest.mark.parametrize("name", STAFF)
def test_every_member_of_staff_reads_the_calendar(sqlite_cast: Cast, path: str, name: str) -> None:
    assert sqlite_cast.client(name).get(path).status_code == 200


@pytest.mark.parametrize("path", ["/calendar/", DAY])
def test_no_patient_and_nobody_unknown_reads_the_calendar(sqlite_cast: Cast, path: str) -> None:
    assert sqlite_cast.client("paula").get(path).status_code == 403
    assert sqlite_cast.client("anonymous").get(path).location.startswith("/login/")


@pytest.mark.parametrize(
    ("name", "may"), [("diaz", True), ("eriksen", False), ("nora", False), ("rosa", True)]
)
def test_a_visit_says_whether_the_person_may_change_it(cast: Cast, name: str, may: bool) -> None:
    (seen,) = visits(cast, name)
    assert seen["may_change"] is may


def test_visits_outside_the_persons_scope_are_not_told(cast: Cast, change_grants: Any) -> None:
    add(cast, visit(cast, datetime(2026, 5, 4, 12, tzinfo=UTC)))
    change_grants(Appointment, {Role.DOCTOR: READ.own("doctor_id")})
    assert [v["patient"] for v in visits(cast, "eriksen")] == ["Quentin Quist"]


def test_a_name_outside_the_persons_scope_stays_empty(cast: Cast, change_grants: Any) -> None:
    change_grants(Patient, {Role.RECEPTIONIST: READ.own("patient_id")})
    (seen,) = visits(cast)
    assert (seen["patient"], seen["dob"], seen["phone"]) == (None, None, None)


def test_columns_hidden_from_the_person_stay_empty(cast: Cast, change_grants: Any) -> None:
    change_grants(Appointment, {Role.RECEPTIONIST: READ.hiding("room")})
    change_grants(Patient, {Role.RECEPTIONIST: READ.hiding("phone")})
    add(cast, visit(cast, datetime(2026, 5, 4, 12, tzinfo=UTC), room_id=cast.room))
    seen = visits(cast)[1]
    assert {seen[key] for key in ("room", "room_id", "phone")} == {None}
    assert seen["patient"] == "Quentin Quist"


def test_what_is_kept_of_a_persons_reach_changes_with_no_time() -> None:
    assert not any(t.__clinical__ for t in (Appointment, Patient, Doctor, Room, VisitType, Shift))


def test_how_a_person_looks_up_is_put_together_once_for_each_set_of_roles(
    sqlite_app: Flask,
) -> None:
    desk = Actor(1, "rosa", "Rosa", frozenset({Role.RECEPTIONIST}))
    with sqlite_app.app_context():
        once, again, other = (
            reading._looking_as_ever(person, Patient, "sqlite")
            for person in (desk, replace(desk, unread=3), replace(desk, roles=frozenset()))
        )
    assert again is once
    assert other is not once


def test_a_doctor_who_loses_their_key_no_longer_changes_what_was_theirs(sqlite_cast: Cast) -> None:
    (before,) = visits(sqlite_cast, "diaz")
    with sqlite_cast.app.app_context():
        db.session.get_one(Doctor, sqlite_cast.diaz).staff.user_id = None
        db.session.commit()
        db.session.remove()
    (after,) = visits(sqlite_cast, "diaz")
    assert (before["may_change"], after["may_change"]) == (True, False)


def test_a_look_at_the_calendar_is_audited_and_an_unchanged_one_not_again(
    sqlite_cast: Cast,
) -> None:
    client = sqlite_cast.client("rosa")
    tag = client.get(DAY).headers["ETag"]
    client.get(DAY, headers={"If-None-Match": tag})
    with sqlite_cast.app.app_context():
        (seen,) = db.session.scalars(select(AuditEvent)).all()
        assert (seen.agent, seen.action, seen.entity) == ("rosa", "list", "Appointment")
        assert seen.detail == {
            "start": "2026-05-04", "end": "2026-05-05", "page": "calendar", "rows": "1",
        }  # fmt: skip


def test_the_page_itself_names_no_patient(sqlite_cast: Cast) -> None:
    page = sqlite_cast.client("rosa").get("/calendar/?date=2026-05-04").text
    assert "Paula" not in page and "Quentin" not in page


@pytest.mark.parametrize(("name", "there"), [("rosa", True), ("nora", False)])
def test_only_those_who_may_book_are_offered_to(sqlite_cast: Cast, name: str, there: bool) -> None:
    assert ('id="cal-new"' in sqlite_cast.client(name).get("/calendar/").text) is there


@pytest.mark.parametrize("name", STAFF)
def test_calendar_and_board_stand_first_in_the_menu_of_staff(sqlite_cast: Cast, name: str) -> None:
    page = sqlite_cast.client(name).get("/calendar/").text
    menu = page[page.index('class="sidebar"') :]
    assert (
        menu.index('href="/calendar/"')
        < menu.index('href="/board/"')
        < menu.index("/patient/list/")
    )
    assert 'href="/calendar/" aria-current="page"' in page
