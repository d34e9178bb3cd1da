"""FHIR R4 bundles become rows: each fact where it belongs, and none twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.exchange import import_paths
from app.models import (
    Appointment,
    AuditEvent,
    Doctor,
    MedicalRecord,
    Observation,
    Patient,
    Staff,
)
from tests.exchange import bundles as b
from tests.exchange.bundles import NOW, count, only


def test_a_name_keeps_digits_apostrophes_and_accents(session, bring_in):
    bring_in(b.patient())
    patient = only(session, Patient)
    assert (patient.name, patient.family_name) == ("Ana12 María O'Néill7", "O'Néill7")
    assert (patient.dob, patient.sex) == (date(1910, 2, 28), "female")


def test_the_official_name_wins_over_a_maiden_name(session, bring_in):
    maiden = {"use": "maiden", "family": "Before", "given": ["Ana"]}
    official = {"use": "official", "family": "After", "given": ["Ana"]}
    bring_in(b.patient(name=[maiden, official]))
    assert only(session, Patient).name == "Ana After"


def test_a_new_patient_has_a_record_number_of_their_own(session, bring_in):
    bring_in(b.patient())
    patient = only(session, Patient)
    assert patient.record_number == f"P-{patient.patient_id:06d}"


def test_a_post_code_keeps_its_leading_zeros(session, bring_in):
    home = {"line": ["1 High Street"], "city": "Town", "state": "MA", "postalCode": "00042"}
    bring_in(b.patient(address=[home]))
    assert only(session, Patient).contact_info == "1 High Street\nTown, MA 00042"


def test_the_precision_of_a_death_is_kept(session, bring_in):
    bring_in(b.patient(deceasedDateTime="2019-07"))
    assert only(session, Patient).deceased_on == "2019-07"


def test_an_encounter_is_a_past_appointment_and_a_signed_record(session, bring_in):
    bring_in(b.visit())
    appointment, record = only(session, Appointment), only(session, MedicalRecord)
    assert (appointment.status, record.status) == ("fulfilled", "signed")
    assert record.appointment_id == appointment.appointment_id
    assert appointment.appointment_datetime == datetime(1977, 6, 4, 4, 30, tzinfo=UTC)
    assert appointment.minutes_duration == 16


def test_the_date_of_a_visit_is_the_one_on_the_clock_of_the_place(session, bring_in):
    bring_in(b.visit())
    assert only(session, MedicalRecord).visit_date == date(1977, 6, 3)


def test_the_reason_of_a_visit_stands_on_the_record_alone(session, bring_in):
    bring_in(b.visit())
    assert only(session, MedicalRecord).reason_display == "Viral sinusitis"
    assert only(session, Appointment).reason is None


@pytest.mark.parametrize(
    ("status", "start", "expected"),
    [
        ("cancelled", "2020-01-01T09:00:00Z", "cancelled"),
        ("planned", "2020-01-01T09:00:00Z", "noshow"),
        ("planned", "2030-01-01T09:00:00Z", "proposed"),
        ("in-progress", "2020-01-01T09:00:00Z", "fulfilled"),
    ],
)
def test_no_imported_visit_holds_its_time(session, bring_in, status, start, expected):
    bring_in(b.bundle(b.patient(), b.encounter(status=status, period={"start": start})))
    assert only(session, Appointment).status == expected


def test_overlapping_visits_of_the_past_all_come_in(session, bring_in):
    bring_in(b.bundle(b.patient(), b.encounter(), b.encounter(id="e2")))
    assert count(session, Appointment) == 2


def test_a_visit_of_no_length_lasts_a_minute(session, bring_in):
    moment = "1977-06-03T20:33:20Z"
    bring_in(b.bundle(b.patient(), b.encounter(period={"start": moment, "end": moment})))
    assert only(session, Appointment).minutes_duration == 1


def test_an_encounter_without_a_practitioner_goes_to_the_fallback_doctor(session, bring_in):
    report = bring_in(b.bundle(b.patient(), b.encounter(participant=[])))
    assert only(session, Appointment).doctor.name == "Practitioner not named"
    assert "1 encounters name no known practitioner" in str(report)


def test_the_fallback_doctor_is_added_once_and_takes_no_bookings(session, bring_in):
    bring_in(b.bundle(b.patient(), b.encounter(participant=[])), "one.json")
    bring_in(b.bundle(b.patient(id="p"), b.encounter(id="e2", participant=[])), "two.json")
    assert only(session, Staff).active is False


def test_a_practitioner_of_two_bundles_is_added_once(session, bring_in):
    bring_in(b.visit(), "one.json")
    again = b.practitioner(id="other")
    report = bring_in(b.bundle(b.patient(id="p2"), again), "two.json")
    assert report["Practitioner"].known == 1
    assert only(session, Doctor).name == only(session, Staff).name == "Iva Kovač"


def test_a_practitioner_may_be_named_by_identifier_alone(session, bring_in):
    who = {"reference": f"Practitioner?identifier={b.DOCTOR}", "display": "Dr. Iva Kovač"}
    visit = b.encounter(participant=[{"individual": who}])
    bring_in(b.bundle(b.patient(), visit), "one.json")
    assert only(session, Appointment).doctor.name == "Dr. Iva Kovač"
    assert bring_in(b.practitioner(), "two.json")["Practitioner"].known == 1


def test_a_practitioner_may_be_contained(session, bring_in):
    inside = b.practitioner(id="d")
    visit = b.encounter(contained=[inside], participant=[{"individual": {"reference": "#d"}}])
    bring_in(b.bundle(b.patient(), visit))
    assert only(session, Appointment).doctor.name == "Iva Kovač"


def test_references_by_type_and_id_are_followed(session, bring_in):
    seen = b.observation(subject={"reference": "Patient/p"}, encounter={"reference": "Encounter/e"})
    bring_in(b.visit(seen))
    assert only(session, Observation).record_id == only(session, MedicalRecord).record_id


def test_what_is_not_kept_is_counted_by_type(bring_in):
    report = bring_in(b.visit(b.statement("Claim", "c1"), b.statement("Claim", "c2")))
    assert report["Claim"].skipped == {"not kept": 2}


def test_a_second_import_adds_nothing(session, bring_in):
    document = b.visit(b.observation(), b.statement("Condition", "c"))
    assert bring_in(document).new == 5
    report = bring_in(document)
    assert (report.new, report.known) == (0, 5)
    assert count(session, Observation) == count(session, Patient) == count(session, Doctor) == 1


def test_each_imported_file_leaves_one_event_in_the_trail(session, bring_in):
    bring_in(b.visit())
    event = only(session, AuditEvent)
    assert (event.action, event.entity, event.outcome) == ("import", "Patient", "success")
    assert event.patient_id == only(session, Patient).patient_id
    assert event.detail["new"] == {"Patient": 1, "Practitioner": 1, "Encounter": 1}
    assert event.recorded == NOW


def test_an_import_that_adds_nothing_leaves_no_event(session, bring_in):
    bring_in(b.visit())
    bring_in(b.visit())
    assert count(session, AuditEvent) == 1


def test_progress_is_told_per_file(session, tmp_path):
    told = []
    for name in ("a.json", "b.json"):
        b.write(tmp_path, name, b.patient(id=name))
    import_paths(session, [tmp_path], lambda done, total, name: told.append((done, total, name)))
    assert told == [(1, 2, f"{tmp_path}/a.json"), (2, 2, f"{tmp_path}/b.json")]
