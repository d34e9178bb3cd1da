"""What every visit, person and measurement of the demo clinic keeps to."""

from datetime import date
from itertools import pairwise

import pytest
from sqlalchemy import select

from app.exchange.demo import build
from app.exchange.demo.cast import KINDS
from app.extensions import db
from app.language import in_language
from app.models import (
    AllergyIntolerance,
    Doctor,
    MedicalRecord,
    MedicationRequest,
    Observation,
    Patient,
    Shift,
    VisitType,
)
from tests.exchange.demo_clinic import (
    CLOCK_GOES_BACK,
    CLOCK_GOES_FORWARD,
    MONDAY_MORNING,
    SMALL,
    ZONE,
    appointments,
)

OVER_A_CLOCK_CHANGE = pytest.mark.parametrize(
    "now", [CLOCK_GOES_FORWARD, CLOCK_GOES_BACK], ids=["forward", "back"]
)


@OVER_A_CLOCK_CHANGE
@pytest.mark.parametrize("who", ["doctor_id", "room_id", "patient_id"])
def test_no_visits_of_one_doctor_room_or_patient_overlap(demo, now, who):
    session = demo(now)
    by_key = {}
    for visit in appointments(session):
        by_key.setdefault(getattr(visit, who), []).append(visit)
    for visits in by_key.values():
        assert all(a.end <= b.appointment_datetime for a, b in pairwise(visits))


@OVER_A_CLOCK_CHANGE
def test_every_visit_lies_in_a_shift_of_its_doctor(demo, now):
    session = demo(now)
    shifts = {}
    for shift, doctor_id in session.execute(
        select(Shift, Doctor.doctor_id).join(Doctor, Doctor.staff_id == Shift.staff_id)
    ):
        shifts.setdefault(doctor_id, []).append(shift.interval(ZONE))
    for visit in appointments(session):
        assert any(
            start.timestamp() <= visit.appointment_datetime.timestamp()
            and visit.end.timestamp() <= end.timestamp()
            for start, end in shifts[visit.doctor_id]
        )


@OVER_A_CLOCK_CHANGE
def test_nobody_has_two_shifts_at_once(demo, now):
    session = demo(now)
    by_staff = {}
    for shift in session.scalars(select(Shift)):
        start, end = shift.interval(ZONE)
        by_staff.setdefault(shift.staff_id, []).append((start.timestamp(), end.timestamp()))
    for spans in by_staff.values():
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(spans)))


def test_visits_start_on_the_grid_of_their_kind_and_in_a_room_of_its_type(demo):
    session = demo(MONDAY_MORNING)
    for visit in appointments(session):
        local = visit.appointment_datetime.astimezone(ZONE)
        assert local.minute % visit.visit_type.grid_minutes == 0
        assert visit.room.room_type == visit.visit_type.room_type


def test_there_are_free_times_left(demo):
    session = demo(MONDAY_MORNING)
    ahead = [a for a in appointments(session) if a.appointment_datetime > MONDAY_MORNING]
    doctors = select(Doctor.staff_id)
    shifts = session.scalars(
        select(Shift).where(Shift.shift_date > MONDAY_MORNING.date(), Shift.staff_id.in_(doctors))
    )
    at_work = sum((shift.interval(ZONE)[1] - shift.interval(ZONE)[0]).seconds for shift in shifts)
    assert sum(a.minutes_duration * 60 for a in ahead) < 0.7 * at_work


def test_doctors_see_those_whom_they_treat(demo):
    session = demo(MONDAY_MORNING)
    for visit in appointments(session):
        age = visit.patient.age(visit.appointment_datetime.date())
        if visit.doctor.specialization == "Paediatrics":
            assert 0 <= age < 18
        if visit.doctor.specialization == "Gynaecology":
            assert visit.patient.sex == "female" and age >= 16


def test_patients_are_between_1_and_95_and_can_be_written_to(demo):
    session = demo(MONDAY_MORNING)
    today = MONDAY_MORNING.date()
    patients = session.scalars(select(Patient)).all()
    assert all(1 <= p.age(today) <= 95 for p in patients)
    assert all(p.email.endswith(("@example.org", "@example.com")) for p in patients)
    assert len({p.email for p in patients}) == len(patients)


def test_no_penicillin_is_prescribed_to_those_who_do_not_bear_it(demo):
    session = db.session()
    build(session, **SMALL | {"patients": 400}, now=MONDAY_MORNING)
    prescribed = (
        select(MedicationRequest.display)
        .join(AllergyIntolerance, AllergyIntolerance.patient_id == MedicationRequest.patient_id)
        .where(AllergyIntolerance.display == "Penicillin")
    )
    names = session.scalars(prescribed).all()
    assert names and not [name for name in names if name.startswith("Amoxicillin")]


def test_dosages_are_said_in_the_language_of_who_reads_them(demo):
    demo(MONDAY_MORNING)
    rows = db.session.scalars(select(MedicationRequest)).all()
    with in_language("es"):
        assert "1 comprimido por vía oral por la mañana" in {row.taken for row in rows}
        assert [row.taken for row in rows if row.taken == row.dosage] == []


def test_nothing_was_measured_noted_or_known_before_birth_or_after_now(demo):
    session = demo(MONDAY_MORNING)
    born = dict(session.execute(select(Patient.patient_id, Patient.dob)).all())
    for record in session.scalars(select(MedicalRecord)):
        assert born[record.patient_id] <= record.visit_date
        assert record.started_at < record.ended_at <= MONDAY_MORNING
    for allergy in session.scalars(select(AllergyIntolerance)):
        birth, today = born[allergy.patient_id].isoformat(), MONDAY_MORNING.date().isoformat()
        length = len(allergy.recorded)  # a year, or the day on which one said that none is known
        assert birth[:length] <= allergy.recorded <= today[:length]


def test_vital_signs_are_those_of_living_people(demo):
    session = demo(MONDAY_MORNING)
    plausible = {
        "8302-2": (55, 205), "29463-7": (5, 160), "39156-5": (11, 45), "8867-4": (40, 150),
        "8310-5": (35.5, 40.5), "2708-6": (90, 100), "72514-3": (0, 10),
        "4548-4": (4, 14), "2089-1": (30, 300), "718-7": (7, 19),
    }  # fmt: skip
    seen = set()
    for found in session.scalars(select(Observation)):
        seen.add(found.code)
        if found.code == "85354-9":
            systolic, diastolic = (part["value"] for part in found.components)
            assert 80 < systolic < 200 and 45 < diastolic < systolic
        else:
            low, high = plausible[found.code]
            assert low <= found.value <= high
    assert seen == {*plausible, "85354-9"}


def test_colours_of_visit_types_are_distinct_and_carry_white_text(demo):
    session = demo(MONDAY_MORNING)
    colours = session.scalars(select(VisitType.colour)).all()
    assert len(set(colours)) == len(KINDS)
    assert all(1.05 / (_luminance(colour) + 0.05) >= 4.5 for colour in colours)


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_span_reaches_from_the_years_before_to_four_weeks_ahead(demo):
    session = demo(MONDAY_MORNING)
    days = [a.appointment_datetime.date() for a in appointments(session)]
    assert min(days) < date(2025, 3, 25)
    assert max(days) > date(2026, 4, 7)
