"""Runs the timetable: in a thread beside the web server, or as `flask clinic worker`."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import database
from app.extensions import db
from app.jobs.timetable import TIMETABLE, Job
from app.models.base import job_run

log = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds between two looks at the timetable."""

ME = f"{socket.gethostname()}:{os.getpid()}"[:100]
_noted: dict[str, datetime] = {}

State = dict[str, datetime]
"""When each job began last, by name."""


def run_due(session: Session, now: datetime, state: State) -> dict[str, int]:
    """Run every job that is due, each in a transaction of its own; one that fails is logged and
    holds up no other. Answers how many rows each of them touched."""
    done: dict[str, int] = {}
    for name, every, job in TIMETABLE:
        last = state.get(name)
        # a clock that was ahead and is put right must not keep a job waiting until it is there again
        if last is not None and timedelta(0) <= now - last < timedelta(seconds=every):
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
    began, failure, rows = time.monotonic(), None, 0
    try:
        rows = job(session, now)
        session.commit()
    except Exception as error:  # the worker outlives whatever one job meets
        session.rollback()
        log.exception("The job %r failed; it is tried again.", name)
        failure = type(error).__name__
    _note(session, name, now, rows=rows, failure=failure, seconds=time.monotonic() - began)
    return None if failure else rows


def _note(session: Session, name: str, now: datetime, **facts: Any) -> None:
    """Let the console know; a job that found nothing to do is not noted each time."""
    last = _noted.get(name)
    if not (facts["rows"] or facts["failure"] or last is None or now - last >= job_run.OFTEN):
        return
    try:
        job_run.note(session, name, now, worker=ME, **facts)
        session.commit()
        _noted[name] = now
    except SQLAlchemyError:
        session.rollback()
        log.warning("How the job %r went could not be noted.", name)


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
