"""Running late: a forecast from real times, and who waits is told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Appointment, Notification
from app.models.messages import lateness_notices, message_defaults
from app.models.visits import lateness
from app.models.visits.lateness import Times
from tests.cast import Cast

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEYS = count(1)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def row(status: str, start: int, *, arrived: int | None = None, doctor: int = 1) -> Any:
    """A visit of 20 minutes that is planned, or whose patient came, so many minutes after noon."""
    return SimpleNamespace(
        appointment_id=next(KEYS), doctor_id=doctor, status=status, appointment_datetime=at(start),
        minutes_duration=20, arrived_at=None if arrived is None else at(arrived),
    )  # fmt: skip


def late(now: int, *rows: Any, times: dict[int, Times] | None = None) -> int:
    """By how many minutes doctor 1 is late."""
    return lateness.forecasts(rows, times or {}, at(now))[1].minutes


def test_a_doctor_is_late_by_what_the_patient_who_is_here_has_waited() -> None:
    assert late(12, row("arrived", 0, arrived=-10)) == 12


def test_the_wait_of_who_came_late_begins_when_they_came() -> None:
    assert late(20, row("checked-in", 0, arrived=15)) == 5


def test_a_visit_that_began_late_makes_the_next_one_late() -> None:
    inside = row("in-room", 0)
    times = {inside.appointment_id: Times(began=at(15))}
    assert late(20, inside, row("booked", 20), times=times) == 15


def test_a_visit_that_overruns_is_expected_to_end_now() -> None:
    assert late(50, row("in-room", 0), row("arrived", 20, arrived=10)) == 30


def test_the_queue_adds_up() -> None:
    rows = [row("arrived", 0), row("arrived", 10), row("booked", 20)]
    found = lateness.forecasts(rows, {}, at(5))[1].goes_in
    assert [found[r.appointment_id] for r in rows] == [at(5), at(25), at(45)]


def test_the_pace_of_the_day_is_read_from_the_visits_that_ended() -> None:
    done = [row("fulfilled", -90 + 30 * n) for n in range(3)]
    times = {
        r.appointment_id: Times(
            r.appointment_datetime, r.appointment_datetime + timedelta(minutes=30)
        )
        for r in done
    }
    assert lateness.pace_of(done, times) == 1.5
    assert lateness.pace_of(done[:2], times) == 1.0


def test_who_has_not_come_holds_up_nobody() -> None:
    assert late(30, row("booked", 0), row("arrived", 20)) == 10


def test_one_doctor_is_not_late_by_the_patients_of_another() -> None:
    assert late(30, row("arrived", 25), row("arrived", 0, doctor=2)) == 5


def told(session: Session) -> list[int | None]:
    query = select(Notification.patient_id).where(Notification.once.contains("late:"))
    return sorted(set(session.scalars(query)), key=str)


def test_who_waits_is_told_once(session: Session, cast: Cast) -> None:
    message_defaults.seed(session)
    visit = Appointment(
        patient_id=cast.quentin, doctor_id=cast.eriksen, appointment_datetime=at(0),
        minutes_duration=20, status="arrived", arrived_at=at(-5),
    )  # fmt: skip
    session.add(visit)
    session.commit()
    assert lateness_notices.tell(session, at(10)) == 0
    assert lateness_notices.tell(session, at(25)) == 1
    session.commit()
    assert lateness_notices.tell(session, at(40)) == 0
    assert told(session) == [cast.quentin]


def test_who_went_home_without_a_click_holds_up_nobody() -> None:
    gone, inside = row("arrived", -600, arrived=-610), row("in-room", -500)
    assert late(5, gone, inside, row("booked", 0)) == 5
