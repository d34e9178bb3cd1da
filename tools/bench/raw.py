"""The raw routes: bare Flask and psycopg, nothing asked and nothing noted; what a good engineer
would write for each operation if there were no session, permission, row scope or trail.

Each function answers what its route sends as JSON; the bench calls them without a server, too,
which is the least that the SQL can cost.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from threading import local
from typing import Any

import psycopg
from flask import Flask, jsonify, request

SHOWN = ["pending", "booked", "arrived", "checked-in", "in-room", "proposed", "fulfilled", "noshow"]
ACTIVE = SHOWN[:5]

SEARCH = """
SELECT patient_id, name, record_number, dob, phone FROM patient
WHERE lower(name) LIKE %(words)s OR lower(family_name) LIKE %(words)s ORDER BY name LIMIT 20
"""
VISITS = """
SELECT a.appointment_id, a.version, a.appointment_datetime, a.minutes_duration, a.status,
    a.arrived_at, a.patient_id, p.name, p.dob, p.phone, a.doctor_id, d.name, a.room_id,
    r.name, a.visit_type_id, t.name, t.colour, a.series_id
FROM appointment a JOIN patient p USING (patient_id) JOIN doctor d USING (doctor_id)
LEFT JOIN room r ON r.room_id = a.room_id
LEFT JOIN visit_type t ON t.visit_type_id = a.visit_type_id
WHERE a.appointment_datetime >= %(start)s AND a.appointment_datetime < %(end)s
    AND a.status = ANY(%(shown)s) AND (%(doctor)s::int IS NULL OR a.doctor_id = %(doctor)s)
ORDER BY a.appointment_datetime, a.appointment_id
"""
SHIFTS = """
SELECT d.doctor_id, s.shift_date, s.start_time, s.end_time FROM shift s JOIN doctor d USING (staff_id)
WHERE s.published AND s.shift_date BETWEEN %(first)s AND %(last)s
    AND (%(doctor)s::int IS NULL OR d.doctor_id = %(doctor)s)
ORDER BY s.shift_date, s.start_time
"""
BUSY = """
SELECT appointment_datetime, minutes_duration FROM appointment
WHERE doctor_id = %(doctor)s AND status = ANY(%(active)s)
    AND appointment_datetime >= %(start)s AND appointment_datetime < %(end)s
ORDER BY appointment_datetime
"""
ROOMS = """
SELECT room_id, appointment_datetime, minutes_duration FROM appointment
WHERE room_id IS NOT NULL AND status = ANY(%(active)s)
    AND appointment_datetime >= %(start)s AND appointment_datetime < %(end)s
ORDER BY appointment_datetime
"""
BOOK = """
INSERT INTO appointment (patient_id, doctor_id, room_id, appointment_datetime, minutes_duration,
    visit_type_id, status, version)
VALUES (%(patient_id)s, %(doctor_id)s, %(room_id)s, %(appointment_datetime)s,
    %(minutes_duration)s, %(visit_type_id)s, 'booked', 1)
RETURNING appointment_id
"""
HISTORY = """
INSERT INTO appointment_history (appointment_id, recorded, status_after, start_after, version)
VALUES (%s, %s, 'booked', %s, 1)
"""
OUTBOX = """
INSERT INTO notification (once, rule, channel, patient_id, subject, body, state, created, not_before,
    message_id, attempts, version)
VALUES (%s, %s, %s, %s, 'Booked', 'Booked', 'skipped', %s, %s, %s, 0, 1)
"""
MESSAGES = [(rule, channel) for rule in ("booked", "reminder") for channel in ("inbox", "email")]
"""As many as ours writes for a visit: by two rules, each in the portal and by e-mail."""
TRAIL = """
INSERT INTO audit_event (recorded, action, entity, entity_id, patient_id, outcome, version)
VALUES (%s, 'add', 'Appointment', %s, %s, 'success', 1)
"""
CHART = (
    "SELECT patient_id, name, record_number, dob, sex, phone, email FROM patient"
    " WHERE patient_id = %(key)s",
    "SELECT display, criticality, reaction FROM allergy_intolerance"
    " WHERE patient_id = %(key)s AND clinical_status = 'active'",
    "SELECT r.record_id, r.visit_date, r.status, r.diagnosis, d.name, count(*) OVER ()"
    " FROM medical_record r JOIN doctor d USING (doctor_id) WHERE r.patient_id = %(key)s"
    " ORDER BY r.visit_date DESC, r.record_id DESC LIMIT 20",
    "SELECT display, code, clinical_status, onset FROM condition WHERE patient_id = %(key)s"
    " ORDER BY onset DESC LIMIT 200",
    "SELECT display, dosage, authored FROM medication_request WHERE patient_id = %(key)s"
    " AND status IN ('active', 'on-hold') AND (until IS NULL OR until >= current_date)"
    " ORDER BY display LIMIT 200",
    "SELECT appointment_id, appointment_datetime, status FROM appointment WHERE patient_id = %(key)s"
    " AND appointment_datetime >= %(now)s AND appointment_datetime < %(now)s + interval '1 day'",
    "SELECT code, value, unit, effective FROM observation WHERE patient_id = %(key)s"
    " ORDER BY effective DESC LIMIT 200",
)
ROLLUP = """
SELECT day, status, late, count(*) FROM visit_fact WHERE day >= %(first)s AND day < %(last)s
GROUP BY day, status, late
"""

kept = local()


def connection() -> psycopg.Connection[Any]:
    """One connection a thread; each statement is a transaction unless one is begun."""
    if not hasattr(kept, "connection"):
        url = os.environ["DATABASE_URL"].replace("+psycopg", "")
        kept.connection = psycopg.connect(url, autocommit=True)
    found: psycopg.Connection[Any] = kept.connection
    return found


def search(words: str) -> Any:
    return connection().execute(SEARCH, {"words": words.lower() + "%"}).fetchall()


def visits(start: str, days: int, doctor: int | None) -> Any:
    """Instants and dates are spelled here, as the calendar's script wants them."""
    first = date.fromisoformat(start)
    last = first + timedelta(days=days)
    asked = {"start": first, "end": last, "shown": SHOWN, "doctor": doctor}
    rows = [
        [
            *row[:2], row[2].isoformat(), *row[3:5], row[5] and row[5].isoformat(), *row[6:8],
            row[8].isoformat(), *row[9:],
        ]
        for row in connection().execute(VISITS, asked)
    ]  # fmt: skip
    duty = connection().execute(SHIFTS, {"first": first, "last": last, "doctor": doctor})
    return {"visits": rows, "duty": [[*map(str, row)] for row in duty]}


def slots(start: str, days: int, doctor: int, minutes: int, grid: int) -> Any:
    """Times of so many minutes on a grid in the shifts of a doctor, in which some room is free."""
    first = date.fromisoformat(start)
    last = first + timedelta(days=days)
    asked = {"start": first, "end": last, "active": ACTIVE, "doctor": doctor}
    send = connection().execute
    shifts = send(SHIFTS, {"first": first, "last": last, "doctor": doctor}).fetchall()
    mine = _spans(send(BUSY, asked))
    rooms = {key: [] for (key,) in send("SELECT room_id FROM room ORDER BY name")}
    for key, *stay in send(ROOMS, asked):
        rooms[key].append(stay)
    taken = {key: _spans(stays) for key, stays in rooms.items()}
    length, step, found = timedelta(minutes=minutes), timedelta(minutes=grid), []
    for _, day, begins, ends in shifts:
        at, until = datetime.combine(day, begins), datetime.combine(day, ends)
        while at + length <= until:
            if _is_free(mine, at, at + length):
                room = next(
                    (r for r, spans in taken.items() if _is_free(spans, at, at + length)), 0
                )
                if room:
                    found.append([at.isoformat(), (at + length).isoformat(), doctor, room])
            at += step
    return found


def _spans(rows: Any) -> list[tuple[datetime, datetime]]:
    return [(begins, begins + timedelta(minutes=minutes)) for begins, minutes in rows]


def _is_free(spans: list[tuple[datetime, datetime]], start: datetime, end: datetime) -> bool:
    """Spans of one doctor or room do not overlap: only the last that begins before can matter."""
    place = bisect_left(spans, (end,))
    return place == 0 or spans[place - 1][1] <= start


def book(wish: dict[str, Any]) -> Any:
    """The visit, its history, its messages and an event of the trail, in one transaction."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with connection().transaction(), connection().cursor() as cursor:
        (key,) = cursor.execute(BOOK, wish).fetchone()  # type: ignore[misc]
        cursor.execute(HISTORY, (key, now, wish["appointment_datetime"]))
        cursor.executemany(OUTBOX, _outbox(key, wish["patient_id"], now))
        cursor.execute(TRAIL, (now, str(key), wish["patient_id"]))
    return {"id": key}


def _outbox(key: int, patient_id: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    for rule, channel in MESSAGES:
        once = f"raw:{key}:{rule}:{channel}"
        yield once, rule, channel, patient_id, now, now, f"<{once}@bench>"


def chart(key: int) -> Any:
    asked = {"key": key, "now": datetime.now(UTC).replace(tzinfo=None)}
    return [connection().execute(query, asked).fetchall() for query in CHART]


def rollup(days: int) -> Any:
    last = datetime.now(UTC).date() + timedelta(days=1)
    asked = {"first": last - timedelta(days=2 * days), "last": last}
    return [[*map(str, row[:3]), row[3]] for row in connection().execute(ROLLUP, asked)]


def create() -> Flask:
    """The WSGI application."""
    app = Flask(__name__)
    routes: dict[str, Callable[[], Any]] = {
        "/search": lambda: search(request.args["q"]),
        "/visits": lambda: visits(
            request.args["start"], int(request.args["days"]), request.args.get("doctor", type=int)
        ),
        "/slots": lambda: slots(
            request.args["start"],
            *(int(request.args[name]) for name in ("days", "doctor", "minutes", "grid")),
        ),
        "/book": lambda: book(request.get_json()),
        "/chart": lambda: chart(int(request.args["key"])),
        "/rollup": lambda: rollup(int(request.args["days"])),
    }
    app.add_url_rule("/bench/open", "open", lambda: "")
    for path, answer in routes.items():
        app.add_url_rule(path, path, _as_json(answer), methods=["GET", "POST"])
    return app


def _as_json(answer: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: jsonify(answer())
