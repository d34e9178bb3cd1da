"""Visits for the tests of the calendar, and what the calendar tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.extensions import db
from app.models import Appointment
from tests.cast import Cast

DAY = "/calendar/events?start=2026-05-04&end=2026-05-05"


def events(cast: Cast, name: str = "rosa", url: str = DAY) -> dict[str, Any]:
    answer = cast.client(name).get(url)
    assert answer.status_code == 200, answer.text
    payload: dict[str, Any] = answer.get_json()
    return payload


def visits(cast: Cast, name: str = "rosa", url: str = DAY) -> list[dict[str, Any]]:
    told = events(cast, name, url)["visits"]
    return [dict(zip(told["keys"], row, strict=True)) for row in told["rows"]]


def add(cast: Cast, *rows: Any) -> None:
    with cast.app.app_context():
        db.session.add_all(rows)
        db.session.commit()
        db.session.remove()


def visit(cast: Cast, start: datetime, **changes: Any) -> Appointment:
    values = {
        "patient_id": cast.quentin, "doctor_id": cast.eriksen, "minutes_duration": 30,
        "appointment_datetime": start,
    }  # fmt: skip
    return Appointment(**(values | changes))
