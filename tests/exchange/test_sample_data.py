"""The shared sample, counted here by other means than the importer's."""

from __future__ import annotations

import csv
import json
import tarfile
from collections import defaultdict

from sqlalchemy import func, select

from app.exchange import import_paths
from app.models import (
    AllergyIntolerance,
    Appointment,
    Condition,
    MedicalRecord,
    MedicationRequest,
    Observation,
    Patient,
    Staff,
)
from tests.exchange.bundles import shared

KEPT = {
    "Patient": Patient,
    "Practitioner": Staff,
    "Encounter": MedicalRecord,
    "Condition": Condition,
    "MedicationRequest": MedicationRequest,
    "AllergyIntolerance": AllergyIntolerance,
    "Observation": Observation,
}
CSV = {
    "patients": Patient,
    "providers": Staff,
    "encounters": Appointment,
    "conditions": Condition,
    "medications": MedicationRequest,
    "allergies": AllergyIntolerance,
    "observations": Observation,
}


def count(session, model):
    statement = select(func.count()).select_from(model)
    if model is Staff:
        statement = statement.where(Staff.name != "Practitioner not named")
    return session.scalar(statement)


def test_every_resource_of_the_hundred_bundles_is_a_row(session):
    path = shared("synthea-fhir-r4", "dev-100.tar.xz")
    ids, values = defaultdict(set), {}
    with tarfile.open(path) as tar:
        for member in tar:
            if not member.name.endswith(".json"):
                continue
            for entry in json.load(tar.extractfile(member))["entry"]:
                resource = entry["resource"]
                ids[resource["resourceType"]].add(resource["id"])
                if "valueQuantity" in resource:
                    values[entry["fullUrl"]] = resource["valueQuantity"]["value"]

    report = import_paths(session, [path])

    assert report.failed == []
    for kind, model in KEPT.items():
        assert (kind, count(session, model)) == (kind, len(ids[kind]))
        assert report[kind].new == len(ids[kind])
    measured = select(Observation.identifier, Observation.value).where(
        Observation.value.is_not(None)
    )
    assert dict(session.execute(measured).all()) == values
    assert session.scalar(select(func.count(Appointment.reason))) == 0

    again = import_paths(session, [path])
    assert (again.new, again.failed) == (0, [])
    for kind, model in KEPT.items():
        assert (kind, count(session, model)) == (kind, len(ids[kind]))


def test_every_row_of_the_csv_folder_is_a_row(session):
    folder = shared("synthea-csv", "ohdsi-27")
    rows = {}
    for name in CSV:
        with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as handle:
            rows[name] = sum(1 for _ in csv.DictReader(handle))

    assert import_paths(session, [folder]).failed == []
    assert {name: count(session, model) for name, model in CSV.items()} == rows

    assert import_paths(session, [folder]).new == 0
    assert {name: count(session, model) for name, model in CSV.items()} == rows


def test_the_standards_own_patients_come_in_or_are_refused_with_a_reason(session):
    paths = sorted(shared("fhir-r4-examples").glob("Patient-*.json"))
    report = import_paths(session, paths)
    assert report["Patient"].new + len(report.failed) == len(paths)
    assert {s.rpartition(" is missing")[1] or s[-9:] for _, s in report.failed} == {
        " is missing",
        " no name.",
    }
