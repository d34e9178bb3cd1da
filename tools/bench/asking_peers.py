"""How the others are asked for each operation that they have, over a copy of the clinic's tables."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import operations as known
from asking import Ask, Asking, Person, Program, cookies, plain, token_in
from clinics import Clinic, copied
from servers import Server, serving

HERE = Path(__file__).resolve().parent
PASSWORD = "clinic-demo-only"
NAMES = {"stock FAB": "peer_fab", "Flask-Admin": "peer_admin", "Django admin": "peer_django"}


def copy_for_all(clinic: Clinic) -> Clinic:
    """The tables of the clinic, for the others; while nobody is connected to it."""
    return copied(clinic, "peers", anew=True)


def programs(copy: Clinic, running: ExitStack) -> dict[str, Program]:
    """Every other that is installed (requirements-bench.txt), served from the copy."""
    found = {}
    for place, (name, module) in enumerate(NAMES.items(), 3):
        if _is_prepared(module, copy):
            server = running.enter_context(serving(module, copy.environment()))
            found[name] = Program(server, ASKS[name](copy, server, _wishes(copy, place)))
        else:
            print(
                f"{name} is left out: install requirements-bench.txt to have it beside the others."
            )
    return found


def _is_prepared(module: str, copy: Clinic) -> bool:
    """It starts once by itself, to make the rows of its own that its processes expect."""
    start = f"import {module}; {module}.prepare()"
    command = [sys.executable, "-W", "ignore", "-c", start]
    return subprocess.run(command, cwd=HERE, env=copy.environment(), check=False).returncode == 0


def _wishes(clinic: Clinic, place: int) -> Iterator[dict[str, Any]]:
    """Times after all visits that there are, for one doctor."""
    first, idle = clinic.facts["last"] + timedelta(days=1), clinic.facts["idle"]
    for number in range(100_000):
        yield {
            "patient": idle[(1000 * place + number) % len(idle)],
            "doctor": clinic.facts["doctors"][place],
            "visit_type": 1,
            "at": first + number * timedelta(minutes=20),
        }


def _span(clinic: Clinic, days: int) -> tuple[date, date]:
    first = date.fromisoformat(clinic.day)
    return first, first + timedelta(days=days)


def _fab(clinic: Clinic, server: Server, wishes: Iterator[dict[str, Any]]) -> dict[Any, Asking]:
    form = {"username": "admin", "password": PASSWORD}
    said, headers = Ask("/login/").send(server.connect())
    form["csrf_token"] = token_in(said)
    asked = Ask("/login/", urlencode(form), cookies(headers), expected=(302,))
    _, headers = asked.send(server.connect())
    who = Person(cookies(headers))

    def visits(days: int, narrowed: str = "") -> Asking:
        first, last = _span(clinic, days)
        col = "col:appointment_datetime"
        wanted = f"({col},opr:gt,value:'{first} 00:00:00'),({col},opr:lt,value:'{last} 00:00:00')"
        asked = f"(filters:!({wanted}{narrowed}),page_size:-1)"
        return who.get(f"/api/v1/appointment/?q={quote(asked)}")

    def book() -> Ask:
        wish = next(wishes)
        at = f"{wish.pop('at'):%Y-%m-%dT%H:%M:%S}"
        rest = {"minutes_duration": 20, "status": "booked", "version": 1}
        body = wish | rest | {"appointment_datetime": at}
        return Ask("/api/v1/appointment/", body, who.cookie)

    one = clinic.facts["doctors"][0]
    search = quote("(filters:!((col:name,opr:sw,value:mar)),page_size:20)")
    return {
        known.LOGIN: lambda: asked,
        known.SEARCH: who.get(f"/api/v1/patient/?q={search}"),
        known.LIST: who.get("/patientview/list/"),
        known.WEEK_OF_ONE: visits(7, f",(col:doctor,opr:rel_o_m,value:{one})"),
        known.WEEK_OF_ALL: visits(7),
        known.DAY_OF_ALL: visits(1),
        known.BOOKING: book,
        known.FORM: who.get("/appointmentview/add"),
        known.CHART: who.get(f"/patientview/show/{clinic.facts['patient']}"),
        known.FIGURES: who.get("/appointmentchart/chart/"),
    }


def _admin(clinic: Clinic, _server: Server, wishes: Iterator[dict[str, Any]]) -> dict[Any, Asking]:
    def visits(days: int, narrowed: str = "") -> Asking:
        first, last = _span(clinic, days)
        between = quote(f"{first} 00:00:00 to {last} 00:00:00")
        return plain(f"/admin/appointment/?flt0_appointment_datetime_between={between}{narrowed}")

    def book() -> Ask:
        wish = next(wishes)
        at = f"{wish.pop('at'):%Y-%m-%d %H:%M:%S}"
        rest = {"minutes_duration": 20, "status": "booked", "version": 1}
        body = wish | rest | {"appointment_datetime": at, "room": "__None"}
        return Ask("/admin/appointment/new/", urlencode(body), expected=(302,))

    one = clinic.facts["doctors"][0]
    return {
        known.SEARCH: plain("/admin/patient/?search=%5Emar"),
        known.LIST: plain("/admin/patient/"),
        known.WEEK_OF_ONE: visits(7, f"&flt1_doctor_id_equals={one}"),
        known.WEEK_OF_ALL: visits(7),
        known.DAY_OF_ALL: visits(1),
        known.BOOKING: book,
        known.FORM: plain("/admin/appointment/new/"),
        known.CHART: plain(f"/admin/patient/details/?id={clinic.facts['patient']}"),
    }


def _django(clinic: Clinic, server: Server, wishes: Iterator[dict[str, Any]]) -> dict[Any, Asking]:
    connection = server.connect()
    said, headers = Ask("/admin/login/").send(connection)
    form = {"username": "bench", "password": PASSWORD, "csrfmiddlewaretoken": _django_token(said)}
    asked = Ask("/admin/login/", urlencode(form), cookies(headers), expected=(302,))
    _, headers = asked.send(connection)
    who = Person(cookies(headers))
    said, headers = Ask("/admin/peer_django/appointment/add/", cookie=who.cookie).send(connection)
    token = _django_token(said)

    def visits(days: int, narrowed: str = "") -> Asking:
        first, last = _span(clinic, days)
        spelled = f"appointment_datetime__gte={first}&appointment_datetime__lt={last}{narrowed}"
        return who.get(f"/admin/peer_django/appointment/?{spelled}")

    def book() -> Ask:
        wish = next(wishes)
        at = wish.pop("at")
        rest = {"minutes_duration": 20, "status": "booked", "version": 1, "room": ""}
        body = wish | rest | {"csrfmiddlewaretoken": token, "appointment_datetime_0": at.date(),
                              "appointment_datetime_1": at.time()}  # fmt: skip
        path = "/admin/peer_django/appointment/add/"
        return Ask(path, urlencode(body), who.cookie, expected=(302,))

    one = clinic.facts["doctors"][0]
    return {
        known.LOGIN: lambda: asked,
        known.SEARCH: who.get("/admin/peer_django/patient/?q=mar"),
        known.LIST: who.get("/admin/peer_django/patient/"),
        known.WEEK_OF_ONE: visits(7, f"&doctor__doctor_id__exact={one}"),
        known.WEEK_OF_ALL: visits(7),
        known.DAY_OF_ALL: visits(1),
        known.BOOKING: book,
        known.FORM: who.get("/admin/peer_django/appointment/add/"),
        known.CHART: who.get(f"/admin/peer_django/patient/{clinic.facts['patient']}/change/"),
    }


def _django_token(page: bytes) -> str:
    return page.split(b'name="csrfmiddlewaretoken" value="')[1].split(b'"')[0].decode()


ASKS = {"stock FAB": _fab, "Flask-Admin": _admin, "Django admin": _django}
