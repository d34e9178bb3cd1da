"""Those who work in the demo clinic, its rooms, and its kinds of visit, as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from app.exchange.demo.cast import (
    DOCTORS,
    KINDS,
    MANAGER,
    NURSES,
    RECEPTIONISTS,
    SHARED_ROOMS,
)  # fmt: skip
from app.exchange.demo.names import CULTURES
from app.exchange.demo.people import email
from app.exchange.demo.visits import Physician


def doctors_for(patients: int) -> int:
    """How many doctors so many patients need: 8 for 500, 28 for 20,000."""
    return min(8, 4 + patients // 125) + patients // 1000


def roster(doctors: int) -> list[tuple[str, str]]:
    """Names and `staff.role` of everybody, the doctors first and the manager last."""
    return [
        *((f"Dr. {name}", "doctor") for name, _ in _doctors(doctors)),
        *((name, "nurse") for name in _more(NURSES, 3 + doctors // 2, 3)),
        *((name, "receptionist") for name in _more(RECEPTIONISTS, 2 + doctors // 4, 7)),
        (MANAGER, "admin"),
    ]


def _doctors(count: int) -> list[tuple[str, str]]:
    names = _more([name for name, _ in DOCTORS], count, 0)
    return [(name, DOCTORS[n % len(DOCTORS)][1]) for n, name in enumerate(names)]


def _more(known: Sequence[str], count: int, salt: int) -> list[str]:
    """The known names, and beyond them others that no two share."""
    names = list(known[:count])
    for n in range(count - len(names)):
        culture = CULTURES[(n + salt) % len(CULTURES)]
        given = (culture.female if n % 2 else culture.male)[(5 + salt + n) % 12]
        names.append(f"{given} {culture.family[(4 + salt + n) % 13]}")
    return names


def staff_rows(people: Sequence[tuple[str, str]], first_id: int) -> Iterator[dict[str, Any]]:
    """The members of staff, each with an address and an extension of the house."""
    for n, (name, role) in enumerate(people):
        yield {
            "staff_id": first_id + n,
            "name": name,
            "role": role,
            "contact_info": f"{email(name.removeprefix('Dr. '))}, ext. {201 + n}",
            "identifier": f"demo:staff:{n + 1}",
        }


def doctor_rows(
    people: Sequence[tuple[str, str]], first_id: int, first_staff: int
) -> Iterator[dict[str, Any]]:
    """The doctors among them, each with a specialization."""
    doctors = [name for name, role in people if role == "doctor"]
    for n, (name, (_, specialization)) in enumerate(
        zip(doctors, _doctors(len(doctors)), strict=True)
    ):
        yield {
            "doctor_id": first_id + n,
            "name": name,
            "specialization": specialization,
            "contact_info": f"{email(name.removeprefix('Dr. '))}, ext. {201 + n}",
            "staff_id": first_staff + n,
        }


def room_rows(doctors: int, first_id: int, taken: Collection[str]) -> list[dict[str, Any]]:
    """An exam room for each doctor, in their order, and the rooms that they share."""
    rooms = [(f"Exam room {n + 1}", "Exam") for n in range(doctors)]
    for name, room_type in SHARED_ROOMS:
        copies = 1 + doctors // 10
        rooms += [(f"{name} {n + 1}" if copies > 1 else name, room_type) for n in range(copies)]
    return [
        {
            "room_id": first_id + n,
            "name": unused(name, taken),
            "room_type": room_type,
            "status": "available",
        }
        for n, (name, room_type) in enumerate(rooms)
    ]


def physicians(
    doctors: Sequence[dict[str, Any]], rooms: Sequence[dict[str, Any]]
) -> list[Physician]:
    """The doctors with the rooms in which they work."""
    shared: dict[str, list[int]] = {}
    for room in rooms[len(doctors) :]:
        shared.setdefault(room["room_type"], []).append(room["room_id"])
    return [
        Physician(
            doctor["doctor_id"], doctor["staff_id"], doctor["specialization"],
            {"Exam": [room["room_id"]], **shared},
        )
        for doctor, room in zip(doctors, rooms, strict=False)
    ]  # fmt: skip


def visit_type_rows(first_id: int, taken: Collection[str]) -> Iterator[dict[str, Any]]:
    """The visit types, renamed where the clinic has one of that name."""
    for n, kind in enumerate(KINDS):
        yield {
            "visit_type_id": first_id + n,
            "name": unused(kind.name, taken),
            "minutes": kind.minutes,
            "grid_minutes": kind.grid,
            "buffer_before": 0,
            "buffer_after": kind.buffer_after,
            "room_type": kind.room_type,
            "specialization": kind.specialization,
            "colour": kind.colour,
            "bookable_online": kind.online,
            "instructions": kind.instructions,
        }


def unused(name: str, taken: Collection[str]) -> str:
    """A clinic that has set up its rooms but has no patient yet keeps its names."""
    return f"{name} (demo)" if name in taken else name
