"""How the clinic is asked for each operation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode

import operations as known
from asking import Ask, Asking, Person, Program, cookies, plain, token_in
from clinics import Clinic
from servers import Server
from werkzeug.security import check_password_hash

PASSWORD = "clinic-demo-only"


def program(clinic: Clinic, server: Server) -> Program:
    """The clinic on a running server; alone is the hash of the password."""
    desk, doctor, admin = (sign_in(server, role) for role in ("receptionist", "doctor", "admin"))
    day, one, patient = clinic.day, clinic.facts["doctors"][0], clinic.facts["patient"]
    slots = f"/api/v1/slot/?doctor_id={one}&visit_type_id=1&start={day}&days=14"
    asks = {
        known.EMPTY: desk.get("/bench/closed"),
        known.LOGIN: _login(server),
        known.SEARCH: desk.get("/search/patients?q=mar"),
        known.LIST: desk.get("/patient/list/"),
        known.WEEK_OF_ONE: desk.get(_calendar(clinic, 7) + f"&doctor={one}"),
        known.WEEK_OF_ALL: desk.get(_calendar(clinic, 7)),
        known.DAY_OF_ALL: desk.get(_calendar(clinic, 1)),
        known.TIMES: desk.get(slots),
        known.BOOKING: _booking(clinic, server, desk),
        known.FORM: desk.get("/appointment/add"),
        known.CHART: doctor.get(f"/chart/{patient}"),
        known.FIGURES: admin.get("/analytics/?days=730&section=visits"),
    }
    return Program(server, asks, {known.LOGIN: lambda: _hash(clinic)})


def open_routes(server: Server) -> Program:
    """The empty route that needs nothing, as the floor of what needs little."""
    return Program(server, dict.fromkeys((known.EMPTY, known.FORM), plain("/bench/open")))


def sign_in(server: Server, role: str) -> Person:
    """As a browser does it, with the token against forgery."""
    connection = server.connect()
    said, headers = Ask("/login/").send(connection)
    cookie, token = cookies(headers), token_in(said)
    form = urlencode({"username": role, "password": PASSWORD, "csrf_token": token})
    said, headers = Ask("/login/", form, cookie, expected=(302,)).send(connection)
    cookie = cookies(headers)
    page, headers = Ask("/appointment/add" if role == "receptionist" else "/", cookie=cookie).send(
        connection
    )
    return Person(cookies(headers) or cookie, token_in(page))


def _calendar(clinic: Clinic, days: int) -> str:
    end = datetime.fromisoformat(clinic.day) + timedelta(days=days)
    return f"/calendar/events?start={clinic.day}&end={end:%Y-%m-%d}&by=doctor"


def _login(server: Server) -> Asking:
    said, headers = Ask("/login/").send(server.connect())
    login = {"username": "nurse", "password": PASSWORD, "csrf_token": token_in(said)}
    asked = Ask("/login/", urlencode(login), cookies(headers), expected=(302,))
    return lambda: asked


def _hash(clinic: Clinic) -> bool:
    return check_password_hash(clinic.facts["hash"], PASSWORD)


def _booking(clinic: Clinic, server: Server, desk: Person) -> Asking:
    """Each time a free time of today, and a patient who has no visit to come."""
    free, idle = _free(server, desk, clinic.facts["doctors"]), clinic.idle()

    def ask() -> Ask:
        found = next(free, None)
        if found is None:
            raise SystemExit("There are no more free times to book: build a new clinic.")
        wish = {"patient_id": next(idle), "visit_type_id": 1} | found
        return Ask("/api/v1/appointment/", wish, desk.cookie, desk.token)

    return ask


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
