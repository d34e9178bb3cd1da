"""Runs the timetable: in a thread beside the web server, or as `flask clinic worker`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from flask import Flask
from sqlalchemy.orm import Session

from app import database
from app.extensions import db
from app.jobs.timetable import TIMETABLE, Job

log = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds between two looks at the timetable."""

State = dict[str, datetime]
"""When each job began last, by name."""


def run_due(session: Session, now: datetime, state: State) -> dict[str, int]:
    """Run every job that is due, each in a transaction of its own; one that fails is logged and
    holds up no other. Answers how many rows each of them touched."""
    done: dict[str, int] = {}
    for name, every, job in TIMETABLE:
        last = state.get(name)
        if last is not None and now - last < timedelta(seconds=every):
            continue
        state[name] = now
        rows = _run(session, name, job, now)
        if rows is not None:
            done[name] = rows
    return done


def run_one(session: Session, name: str, now: datetime) -> int:
    """Run the job of this name. Raises KeyError where the timetable has none of it."""
    job = {named: job for named, _, job in TIMETABLE}[name]
    return _run(session, name, job, now) or 0


def _run(session: Session, name: str, job: Job, now: datetime) -> int | None:
    try:
        rows = job(session, now)
        session.commit()
    except Exception:  # the worker outlives whatever one job meets
        session.rollback()
        log.exception("The job %r failed; it is tried again.", name)
        return None
    return rows


def work(
    app: Flask,
    stop: Event,
    *,
    pause: float = PAUSE,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Look at the timetable again and again until `stop` is set; never two runs at once."""
    state: State = {}
    while not stop.is_set():
        try:
            with app.app_context():
                database.start_writing()
                run_due(db.session(), clock(), state)
                db.session.remove()
        except Exception:  # no database just now: the next round tries again
            log.exception("The worker could not reach its work.")
        stop.wait(pause)


def start(app: Flask) -> Event:
    """Work in a thread that ends with the process; set the event to end it sooner."""
    stop = Event()
    Thread(target=work, args=(app, stop), name="clinic-worker", daemon=True).start()
    return stop
