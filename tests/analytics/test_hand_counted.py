"""A few visits, shifts and rooms whose figures were counted by hand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import (
    Appointment,
    AppointmentHistory,
    AuditEvent,
    Blocking,
    Condition,
    Doctor,
    MedicalRecord,
    Notification,
    Patient,
    PatientLink,
    Shift,
    TimeOff,
)
from app.models.analytics import (
    access,
    coded,
    messages,
    missed,
    people,
    rollup,
    sections,
    speed,
    system,
    times,
    use,
    visits,
)
from app.models.analytics.figure import FEW, course, percentile
from app.models.analytics.scope import Asked, Scope, names
from app.models.base.clock import clinic_zone
from tests.cast import Cast

MONDAY = date(2026, 3, 16)
SCOPE = Scope(MONDAY, MONDAY + timedelta(days=6))
NOW = datetime(2026, 3, 23, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    """Clinic time of that Monday, which is UTC + 1, or days later."""
    return datetime.combine(MONDAY + timedelta(days=day), time(hour, minute), clinic_zone())


def visit(cast: Cast, start: datetime, status: str = "fulfilled", **more: Any) -> Appointment:
    row = Appointment(
        patient_id=more.pop("patient_id", cast.paula), doctor_id=cast.diaz,
        appointment_datetime=start, minutes_duration=30, status=status, **more,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def moved(row: Appointment, when: datetime, after: str, before: str | None = "booked") -> None:
    db.session.add(
        AppointmentHistory(
            appointment=row, recorded=when, status_before=before, status_after=after,
            start_after=row.appointment_datetime,
        )
    )  # fmt: skip


def kept() -> Any:
    rollup.refresh(db.session(), NOW)
    return db.session()


@pytest.fixture
def clinic(cast: Cast) -> Any:
    with cast.app.app_context():
        yield cast
        db.session.remove()


def test_visits_are_counted_by_the_clinics_day_and_status(clinic: Cast) -> None:
    visit(clinic, at(0, 30, day=1))  # 23:30 UTC of the day before
    visit(clinic, at(9), "noshow")
    visit(clinic, at(9, day=-1), "noshow", patient_id=clinic.quentin)
    assert visits.by_day(kept(), SCOPE) == {
        (MONDAY, "noshow", False): 1,
        (MONDAY + timedelta(days=1), "fulfilled", False): 1,
        (MONDAY - timedelta(days=1), "noshow", False): 1,
    }


def test_a_visit_entered_in_error_is_in_no_figure(clinic: Cast) -> None:
    visit(clinic, at(9), "entered-in-error")
    assert visits.by_day(kept(), SCOPE) == {}


@pytest.mark.parametrize(
    ("hours", "reason", "late"),
    [(23, "patient", True), (25, "patient", False), (24, None, False), (2, None, True), (2, "doctor", False)],
)  # fmt: skip
def test_late_is_what_the_patient_cancels_within_a_day(
    clinic: Cast, hours: int, reason: str | None, late: bool
) -> None:
    row = visit(clinic, at(12), "cancelled", cancellation_reason=reason)
    moved(row, at(12) - timedelta(hours=hours), "cancelled")
    assert visits.by_day(kept(), SCOPE) == {(MONDAY, "cancelled", late): 1}


def test_due_visits_are_broken_down_by_hour_lead_time_and_familiarity(clinic: Cast) -> None:
    first = visit(clinic, at(9))
    moved(first, at(9) - timedelta(days=7), "booked", None)
    visit(clinic, at(10, day=2), "noshow")
    found = {
        (g.weekday, g.hour, missed.LEADS[g.lead], g.known) for g in missed.due_visits(kept(), SCOPE)
    }
    assert found == {(0, 9, "1 week", False), (2, 10, "Not known", True)}


def test_waiting_is_from_the_arrival_to_the_room(clinic: Cast) -> None:
    row = visit(clinic, at(9), arrived_at=at(8, 50))
    moved(row, at(9, 7), "in-room", "checked-in")
    moved(row, at(9, 45), "fulfilled", "in-room")
    assert times.waits(kept(), SCOPE) == {(MONDAY, 9, 17): 1}
    assert times.lengths(db.session(), SCOPE) == {(1, None): (1, 30, 38)}


def test_a_move_into_the_room_that_was_taken_back_is_no_wait(clinic: Cast) -> None:
    row = visit(clinic, at(9), "checked-in", arrived_at=at(8, 50))
    moved(row, at(9, 7), "in-room", "checked-in")
    moved(row, at(9, 8), "checked-in", "in-room")
    assert times.waits(kept(), SCOPE) == {}


def test_a_patient_is_new_once(clinic: Cast) -> None:
    visit(clinic, at(8), "noshow")
    visit(clinic, at(9))
    visit(clinic, at(9, day=1))
    assert access.new_patients(kept(), SCOPE) == {MONDAY: 1}


def shift(cast: Cast, start: int, end: int, day: int = 0, **more: Any) -> None:
    staff = db.session.get_one(Doctor, cast.diaz).staff_id
    on = MONDAY + timedelta(days=day)
    db.session.add(
        Shift(staff_id=staff, shift_date=on, start_time=time(start), end_time=time(end), **more)
    )


def test_a_doctor_is_booked_by_visits_within_the_shift(clinic: Cast) -> None:
    shift(clinic, 8, 12)
    visit(clinic, at(8, 15))
    visit(clinic, at(9), "cancelled")
    visit(clinic, at(10), "noshow", patient_id=clinic.quentin)
    visit(clinic, at(11, 45), patient_id=clinic.quentin)  # a quarter of an hour is over time
    assert use.doctors(kept(), SCOPE) == {(1, clinic.diaz): (240, 75)}


def test_time_off_and_drafts_of_the_rota_are_not_available(clinic: Cast) -> None:
    shift(clinic, 8, 12)
    shift(clinic, 8, 12, day=1, published=False)
    staff = db.session.get_one(Doctor, clinic.diaz).staff_id
    for start, end, status in ((8, 9, "approved"), (8, 10, "approved"), (10, 12, "requested")):
        db.session.add(TimeOff(staff_id=staff, start_at=at(start), end_at=at(end), status=status))
    assert use.doctors(kept(), SCOPE) == {(1, clinic.diaz): (120, 0)}


def test_a_night_shift_counts_on_the_day_on_which_it_begins(clinic: Cast) -> None:
    shift(clinic, 21, 7)
    visit(clinic, at(2, day=1))
    assert use.shifts(kept(), SCOPE) == {(0, 2): (600, 30)}


def test_a_night_across_the_change_of_the_clock_has_nine_hours(clinic: Cast) -> None:
    shift(clinic, 21, 7, day=12)  # Saturday, 28 March 2026
    scope = Scope(MONDAY, MONDAY + timedelta(days=13))
    assert use.doctors(kept(), scope) == {(1, clinic.diaz): (540, 0)}


def test_a_room_is_available_while_a_doctor_is_on_duty_and_it_is_not_blocked(clinic: Cast) -> None:
    shift(clinic, 8, 12)
    db.session.add(Blocking(room_id=clinic.room, start_at=at(11), end_at=at(13)))
    visit(clinic, at(10), room_id=clinic.room)
    assert use.rooms(kept(), SCOPE) == {(1, clinic.room): (180, 30)}


def test_a_note_is_signed_in_time_within_a_day_of_the_visits_end(clinic: Cast) -> None:
    for hours, status in ((24, "signed"), (25, "signed"), (None, "draft")):
        signed = at(10) + timedelta(hours=hours) if hours else None
        record = MedicalRecord(
            patient_id=clinic.paula, doctor_id=clinic.diaz, visit_date=MONDAY, status=status,
            ended_at=at(10), signed_at=signed,
        )  # fmt: skip
        db.session.add(record)
    found = people.notes(kept(), SCOPE)
    assert found == {(1, clinic.diaz): people.Notes(3, 1, 2, 1)}


def diagnose(count: int, code: str, display: str) -> None:
    for number in range(count):
        patient = Patient(name=f"Patient {number}", dob=date(1990, 1, 1))
        row = Condition(patient=patient, code=code, display=display, recorded="2026-03-17")
        db.session.add(row)


def test_a_diagnosis_of_fewer_than_five_patients_is_not_named(clinic: Cast) -> None:
    diagnose(5, "I10", "Hypertension")
    diagnose(4, "F20", "Schizophrenia")
    asked = Asked(kept(), SCOPE, names(db.session()), clinic_zone(), NOW)
    (figure, _) = coded.figures(asked)
    assert figure.rows == [("Hypertension (I10)", [5, 0])]
    assert "fewer than 5 patients" in figure.note


def test_who_was_registered_twice_and_merged_is_one_of_the_five(clinic: Cast) -> None:
    diagnose(5, "F20", "Schizophrenia")
    db.session.flush()
    two = db.session.scalars(select(Condition.patient_id).order_by(Condition.patient_id)).all()[-2:]
    link = PatientLink(
        patient_id=two[0], other_id=two[1], reason="Registered twice", moved={}, linked_at=NOW,
        linked_by_id=clinic.users["amina"],
    )  # fmt: skip
    db.session.add(link)
    assert [row.patients for row in coded.diagnoses(kept(), SCOPE)] == [4]


def test_words_that_were_typed_for_one_patient_are_not_shown(clinic: Cast) -> None:
    diagnose(5, "I10", "Hypertension")
    diagnose(1, "I10", "Hypertension, since the divorce")
    assert [(row.display, row.patients) for row in coded.diagnoses(kept(), SCOPE)] == [
        ("Hypertension", 6)
    ]


def test_text_without_a_code_is_not_counted(clinic: Cast) -> None:
    diagnose(6, "", "x")
    db.session.query(Condition).update({"code": None})
    assert coded.diagnoses(kept(), SCOPE) == []


def test_a_rate_of_fewer_than_five_visits_is_not_told(clinic: Cast) -> None:
    for hour in (8, 9, 10, 11):
        visit(clinic, at(hour), "noshow")
    asked = Asked(kept(), SCOPE, names(db.session()), clinic_zone(), NOW)
    by_weekday = missed.figures(asked)[1]
    assert by_weekday.rows == [("Monday", [FEW, FEW, FEW])]


def test_the_third_next_free_time_does_not_overlap_the_second(clinic: Cast) -> None:
    today = datetime(2026, 3, 16, 6, tzinfo=UTC)
    shift(clinic, 8, 9)  # two free half-hours
    shift(clinic, 8, 9, day=3)
    db.session.flush()
    found = access.days_to_third(db.session(), [clinic.diaz, clinic.eriksen], today, clinic_zone())
    assert found == {clinic.diaz: 3, clinic.eriksen: None}


def test_access_is_measured_once_a_day(clinic: Cast) -> None:
    assert access.measure(db.session(), NOW) == 2
    assert access.measure(db.session(), NOW + timedelta(hours=1)) == 0
    assert access.measure(db.session(), NOW + timedelta(days=1)) == 2


def reminder(row: Appointment, state: str, channel: str = "email", rule: str = "reminder") -> None:
    key = f"{row.appointment_id}{state}{channel}{rule}"
    sent_at = at(8) if state == "sent" else None
    db.session.add(
        Notification(
            once=key, message_id=key, rule=rule, channel=channel, patient_id=row.patient_id,
            appointment_id=row.appointment_id, subject="x", body="x", state=state, created=at(7),
            not_before=at(8), sent_at=sent_at,
        )
    )  # fmt: skip


def test_reminders_are_counted_by_channel_and_state(clinic: Cast) -> None:
    row = visit(clinic, at(12))
    for state in ("sent", "skipped", "dead"):
        reminder(row, state)
    reminder(row, "sent", "inbox")
    reminder(row, "sent", rule="booked")
    found = messages.reminders(kept(), at(0), at(0, day=1))
    assert found == {("email", "sent"): 1, ("email", "skipped"): 1, ("email", "dead"): 1}
    assert messages.reminders(db.session(), at(9), at(0, day=1)) == {}


def test_the_effect_of_reminders_counts_those_that_were_sent(clinic: Cast) -> None:
    reminder(visit(clinic, at(12)), "sent")
    reminder(visit(clinic, at(13), "noshow"), "dead")
    reminder(visit(clinic, at(14), "booked"), "sent")
    assert messages.effect(kept(), SCOPE) == {True: (1, 0, 0), False: (0, 1, 0)}


def test_a_confirmation_by_link_is_no_move_by_link(clinic: Cast) -> None:
    row = visit(clinic, at(12), "booked")
    for before in (None, at(10)):
        db.session.add(
            AppointmentHistory(
                appointment=row, recorded=at(8), agent="link", status_before="booked",
                status_after="booked", start_before=before, start_after=at(12),
            )
        )  # fmt: skip
    assert messages.confirmed(kept(), at(0), at(0, day=1)) == 1


def test_events_of_the_trail_are_counted_by_role_and_kind(clinic: Cast) -> None:
    for action, outcome in (
        ("login", "success"),
        ("login", "failure"),
        ("edit", "success"),
        ("list", "success"),
    ):
        db.session.add(
            AuditEvent(
                recorded=at(8),
                user_id=clinic.users["nora"],
                action=action,
                entity="x",
                outcome=outcome,
            )
        )
    db.session.flush()
    found = system.events(db.session(), at(0), at(0, day=1))
    assert found == {("nurse", kind): 1 for kind in range(4)}


def test_response_times_are_added_up_by_page_in_steps(clinic: Cast) -> None:
    seconds = (0.0009, 0.0011, 0.0011, 0.5)
    keys = [speed.key_of("/calendar/events", passed, at(8)) for passed in seconds]
    assert [key.step for key in keys] == [10, 12, 12, 5000]
    for _ in range(2):  # two processes, the same page
        speed.add(db.session(), Counter(keys))
    speed.add(db.session(), Counter([speed.key_of("/board/", 9999, at(8))]))
    found = speed.times(db.session(), SCOPE)
    assert found == {
        (1, "/calendar/events"): {10: 2, 12: 4, 5000: 2},
        (1, "/board/"): {800_000: 1},
    }
    figure = speed.figure(Asked(db.session(), SCOPE, names(db.session()), clinic_zone(), NOW))
    assert figure.rows == [("/calendar/events", [8, 1.2, 500.0]), ("/board/", [1, FEW, FEW])]


@pytest.mark.parametrize(
    ("counts", "rank", "value"),
    [({}, 50, None), ({3: 4}, 50, FEW), ({1: 2, 2: 2, 9: 1}, 50, 2), ({1: 9, 7: 1}, 90, 1), ({1: 8, 7: 2}, 90, 7)],
)  # fmt: skip
def test_a_percentile_is_the_nearest_rank(
    counts: dict[int, int], rank: float, value: object
) -> None:
    assert percentile(counts, rank) == value


@pytest.mark.parametrize(
    ("days", "labels"),
    [(3, ["16 Mar", "17 Mar", "18 Mar"]), (40, ["16 Mar", "23 Mar", "30 Mar"]), (200, ["Mar 2026", "Apr 2026"])],
)  # fmt: skip
def test_a_course_has_a_point_a_day_a_week_or_a_month(days: int, labels: list[str]) -> None:
    scope = Scope(MONDAY, MONDAY + timedelta(days=days - 1))
    assert [label for label, _ in course(scope, [], lambda _: [])][: len(labels)] == labels


def test_an_empty_clinic_has_empty_figures(clinic: Cast) -> None:
    db.session.query(Appointment).delete()
    db.session.query(MedicalRecord).delete()
    asked = Asked(kept(), SCOPE, names(db.session()), clinic_zone(), NOW)
    figures = [figure for section in sections.SECTIONS for figure in section.build(asked)]
    assert [figure.key for figure in figures if not figure.is_empty] == []
