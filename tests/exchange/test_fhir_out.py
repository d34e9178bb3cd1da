"""What goes out as FHIR is valid, says what came in, and is recognised when it comes back."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from datetime import UTC, datetime
from io import BytesIO

import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import func, select

from app.exchange import import_paths
from app.exchange.fhir_out import bundle_of
from app.extensions import db
from app.models import AllergyIntolerance, AuditEvent, MedicalRecord, Patient, PatientLink
from app.models.record.amendment import amendments, intact
from tests.databases import empty
from tests.exchange import bundles as b
from tests.exchange.round_trip import round_trip, rows
from tests.note_steps import amend, begun, note, save, sign, signed
from tests.prescribing_steps import add, order, prescribe, requests

SAMPLES = 12
"""Bundles of the shared sample that are compared resource by resource."""


def of_kind(bundle, kind):
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def test_the_sample_goes_out_as_it_came_in_and_is_recognised(session, tmp_path):
    came, differ = round_trip(session, tmp_path, SAMPLES)
    assert came.total() > 1000
    assert differ == Counter()


@pytest.mark.parametrize(
    ("said", "spoken", "chosen", "goes_out"),
    [("es-MX", "es", "es", "es-MX"), ("fr-CA", None, None, "fr-CA"), ("fr-CA", None, "es", "es")],
)
def test_the_tag_of_a_language_comes_back_unless_another_was_chosen(
    session, tmp_path, said, spoken, chosen, goes_out
):
    tag = {"language": b.concept("urn:ietf:bcp:47", said, said)}
    path = b.write(tmp_path, "in.json", b.bundle(b.patient(communication=[tag])))
    assert import_paths(session, [path], now=b.NOW).failed == []
    row = session.scalars(select(Patient)).one()
    assert row.language == spoken
    row.language = chosen
    out = of_kind(bundle_of(session, row, shared_only=False, now=b.NOW), "Patient")
    assert out[0]["communication"][0]["language"]["coding"][0]["code"] == goes_out


# -- what was written here ----------------------------------------------------------------


def written_here(cast):
    """A signed and amended note with a stopped prescription, a file, and a draft of today."""
    url = signed(cast)
    doctor, nurse = cast.client("diaz"), cast.client("nora")
    amend(doctor, url, reason="Typing error", notes="Whooping cough.", diagnosis="Pertussis")
    nurse.post(f"/chart/{cast.paula}/vitals", data={"systolic": "120", "diastolic": "80"})
    nurse.post(f"/chart/{cast.paula}/files", data={"file": (BytesIO(b"Letter"), "letter.txt")})
    prescribe(doctor, cast.paula, order())
    (row,) = [row for row in requests(cast) if row.code == "J01CA04"]
    doctor.post(
        f"/chart/{cast.paula}/prescription/{row.medication_request_id}/stop",
        data={"reason": "sintol", "note": "Sick of it"},
    )
    draft = begun(cast, doctor)
    save(doctor, note(cast, draft), 1, notes="Not for the patient yet")


def export(cast, name="diaz"):
    answer = cast.client(name).get(f"/chart/{cast.paula}/fhir")
    assert answer.mimetype == "application/fhir+json"
    return answer.json


def told(bundle):
    """The texts of the notes and files, with their state."""
    return [
        (d.get("docStatus"), b64decode(d["content"][0]["attachment"]["data"]).decode())
        for d in of_kind(bundle, "DocumentReference")
    ]


def test_a_record_written_here_goes_out_whole_and_valid(cast):
    written_here(cast)
    bundle = export(cast)
    get_fhir_model_class("Bundle").model_validate_json(json.dumps(bundle))
    assert told(bundle) == [
        ("final", "Diagnosis: Cold\n\nNotes: Cough."),
        ("amended", "Diagnosis: Pertussis\n\nNotes: Whooping cough."),
        (None, "Letter"),
    ]
    (pressure,) = [o for o in of_kind(bundle, "Observation") if o.get("component")]
    assert [p["valueQuantity"]["code"] for p in pressure["component"]] == ["mm[Hg]"] * 2
    assert pressure["component"][0]["valueQuantity"]["value"] == 120
    (drug,) = [m for m in of_kind(bundle, "MedicationRequest") if "statusReason" in m]
    assert (drug["status"], drug["statusReason"]["coding"][0]["code"]) == ("stopped", "sintol")
    assert drug["note"][0]["text"] == "Ended, not tolerated: Sick of it"
    assert drug["requester"]["display"] == "Dr. Díaz"
    assert drug["dispenseRequest"]["quantity"] == {"value": 21, "unit": "capsule"}


def test_a_visit_that_was_written_down_on_another_day_goes_out_with_its_own(sqlite_cast):
    record = {"patient_id": sqlite_cast.paula, "doctor_id": sqlite_cast.diaz}
    dated = record | {"visit_date": "2020-05-04"}
    doctor = sqlite_cast.client("diaz")
    made = doctor.post("/api/v1/medical_record/", json=dated)
    page = note(sqlite_cast, made.json["id"])
    assert sign(doctor, page, 1, notes="Cough.").status_code == 302
    starts = [visit["period"]["start"] for visit in of_kind(export(sqlite_cast), "Encounter")]
    assert "2020-05-04" in starts


def test_the_patient_takes_along_what_the_clinic_shares(cast):
    written_here(cast)
    with cast.app.app_context():
        patient = db.session.get(Patient, cast.paula)
        bundle = bundle_of(db.session(), patient, shared_only=True, now=datetime.now(UTC))
    assert told(bundle) == [("amended", "Diagnosis: Pertussis\n\nNotes: Whooping cough.")]
    assert len(of_kind(bundle, "Encounter")) == 1
    for hidden in ("Not for the patient", "Sick of it", "Typing error"):
        assert hidden not in json.dumps(bundle)


def test_what_was_written_here_is_recognised_when_it_comes_back(cast, tmp_path):
    written_here(cast)
    path = b.write(tmp_path, "back.json", export(cast))
    with cast.app.app_context():
        before = rows(db.session())
        report = import_paths(db.session(), [path])
        assert (report.new, report.failed, rows(db.session())) == (0, [], before)


def emptied(cast, bundle, tmp_path):
    """The bundle in a clinic that knows nothing of it, and what goes out of that one."""
    empty(cast.app)
    with cast.app.app_context():
        report = import_paths(db.session(), [b.write(tmp_path, "there.json", bundle)])
        assert report.failed == []
        patient = db.session.scalars(select(Patient).order_by(Patient.patient_id)).first()
        again = bundle_of(db.session(), patient, shared_only=False, now=datetime.now(UTC))
        db.session.remove()
    return again


def test_notes_and_what_amended_them_come_back_in_another_clinic(cast, tmp_path):
    written_here(cast)
    bundle = export(cast)
    again = emptied(cast, bundle, tmp_path)
    notes = [(state, text) for state, text in told(bundle) if state]
    assert told(again) == notes and len(notes) == 2
    with cast.app.app_context():
        record = db.session.scalars(select(MedicalRecord)).one()
        (version,) = amendments(db.session(), record.record_id)
        assert (version.reason, version.notes) == ("Typing error", "Whooping cough.")
        assert intact(record, [version]) == [None, True]
        assert db.session.scalar(select(func.count()).select_from(MedicalRecord)) == 1
        db.session.remove()


def test_an_entry_that_took_the_place_of_another_still_does_in_another_clinic(cast, tmp_path):
    first = AllergyIntolerance(patient_id=cast.paula, display="Penicillin")
    add(cast, first)
    add(cast, AllergyIntolerance(patient_id=cast.paula, display="Amoxicillin", replaces_id=1))
    bundle = export(cast)
    bundle["entry"].reverse()
    emptied(cast, bundle, tmp_path)
    with cast.app.app_context():
        found = {row.display: row for row in db.session.scalars(select(AllergyIntolerance))}
        assert found["Amoxicillin"].replaces_id == found["Penicillin"].allergy_id
        db.session.remove()


def test_a_merge_goes_along_into_another_clinic(cast, tmp_path):
    signed(cast)
    cast.client("rosa").post(f"/duplicates/{cast.quentin}/{cast.paula}", data={"reason": "Twice"})
    with cast.app.app_context():
        patient = db.session.get(Patient, cast.quentin)
        bundle = bundle_of(db.session(), patient, shared_only=False, now=datetime.now(UTC))
        get_fhir_model_class("Bundle").model_validate_json(json.dumps(bundle))
        db.session.remove()
    kept, replaced = of_kind(bundle, "Patient")
    assert [link["type"] for link in kept["link"]] == ["replaces"]
    assert replaced["active"] is False and replaced["link"][0]["type"] == "replaced-by"
    with cast.app.app_context():
        report = import_paths(db.session(), [b.write(tmp_path, "same.json", bundle)])
        assert (report.new, report.failed) == (0, [])
        db.session.remove()
    emptied(cast, bundle, tmp_path)
    with cast.app.app_context():
        link = db.session.scalars(select(PatientLink)).one()
        assert (link.patient.name, link.other.name) == ("Quentin Quist", "Paula O’Connor")
        db.session.remove()


def test_taking_a_copy_is_on_the_trail(sqlite_cast):
    export(sqlite_cast, "nora")
    with sqlite_cast.app.app_context():
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "export")).one()
    assert (event.agent, event.patient_id, event.detail) == (
        "nora", sqlite_cast.paula, {"form": "FHIR"},
    )  # fmt: skip


def test_a_program_reads_the_record_by_its_token(sqlite_cast):
    url = f"/api/v1/chart/{sqlite_cast.paula}/fhir"
    doctor = sqlite_cast.app.test_client()
    answer = doctor.get(url, headers=sqlite_cast.token("diaz"))
    assert answer.json["resourceType"] == "Bundle"
    desk = sqlite_cast.app.test_client()
    assert desk.get(url, headers=sqlite_cast.token("rosa")).status_code == 403


def test_a_person_reads_the_whole_record_in_one_file(cast):
    written_here(cast)
    answer = cast.client("diaz").get(f"/chart/{cast.paula}/record")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=record-P-")
    for said in (
        "Cough.", "Whooping cough.", "Typing error", "not tolerated – Sick of it", "letter.txt",
        "Not for the patient yet", "Draft: not signed", "120 mm[Hg]", "Signed by Dr. Díaz",
    ):  # fmt: skip
        assert said in answer.text, said
    assert "<script" not in answer.text and "http" not in answer.text
