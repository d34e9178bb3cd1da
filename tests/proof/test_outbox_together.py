"""Two processes work the same outbox at once, and each of 1,000 messages arrives exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from app.extensions import db
from app.models import Notification
from tests.cast import Cast
from tests.notify.sink import Sink, listening
from tests.proof.server import free_port
from tests.proof.test_outbox_kills import (
    MESSAGES,
    OwnRedis,
    mail,
    nursery,
    queued,
    redis,
    states,
    until,
)

pytestmark = pytest.mark.proof
__all__ = ["redis"]

AHEAD = timedelta(seconds=6)
"""By then both have started, so that they find the same messages at the same moment."""


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as running:
        yield running


def due_together(app: Flask, cast: Cast) -> set[str]:
    ids = queued(cast)
    with app.app_context():
        db.session.execute(update(Notification).values(not_before=datetime.now(UTC) + AHEAD))
        db.session.commit()
        db.session.remove()
    return ids


def each_came_once(app: Flask, sink: Sink, ids: set[str]) -> None:
    assert until(lambda: states(app) == {"sent": MESSAGES}, 120), states(app)
    assert Counter(sink.message_ids) == dict.fromkeys(ids, 1)


def test_two_run_py_send_each_message_once(
    app: Flask, cast: Cast, sink: Sink, tmp_path: Path
) -> None:
    ids = due_together(app, cast)
    with ExitStack() as stack:
        for _ in range(2):
            port = {"CLINIC_PORT": str(free_port())}
            stack.enter_context(nursery(app, tmp_path, **mail(sink), **port)).start("run.py")
        each_came_once(app, sink, ids)


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_two_workers_of_one_queue_send_each_message_once(
    app: Flask, cast: Cast, sink: Sink, redis: OwnRedis, tmp_path: Path
) -> None:
    ids = due_together(app, cast)
    with nursery(app, tmp_path, **mail(sink), REDIS_URL=redis.url) as workers:
        for kind in ("cron", "worker", "worker"):
            workers.start(kind)
        each_came_once(app, sink, ids)
