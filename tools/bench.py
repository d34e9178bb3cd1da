"""What the clinic costs beside the SQL it sends: `make bench`.

On SQLite and on PostgreSQL, in one process on a demo clinic of 20,000 patients and 150,000 visits:
the time of a request, that of the very same statements sent by the driver alone to a copy of the
database, their ratio and their number; of many turns the quickest, which other programs on the
machine disturb least. Only the ratios of one run mean anything; absolute times are the machine's.

`--write` keeps the ratios in docs/performance.md. BENCH_FOLDER keeps the databases for the next run,
BENCH_PATIENTS makes them smaller, BENCH_ONLY measures the operations in whose names it stands.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bench_clinics
import bench_figures
import bench_messages
import bench_page
import bench_schedule
from bench_replay import Recorder, Replay

ROOT = Path(__file__).resolve().parent.parent
RUNS = int(os.environ.get("BENCH_RUNS", "25"))
PATIENTS = int(os.environ.get("BENCH_PATIENTS", "20000"))
ONLY = os.environ.get("BENCH_ONLY", "")

CLOCKS = {"sqlite": time.thread_time}
"""Where all happens in this thread, its own time is what others disturb least."""

Operation = tuple[str, Callable[[], Any]]


def main() -> None:
    sys.path.insert(0, str(ROOT))
    found: dict[str, dict[str, bench_page.Line]] = {}
    with TemporaryDirectory() as scratch:
        folder = Path(os.environ.get("BENCH_FOLDER") or scratch)
        for clinic in bench_clinics.clinics(folder, PATIENTS):
            found[clinic.name] = _measure(clinic)
    bench_messages.measure()
    if "--write" in sys.argv:
        bench_page.write(ROOT / "docs" / "performance.md", found, PATIENTS)


def _measure(clinic: bench_clinics.Clinic) -> dict[str, bench_page.Line]:
    with clinic.app.app_context():
        recorder = Recorder(clinic.engine)
    replay = Replay(clinic.copy)
    print(f"\n{clinic.name}: the quickest of {RUNS} runs")
    print(f"{'operation':40}{'ms':>8}{'SQL alone':>11}{'ratio':>7}{'statements':>12}{'bytes':>9}")
    lines = {}
    for name, call in _operations(clinic.app):
        if ONLY in name:
            lines[name] = _line(name, call, recorder, replay)
        replay.run(recorder.take())
    return lines


def _operations(app: Any) -> list[Operation]:
    sign_in = partial(_signed_in, app)
    desk = sign_in("receptionist")
    return [
        *bench_schedule.operations(desk),
        ("patient search by prefix, JSON", lambda: desk.get("/search/patients?q=mar")),
        ("patient list, HTML", lambda: desk.get("/patient/list/")),
        ("patient list, API", lambda: desk.get("/api/v1/patient/")),
        ("appointment form, HTML", lambda: desk.get("/appointment/add")),
        ("appointment list, HTML", lambda: desk.get("/appointment/list/")),
        *bench_figures.operations(sign_in),
    ]


def _line(name: str, call: Callable[[], Any], recorder: Recorder, replay: Replay) -> Any:
    """One operation, again and again; after each request its statements go to the copy."""
    ours, raw, clock = [], [], CLOCKS.get(replay.dialect, time.perf_counter)
    call()
    replay.run(recorder.take())
    for _ in range(RUNS):
        start = clock()
        answer = call()
        ours.append(clock() - start)
        if answer.status_code >= 300:
            raise SystemExit(f"{name}: {answer.status_code} {answer.text[:300]}")
        sent = recorder.take()
        start = clock()
        replay.run(sent)
        raw.append(clock() - start)
    mine, alone = (1000 * min(times) for times in (ours, raw))
    line = bench_page.Line(mine / alone, sent.count)
    print(
        f"{name:40}{mine:8.1f}{alone:11.2f}{line.ratio:7.1f}{line.statements:12}{len(answer.data):9}"
    )
    return line


def _signed_in(app: Any, role: str) -> Any:
    client = app.test_client()
    client.post("/login/", data={"username": role, "password": "clinic-demo-only"})
    return client


if __name__ == "__main__":
    main()
