"""The demo clinic as a whole: the same every time, there once, and never among real patients."""

import pytest
from flask import current_app
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from werkzeug.security import check_password_hash

from app.exchange.demo import PASSWORD, USERNAMES, Counts, build
from app.extensions import db
from app.models import (
    Appointment,
    ClinicError,
    MedicalRecord,
    Notification,
    Observation,
    Patient,
    Staff,
)
from tests.exchange.demo_clinic import MONDAY_MORNING, SMALL, appointments

EVERYTHING = (Patient, Staff, Appointment, MedicalRecord, Observation)


def _fingerprint(session):
    people = session.execute(select(Patient.name, Patient.dob, Patient.record_number)).all()
    visits = [
        (a.patient_id, a.doctor_id, a.room_id, a.appointment_datetime, a.status, a.reason)
        for a in appointments(session)
    ]
    measured = session.execute(
        select(Observation.patient_id, Observation.code, Observation.effective, Observation.value)
    ).all()
    return sorted(people), visits, sorted(map(str, measured))


def test_the_same_input_gives_the_same_clinic(demo):
    session = db.session()
    build(session, **SMALL, now=MONDAY_MORNING)
    first = _fingerprint(session)
    session.rollback()
    build(session, **SMALL, now=MONDAY_MORNING)
    assert _fingerprint(session) == first


def test_it_counts_what_it_adds(demo):
    session = db.session()
    counts = build(session, **SMALL, now=MONDAY_MORNING)
    assert counts.patients == SMALL["patients"]
    assert counts.appointments == len(appointments(session))
    assert min(counts.records, counts.observations, counts.prescriptions, counts.allergies) > 0


def test_a_second_run_adds_nothing(demo_of_either):
    session = demo_of_either(MONDAY_MORNING)
    before = [session.query(model).count() for model in EVERYTHING]
    assert build(session, **SMALL, now=MONDAY_MORNING) == Counts(already=True)
    assert [session.query(model).count() for model in EVERYTHING] == before


def test_it_is_still_there_after_someone_registered_a_patient_by_hand(demo_of_either):
    session = demo_of_either(MONDAY_MORNING)
    session.add(Patient(name="Walk-in Wendy", dob=MONDAY_MORNING.date()))
    session.flush()
    assert build(session, **SMALL, now=MONDAY_MORNING).already


def test_a_patient_can_be_registered_after_it(demo_of_either):
    session = demo_of_either(MONDAY_MORNING)
    wendy = Patient(name="Walk-in Wendy", dob=MONDAY_MORNING.date())
    session.add(wendy)
    session.flush()
    assert wendy.patient_id > SMALL["patients"]


def test_it_refuses_where_a_real_patient_is(session):
    session.add(Patient(name="Real Rita", dob=MONDAY_MORNING.date()))
    session.flush()
    with pytest.raises(ClinicError, match="patients here already"):
        build(session, **SMALL, now=MONDAY_MORNING)


def test_it_refuses_to_take_over_a_login(session):
    session.add(
        User(username="admin", first_name="Real", last_name="Root", email="root@example.org")
    )
    session.flush()
    with pytest.raises(ClinicError, match="login “admin”"):
        build(session, **SMALL, now=MONDAY_MORNING)


def test_it_refuses_a_time_without_a_zone(session):
    with pytest.raises(ValueError, match="aware"):
        build(session, **SMALL, now=MONDAY_MORNING.replace(tzinfo=None))


def test_the_five_logins_open_with_the_password_and_have_the_role_of_their_name(demo_of_either):
    session = demo_of_either(MONDAY_MORNING)
    users = session.scalars(select(User).where(User.username.in_(USERNAMES))).all()
    assert {user.username: [role.name for role in user.roles] for user in users} == {
        name: [name] for name in USERNAMES
    }
    assert all(check_password_hash(user.password, PASSWORD) for user in users)


def test_staff_logins_belong_to_staff_of_their_role(demo_of_either):
    session = demo_of_either(MONDAY_MORNING)
    linked = session.execute(select(User.username, Staff.role).join(Staff.user)).all()
    assert sorted(linked) == [(role, role) for role in ("admin", "doctor", "nurse", "receptionist")]


def test_the_patient_login_has_a_past_a_future_records_and_an_allergy(demo_of_either):
    session = demo_of_either(MONDAY_MORNING)
    patient = session.scalars(select(Patient).join(Patient.user)).one()
    visits = [a for a in appointments(session) if a.patient_id == patient.patient_id]
    assert patient.user.username == "patient"
    assert any(a.appointment_datetime > MONDAY_MORNING and a.status == "booked" for a in visits)
    assert any(a.status == "fulfilled" for a in visits)
    assert session.query(MedicalRecord).filter_by(patient_id=patient.patient_id).count()


def test_the_patient_login_may_book_another_visit_in_the_portal(demo):
    session = demo(MONDAY_MORNING)
    patient = session.scalars(select(Patient).join(Patient.user)).one()
    ahead = [
        a for a in appointments(session)
        if a.patient_id == patient.patient_id and a.appointment_datetime > MONDAY_MORNING
    ]  # fmt: skip
    assert 0 < len(ahead) < current_app.config["PORTAL_MOST_OPEN"]


def test_messages_were_sent_skipped_and_given_up(demo_of_either):
    session = demo_of_either(MONDAY_MORNING)
    found = {state for (state,) in session.query(Notification.state).distinct()}
    assert found >= {"sent", "skipped", "dead"}
    assert session.query(Notification).filter(Notification.staff_id.is_not(None)).count() > 0
