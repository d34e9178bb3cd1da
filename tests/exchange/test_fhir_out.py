"""What goes out as FHIR is valid, says what came in, and is recognised when it comes back."""

from __future__ import annotations

import json
import tarfile
from base64 import b64decode
from collections import Counter
from datetime import UTC, datetime
from io import BytesIO

from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import func, select

from app.exchange import import_paths
from app.exchange.fhir_out import bundle_of
from app.extensions import db
from app.models import Appointment, AuditEvent, Observation, Patient
from app.models.base.types import FhirDateTime
from tests.exchange import bundles as b
from tests.exchange.bundles import NOW, shared
from tests.note_steps import amend, begun, note, save, signed
from tests.prescribing_steps import order, prescribe, requests

KINDS = ("Encounter", "Condition", "AllergyIntolerance", "MedicationRequest", "Observation")
SAMPLES = 12
"""Bundles of the shared sample that are compared resource by resource."""


def of_kind(bundle, kind):
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def rows(session):
    return [session.scalar(select(func.count()).select_from(m)) for m in (Appointment, Observation)]


def test_the_sample_goes_out_as_it_came_in_and_is_recognised(session, tmp_path):
    files = sample(tmp_path)
    for path in files:
        assert import_paths(session, [path], now=NOW).failed == []
    came = {}
    for path in files:
        for entry in json.loads(path.read_text())["entry"]:
            came[entry["fullUrl"]] = entry["resource"]
    held = {url: facts(r) for url, r in came.items() if r["resourceType"] in KINDS}
    model, went = get_fhir_model_class("Bundle"), {}
    for patient in session.scalars(select(Patient)).all():
        bundle = bundle_of(session, patient, shared_only=False, now=NOW)
        model.model_validate_json(json.dumps(bundle))
        assert all(e["fullUrl"] not in went for e in bundle["entry"] if e["fullUrl"] in came)
        went |= {e["fullUrl"]: e["resource"] for e in bundle["entry"]}
        back = b.write(tmp_path, "back.json", bundle)
        before = rows(session)
        report = import_paths(session, [back], now=NOW)
        assert (report.new, report.failed, rows(session)) == (0, [], before)

    assert len(held) > 1000
    differ = Counter(
        came[url]["resourceType"]
        for url in held
        if url not in went or facts(went[url]) != held[url]
    )
    assert differ == Counter()


def sample(folder):
    """Some bundles of the shared sample, with the practitioners whom they name."""
    found = []
    with tarfile.open(shared("synthea-fhir-r4", "dev-100.tar.xz")) as tar:
        for member in tar:
            if member.name.endswith(".json") and "Information" not in member.name:
                path = folder / f"{len(found)}.json"
                path.write_bytes(tar.extractfile(member).read())
                found.append(path)
            if len(found) == SAMPLES:
                return found
    return found


def facts(resource):
    """What of a resource must come back: its codes, dates, values, units, status and links."""
    found = {
        name: resource.get(name)
        for name in ("status", "intent", "type", "criticality", "dosageInstruction")
        if resource["resourceType"] != "Encounter" or name == "status"
    }
    for name in ("code", "medicationCodeableConcept", "clinicalStatus", "verificationStatus"):
        found[name] = code_of(resource.get(name))
    for name in ("onsetDateTime", "abatementDateTime", "recordedDate", "authoredOn",
                 "effectiveDateTime", "issued"):  # fmt: skip
        found[name] = moment(resource.get(name))
    found["encounter"] = resource.get("encounter", {}).get("reference")
    found["period"] = {k: moment(v) for k, v in resource.get("period", {}).items()}
    found["class"] = resource.get("class", {}).get("code")
    found["visit"] = [code_of(c) for c in resource.get("type", ()) if isinstance(c, dict)]
    found["why"] = [code_of(c) for c in resource.get("reasonCode", ())]
    found["category"] = [
        c if isinstance(c, str) else code_of(c)[1] for c in resource.get("category", ())
    ][:1]
    found["for"] = [r["reference"] for r in resource.get("reasonReference", ())][:1]
    found["value"] = value(resource)
    found["parts"] = [(code_of(p["code"]), value(p)) for p in resource.get("component", ())]
    return found


def code_of(concept):
    """System, code and display of the first coding."""
    coding = (concept.get("coding") or [{}])[0] if isinstance(concept, dict) else {}
    return coding.get("system"), coding.get("code"), coding.get("display")


def moment(text):
    return text if text is None or "T" not in text else FhirDateTime.normal(text)


def value(found):
    if quantity := found.get("valueQuantity"):
        return quantity.get("value"), quantity.get("unit")
    if concept := found.get("valueCodeableConcept"):
        return code_of(concept)
    return found.get("valueString")


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
        ("preliminary", "Notes: Not for the patient yet"),
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
