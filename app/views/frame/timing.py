"""Times each answer, and adds the counts to the database once a minute, after an answer has left."""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import UTC, datetime
from threading import Lock

from flask import Flask, Response, g, request
from sqlalchemy.orm import Session

from app import database
from app.extensions import db
from app.models.analytics import speed

log = logging.getLogger(__name__)


class Stopwatch:
    """The counts of one process, of all its threads."""

    def __init__(self, every: float) -> None:
        self._every, self._lock = every, Lock()
        self._counted: Counter[speed.Key] = Counter()
        self._since = time.monotonic()

    def count(self, key: speed.Key) -> None:
        """Count one answer of this kind; any thread may."""
        with self._lock:
            self._counted[key] += 1

    def due(self) -> Counter[speed.Key]:
        """What was counted, once its time has come; nothing before."""
        with self._lock:
            if not self._counted or time.monotonic() - self._since < self._every:
                return Counter()
            counted, self._counted = self._counted, Counter()
            self._since = time.monotonic()
        return counted


def init_app(app: Flask) -> None:
    """Before all else that surrounds a request; without TIMES_EVERY (seconds) nothing is timed."""
    every = app.config["TIMES_EVERY"]
    if every is None:
        return
    watch = Stopwatch(every)
    app.before_request(_begin)

    def end(response: Response) -> Response:
        if request.url_rule is not None and "began" in g and request.endpoint != "static":
            seconds = time.perf_counter() - g.began
            watch.count(speed.key_of(request.url_rule.rule, seconds, datetime.now(UTC)))
        if counted := watch.due():
            response.call_on_close(lambda: _keep(app, counted))
        return response

    app.after_request(end)


def _begin() -> None:
    g.began = time.perf_counter()


def _keep(app: Flask, counted: Counter[speed.Key]) -> None:
    """Statistics must never be why something fails."""
    database.start_writing()  # an answer that was streamed has read until now
    try:
        with app.app_context(), Session(db.engine) as session:
            speed.add(session, counted)
            session.commit()
    except Exception:
        log.exception("Response times of a minute were lost.")
