"""A worker's lease on the message that it sends, renewed for as long as it lives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from app import database
from app.models.messages.notification import Notification

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
"""What a dead worker held is claimed again after this long, and the pause of the sweeper."""

RENEW = 4.0


@contextmanager
def kept_alive(engine: Any, me: str, clock: Callable[[], datetime]) -> Iterator[None]:
    """Renew the lease of `me` until the block ends; a process that is killed renews nothing."""
    stop = Event()

    def renew() -> None:
        database.start_writing()
        while not stop.wait(RENEW):
            try:
                with engine.begin() as connection:
                    connection.execute(_renewal(me, clock() + LEASE))
            except SQLAlchemyError:  # the next turn tries again, well before the lease ends
                log.warning("A lease could not be renewed.")

    thread = Thread(target=renew, name="clinic-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _renewal(me: str, until: datetime) -> Any:
    held = (Notification.state == "claimed", Notification.claimed_by == me)
    return update(Notification.__table__).where(*held).values(lease_until=until)
