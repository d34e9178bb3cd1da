"""What the clinic costs beside the SQL it sends: `make bench`.

For each operation, in one process on a demo clinic of 20,000 patients and 150,000 visits: the median
time of a request, the median time of the very same statements sent by the driver alone, their ratio
and their number. Only the ratios of one run mean anything; absolute times are the machine's.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bench_figures
import bench_messages

ROOT = Path(__file__).resolve().parent.parent
RUNS = 25
PATIENTS = int(os.environ.get("BENCH_PATIENTS", "20000"))


class Recorder:
    """The statements of one request, with their parameters, to be sent again."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def note(self, _c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        self.sent.append((statement, parameters))

    def reads(self) -> list[tuple[str, Any]]:
        return [pair for pair in self.sent if pair[0].lstrip().upper().startswith("SELECT")]


def main() -> None:
    sys.path.insert(0, str(ROOT))
    with TemporaryDirectory() as folder:
        os.environ["CLINIC_INSTANCE"] = folder
        os.environ["DATABASE_URL"] = os.environ.get("BENCH_DATABASE_URL", "")
        from sqlalchemy import event

        from app import create_app
        from app.cli import build_demo, set_up
        from app.extensions import db

        app = create_app(RATELIMIT_ENABLED=False, WTF_CSRF_ENABLED=False)
        recorder = Recorder()
        with app.app_context():
            set_up()
            build_demo(patients=PATIENTS, years=2)
            event.listen(db.engine, "before_cursor_execute", recorder.note)
            print(f"{db.engine.dialect.name}: medians of {RUNS} runs\n")
        _table(app, recorder)
    bench_messages.measure()


def _table(app: Any, recorder: Recorder) -> None:
    print(f"{'operation':32}{'ms':>8}{'SQL alone':>11}{'ratio':>7}{'statements':>12}{'bytes':>9}")
    operations = _operations(_signed_in(app, "receptionist"))
    operations += bench_figures.operations(partial(_signed_in, app))
    for name, call in operations:
        call()
        recorder.sent.clear()
        size = len(call().data)
        reads, count = recorder.reads(), len(recorder.sent)
        ours = _median(call)
        raw = _median(lambda reads=reads: _replay(app, reads))
        print(f"{name:32}{ours:8.1f}{raw:11.2f}{ours / raw:7.1f}{count:12}{size:9}")


def _operations(client: Any) -> list[tuple[str, Callable[[], Any]]]:
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    get = client.get
    slots = f"/api/v1/slot/?doctor_id=1&visit_type_id=1&start={day}&days=14"
    return [
        ("patient search by prefix, JSON", lambda: get("/search/patients?q=mar")),
        ("patient list, HTML", lambda: get("/patient/list/")),
        ("patient list, API", lambda: get("/api/v1/patient/")),
        ("appointment form, HTML", lambda: get("/appointment/add")),
        ("appointment list, HTML", lambda: get("/appointment/list/")),
        ("free times, one doctor, 14 days", lambda: get(slots)),
        ("home", lambda: get("/")),
        ("a week of all doctors", lambda: get(_week(day, ""))),
        ("a week of one doctor", lambda: get(_week(day, "&doctor=1"))),
        ("book (new time each run)", _booker(client, slots)),
    ]


def _week(day: Any, more: str) -> str:
    return f"/calendar/events?start={day}&end={day + timedelta(days=7)}&by=doctor{more}"


def _booker(client: Any, slots: str) -> Callable[[], Any]:
    free = iter(client.get(slots + "&days=30").json["result"] * 3)

    def book() -> Any:
        slot = next(free)
        body = {"patient_id": 9, "doctor_id": slot["doctor_id"], "visit_type_id": 1}
        return client.post(
            "/api/v1/appointment/", json=body | {"appointment_datetime": slot["start"]}
        )

    return book


def _signed_in(app: Any, role: str) -> Any:
    client = app.test_client()
    login = {"username": role, "password": "clinic-demo-only"}
    client.post("/login/", data=login)
    return client


def _median(call: Callable[[], Any]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _replay(app: Any, statements: list[tuple[str, Any]]) -> None:
    from app.extensions import db

    with app.app_context():
        connection = db.engine.raw_connection()
        cursor = connection.cursor()
        for statement, parameters in statements:
            cursor.execute(statement, parameters)
            cursor.fetchall()
        cursor.close()
        connection.close()


if __name__ == "__main__":
    main()
