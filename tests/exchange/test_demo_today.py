"""The waiting room of the demo clinic is full whenever it is built."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.models import Appointment, Doctor, MedicalRecord, Room
from tests.exchange.demo_clinic import (
    CLOCK_GOES_BACK,
    CLOCK_GOES_FORWARD,
    MONDAY_MORNING,
    SUNDAY,
    THREE_AT_NIGHT,
    ZONE,
    appointments,
)

HOUR = timedelta(hours=1)
ANY_TIME = pytest.mark.parametrize(
    "now",
    [
        MONDAY_MORNING,
        SUNDAY,
        THREE_AT_NIGHT,
        CLOCK_GOES_FORWARD,
        CLOCK_GOES_BACK,
        *(MONDAY_MORNING.replace(hour=hour, minute=11) for hour in (5, 7, 12, 17, 20, 23)),
    ],
    ids=lambda now: f"{now:%a %H:%M}",
)


@ANY_TIME
def test_the_waiting_room_is_full(demo, now):
    session = demo(now)
    waiting = Counter(a.status for a in appointments(session))
    assert waiting["in-room"] >= 3
    assert waiting["checked-in"] + waiting["arrived"] >= 6


@ANY_TIME
def test_the_first_doctor_has_a_patient_in_the_room_and_a_full_day(demo, now):
    session = demo(now)
    first = session.scalar(select(Doctor.doctor_id).order_by(Doctor.doctor_id).limit(1))
    around = [
        a.status
        for a in appointments(session)
        if a.doctor_id == first and abs(a.appointment_datetime - now) < 8 * HOUR
    ]
    assert "in-room" in around
    assert len(around) >= 10 and len(set(around)) >= 4


def test_those_who_wait_arrived_before_now_and_visits_under_way_began(demo):
    session = demo(SUNDAY)
    for visit in appointments(session):
        if visit.status in {"arrived", "checked-in", "in-room"}:
            assert SUNDAY - HOUR < visit.arrived_at < SUNDAY
        if visit.status == "in-room":
            assert visit.appointment_datetime <= SUNDAY < visit.end


def test_what_lies_ahead_has_not_happened_and_what_lies_behind_is_settled(demo):
    session = demo(MONDAY_MORNING)
    for visit in appointments(session):
        if visit.end <= MONDAY_MORNING:
            assert visit.status in {"fulfilled", "noshow", "cancelled"}
        elif visit.appointment_datetime > MONDAY_MORNING + 2 * HOUR:
            assert visit.status in {"booked", "pending", "cancelled"}


def test_a_room_is_occupied_where_a_patient_is_in_it(demo):
    session = demo(MONDAY_MORNING)
    query = select(Appointment.room_id).where(Appointment.status == "in-room")
    states = {room.room_id: room.status for room in session.scalars(select(Room))}
    occupied = {room_id for room_id, status in states.items() if status == "occupied"}
    assert occupied == set(session.scalars(query))
    assert list(states.values()).count("cleaning") == 1


def test_some_records_of_today_are_drafts_and_older_ones_are_signed(demo):
    session = demo(MONDAY_MORNING.replace(hour=15))
    today = MONDAY_MORNING.astimezone(ZONE).date()
    records = session.scalars(select(MedicalRecord)).all()
    assert any(r.status == "draft" for r in records if r.visit_date == today)
    assert all(r.status == "signed" for r in records if (today - r.visit_date).days > 1)
