"""10,000 filtered requests from 16 threads: none answers with a row of another's filter."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.extensions import db
from app.models import Room
from tests.cast import Cast

THREADS, REQUESTS, GROUPS = 16, 10_000, 16


@pytest.fixture
def tight_switch() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def rooms(cast: Cast) -> Cast:
    """Rooms of sixteen types, three of each; a room's name begins with its type."""
    with cast.app.app_context():
        for group in range(GROUPS):
            kind = f"type-{group:02d}"
            db.session.add_all(Room(name=f"{kind} {n}", room_type=kind) for n in range(3))
        db.session.commit()
        db.session.remove()
    return cast


@pytest.mark.proof
def test_no_foreign_row_in_10_000_filtered_requests(rooms: Cast, tight_switch: None) -> None:
    roles = ("amina", "diaz", "nora", "rosa")

    def wrong(number: int) -> int:
        kind = f"type-{number % GROUPS:02d}"
        client = rooms.client(roles[number % 4])
        if number % 2:
            asked = {"filters": [{"col": "room_type", "opr": "eq", "value": kind}]}
            answer = client.get("/api/v1/room/", query_string={"q": json.dumps(asked)})
            return sum(r["room_type"] != kind for r in answer.json["result"]) + (
                answer.json["count"] != 3
            )
        page = client.get("/room/list/", query_string={"_flt_3_room_type": kind}).text
        return page.count("type-") - page.count(kind) + (page.count(f">{kind} ") < 3)

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(wrong, range(REQUESTS), chunksize=50)) == 0
