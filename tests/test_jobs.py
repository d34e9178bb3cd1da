"""What the clinic does by itself: when, in whose name, and that one failure stops nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.extensions import db
from app.jobs import timetable, worker
from app.models import Appointment, AppointmentHistory
from app.models.visits import noshow
from tests.cast import Cast

START = datetime(2026, 6, 8, 8, 0, tzinfo=UTC)


def add_visit(session: Session, cast: Cast, **facts: Any) -> Appointment:
    visit = Appointment(
        patient_id=cast.quentin, doctor_id=cast.eriksen, appointment_datetime=START, **facts
    )
    session.add(visit)
    session.commit()
    return visit


@pytest.mark.parametrize(
    ("minutes", "status", "after"),
    [
        (89, "booked", "booked"), (90, "booked", "noshow"), (90, "arrived", "arrived"),
        (90, "cancelled", "cancelled"), (90, "pending", "pending"),
    ],
)  # fmt: skip
def test_an_hour_after_its_end_a_booked_visit_is_a_no_show(
    session: Session, cast: Cast, minutes: int, status: str, after: str
) -> None:
    visit = add_visit(session, cast, status=status)
    noshow.mark_no_shows(session, START + timedelta(minutes=minutes))
    session.commit()
    assert visit.status == after


def test_a_no_show_is_the_clinics_own_doing(session: Session, cast: Cast) -> None:
    visit = add_visit(session, cast)
    noshow.mark_no_shows(session, START + timedelta(hours=3))
    session.commit()
    query = select(AppointmentHistory).where(
        AppointmentHistory.appointment_id == visit.appointment_id
    )
    row = session.scalars(query).one()
    assert (row.agent, row.user_id, row.status_before, row.status_after) == (
        "clinic", None, "booked", "noshow",
    )  # fmt: skip


def test_the_job_ends_holds_that_ran_out(session: Session, cast: Cast) -> None:
    gone = add_visit(session, cast, status="pending", hold_until=START - timedelta(days=1))
    worker.run_due(session, START - timedelta(hours=20), {})
    session.refresh(gone)
    assert (gone.status, gone.version) == ("cancelled", 2)


def test_a_job_waits_for_its_time(session: Session, cast: Cast) -> None:
    state: worker.State = {}
    names = {name for name, _, _ in timetable.TIMETABLE}
    longest = timedelta(seconds=max(seconds for _, seconds, _ in timetable.TIMETABLE))
    assert set(worker.run_due(session, START, state)) == names
    assert worker.run_due(session, START + timedelta(seconds=1), state) == {}
    assert set(worker.run_due(session, START + longest, state)) == names
    assert set(worker.run_due(session, START, state)) == names, "the clock was set back"
    assert worker.run_due(session, START + timedelta(seconds=1), state) == {}


def test_a_job_that_fails_holds_up_no_other(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_session: Session, _now: datetime) -> int:
        raise RuntimeError("a job that fails")

    jobs = [("bad", 1, fail), ("good", 1, lambda _session, _now: 3)]
    monkeypatch.setattr(worker, "TIMETABLE", jobs)
    assert worker.run_due(session, START, {}) == {"good": 3}
    assert "a job that fails" in caplog.text


def test_each_job_done_twice_changes_nothing_more(session: Session, cast: Cast) -> None:
    add_visit(session, cast)
    first = worker.run_due(session, START + timedelta(days=1), {})
    assert first["mark no-shows"] == 2  # this one, and the visit of the cast
    assert set(worker.run_due(session, START + timedelta(days=1), {}).values()) == {0}


def test_the_worker_stops_when_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, rounds = Event(), []

    def once(_session: Session, now: datetime, _state: worker.State) -> dict[str, int]:
        rounds.append(now)
        stop.set()
        raise RuntimeError("never fatal")

    monkeypatch.setattr(worker, "run_due", once)
    worker.work(cast.app, stop, pause=0, clock=lambda: START)
    assert rounds == [START]


def test_the_command_does_what_is_due_and_stops(cast: Cast) -> None:
    result = cast.app.test_cli_runner().invoke(
        args=["clinic", "worker", "--once", "--now", "2026-05-04T10:00:00Z"]
    )
    assert result.exit_code == 0, result.output
    assert "mark no-shows: 1" in result.output
    with cast.app.app_context():
        assert db.session.get_one(Appointment, cast.visit).status == "noshow"
