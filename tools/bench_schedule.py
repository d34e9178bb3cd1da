"""What `make bench` measures of the receptionist's day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

Operation = tuple[str, Callable[[], Any]]


def operations(client: Any) -> list[Operation]:
    """Free times, calendars and a booking, as `client` is signed in."""
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    slots = f"/api/v1/slot/?doctor_id=1&visit_type_id=1&start={day}"

    def getter(url: str) -> Callable[[], Any]:
        return lambda: client.get(url)

    def week(more: str = "") -> str:
        return f"/calendar/events?start={day}&end={day + timedelta(days=7)}&by=doctor{more}"

    return [
        ("free times, one doctor, 14 days", getter(f"{slots}&days=14")),
        ("a week of all doctors", getter(week())),
        ("a week of one doctor", getter(week("&doctor=1"))),
        ("a booking", _booker(client, f"{slots}&days=30")),
        ("the board", getter("/board/rows")),
    ]


def _booker(client: Any, slots: str) -> Callable[[], Any]:
    """Books another free time each time it is called, one after the other."""
    free: list[Any] = []
    until = ""

    def book() -> Any:
        nonlocal until
        if not free:
            free.extend(client.get(slots).json["result"])
        slot = free.pop(0)
        while slot["start"] < until:
            slot = free.pop(0)
        until = slot["end"]
        body = {"patient_id": 9, "doctor_id": slot["doctor_id"], "visit_type_id": 1}
        return client.post(
            "/api/v1/appointment/", json=body | {"appointment_datetime": slot["start"]}
        )

    return book
