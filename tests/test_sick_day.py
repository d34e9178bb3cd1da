"""A doctor's sick day: what is proposed, confirmed in one step, told once, and taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.extensions import db
from app.jobs import delivery
from app.models import (
    Absence,
    Appointment,
    AppointmentHistory,
    AuditEvent,
    ClinicError,
    Conflict,
    Doctor,
    Notification,
    NotificationRule,
    Patient,
    Room,
    Shift,
    Stale,
    TimeOff,
    VisitType,
)
from app.models.base.clock import clinic_zone, day_of
from app.models.base.itself import CLINIC
from app.models.messages import message_defaults
from app.models.rota import sick, sick_undo
from app.models.rota.sick import Choice, Choices
from tests.cast import Cast

NOW = datetime.now(UTC)
DAY = NOW.date() + timedelta(days=30)


@pytest.fixture
def ill(cast: Cast, session: Session) -> Cast:
    """Dr. Díaz works on the day and the two after; Dr. Eriksen, of the same field, as well.
    Paula comes at 9:00 and 9:30, Quentin at 10:00."""
    message_defaults.seed(session)
    others = NotificationRule.event.not_in(("doctor_absent", "doctor_back"))
    session.execute(update(NotificationRule).where(others).values(active=False))
    for key in (cast.paula, cast.quentin):
        session.get_one(Patient, key).email = f"patient{key}@example.org"
    doctors = [session.get_one(Doctor, key) for key in (cast.diaz, cast.eriksen)]
    doctors[1].specialization = doctors[0].specialization
    session.add(Room(name="Room 2", room_type="exam"))
    for doctor in doctors:
        for days in range(4):
            on = DAY + timedelta(days=days)
            session.add(
                Shift(staff=doctor.staff, shift_date=on, start_time=time(8), end_time=time(12))
            )
    for patient, hour, minute in ((cast.paula, 9, 0), (cast.paula, 9, 30), (cast.quentin, 10, 0)):
        session.add(visit(cast, patient, hour, minute))
    session.commit()
    return cast


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), clinic_zone()).astimezone(UTC)


def visit(cast: Cast, patient: int, hour: int, minute: int = 0, **facts: Any) -> Appointment:
    known = {
        "patient_id": patient, "doctor_id": cast.diaz, "visit_type_id": cast.visit_type,
        "appointment_datetime": at(hour, minute), "minutes_duration": 30, "status": "booked",
    }  # fmt: skip
    return Appointment(**(known | facts))


def plan(session: Session, cast: Cast, last: date = DAY) -> sick.Plan:
    return sick.absence_plan(session, cast.diaz, DAY, last, NOW)


def as_proposed(found: sick.Plan) -> list[Choice]:
    return [
        Choice(
            p.visit.appointment_id, p.visit.version, "move", p.slot.start, p.slot.doctor_id,
            p.slot.room_id,
        )
        for p in found.proposals
        if p.slot is not None
    ]  # fmt: skip


def confirm(session: Session, cast: Cast, rows: list[Choice], last: date = DAY) -> sick.Done:
    choices = Choices(cast.diaz, DAY, last, rows)
    done = sick.confirm(session, CLINIC, choices, "Flu", NOW)
    session.commit()
    return done


def places(session: Session) -> list[tuple[Any, ...]]:
    """Where every visit is, as rows that can be compared."""
    session.expire_all()
    query = select(Appointment).order_by(Appointment.appointment_id)
    return [
        (v.appointment_datetime, v.doctor_id, v.room_id, v.status, v.cancellation_reason)
        for v in session.scalars(query)
    ]


def test_the_visits_of_the_day_are_found_and_no_others(ill: Cast, session: Session) -> None:
    session.add_all(
        [
            visit(ill, ill.paula, 11, status="cancelled"),
            visit(ill, ill.quentin, 11, doctor_id=ill.eriksen),
            visit(ill, ill.quentin, 11, appointment_datetime=at(11, 0, DAY + timedelta(days=1))),
        ]
    )
    session.commit()
    hours = [p.visit.appointment_datetime for p in plan(session, ill).proposals]
    assert hours == [at(9), at(9, 30), at(10)]


def test_a_proposal_is_a_colleague_of_the_same_field_or_the_same_doctor_later(
    ill: Cast, session: Session
) -> None:
    for proposal in plan(session, ill).proposals:
        assert proposal.slot is not None
        for slot in (proposal.slot, *proposal.others):
            assert slot.doctor_id == ill.eriksen or slot.start >= at(0, 0, DAY + timedelta(days=1))
            assert slot.start >= proposal.visit.appointment_datetime


def test_a_doctor_of_another_field_is_never_proposed(ill: Cast, session: Session) -> None:
    session.get_one(Doctor, ill.eriksen).specialization = "Cardiology"
    session.commit()
    found = plan(session, ill)
    assert {slot.doctor_id for p in found.proposals for slot in (p.slot, *p.others) if slot} == {
        ill.diaz
    }


@pytest.mark.parametrize("rooms", ["exam", None])
def test_no_two_proposals_come_too_near_to_each_other(
    ill: Cast, session: Session, rooms: str | None
) -> None:
    kind = session.get_one(VisitType, ill.visit_type)
    kind.room_type, kind.buffer_before, kind.buffer_after = rooms, 5, 10
    people = [Patient(name=f"P{n}", dob=date(1990, 1, 1)) for n in range(2)]
    session.add_all(people)
    session.flush()
    session.add_all(visit(ill, who.patient_id, 11, 30 * n) for n, who in enumerate(people))
    session.commit()
    slots = [p.slot for p in plan(session, ill).proposals]
    assert None not in slots
    for one, two in combinations(slots, 2):
        apart = max(one.start, two.start) - min(one.end, two.end)
        if one.doctor_id == two.doctor_id:
            assert apart >= timedelta(minutes=10)
        if one.room_id == two.room_id:
            assert apart >= timedelta(0)


def test_a_patient_is_never_proposed_a_time_at_which_they_are_elsewhere(
    ill: Cast, session: Session
) -> None:
    session.get_one(Doctor, ill.eriksen).specialization = "Cardiology"
    morning = DAY + timedelta(days=1)
    session.add(
        visit(ill, ill.paula, 8, doctor_id=ill.eriksen, minutes_duration=120,
              appointment_datetime=at(8, 0, morning))
    )  # fmt: skip
    session.commit()
    mine = [p.slot for p in plan(session, ill).proposals if p.visit.patient_id == ill.paula]
    assert all(slot.start >= at(10, 0, morning) for slot in mine)
    assert len({slot.start for slot in mine}) == 2


def test_a_visit_by_day_is_not_proposed_to_a_night_on_call(ill: Cast, session: Session) -> None:
    session.get_one(Doctor, ill.eriksen).specialization = "Cardiology"
    staff = session.get_one(Doctor, ill.diaz).staff
    on = DAY + timedelta(days=1)
    for shift in session.scalars(select(Shift).filter_by(staff_id=staff.staff_id)):
        session.delete(shift)
    session.flush()
    session.add(Shift(staff=staff, shift_date=on, start_time=time(20, 30), end_time=time(6)))
    session.commit()
    slots = [p.slot for p in plan(session, ill).proposals]
    assert [slot and slot.start for slot in slots] == [at(20, 30, on), None, None]


def test_what_is_proposed_can_be_confirmed_in_one_step(ill: Cast, session: Session) -> None:
    found = plan(session, ill)
    done = confirm(session, ill, as_proposed(found))
    assert len(done.changed) == 3
    assert {v.version for v in done.changed} == {2}
    wanted = [(p.slot.start, p.slot.doctor_id) for p in found.proposals if p.slot]
    assert [(v.appointment_datetime, v.doctor_id) for v in done.changed] == wanted
    assert session.scalar(select(func.count()).select_from(AppointmentHistory)) == 3
    assert set(session.scalars(select(AppointmentHistory.reason))) == {"Flu"}


def test_the_time_off_is_approved_for_the_whole_days(ill: Cast, session: Session) -> None:
    confirm(session, ill, [])
    leave = session.scalars(select(TimeOff)).one()
    assert (leave.status, leave.start_at, leave.end_at) == (
        "approved", at(0), at(0, 0, DAY + timedelta(days=1)),
    )  # fmt: skip


def outward(session: Session) -> list[Notification]:
    """The messages that leave the house; each patient reads the same in the portal."""
    rows = session.scalars(select(Notification).order_by(Notification.patient_id))
    return [row for row in rows if row.channel != "inbox"]


def test_each_patient_gets_exactly_one_message(ill: Cast, session: Session) -> None:
    confirm(session, ill, as_proposed(plan(session, ill)))
    notices = outward(session)
    assert [notice.patient_id for notice in notices] == sorted([ill.paula, ill.quentin])
    assert notices[0].body.count("is now on") == 2
    assert "Flu" not in "".join(notice.body for notice in notices)


def test_a_visit_may_be_cancelled_and_another_left(ill: Cast, session: Session) -> None:
    keys = [(p.visit.appointment_id, p.visit.version) for p in plan(session, ill).proposals]
    rows = [Choice(*keys[0], "cancel"), Choice(*keys[1], "leave"), Choice(*keys[2], "leave")]
    done = confirm(session, ill, rows)
    (cancelled,) = done.changed
    assert (cancelled.status, cancelled.cancellation_reason) == ("cancelled", "doctor")
    assert done.left == 2
    assert len(outward(session)) == 1


def test_a_time_that_is_only_held_is_no_visit_to_be_moved_and_ends_without_a_word(
    ill: Cast, session: Session
) -> None:
    held = visit(ill, ill.quentin, 11, status="pending", hold_until=NOW + timedelta(minutes=30))
    session.add(held)
    session.commit()
    found = plan(session, ill)
    assert held not in [p.visit for p in found.proposals]
    done = confirm(session, ill, [])
    assert (held.status, held.cancellation_reason) == ("cancelled", "doctor")
    assert (done.changed, outward(session)) == ([], [])


def test_one_clash_undoes_the_whole_step(ill: Cast, session: Session) -> None:
    rows = as_proposed(plan(session, ill))
    session.add(
        visit(ill, ill.quentin, 8, doctor_id=ill.eriksen, appointment_datetime=rows[1].start)
    )
    moved = Choice(rows[1].appointment_id, 1, "move", rows[1].start, ill.eriksen, override=True)
    session.commit()
    before = places(session)
    with pytest.raises(Conflict, match="doctor has another visit") as refused:
        confirm(session, ill, [rows[0], moved])
    session.rollback()
    assert refused.value.details["appointment_id"] == moved.appointment_id
    assert places(session) == before
    assert session.scalars(select(TimeOff)).all() == []
    assert session.scalars(select(Notification)).all() == []


def test_a_time_against_a_rule_needs_to_be_overridden(ill: Cast, session: Session) -> None:
    key = plan(session, ill).proposals[0].visit.appointment_id
    late = Choice(key, 1, "move", at(20), ill.eriksen)
    with pytest.raises(ClinicError, match="off duty"):
        confirm(session, ill, [late])
    session.rollback()
    done = confirm(session, ill, [Choice(key, 1, "move", at(20), ill.eriksen, override=True)])
    assert done.changed[0].override_reason == "Flu"


@pytest.mark.parametrize("version", [2, 0])
def test_a_visit_that_was_changed_meanwhile_stops_the_step(
    ill: Cast, session: Session, version: int
) -> None:
    key = plan(session, ill).proposals[0].visit.appointment_id
    with pytest.raises(Stale):
        confirm(session, ill, [Choice(key, version, "cancel")])


def test_a_visit_that_is_not_concerned_is_not_touched(ill: Cast, session: Session) -> None:
    with pytest.raises(Stale):
        confirm(session, ill, [Choice(ill.visit, 1, "cancel")])


def test_undo_puts_every_visit_back_and_withdraws_the_messages(ill: Cast, session: Session) -> None:
    before, rows = places(session), as_proposed(plan(session, ill))
    done = confirm(session, ill, [*rows[:2], Choice(rows[2].appointment_id, 1, "cancel")])
    assert places(session) != before
    back = sick_undo.undo(session, CLINIC, done.absence.absence_id, NOW)
    session.commit()
    assert (len(back.restored), back.not_restored, back.withdrawn) == (3, [], 2)
    assert places(session) == before
    assert session.scalars(select(Notification)).all() == []
    assert session.scalars(select(TimeOff)).all() == []


def test_undo_twice_is_refused(ill: Cast, session: Session) -> None:
    done = confirm(session, ill, [])
    sick_undo.undo(session, CLINIC, done.absence.absence_id, NOW)
    with pytest.raises(Conflict, match="taken back already"):
        sick_undo.undo(session, CLINIC, done.absence.absence_id, NOW)


def test_a_visit_whose_old_time_is_taken_is_named_and_stays(ill: Cast, session: Session) -> None:
    done = confirm(session, ill, as_proposed(plan(session, ill)))
    session.add(visit(ill, new_patient(session), 9))
    session.commit()
    back = sick_undo.undo(session, CLINIC, done.absence.absence_id, NOW)
    session.commit()
    (kept,) = back.not_restored
    assert kept.not_restored == "The doctor has another visit at that time."
    assert kept.visit.doctor_id == ill.eriksen or kept.visit.appointment_datetime > at(12)
    assert len(back.restored) == 2
    (notice,) = outward(session)
    assert notice.patient_id == ill.paula
    assert notice.body.count("is now on") == 1


def new_patient(session: Session) -> int:
    person = Patient(name="Pia", dob=date(1991, 1, 1))
    session.add(person)
    session.flush()
    return person.patient_id


def test_a_visit_that_someone_moved_on_since_is_left_to_them(ill: Cast, session: Session) -> None:
    done = confirm(session, ill, as_proposed(plan(session, ill)))
    done.changed[0].status = "cancelled"
    session.commit()
    back = sick_undo.undo(session, CLINIC, done.absence.absence_id, NOW)
    assert [row.not_restored for row in back.not_restored] == ["It was changed by someone since."]


def test_who_was_told_already_is_told_again(ill: Cast, session: Session) -> None:
    done = confirm(session, ill, as_proposed(plan(session, ill)))
    for notice in session.scalars(select(Notification)):
        notice.state, notice.sent_at = "sent", NOW
    session.commit()
    back = sick_undo.undo(session, CLINIC, done.absence.absence_id, NOW)
    session.commit()
    assert back.withdrawn == 0
    subjects = [row.subject for row in outward(session) if row.sent_at is None]
    assert subjects == ["Your visit takes place as first planned"] * 2


@pytest.mark.parametrize("event", ["doctor_absent", "doctor_back"])
def test_what_was_changed_again_before_the_message_goes_is_not_said(
    ill: Cast, session: Session, event: str
) -> None:
    done = confirm(session, ill, as_proposed(plan(session, ill)))
    if event == "doctor_back":
        session.execute(update(Notification).values(state="sent", sent_at=NOW))
        session.commit()
        sick_undo.undo(session, CLINIC, done.absence.absence_id, NOW)
        session.commit()
    moved, _stays, gone = sorted(visit.appointment_id for visit in done.changed)
    by_another_way = update(Appointment.__table__)
    key = Appointment.appointment_id
    later = {"appointment_datetime": at(11, 30, DAY + timedelta(days=9))}
    session.execute(by_another_way.where(key == moved).values(**later))
    session.execute(by_another_way.where(key == gone).values(status="cancelled"))
    session.commit()
    delivery.drain(session, NOW + timedelta(minutes=2))
    session.expire_all()
    paula, quentin = (row for row in outward(session) if row.rule == event)
    assert (paula.state, paula.body.count("Your visit on")) == ("sent", 1)
    assert (quentin.state, quentin.reason) == ("skipped", "The visit is cancelled.")


def test_a_plan_costs_the_same_for_few_visits_and_for_many(
    ill: Cast, session: Session, statements: list[str]
) -> None:
    plan(session, ill)
    few = len(statements)
    session.add_all(
        visit(ill, new_patient(session), 11, 5 * n, minutes_duration=5) for n in range(6)
    )
    session.commit()
    session.expunge_all()
    statements.clear()
    plan(session, ill)
    assert len([s for s in statements if s.startswith("SELECT")]) <= few


# -- over HTTP -------------------------------------------------------------------------------

JSON = {"Accept": "application/json"}


def body(cast: Cast, rows: list[Choice], **changes: Any) -> dict[str, Any]:
    visits = [
        {
            "appointment_id": row.appointment_id, "version": row.version, "action": row.action,
            "start": row.start and row.start.isoformat(), "doctor_id": row.doctor_id,
            "room_id": row.room_id,
        }
        for row in rows
    ]  # fmt: skip
    told = {"doctor_id": cast.diaz, "first": DAY.isoformat(), "last": DAY.isoformat()}
    return told | {"reason": "Flu", "visits": visits} | changes


def test_the_reception_confirms_and_takes_back(ill: Cast, session: Session) -> None:
    rosa, before = ill.client("rosa"), places(session)
    page = rosa.get(f"/absence/?doctor={ill.diaz}&first={DAY}&last={DAY}")
    assert page.text.count("data-visit=") == 3
    sent = body(ill, as_proposed(plan(session, ill)))
    session.rollback()
    answer = rosa.post("/absence/", json=sent, headers=JSON)
    assert (answer.status_code, answer.json["changed"]) == (201, 3)
    assert "3 moved" in rosa.get(answer.json["url"]).text
    assert rosa.post("/absence/", json=sent, headers=JSON).status_code == 412
    undone = rosa.post(f"{answer.json['url']}/undo", json={}, headers=JSON)
    assert undone.json == {"restored": 3, "not_restored": [], "withdrawn": 2}
    assert places(session) == before
    assert session.scalar(
        select(func.count()).select_from(AuditEvent).filter_by(entity="Appointment", action="edit")
    ) == 6  # fmt: skip


def test_a_clash_names_its_visit_and_changes_nothing(ill: Cast, session: Session) -> None:
    row = as_proposed(plan(session, ill))[1]
    session.add(visit(ill, new_patient(session), 11, doctor_id=ill.eriksen))
    session.commit()
    before = places(session)
    sent = body(ill, [row])
    sent["visits"][0] |= {"start": at(11).isoformat(), "doctor_id": ill.eriksen, "override": True}
    session.rollback()
    answer = ill.client("rosa").post("/absence/", json=sent, headers=JSON)
    assert (answer.status_code, answer.json["appointment_id"]) == (409, row.appointment_id)
    assert answer.json["message"] == "The doctor has another visit at that time."
    assert places(session) == before


@pytest.mark.parametrize("who", ["diaz", "nora", "paula"])
def test_only_the_desk_marks_a_sick_day(ill: Cast, session: Session, who: str) -> None:
    client = ill.client(who)
    assert client.get("/absence/").status_code == 403
    assert client.post("/absence/", json=body(ill, []), headers=JSON).status_code == 403
    assert session.scalars(select(Absence)).all() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"doctor_id": None}, {"doctor_id": 99999}, {"first": "x"}, {"last": "2001-01-01"},
        {"visits": None}, {"visits": [5]}, {"visits": [{"action": "burn"}]}, {"first": None},
        {"visits": [{"action": "cancel"}]}, {"reason": "x" * 201}, {"reason": 5},
        {"first": "1999-01-01", "last": "2199-01-01"}, {"visits": {}},
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_meant_is_refused_in_words(
    sqlite_cast: Cast, wrong: dict[str, Any]
) -> None:
    told = body(sqlite_cast, []) | wrong
    answer = sqlite_cast.client("rosa").post("/absence/", json=told, headers=JSON)
    assert 400 <= answer.status_code < 500
    assert answer.json["message"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"action": "move", "start": None}, "Choose a time"),
        ({"action": "move", "start": "soon"}, "New time"),
        ({"action": "move", "start": "2001-01-01T09:00"}, "passed"),
        ({"action": "move", "override": "yes", "start": "2030-01-01T09:00"}, "true or false"),
        ({"action": "cancel", "version": "x"}, "Version"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_in_words(
    ill: Cast, session: Session, row: dict[str, Any], message: str
) -> None:
    key = plan(session, ill).proposals[0].visit.appointment_id
    session.rollback()
    line = {"appointment_id": key, "version": 1, "doctor_id": ill.eriksen} | row
    answer = ill.client("rosa").post("/absence/", json=body(ill, [], visits=[line]), headers=JSON)
    assert 400 <= answer.status_code < 500
    assert (
        message in answer.json["message"] or answer.json["message"] == "New time: This is needed."
    )


@pytest.mark.parametrize("query", ["doctor=x", "doctor=99999999999", "doctor=1&first=x"])
def test_an_address_that_cannot_be_meant_is_no_failure(sqlite_cast: Cast, query: str) -> None:
    answer = sqlite_cast.client("rosa").get(f"/absence/?{query}")
    assert answer.status_code in {200, 400, 404}


def test_the_page_begins_with_who_has_visits_today(sqlite_cast: Cast) -> None:
    cast, now = sqlite_cast, datetime.now(UTC)
    with cast.app.app_context():
        last = day_of(now, clinic_zone())[1] - timedelta(minutes=1)
        for patient, moment in ((cast.paula, now - timedelta(hours=2)), (cast.quentin, last)):
            visit = Appointment(
                patient_id=patient, doctor_id=cast.diaz, appointment_datetime=moment,
                minutes_duration=10, status="booked",
            )  # fmt: skip
            db.session.add(visit)
        db.session.commit()
        db.session.remove()
    page = cast.client("rosa").get("/absence/").text
    assert f'href="/absence/?doctor={cast.diaz}"' in page
    assert "1 visit still to come" in page, "what has begun is not counted"
    assert f'href="/absence/?doctor={cast.eriksen}"' not in page
