"""Many people book at once: nobody is booked twice, and nobody sees an error."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import Doctor, Patient, Room
from tests.cast import PASSWORD, Cast
from tests.proof.overlaps import overlaps
from tests.proof.server import Server, serving_app

PROCESSES, ATTEMPTS = 16, 8000
ROUNDS, AT_ONCE = 100, 50
FIRST = datetime(2027, 3, 1, 8, tzinfo=UTC)
DOCTORS, ROOMS, PATIENTS = 6, 6, 40


@dataclass(frozen=True)
class Keys:
    """Which rows the people book."""

    doctors: list[int]
    rooms: list[int]
    patients: list[int]


@pytest.fixture
def keys(app: Flask, cast: Cast) -> Keys:
    with app.app_context():
        for number in range(DOCTORS):
            db.session.add(Doctor(name=f"Doctor {number}", specialization="Any"))
        db.session.add_all(Room(name=f"Cabin {n}", room_type="cabin") for n in range(ROOMS))
        dob = datetime(1990, 1, 1, tzinfo=UTC).date()
        db.session.add_all(Patient(name=f"Patient {n}", dob=dob) for n in range(PATIENTS))
        db.session.commit()
        columns = (Doctor.doctor_id, Room.room_id, Patient.patient_id)
        found = Keys(*(list(db.session.scalars(select(column))) for column in columns))
        db.session.remove()
    return found


@pytest.fixture
def server(app: Flask, keys: Keys, tmp_path: Path) -> Iterator[Server]:
    with serving_app(app, tmp_path) as running:
        yield running


@pytest.mark.proof
def test_eight_thousand_attempts_of_sixteen_processes_leave_no_overlap(
    app: Flask, server: Server, keys: Keys
) -> None:
    token = server.token("rosa", PASSWORD)
    jobs = [(server, keys, token, seed, ATTEMPTS // PROCESSES) for seed in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES) as pool:
        seen = sum(pool.map(_book_at_random, jobs), Counter[int]())
    assert set(seen) <= {200, 201, 409, 412}, seen
    assert seen[201] > 100
    assert overlaps(app) == {"doctor": 0, "room": 0, "patient": 0}


@pytest.mark.proof
def test_of_fifty_requests_for_one_time_one_wins_in_each_of_a_hundred_rounds(
    server: Server, keys: Keys
) -> None:
    token = server.token("rosa", PASSWORD)
    connections = [server.connect() for _ in range(AT_ONCE)]
    winners = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(ROUNDS):
            start = (FIRST + timedelta(hours=number)).isoformat()

            def book(seat: int, start: str = start) -> int:
                body = {
                    "patient_id": keys.patients[seat % PATIENTS],
                    "doctor_id": keys.doctors[0],
                    "appointment_datetime": start,
                }
                path = "/api/v1/appointment/"
                status, _ = server.call(connections[seat], "POST", path, body, token)
                return status

            seen = Counter(pool.map(book, range(AT_ONCE)))
            assert set(seen) <= {201, 409}, seen
            winners.append(seen[201])
    for connection in connections:
        connection.close()
    assert winners == [1] * ROUNDS


def _book_at_random(job: tuple[Server, Keys, str, int, int]) -> Counter[int]:
    """One process: book, and now and then move what it has booked."""
    server, keys, token, seed, attempts = job
    chance, connection = random.Random(seed), server.connect()
    seen: Counter[int] = Counter()
    mine: list[int] = []
    for _ in range(attempts):
        start = (FIRST + timedelta(minutes=5 * chance.randrange(12 * 24 * 2))).isoformat()
        body: dict[str, Any] = {"appointment_datetime": start}
        path = "/api/v1/appointment/"
        if mine and chance.random() < 0.2:
            path += f"{chance.choice(mine)}/move"
        else:
            body |= {
                "patient_id": chance.choice(keys.patients),
                "doctor_id": chance.choice(keys.doctors),
                "room_id": chance.choice(keys.rooms),
                "minutes_duration": chance.choice([10, 20, 30, 45, 60]),
            }
        status, answer = server.call(connection, "POST", path, body, token)
        seen[status] += 1
        if status == 201:
            mine.append(answer["id"])
    connection.close()
    return seen
