"""The facts follow the tables, whichever way these are changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from app.extensions import db
from app.jobs.timetable import TIMETABLE
from app.models import Appointment, Doctor, FactTouched, Patient, Room, Shift, VisitFact
from app.models.analytics import rollup, visits
from app.models.analytics.scope import Scope
from app.models.base.clock import clinic_zone
from tests.cast import Cast

NOW = datetime(2026, 5, 5, tzinfo=UTC)

MERGE = (
    "INSERT INTO patient_link (patient_id, other_id, reason, moved, linked_at) "
    "VALUES ({patient}, {twin}, 'Registered twice', '{{}}', '2026-05-01 08:00:00')"
)
CHANGES = {
    "a booking": "INSERT INTO appointment (patient_id, doctor_id, appointment_datetime, status) "
    "VALUES ({patient}, {doctor}, '2026-05-04 10:00:00', 'booked')",
    "a status": "UPDATE appointment SET status = 'noshow'",
    "another day": "UPDATE appointment SET appointment_datetime = '2026-07-01 08:00:00'",
    "another patient": "UPDATE appointment SET patient_id = {other}",
    "a visit that goes": "DELETE FROM appointment",
    "a move that is written later": "INSERT INTO appointment_history (appointment_id, recorded, "
    "status_after, start_after) SELECT appointment_id, '2026-05-01 08:00:00', 'booked', "
    "appointment_datetime FROM appointment",
    "a move that is taken away": "DELETE FROM appointment_history",
    "a shift": "INSERT INTO shift (staff_id, shift_date, start_time, end_time, published) "
    "VALUES ({staff}, '2026-05-05', '21:00:00', '07:00:00', {true})",
    "another shift": "UPDATE shift SET end_time = '20:00:00'",
    "a shift that goes": "DELETE FROM shift",
    "time off": "INSERT INTO time_off (staff_id, start_at, end_at, status) "
    "VALUES ({staff}, '2026-05-01 08:00:00', '2026-05-04 09:00:00', 'approved')",
    "a blocking": "INSERT INTO blocking (room_id, start_at, end_at) "
    "VALUES ({room}, '2026-05-04 07:00:00', '2026-05-04 09:00:00')",
    "a room": "INSERT INTO room (name, room_type) VALUES ('New', 'exam')",
    "a merge": MERGE,
    "another doctor's shifts": "UPDATE doctor SET staff_id = {nurse} WHERE doctor_id = {doctor}",
}


@pytest.fixture
def clinic(cast: Cast) -> Iterator[Cast]:
    """One visit within a shift, its facts kept."""
    with cast.app.app_context():
        staff = db.session.get_one(Doctor, cast.diaz).staff_id
        day = date(2026, 5, 4)
        db.session.add(Shift(staff_id=staff, shift_date=day, start_time=time(8), end_time=time(16)))
        visit = db.session.get_one(Appointment, cast.visit)
        visit.room_id = cast.room
        db.session.flush()
        db.session.execute(text(CHANGES["a move that is written later"]))
        rollup.refresh(db.session(), NOW)
        db.session.commit()
        yield cast
        db.session.remove()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_raw_sql_is_noted_and_counted(clinic: Cast, change: str) -> None:
    session = db.session()
    staff = session.get_one(Doctor, clinic.diaz).staff_id
    nurse = session.scalar(text("SELECT staff_id FROM staff WHERE role = 'nurse'"))
    postgresql = session.get_bind().dialect.name == "postgresql"
    session.execute(
        text(
            CHANGES[change].format(
                patient=clinic.quentin, other=clinic.quentin, twin=clinic.paula, doctor=clinic.diaz, staff=staff,
                nurse=nurse, room=clinic.room, true="true" if postgresql else 1,
            )
        )
    )  # fmt: skip
    assert rollup.refresh(session, NOW) > 0
    assert rollup.rollup_differences(session) == []


def test_a_fact_that_is_not_what_the_tables_say_is_found(clinic: Cast) -> None:
    session = db.session()
    assert rollup.rollup_differences(session) == []
    session.execute(text("UPDATE visit_fact SET status = 'noshow'"))
    session.execute(text("DELETE FROM shift_fact"))
    assert rollup.rollup_differences(session) == [
        "visit_fact: 2 rows are not what the tables say.",
        "shift_fact: 1 rows are not what the tables say.",
    ]


def test_nothing_touched_is_nothing_done(clinic: Cast) -> None:
    assert rollup.refresh(db.session(), NOW) == 0
    assert not rollup.pending(db.session())


def test_a_booking_waits_to_be_counted(clinic: Cast) -> None:
    db.session.add(Room(name="Another", room_type="exam"))
    db.session.flush()
    assert rollup.pending(db.session())


def test_a_first_visit_makes_the_later_ones_of_the_patient_known(clinic: Cast) -> None:
    session, paula = db.session(), clinic.paula
    later = datetime(2026, 9, 1, 8, tzinfo=UTC)
    visit = Appointment(patient_id=paula, doctor_id=clinic.diaz, appointment_datetime=later)
    session.add(visit)
    session.flush()
    rollup.refresh(session, NOW)
    session.execute(text("UPDATE appointment SET status = 'fulfilled' WHERE appointment_id = 1"))
    rollup.refresh(session, NOW)
    known = select(VisitFact.known).where(VisitFact.appointment_id == visit.appointment_id)
    assert session.scalar(known) is True


def test_who_was_registered_twice_is_new_once_and_known_after_until_they_are_parted(
    clinic: Cast,
) -> None:
    session, zone = db.session(), clinic_zone()
    twin = Patient(name="Paula Again", dob=date(1990, 1, 1))
    earlier = Appointment(
        patient=twin,
        doctor_id=clinic.diaz,
        appointment_datetime=datetime(2026, 4, 1, 8, tzinfo=UTC),
    )
    session.add(earlier)
    session.flush()
    session.execute(text("UPDATE appointment SET status = 'fulfilled'"))

    def facts() -> list[tuple[bool, bool]]:
        rollup.refresh(session, NOW)
        assert rollup.rollup_differences(session, zone) == []
        query = select(VisitFact.first, VisitFact.known)
        theirs = VisitFact.appointment_id.in_((earlier.appointment_id, clinic.visit))
        return [tuple(row) for row in session.execute(query.where(theirs).order_by(VisitFact.day))]

    assert facts() == [(True, False), (True, False)]
    session.execute(text(MERGE.format(patient=clinic.paula, twin=twin.patient_id)))
    assert facts() == [(True, False), (False, True)]
    earlier.status = "noshow"  # of the one row; the other visit is the first now
    assert facts() == [(False, False), (True, False)]
    earlier.status = "fulfilled"
    assert facts() == [(True, False), (False, True)]
    undone = (
        "UPDATE patient_link SET undone_at = '2026-05-02 08:00:00', undone_reason = 'Two people'"
    )
    session.execute(text(undone))
    assert facts() == [(True, False), (True, False)]


def test_many_changes_are_counted_anew_at_once(
    clinic: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "MANY", 3)
    session = db.session()
    for number in range(5):
        session.add(
            Appointment(
                patient=Patient(name=f"Patient {number}", dob=date(1990, 1, 1)),
                doctor_id=clinic.diaz,
                appointment_datetime=datetime(2026, 6, 1, 8, tzinfo=UTC) + timedelta(days=number),
            )
        )
    session.flush()
    assert rollup.refresh(session, NOW) == 5
    assert rollup.rollup_differences(session) == []
    assert session.scalar(select(func.count()).select_from(FactTouched)) == 0


def test_the_worker_keeps_the_figures() -> None:
    assert rollup.refresh in [job for _, _, job in TIMETABLE]


@pytest.mark.parametrize("ask", [visits.by_day, visits.by_kind])
def test_visits_of_years_are_counted_from_an_index_alone(
    sqlite_cast: Cast, ask: Callable[[Session, Scope], object]
) -> None:
    plans: list[str] = []

    def explain(connection: Any, _c: Any, statement: str, given: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.extend(row[-1] for row in rows)

    with sqlite_cast.app.app_context():
        event.listen(db.engine, "before_cursor_execute", explain)
        ask(db.session(), Scope(date(2024, 1, 1), date(2025, 12, 31)))
        event.remove(db.engine, "before_cursor_execute", explain)
    assert any("COVERING INDEX ix_visit_fact_day" in line for line in plans), plans
