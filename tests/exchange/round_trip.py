"""The sample bundles in, out, and compared resource by resource."""

from __future__ import annotations

import json
import tarfile
from collections import Counter

from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import func, select

from app.exchange import import_paths
from app.exchange.fhir_out import bundle_of
from app.models import Appointment, Observation, Patient
from app.models.base.types import FhirDateTime
from tests.exchange import bundles as b
from tests.exchange.bundles import NOW, shared

KINDS = ("Encounter", "Condition", "AllergyIntolerance", "MedicationRequest", "Observation")


def rows(session):
    return [session.scalar(select(func.count()).select_from(m)) for m in (Appointment, Observation)]


def round_trip(session, folder, count):
    """Bring in `count` bundles and take them out again: how many of each kind came in, and how many
    went out otherwise or not at all. Each bundle that goes out is valid, and known when it comes
    back."""
    held = {}
    for path in sample(folder, count):
        assert import_paths(session, [path], now=NOW).failed == []
        for entry in json.loads(path.read_text())["entry"]:
            if entry["resource"]["resourceType"] in KINDS:
                kind = entry["resource"]["resourceType"]
                held[entry["fullUrl"]] = kind, facts(entry["resource"])
    model, went = get_fhir_model_class("Bundle"), {}
    for patient in session.scalars(select(Patient)).all():
        bundle = bundle_of(session, patient, shared_only=False, now=NOW)
        model.model_validate_json(json.dumps(bundle))
        for entry in bundle["entry"]:
            assert entry["fullUrl"] not in went or entry["fullUrl"] not in held
            went[entry["fullUrl"]] = facts(entry["resource"])
        before = rows(session)
        report = import_paths(session, [b.write(folder, "back.json", bundle)], now=NOW)
        assert (report.new, report.failed, rows(session)) == (0, [], before)
    came = Counter(kind for kind, _facts in held.values())
    differ = Counter(kind for url, (kind, said) in held.items() if went.get(url) != said)
    return came, differ


def sample(folder, count):
    """Some bundles of the shared sample, with the practitioners whom they name."""
    found = []
    with tarfile.open(shared("synthea-fhir-r4", "dev-100.tar.xz")) as tar:
        for member in tar:
            if member.name.endswith(".json") and "Information" not in member.name:
                path = folder / f"{len(found)}.json"
                path.write_bytes(tar.extractfile(member).read())
                found.append(path)
            if len(found) == count:
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
