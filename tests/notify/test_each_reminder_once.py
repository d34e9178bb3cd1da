"""However often the reminder job runs, late or at the same moment, each message goes exactly once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.extensions import db
from app.jobs import delivery
from app.models import Appointment, Notification
from app.models.messages import reminders
from tests.cast import Cast
from tests.notify.conftest import Planned
from tests.notify.sink import Sink
from tests.notify.test_delivery import LATER, run, write
from tests.notify.test_planning import START, book

AT_ONCE = 4
DUE = START - timedelta(hours=24)
SUBJECT = "Reminder: your visit on Thu 4 Jun at 11:00"


def come(session: Session, cast: Cast, how: str) -> Appointment:
    """A visit whose booking is told by now; of an imported one nothing was ever planned."""
    visit = book(session, cast)
    run(session)
    if how == "imported":
        session.execute(delete(Notification))
        session.commit()
    return visit


def job(session: Session, now: datetime) -> None:
    """Plan what is missing, and deliver what is due."""
    reminders.plan_missing(session, now)
    session.commit()
    run(session, now)


def at_once(cast: Cast, job: Callable[[Session], Any]) -> None:
    """Run a job several times at the same moment, each on its own connection."""
    start = Barrier(AT_ONCE)

    def one(_number: int) -> None:
        with cast.app.app_context():
            start.wait()
            job(db.session())
            db.session.commit()
            db.session.remove()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(AT_ONCE)))


def reminded(sink: Sink) -> list[str]:
    return [str(message["Subject"]) for _, message in sink.took if "Reminder" in message["Subject"]]


@pytest.mark.parametrize(
    ("how", "runs"),
    [("booked", 0), ("booked", 1), ("booked", 10), ("imported", 1), ("imported", 10)],
)
def test_a_reminder_goes_once_however_often_the_job_ran(
    session: Session, desk: Cast, sink: Sink, how: str, runs: int
) -> None:
    come(session, desk, how)
    for turn in range(runs):
        job(session, DUE + timedelta(minutes=turn))
    run(session, DUE + timedelta(minutes=runs))
    assert reminded(sink) == [SUBJECT]


@pytest.mark.parametrize("how", ["booked", "imported"])
def test_a_late_job_sends_the_reminder_once(
    session: Session, desk: Cast, sink: Sink, how: str
) -> None:
    come(session, desk, how)
    for minutes in (10, 9):
        job(session, START - timedelta(minutes=minutes))
    assert reminded(sink) == [SUBJECT]


@pytest.mark.parametrize("how", ["booked", "imported"])
def test_jobs_at_the_same_moment_send_the_reminder_once(
    session: Session, desk: Cast, sink: Sink, planned: Planned, how: str
) -> None:
    visit = come(session, desk, how)
    session.rollback()
    at_once(desk, lambda own: job(own, DUE))
    run(session, DUE)
    assert reminded(sink) == [SUBJECT]
    rows = [row for row in planned(visit) if row[0] == "reminder"]
    assert rows == [("reminder", "inbox", "sent"), ("reminder", "email", "sent")]


def test_jobs_at_the_same_moment_send_each_of_many_messages_once(
    session: Session, desk: Cast, sink: Sink
) -> None:
    write(session, desk, 40)
    session.rollback()
    at_once(desk, lambda own: delivery.drain(own, LATER))
    assert (len(sink.message_ids), len(set(sink.message_ids))) == (40, 40)
