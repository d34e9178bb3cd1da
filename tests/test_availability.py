"""Free time = shifts ∩ opening hours ∩ rooms − time off − visits − blockings."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from app.models import (  # fmt: skip
    Appointment,
    Blocking,
    Doctor,
    OpeningHours,
    Room,
    Shift,
    TimeOff,
    VisitType,
)
from app.models.visits import availability, reasons, situations  # fmt: skip
from app.models.visits.availability import Wish
from tests.cast import Cast

MADRID = ZoneInfo("Europe/Madrid")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAY = date(2026, 6, 8)  # a Monday; Madrid is at UTC+2


def staff_of(session: Session, cast: Cast) -> int:
    return session.get_one(Doctor, cast.eriksen).staff_id


def add_shift(
    session: Session, cast: Cast, day: date = DAY, start: int = 9, end: int = 11
) -> Shift:
    shift = Shift(
        staff_id=staff_of(session, cast), shift_date=day, start_time=time(start),
        end_time=time(end), published=True,
    )  # fmt: skip
    session.add(shift)
    session.flush()
    return shift


def add_visit(
    session: Session, cast: Cast, hour: int, minute: int = 0, **changes: Any
) -> Appointment:
    start = datetime(2026, 6, 8, hour, minute, tzinfo=MADRID)
    facts = {"patient_id": cast.paula, "doctor_id": cast.eriksen, "minutes_duration": 30}
    visit = Appointment(appointment_datetime=start, **(facts | changes))
    session.add(visit)
    session.flush()
    return visit


def times(
    session: Session, cast: Cast, *, day: date = DAY, days: int = 1, zone: ZoneInfo = MADRID,
    now: datetime = LONG_AGO, **wish: Any
) -> list[str]:  # fmt: skip
    """The free starts of Dr. Eriksen, as the clock on the wall says them."""
    window = availability.window_of(day, days, zone)
    situation = situations.load(session, [cast.eriksen], window, zone)
    slots = availability.free_slots(situation, [cast.eriksen], Wish(**({"grid": 30} | wish)), now)
    return [f"{slot.start.astimezone(zone):%H:%M}" for slot in slots]


def why(session: Session, cast: Cast, hour: int, minute: int = 0, **wish: Any) -> list[str]:
    window = availability.window_of(DAY, 1, MADRID)
    situation = situations.load(session, [cast.eriksen], window, MADRID)
    start = datetime(2026, 6, 8, hour, minute, tzinfo=MADRID)
    found = reasons.reasons_against(situation, cast.eriksen, Wish(**wish), start, LONG_AGO)
    return [reason.text for reason in found]


def test_a_published_shift_gives_times_of_the_length_that_fits(
    session: Session, cast: Cast
) -> None:
    add_shift(session, cast)
    assert times(session, cast) == ["09:00", "09:30", "10:00", "10:30"]


def test_without_a_shift_nothing_is_free(session: Session, cast: Cast) -> None:
    assert times(session, cast) == []


def test_a_draft_shift_gives_no_times(session: Session, cast: Cast) -> None:
    add_shift(session, cast).published = False
    session.flush()
    assert times(session, cast) == []


def test_a_longer_visit_must_end_within_the_shift(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    assert times(session, cast, minutes=90) == ["09:00", "09:30"]


def test_an_active_visit_takes_its_time(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    add_visit(session, cast, 9, 30)
    assert times(session, cast) == ["09:00", "10:00", "10:30"]


@pytest.mark.parametrize("status", ["cancelled", "noshow", "fulfilled", "waitlist"])
def test_a_visit_that_holds_nothing_takes_nothing(
    session: Session, cast: Cast, status: str
) -> None:
    add_shift(session, cast)
    add_visit(session, cast, 9, 30, status=status)
    assert "09:30" in times(session, cast)


def test_buffers_are_kept_free_before_and_after(session: Session, cast: Cast) -> None:
    add_shift(session, cast, end=12)
    add_visit(session, cast, 10)
    assert times(session, cast, before=30) == ["09:00", "09:30", "11:00", "11:30"]
    assert times(session, cast, after=30) == ["09:00", "10:30", "11:00", "11:30"]


def test_the_buffer_of_a_booked_visit_counts_for_others(session: Session, cast: Cast) -> None:
    kind = VisitType(name="Procedure", minutes=30, buffer_after=30)
    session.add(kind)
    session.flush()
    add_shift(session, cast)
    add_visit(session, cast, 9, visit_type_id=kind.visit_type_id)
    assert times(session, cast) == ["10:00", "10:30"]


def test_approved_time_off_takes_its_time_and_a_request_does_not(
    session: Session, cast: Cast
) -> None:
    add_shift(session, cast)
    start = datetime(2026, 6, 8, 9, tzinfo=MADRID)
    away = TimeOff(
        staff_id=staff_of(session, cast), start_at=start, end_at=start + timedelta(hours=1)
    )
    session.add(away)
    session.flush()
    assert len(times(session, cast)) == 4
    away.status = "approved"
    session.flush()
    assert times(session, cast) == ["10:00", "10:30"]


def test_opening_hours_bound_the_shift(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    session.add(OpeningHours(weekday="Monday", start_time=time(10), end_time=time(18)))
    session.flush()
    assert times(session, cast) == ["10:00", "10:30"]


def test_a_visit_needs_a_free_room_of_its_type(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    add_visit(session, cast, 9, room_id=cast.room, doctor_id=cast.diaz)
    assert times(session, cast, room_type="exam") == ["09:30", "10:00", "10:30"]
    assert times(session, cast, room_type="imaging") == []


def test_a_second_room_of_the_type_will_do(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    session.add(Room(name="Room 2", room_type="exam"))
    add_visit(session, cast, 9, room_id=cast.room, doctor_id=cast.diaz)
    assert "09:00" in times(session, cast, room_type="exam")


def test_a_blocked_room_is_not_to_be_had(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    start = datetime(2026, 6, 8, 9, tzinfo=MADRID)
    session.add(Blocking(room_id=cast.room, start_at=start, end_at=start + timedelta(minutes=45)))
    session.flush()
    assert times(session, cast, room_type="exam") == ["10:00", "10:30"]


def test_a_room_out_of_service_is_not_to_be_had(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    session.get_one(Room, cast.room).status = "out of service"
    session.flush()
    assert times(session, cast, room_type="exam") == []


def test_what_is_past_is_not_free(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    assert times(session, cast, now=datetime(2026, 6, 8, 10, 1, tzinfo=MADRID)) == ["10:30"]


def test_a_night_shift_gives_times_on_both_dates(session: Session, cast: Cast) -> None:
    add_shift(session, cast, start=22, end=6)
    assert times(session, cast, minutes=60, grid=60) == ["22:00", "23:00"]
    after_midnight = times(session, cast, day=DAY + timedelta(days=1), minutes=60, grid=60)
    assert after_midnight == ["00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        # spring: the hour from 02:00 does not exist; autumn: it comes twice
        ("Europe/Madrid", date(2026, 3, 29), ["01:00", "03:00"]),
        ("Europe/Madrid", date(2026, 10, 25), ["01:00", "02:00", "02:00", "03:00"]),
        ("America/New_York", date(2026, 3, 8), ["01:00", "03:00"]),
        ("America/New_York", date(2026, 11, 1), ["01:00", "01:00", "02:00", "03:00"]),
        # Lord Howe moves by half an hour
        ("Australia/Lord_Howe", date(2026, 10, 4), ["01:00", "03:00"]),
        ("Australia/Lord_Howe", date(2026, 4, 5), ["01:00", "02:00", "03:00"]),
    ],
)
def test_times_are_right_on_both_changes_of_the_clock(
    session: Session, cast: Cast, zone: str, day: date, expected: list[str]
) -> None:
    add_shift(session, cast, day=day, start=1, end=4)
    assert times(session, cast, day=day, zone=ZoneInfo(zone), minutes=30, grid=60) == expected


def test_each_missing_time_says_why(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    add_visit(session, cast, 9, 30)
    assert why(session, cast, 9, 30) == ["booked 09:30–10:00"]
    assert why(session, cast, 14) == ["off duty"]
    assert why(session, cast, 10, room_type="imaging") == ["no room of type imaging"]
    assert why(session, cast, 10, before=15) == ["too near to the visit 09:30–10:00"]


def test_a_visit_being_moved_does_not_stand_in_its_own_way(session: Session, cast: Cast) -> None:
    add_shift(session, cast)
    visit = add_visit(session, cast, 9, 30)
    window = availability.window_of(DAY, 1, MADRID)
    situation = situations.load(session, [cast.eriksen], window, MADRID)
    start = visit.appointment_datetime + timedelta(minutes=15)
    against = reasons.reasons_against(
        situation, cast.eriksen, Wish(), start, LONG_AGO, visit.appointment_id
    )
    assert against == []


def test_free_times_cost_the_same_statements_for_one_day_and_for_thirty(
    session: Session, cast: Cast, statements: list[str]
) -> None:
    for offset in range(30):
        add_shift(session, cast, day=DAY + timedelta(days=offset))
    session.flush()
    statements.clear()
    times(session, cast)
    for_one = len(statements)
    statements.clear()
    assert len(times(session, cast, days=30)) == 120
    assert len(statements) == for_one <= 6
