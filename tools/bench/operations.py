"""The operations that are measured, and how each program is asked for them."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode

import raw
from clinics import Clinic
from servers import Server
from werkzeug.security import check_password_hash

PASSWORD = "clinic-demo-only"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Ask:
    """One request: a body that is a mapping goes as JSON, text as a form."""

    path: str
    body: Any = None
    cookie: str = ""
    token: str = ""
    expected: tuple[int, ...] = (200, 201)

    def send(self, connection: http.client.HTTPConnection) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers of the answer."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = self.body
        if isinstance(body, dict):
            body = json.dumps(body)
            headers |= {"Content-Type": "application/json", "X-CSRFToken": self.token}
        elif body is not None:
            headers |= {"Content-Type": FORM}
        connection.request("GET" if body is None else "POST", self.path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in self.expected:
            raise SystemExit(f"{self.path}: {answer.status} {said[:300]!r}")
        return said, answer.headers


Asking = Callable[[], Ask]


@dataclass(frozen=True)
class Operation:
    """`limit` is the most that ours may take, as a multiple of what `beside` says."""

    name: str
    asks: dict[str, Asking]
    alone: Callable[[], Any] | None = None
    limit: float | None = None
    beside: str = "raw"
    writes: bool = False


@dataclass
class Person:
    """A browser in which someone is signed in to the clinic."""

    cookie: str
    token: str

    def get(self, path: str) -> Asking:
        asked = Ask(path, cookie=self.cookie)
        return lambda: asked


def sign_in(server: Server, role: str) -> Person:
    """As a browser does it, with the token against forgery."""
    connection = server.connect()
    said, headers = Ask("/login/").send(connection)
    cookie, token = _cookie(headers), _token(said)
    form = urlencode({"username": role, "password": PASSWORD, "csrf_token": token})
    said, headers = Ask("/login/", form, cookie, expected=(302,)).send(connection)
    cookie = _cookie(headers)
    page, headers = Ask("/appointment/add" if role == "receptionist" else "/", cookie=cookie).send(
        connection
    )
    return Person(_cookie(headers) or cookie, _token(page))


def operations(clinic: Clinic, server: Server) -> list[Operation]:
    """What is measured, ours and raw, on a running server of the clinic."""
    desk, doctor, admin = (sign_in(server, role) for role in ("receptionist", "doctor", "admin"))
    day = str((datetime.now(UTC) + timedelta(days=3)).date())
    one, patient = clinic.facts["doctors"][0], clinic.facts["patient"]
    minutes, grid = clinic.facts["type"]
    return [
        Operation(
            "empty route with a permission",
            {"ours": desk.get("/bench/closed"), "open": _plain("/bench/open")},
            limit=2, beside="open",
        ),
        Operation("login", {"ours": _login(server)}, _hash(clinic), limit=1.15, beside="alone"),
        Operation(
            "patient search by prefix, JSON",
            {"ours": desk.get("/search/patients?q=mar"), "raw": _plain("/search?q=mar")},
            lambda: raw.search("mar"), limit=2,
        ),
        Operation(
            "patient list, HTML",
            {"ours": desk.get("/patient/list/"), "raw": _plain("/search?q=mar")},
            limit=7,
        ),
        *(
            _visits(desk, name, day, days, doctor_id)
            for name, days, doctor_id in (
                ("week of one doctor, JSON", 7, one),
                ("week of all doctors, JSON", 7, None),
                ("day of all doctors, JSON", 1, None),
            )
        ),
        Operation(
            "free times, 14 days",
            {
                "ours": desk.get(
                    f"/api/v1/slot/?doctor_id={one}&visit_type_id=1&start={day}&days=14"
                ),
                "raw": _plain(
                    f"/slots?doctor={one}&start={day}&days=14&minutes={minutes}&grid={grid}"
                ),
            },
            lambda: raw.slots(day, 14, one, minutes, grid), limit=2.5,
        ),
        _booking(clinic, server, desk),
        Operation(
            "appointment form, HTML",
            {"ours": desk.get("/appointment/add"), "open": _plain("/bench/open")},
            limit=15, beside="open",
        ),
        Operation(
            f"chart with {clinic.facts['records']} records, HTML",
            {"ours": doctor.get(f"/chart/{patient}"), "raw": _plain(f"/chart?key={patient}")},
            lambda: raw.chart(patient), limit=6,
        ),
        Operation(
            "analytics, 24 months",
            {
                "ours": admin.get("/analytics/?days=730&section=visits"),
                "raw": _plain("/rollup?days=730"),
            },
            lambda: raw.rollup(730), limit=3,
        ),
    ]  # fmt: skip


def _visits(desk: Person, name: str, day: str, days: int, doctor: int | None) -> Operation:
    end = datetime.fromisoformat(day) + timedelta(days=days)
    narrowed = f"&doctor={doctor}" if doctor else ""
    return Operation(
        name,
        {
            "ours": desk.get(f"/calendar/events?start={day}&end={end:%Y-%m-%d}&by=doctor{narrowed}"),
            "raw": _plain(f"/visits?start={day}&days={days}{narrowed}"),
        },
        lambda: raw.visits(day, days, doctor),
        limit=2,
    )  # fmt: skip


def _booking(clinic: Clinic, server: Server, desk: Person) -> Operation:
    """Ours books free times; raw, which asks no rule, times after all visits that there are."""
    ours, idle = _free(server, desk, clinic.facts["doctors"]), iter(clinic.facts["idle"])
    after = {"raw": _later(clinic, 1), "alone": _later(clinic, 2)}

    def wish(name: str) -> dict[str, Any]:
        times = after.get(name, ours)
        found = next(times, None)
        if found is None:
            raise SystemExit("There are no more free times to book: build a new clinic.")
        return {"patient_id": next(idle), "visit_type_id": 1} | found

    return Operation(
        "booking",
        {
            "ours": lambda: Ask("/api/v1/appointment/", wish("ours"), desk.cookie, desk.token),
            "raw": lambda: Ask("/book", wish("raw")),
        },
        lambda: raw.book(wish("alone")),
        limit=4, writes=True,
    )  # fmt: skip


def _free(server: Server, desk: Person, doctors: list[int]) -> Iterator[dict[str, Any]]:
    """Free times within four weeks, of any doctor, none of which overlaps another: a patient is in
    one place at a time."""
    connection, until, today = server.connect(), "", datetime.now(UTC)
    for days in range(1, 28):
        asked = f"visit_type_id=1&start={today + timedelta(days=days):%Y-%m-%d}"
        found = []
        for doctor in doctors:
            path = f"/api/v1/slot/?doctor_id={doctor}&{asked}"
            said, _ = Ask(path, cookie=desk.cookie).send(connection)
            found += json.loads(said)["result"]
        for slot in sorted(found, key=itemgetter("start")):
            if slot["start"] >= until:
                until = slot.pop("end")
                slot["appointment_datetime"] = slot.pop("start")
                yield slot


def _later(clinic: Clinic, place: int) -> Iterator[dict[str, Any]]:
    """Times of 20 minutes one after the other, for one doctor."""
    first = clinic.facts["last"] + timedelta(days=1)
    who = {"doctor_id": clinic.facts["doctors"][place], "room_id": None}
    for number in range(100_000):
        at = first + number * timedelta(minutes=20)
        yield who | {"appointment_datetime": at.isoformat(), "minutes_duration": 20}


def _login(server: Server) -> Asking:
    said, headers = Ask("/login/").send(server.connect())
    login = {"username": "nurse", "password": PASSWORD, "csrf_token": _token(said)}
    asked = Ask("/login/", urlencode(login), _cookie(headers), expected=(302,))
    return lambda: asked


def _hash(clinic: Clinic) -> Callable[[], Any]:
    return lambda: check_password_hash(clinic.facts["hash"], PASSWORD)


def _plain(path: str) -> Asking:
    asked = Ask(path)
    return lambda: asked


def _cookie(headers: Any) -> str:
    return "; ".join(said.partition(";")[0] for said in headers.get_all("Set-Cookie") or ())


def _token(page: bytes) -> str:
    found = re.search(rb'csrf[-_]token"[^>]*?(?:content|value)="([^"]+)"', page)
    return found.group(1).decode() if found else ""
