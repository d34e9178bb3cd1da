"""The functions that RQ may call, and no others. They need the application's context, which
`flask clinic worker` gives them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from flask import current_app
from redis.exceptions import RedisError

from app import database
from app.extensions import db
from app.jobs import claiming, delivery, queue, worker

DISPATCHED = 1000
DELIVERS = "deliver messages"


def run(name: str) -> int:
    """One job of the timetable, by its name; many messages are spread over the workers."""
    database.start_writing()
    try:
        if name == DELIVERS and _spread():
            return 0
        return worker.run_one(db.session(), name, datetime.now(UTC))
    finally:
        db.session.remove()


def deliver(keys: Iterable[int]) -> int:
    """Deliver these messages."""
    database.start_writing()
    clock = delivery.ticking(datetime.now(UTC))
    return sum(delivery.deliver(db.engine, [int(key) for key in keys], clock).values())


def _spread() -> bool:
    """Whether there was so much to deliver that it was put into the queue in batches."""
    keys = claiming.due(db.session(), datetime.now(UTC), DISPATCHED)
    db.session.rollback()
    if len(keys) <= claiming.BATCH:
        return False
    try:
        starts = range(0, len(keys), claiming.BATCH)
        batches = [keys[start : start + claiming.BATCH] for start in starts]
        queue.put_batches(current_app.config["REDIS_URL"], batches)
    except RedisError:
        return False
    return True
