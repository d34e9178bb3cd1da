"""The database itself refuses a second booking, on every path."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.cast import Cast

INSERT = text(
    "INSERT INTO appointment (patient_id, doctor_id, room_id, appointment_datetime, "
    "minutes_duration, status) VALUES (:patient, :doctor, :room, :start, :minutes, :status)"
)


def book(session: Session, cast: Cast, **changes: object) -> None:
    """A visit of Quentin with Dr. Eriksen at 08:00 UTC, sent as raw SQL."""
    visit = {
        "patient": cast.quentin, "doctor": cast.eriksen, "room": cast.room,
        "start": "2026-06-01 08:00:00", "minutes": 30, "status": "booked",
    }  # fmt: skip
    session.execute(INSERT, visit | changes)


@pytest.mark.parametrize("shared", ["doctor", "room", "patient"])
@pytest.mark.parametrize("start", ["07:31", "08:00", "08:29"])
def test_an_overlap_of_doctor_room_or_patient_is_refused(
    session: Session, cast: Cast, shared: str, start: str
) -> None:
    book(session, cast)
    others = {"doctor": cast.diaz, "patient": cast.paula, "room": None}
    others.pop(shared)
    with pytest.raises(IntegrityError, match=f"appointment_{shared}_taken"):
        book(session, cast, start=f"2026-06-01 {start}:00", **others)


@pytest.mark.parametrize("start", ["07:30", "08:30"])
def test_visits_that_touch_do_not_overlap(session: Session, cast: Cast, start: str) -> None:
    book(session, cast)
    book(session, cast, start=f"2026-06-01 {start}:00")


def test_half_a_second_is_an_overlap(session: Session, cast: Cast) -> None:
    book(session, cast, start="2026-06-01 08:00:00.5")
    with pytest.raises(IntegrityError, match="appointment_"):
        book(session, cast, start="2026-06-01 08:30:00")


@pytest.mark.parametrize("start", ["1799-12-30 23:59:59", "2201-01-02 00:00:00", "infinity"])
def test_a_visit_in_a_year_that_no_form_takes_is_refused(
    session: Session, cast: Cast, start: str
) -> None:
    with pytest.raises(IntegrityError, match=r"datetime_(years|spelling)"):
        book(session, cast, start=start)


@pytest.mark.parametrize(
    "left", [{"status": None}, {"minutes": None}], ids=lambda left: next(iter(left))
)
def test_sqlite_looks_at_what_stands_in_place_of_a_null(
    sqlite_cast: Cast, left: dict[str, None]
) -> None:
    from app.extensions import db

    replace = text(INSERT.text.replace("INSERT", "INSERT OR REPLACE"))
    with sqlite_cast.app.app_context():
        book(db.session(), sqlite_cast)
        other = {"patient": sqlite_cast.paula, "doctor": sqlite_cast.eriksen, "room": None}
        visit = other | {"start": "2026-06-01 08:10:00", "minutes": 30, "status": "booked"} | left
        with pytest.raises(IntegrityError, match="appointment_doctor_taken"):
            db.session().execute(replace, visit)


def test_a_visit_is_seen_whatever_its_number(session: Session, cast: Cast) -> None:
    book(session, cast)
    session.execute(
        text(
            "UPDATE appointment SET appointment_id = -1 "
            "WHERE appointment_id = (SELECT max(appointment_id) FROM appointment)"
        )
    )
    with pytest.raises(IntegrityError, match="appointment_"):
        book(session, cast)


@pytest.mark.parametrize("status", ["cancelled", "noshow", "fulfilled", "entered-in-error"])
def test_a_visit_that_is_over_holds_nothing(session: Session, cast: Cast, status: str) -> None:
    book(session, cast, status=status)
    book(session, cast)


def test_a_cancelled_visit_cannot_come_back_onto_a_taken_time(session: Session, cast: Cast) -> None:
    book(session, cast, status="cancelled")
    book(session, cast)
    with pytest.raises(IntegrityError, match="appointment_"):
        session.execute(text("UPDATE appointment SET status = 'booked' WHERE status = 'cancelled'"))


def test_a_long_visit_of_the_day_before_still_counts(session: Session, cast: Cast) -> None:
    book(session, cast, start="2026-05-31 08:30:00", minutes=1440)
    with pytest.raises(IntegrityError, match="appointment_"):
        book(session, cast, start="2026-06-01 08:00:00")


def test_no_active_visit_is_longer_than_a_day(session: Session, cast: Cast) -> None:
    with pytest.raises(IntegrityError):
        book(session, cast, minutes=1441)


def test_moving_a_visit_within_its_own_time_is_allowed(session: Session, cast: Cast) -> None:
    book(session, cast)
    moved = text("UPDATE appointment SET appointment_datetime = :t WHERE patient_id = :p")
    session.execute(moved, {"t": "2026-06-01 08:10:00", "p": cast.quentin})


def test_two_visits_without_a_room_do_not_share_one(session: Session, cast: Cast) -> None:
    book(session, cast, room=None)
    book(session, cast, room=None, patient=cast.paula, doctor=cast.diaz)


@pytest.mark.parametrize(
    "start",
    ["2026-06-01T08:00:00", "2027-02-30 10:00:00", "2027-03-02 22:00:00+12:00", "2027-03-02 24:00:00",
     "2027-03-02 10:00:00Z", "2027-03-02 10:00:00.", "2027-03-02 10:00:00.5+01:00", "2027-03-02 10:00",
     "2027-03-02 10:00:00\0", "2027-03-02 10:00:00.5\0"],
)  # fmt: skip
def test_sqlite_refuses_a_time_in_another_spelling_or_in_no_calendar(
    sqlite_app: object, sqlite_cast: Cast, start: str
) -> None:
    from app.extensions import db

    with (
        sqlite_cast.app.app_context(),
        pytest.raises(IntegrityError, match="appointment_datetime_spelling"),
    ):
        book(db.session(), sqlite_cast, start=start)


def test_sqlite_takes_the_last_microsecond_of_a_day(sqlite_cast: Cast) -> None:
    from app.extensions import db

    with sqlite_cast.app.app_context():
        book(db.session(), sqlite_cast, start="2028-02-29 23:59:59.999999")
        db.session.remove()
