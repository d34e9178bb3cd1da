"""Patients at the portal and the desk by its API book, move and cancel the same hours at once."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.extensions import db
from app.models import Doctor, Patient, Role, Room, Shift, Staff, VisitType
from tests.cast import PASSWORD, Cast
from tests.proof.overlaps import overlaps
from tests.proof.server import Server, serving_app
from tests.proof.visitor import Visitor

pytestmark = pytest.mark.proof
VISITORS, CLERKS = 8, 4
STEPS = int(os.environ.get("PORTAL_RACE_STEPS", "100"))
"""What each of them does, one thing after the other."""

DAYS = range(2, 5)
LOST = {409, 412, 422}
"""The time was taken, the visit changed, the rules say no; each with a sentence."""


@dataclass(frozen=True)
class Hours:
    """What all of them want: few doctors, fewer rooms, three mornings."""

    kinds: list[int]
    doctors: list[int]
    patients: list[int]
    visitors: list[str]
    first: datetime


@pytest.fixture
def hours(app: Flask, cast: Cast) -> Hours:
    with app.app_context():
        start = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
        doctors = [_doctor(n, start) for n in range(3)]
        db.session.add_all(Room(name=f"Exam {n}", room_type="race") for n in range(2))
        kinds = [
            VisitType(name="With a room", minutes=30, grid_minutes=30, room_type="race"),
            VisitType(name="Without", minutes=20, grid_minutes=20, buffer_after=10),
        ]
        for kind in db.session.scalars(select(VisitType)):
            kind.bookable_online = False
        patients = [_patient(n) for n in range(VISITORS)]
        db.session.add_all([*kinds, *doctors, *patients])
        db.session.commit()
        found = Hours(
            [kind.visit_type_id for kind in kinds], [row.doctor_id for row in doctors],
            [row.patient_id for row in patients], [f"visitor{n}" for n in range(VISITORS)],
            start + timedelta(days=DAYS[0]),
        )  # fmt: skip
        db.session.remove()
    return found


@pytest.fixture
def server(app: Flask, hours: Hours, tmp_path: Path) -> Iterator[Server]:
    with serving_app(app, tmp_path) as running:
        yield running


def test_portal_and_desk_at_once_leave_no_overlap_and_then_every_offered_time_is_had(
    app: Flask, server: Server, hours: Hours
) -> None:
    token = server.token("rosa", PASSWORD)
    with ThreadPoolExecutor(VISITORS + CLERKS) as pool:
        jobs = [pool.submit(_visit, server, hours, seat) for seat in range(VISITORS)]
        jobs += [pool.submit(_clerk, server, hours, token, seat) for seat in range(CLERKS)]
        seen = sum((job.result() for job in jobs), Counter[Any]())
    wrong = {key: n for key, n in seen.items() if key[1] not in {200, 201, 302, *LOST}}
    assert wrong == {}, seen
    wanted = (("booked", 302), ("moved", 302), ("cancelled", 302), ("desk booked", 201))
    assert min(seen[key] for key in wanted) > STEPS // 4, seen
    assert overlaps(app) == {"doctor": 0, "room": 0, "patient": 0}
    _nobody_else_writes_now(server, hours)
    assert overlaps(app) == {"doctor": 0, "room": 0, "patient": 0}


def _nobody_else_writes_now(server: Server, hours: Hours) -> None:
    """Every time that a patient is shown is theirs when they ask for it."""
    chance = random.Random(1)
    for name in hours.visitors[:3]:
        with closing(Visitor(server, name)) as visitor:
            for kind in hours.kinds:
                page = f"/portal/book/{kind}"
                times = visitor.offered(page)
                for wanted in chance.sample(times, min(12, len(times))):
                    assert visitor.post(page, time=wanted) == 302, (wanted, visitor.page)


def _visit(server: Server, hours: Hours, seat: int) -> Counter[Any]:
    """A patient: books, and now and then moves or cancels what they have booked."""
    chance, seen = random.Random(seat), Counter[Any]()
    mine: list[str] = []
    with closing(Visitor(server, hours.visitors[seat])) as visitor:
        for _ in range(STEPS):
            what = chance.random()
            if mine and (what < 0.25 or len(mine) > 3):
                key = mine.pop(chance.randrange(len(mine)))
                visitor.get(f"/portal/visit/{key}/cancel")
                seen["cancelled", visitor.post(f"/portal/visit/{key}/cancel")] += 1
            elif mine and what < 0.5:
                seen["moved", _move(visitor, chance, chance.choice(mine))] += 1
            else:
                seen["booked", _book(visitor, chance, chance.choice(hours.kinds), mine)] += 1
    return seen


def _book(visitor: Visitor, chance: random.Random, kind: int, mine: list[str]) -> int:
    page = f"/portal/book/{kind}"
    times = visitor.offered(page)
    if not times:
        return 200
    status = visitor.post(page, time=chance.choice(times[:6]))
    if status != 302:
        assert visitor.page.count('role="alert"') == 1, visitor.page
        return status
    key = visitor.location.rsplit("/", 1)[1]
    visitor.get(visitor.location)
    status = visitor.post(f"/portal/visit/{key}/confirm")
    mine.append(key)
    return status


def _move(visitor: Visitor, chance: random.Random, key: str) -> int:
    page = f"/portal/book/move/{key}"
    times = visitor.offered(page)
    if not times:
        return 200
    return visitor.post(page, time=chance.choice(times[:6]), version=visitor.version)


def _clerk(server: Server, hours: Hours, token: str, seat: int) -> Counter[Any]:
    """The desk: books for anybody, moves and cancels what it has booked."""
    chance, seen = random.Random(100 + seat), Counter[Any]()
    mine: list[int] = []
    with closing(server.connect()) as connection:
        for _ in range(STEPS):
            start = hours.first + timedelta(
                days=chance.randrange(len(DAYS)), minutes=10 * chance.randrange(18)
            )
            body: dict[str, Any] = {"appointment_datetime": start.isoformat()}
            what, path = "desk booked", "/api/v1/appointment/"
            if mine and chance.random() < 0.6:
                key = mine[chance.randrange(len(mine))]
                what, path = "desk moved", f"{path}{key}/move"
                if chance.random() < 0.6:
                    mine.remove(key)
                    what, path = "desk cancelled", path.replace("/move", "/status")
                    body = {"status": "cancelled"}
            else:
                body |= {
                    "patient_id": chance.choice(hours.patients),
                    "doctor_id": chance.choice(hours.doctors),
                    "visit_type_id": chance.choice(hours.kinds),
                }
            status, answer = server.call(connection, "POST", path, body, token)
            seen[what, status] += 1
            if status == 201:
                mine.append(answer["id"])
    return seen


def _doctor(number: int, start: datetime) -> Doctor:
    staff = Staff(name=f"Dr. Race {number}", role="doctor")
    db.session.add(staff)
    db.session.flush()
    for day in DAYS:
        on = start.date() + timedelta(days=day)
        hours = {"start_time": time(9), "end_time": time(12)}
        db.session.add(Shift(staff_id=staff.staff_id, shift_date=on, **hours))
    return Doctor(name=staff.name, specialization="Any", staff=staff)


def _patient(number: int) -> Patient:
    like = db.session.scalars(select(User).where(User.username == "paula")).one()
    role = db.session.scalars(select(RoleRow).where(RoleRow.name == Role.PATIENT.value)).one()
    user = User(
        username=f"visitor{number}", first_name="Vera", last_name=f"Visitor {number}",
        email=f"visitor{number}@example.org", active=True, password=like.password,
    )  # fmt: skip
    user.roles = [role]
    db.session.add(user)
    db.session.flush()
    dob = datetime(1990, 1, 1, tzinfo=UTC).date()
    return Patient(name=f"Vera Visitor {number}", dob=dob, user_id=user.id)
