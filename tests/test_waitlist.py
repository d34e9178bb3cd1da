"""A freed time is offered to the best match, then to the next; two clicks make one booking."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import (
    Appointment,
    Conflict,
    Doctor,
    Patient,
    Shift,
    VisitType,
    WaitlistEntry,
    WaitlistOffer,
)
from app.models.base.itself import CLINIC
from app.models.visits import holds, life, offering
from tests.cast import Cast

START = (datetime.now(UTC) + timedelta(days=30)).replace(hour=9, minute=0, second=0, microsecond=0)
NOW = datetime.now(UTC)
URL = "/api/v1/waitlist/offer/"

Waiting = Callable[..., int]


@pytest.fixture
def booked(session: Session, cast: Cast) -> int:
    """Quentin's visit with Dr. Eriksen, that will be cancelled."""
    visit = Appointment(patient_id=cast.quentin, doctor_id=cast.eriksen, appointment_datetime=START)
    session.add(visit)
    session.commit()
    return visit.appointment_id


@pytest.fixture
def waiting(session: Session, cast: Cast) -> Waiting:
    """Puts a new patient on the waitlist; answers the entry's key."""

    def add(name: str, **facts: Any) -> int:
        patient = Patient(name=name, dob=date(1990, 1, 1))
        wish: dict[str, Any] = {
            "visit_type_id": cast.visit_type, "earliest": START - timedelta(days=5),
            "latest": START + timedelta(days=5), "created": NOW, "patient": patient,
        }  # fmt: skip
        entry = WaitlistEntry(**(wish | facts))
        session.add(entry)
        session.commit()
        return entry.waitlist_entry_id

    return add


def cancel(session: Session, visit: int, now: datetime = NOW) -> None:
    row = session.get_one(Appointment, visit)
    life.move_status(session, CLINIC, row, "cancelled", now, "called")
    session.commit()


def offers(session: Session) -> list[tuple[int, str]]:
    """Each offer's entry and state, in order."""
    session.expire_all()
    query = select(WaitlistOffer).order_by(WaitlistOffer.waitlist_offer_id)
    return [(row.waitlist_entry_id, row.state) for row in session.scalars(query)]


def last(session: Session) -> WaitlistOffer:
    query = select(WaitlistOffer).order_by(WaitlistOffer.waitlist_offer_id.desc()).limit(1)
    return session.scalars(query).one()


def test_a_cancelled_time_is_offered_by_a_hold_of_half_an_hour(
    session: Session, booked: int, waiting: Waiting
) -> None:
    entry = waiting("Ada Able")
    cancel(session, booked)
    assert offers(session) == [(entry, "offered")]
    visit = last(session).appointment
    assert (visit.status, visit.appointment_datetime) == ("pending", START)
    assert visit.hold_until == last(session).expires_at == NOW + timedelta(minutes=30)


def test_the_higher_priority_comes_first_then_who_has_waited_longest(
    session: Session, booked: int, waiting: Waiting
) -> None:
    waiting("Late", created=NOW)
    waiting("Early", created=NOW - timedelta(days=9))
    urgent = waiting("Urgent", priority=5)
    cancel(session, booked)
    assert offers(session) == [(urgent, "offered")]


def test_of_equals_who_has_waited_longest_comes_first(
    session: Session, booked: int, waiting: Waiting
) -> None:
    waiting("Late", created=NOW)
    early = waiting("Early", created=NOW - timedelta(days=9))
    cancel(session, booked)
    assert offers(session) == [(early, "offered")]


@pytest.mark.parametrize(
    "facts",
    [
        {"latest": START - timedelta(days=1)},
        {"earliest": START + timedelta(minutes=1)},
        {"specialization": "Surgery"},
        {"from_time": time(20)},
        {"to_time": time(6)},
        {"weekdays": f"{START + timedelta(days=1):%A}"},
        {"state": "withdrawn"},
        {"state": "booked"},
    ],
)
def test_who_does_not_fit_is_offered_nothing(
    session: Session, booked: int, waiting: Waiting, facts: dict[str, Any]
) -> None:
    waiting("Ada Able", **facts)
    cancel(session, booked)
    assert offers(session) == []


@pytest.mark.parametrize(
    "facts", [{"specialization": "Cardiology"}, {"weekdays": f"{START:%A}"}, {"from_time": time(6)}]
)
def test_who_fits_is_offered_it(
    session: Session, booked: int, waiting: Waiting, facts: dict[str, Any]
) -> None:
    entry = waiting("Ada Able", **facts)
    cancel(session, booked)
    assert offers(session) == [(entry, "offered")]


def test_another_doctors_time_is_not_offered(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    waiting("Ada Able", doctor_id=cast.diaz)
    mine = waiting("Bea Best", doctor_id=cast.eriksen)
    cancel(session, booked)
    assert offers(session) == [(mine, "offered")]


def test_a_longer_visit_does_not_fit(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    kind = VisitType(name="Long", minutes=60)
    session.add(kind)
    session.flush()
    waiting("Ada Able", visit_type_id=kind.visit_type_id)
    cancel(session, booked)
    assert offers(session) == []


def test_on_a_rota_a_longer_visit_fits_where_more_is_free(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    kind = VisitType(name="Long", minutes=60, grid_minutes=30)
    staff = session.get_one(Doctor, cast.eriksen).staff_id
    day = Shift(staff_id=staff, shift_date=START.date(), start_time=time(6), end_time=time(20))
    session.add_all([kind, day])
    session.flush()
    entry = waiting("Ada Able", visit_type_id=kind.visit_type_id)
    cancel(session, booked)
    assert offers(session) == [(entry, "offered")]
    assert last(session).appointment.appointment_datetime == START


def test_a_patient_who_is_elsewhere_is_passed_over(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    elsewhere = Appointment(patient_id=cast.paula, doctor_id=cast.diaz, appointment_datetime=START)
    session.add(elsewhere)
    waiting("Paula", patient=session.get_one(Patient, cast.paula), priority=9)
    entry = waiting("Ada Able")
    cancel(session, booked)
    assert offers(session) == [(entry, "offered")]


def test_declined_it_goes_to_the_next_in_line(
    session: Session, booked: int, waiting: Waiting
) -> None:
    first, second = waiting("Ada Able", priority=2), waiting("Bea Best", priority=1)
    cancel(session, booked)
    offering.decline(session, CLINIC, last(session), NOW)
    session.commit()
    assert offers(session) == [(first, "declined"), (second, "offered")]
    offering.decline(session, CLINIC, last(session), NOW)
    session.commit()
    assert offers(session) == [(first, "declined"), (second, "declined")]


def test_not_answered_it_goes_to_the_next_in_line(
    session: Session, booked: int, waiting: Waiting
) -> None:
    first, second = waiting("Ada Able", priority=2), waiting("Bea Best", priority=1)
    cancel(session, booked)
    later = NOW + timedelta(minutes=31)
    assert offering.expire(session, later) == 1
    session.commit()
    assert offers(session) == [(first, "expired"), (second, "offered")]
    assert last(session).expires_at == later + timedelta(minutes=30)


def test_both_jobs_in_either_order_pass_it_on_once(
    session: Session, booked: int, waiting: Waiting
) -> None:
    first, second = waiting("Ada Able", priority=2), waiting("Bea Best", priority=1)
    cancel(session, booked)
    later = NOW + timedelta(minutes=31)
    for job in (holds.expire, offering.expire):
        job(session, later)
        session.commit()
    assert offers(session) == [(first, "expired"), (second, "offered")]


def test_an_accepted_offer_is_a_booking(session: Session, booked: int, waiting: Waiting) -> None:
    waiting("Ada Able")
    cancel(session, booked)
    visit = offering.accept(session, CLINIC, last(session), NOW)
    session.commit()
    assert (visit.status, visit.hold_until) == ("booked", None)
    assert (last(session).state, last(session).entry.state) == ("taken", "booked")


def test_an_offer_that_ran_out_is_not_taken(
    session: Session, booked: int, waiting: Waiting
) -> None:
    waiting("Ada Able")
    cancel(session, booked)
    with pytest.raises(Conflict, match="run out"):
        offering.accept(session, CLINIC, last(session), NOW + timedelta(minutes=30))


@pytest.mark.parametrize("way", ["move", "noshow", "delete"])
def test_a_time_becomes_free_in_other_ways_too(
    session: Session, booked: int, waiting: Waiting, cast: Cast, way: str
) -> None:
    entry = waiting("Ada Able")
    session.rollback()
    client, url = cast.client("amina"), f"/api/v1/appointment/{booked}"
    if way == "move":
        to = (START + timedelta(days=1)).isoformat()
        answer = client.post(f"{url}/move", json={"appointment_datetime": to})
    elif way == "noshow":
        answer = client.post(f"{url}/status", json={"status": "noshow"})
    else:
        answer = client.delete(url)
    assert answer.status_code == 200, answer.json
    assert offers(session) == [(entry, "offered")]


def test_a_time_that_is_past_is_not_offered(
    session: Session, booked: int, waiting: Waiting
) -> None:
    waiting("Ada Able", latest=START + timedelta(days=50))
    cancel(session, booked, START + timedelta(minutes=5))
    assert offers(session) == []


def test_an_offer_ends_before_its_visit_begins(
    session: Session, booked: int, waiting: Waiting
) -> None:
    waiting("Ada Able")
    cancel(session, booked, START - timedelta(minutes=20))
    assert last(session).expires_at == START


def test_a_move_that_fails_frees_nothing(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    waiting("Ada Able")
    there = Appointment(
        patient_id=cast.paula, doctor_id=cast.eriksen,
        appointment_datetime=START + timedelta(hours=2),
    )  # fmt: skip
    session.add(there)
    session.commit()
    to = (START + timedelta(hours=2)).isoformat()
    lost = cast.client("rosa").post(
        f"/api/v1/appointment/{booked}/move", json={"appointment_datetime": to}
    )
    assert lost.status_code == 409
    assert offers(session) == []


def test_two_clicks_make_one_booking(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    waiting("Ada Able")
    cancel(session, booked, datetime.now(UTC))
    offer = last(session).waitlist_offer_id
    session.rollback()
    rosa = cast.client("rosa")
    answers = [rosa.post(f"{URL}{offer}/accept", json={}) for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert booked_at_start(session) == 1


def test_many_clicks_at_once_make_one_booking(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    waiting("Ada Able")
    cancel(session, booked, datetime.now(UTC))
    offer = last(session).waitlist_offer_id
    session.rollback()
    clients = [cast.client(name) for name in ("rosa", "amina") * 4]
    with ThreadPoolExecutor(8) as pool:
        codes = list(
            pool.map(lambda c: c.post(f"{URL}{offer}/accept", json={}).status_code, clients)
        )
    assert set(codes) == {200}
    assert booked_at_start(session) == 1


def test_accept_and_decline_at_once_have_one_winner(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    waiting("Ada Able")
    cancel(session, booked, datetime.now(UTC))
    offer = last(session).waitlist_offer_id
    session.rollback()
    ways = [(cast.client("rosa"), way) for way in ("accept", "decline") * 3]
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda w: (w[1], w[0].post(f"{URL}{offer}/{w[1]}", json={}).status_code), ways)
        )
    won = {way for way, code in answers if code == 200}
    assert {code for _, code in answers} <= {200, 409}
    assert len(won) == 1
    assert booked_at_start(session) == (1 if won == {"accept"} else 0)


def booked_at_start(session: Session) -> int:
    session.rollback()
    session.expire_all()
    query = select(Appointment).where(
        Appointment.status == "booked", Appointment.appointment_datetime == START
    )
    return len(session.scalars(query).all())


def test_a_booking_by_hand_settles_the_offer(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    entry = waiting("Ada Able")
    cancel(session, booked)
    visit = last(session).appointment_id
    session.rollback()
    rosa = cast.client("rosa")
    assert rosa.post(f"/api/v1/appointment/{visit}/confirm", json={}).status_code == 200
    offering.expire(session, NOW)
    session.commit()
    assert offers(session) == [(entry, "taken")]


@pytest.mark.parametrize(("who", "code"), [("nora", 403), ("diaz", 403), ("paula", 403)])
def test_only_the_desk_answers_for_a_patient(
    session: Session, booked: int, waiting: Waiting, cast: Cast, who: str, code: int
) -> None:
    waiting("Ada Able")
    cancel(session, booked, datetime.now(UTC))
    offer = last(session).waitlist_offer_id
    session.rollback()
    assert cast.client(who).post(f"{URL}{offer}/accept", json={}).status_code == code


def test_the_desk_puts_someone_on_the_list(cast: Cast) -> None:
    rosa = cast.client("rosa")
    body = {
        "patient_id": cast.paula, "visit_type_id": cast.visit_type,
        "earliest": START.isoformat(), "latest": (START + timedelta(days=1)).isoformat(),
        "weekdays": "thursday,Monday",
    }  # fmt: skip
    answer = rosa.post("/api/v1/waitlist_entry/", json=body)
    assert answer.status_code == 201, answer.json
    assert answer.json["result"]["weekdays"] == "Monday, Thursday"
    wrong = ({"latest": START.isoformat()}, {"weekdays": "Someday"},
             {"from_time": "10:00", "to_time": "09:00"})  # fmt: skip
    for changes in wrong:
        assert rosa.post("/api/v1/waitlist_entry/", json=body | changes).status_code == 422
    assert cast.client("nora").post("/api/v1/waitlist_entry/", json=body).status_code == 403
    assert rosa.get("/waitlist_entry/list/").status_code == 200


def test_more_time_for_an_answer_keeps_the_hold(
    session: Session, booked: int, waiting: Waiting, cast: Cast
) -> None:
    waiting("Ada Able")
    cancel(session, booked)
    offer = last(session).waitlist_offer_id
    session.rollback()
    until = NOW.replace(microsecond=0) + timedelta(hours=2)
    url = f"/api/v1/waitlist_offer/{offer}"
    answer = cast.client("rosa").put(url, json={"expires_at": until.isoformat()})
    assert answer.status_code == 200, answer.json
    session.expire_all()
    assert last(session).appointment.hold_until == until


def test_a_freed_time_costs_nothing_more_where_nobody_waits(
    session: Session, booked: int, statements: list[str]
) -> None:
    row = session.get_one(Appointment, booked)
    statements.clear()
    life.move_status(session, CLINIC, row, "cancelled", NOW, "called")
    session.commit()
    assert len(statements) <= 8  # two of them ask what the patient is told


def test_a_savepoint_that_is_rolled_back_takes_only_its_own_times_back(
    session: Session, cast: Cast, booked: int, waiting: Waiting
) -> None:
    waiting("Wanda")
    other = Appointment(
        patient_id=cast.paula, doctor_id=cast.diaz, appointment_datetime=START + timedelta(hours=2)
    )
    session.add(other)
    session.commit()
    visit = session.get_one(Appointment, booked)
    life.move_status(session, CLINIC, visit, "cancelled", NOW, None)
    savepoint = session.begin_nested()
    life.move_status(session, CLINIC, other, "cancelled", NOW, None)
    savepoint.rollback()
    session.commit()
    offered = session.scalars(select(WaitlistOffer)).all()
    assert [offer.appointment.appointment_datetime for offer in offered] == [START]
