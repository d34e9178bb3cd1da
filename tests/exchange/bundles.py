"""Small FHIR bundles and CSV folders of our own, for the tests of this folder."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
DOCTOR = "http://example.org/licence|D-1"


def shared(*parts: str) -> Path:
    """A path under the shared sample data; skips the test where there is none."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    path = Path(os.environ.get("CLINIC_SHARED") or beside).joinpath("data", *parts)
    if not path.exists():
        pytest.skip(f"the sample data is absent: {path}")
    return path


def only(session: Session, model: type[Any]) -> Any:
    return session.scalars(select(model)).one()


def count(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def patient(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"family": "O'Néill7", "given": ["Ana12", "María"]}],
        "birthDate": "1910-02-28",
        "gender": "female",
    } | more


def practitioner(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "id": "d",
        "identifier": [{"system": "http://example.org/licence", "value": "D-1"}],
        "name": [{"family": "Kovač", "given": ["Iva"]}],
    } | more


def encounter(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [concept("http://snomed.info/sct", "185345009", "Encounter for symptom")],
        "subject": {"reference": "urn:uuid:p"},
        "participant": [{"individual": {"reference": "urn:uuid:d"}}],
        "period": {"start": "1977-06-03T23:30:00-05:00", "end": "1977-06-03T23:45:30-05:00"},
        "reasonCode": [concept("http://snomed.info/sct", "444814009", "Viral sinusitis")],
    } | more


def statement(kind: str, own: str = "s", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": own,
        "subject": {"reference": "urn:uuid:p"},
        "encounter": {"reference": "urn:uuid:e"},
        "code": concept("http://loinc.org", "8302-2", "Body height"),
    } | more


def observation(own: str = "o", **more: Any) -> dict[str, Any]:
    return statement("Observation", own, status="final", **more)


def concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"fullUrl": f"urn:uuid:{found['id']}", "resource": found} for found in resources]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def visit(*statements: dict[str, Any]) -> dict[str, Any]:
    """A bundle of one patient, one practitioner, one encounter, and `statements`."""
    return bundle(patient(), practitioner(), encounter(), *statements)


def write(folder: Path, name: str, document: Any) -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


TABLES = {
    "patients.csv": """\
ID,BIRTHDATE,DEATHDATE,FIRST,LAST,GENDER,ADDRESS,CITY,STATE,ZIP
p1,1950-01-02,,Ana12,O'Néill7,F,1 High Street,Town,MA,02138
""",
    "providers.csv": "Id,NAME,SPECIALITY,ADDRESS\nd1,Iva Kovač,GENERAL PRACTICE,2 Low Street\n",
    "encounters.csv": """\
Id,START,STOP,PATIENT,PROVIDER,ENCOUNTERCLASS,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION
e1,2020-01-02T10:00:00Z,2020-01-02T10:15:00Z,p1,d1,wellness,1,Check-up,195662009,Sore throat
""",
    "conditions.csv": """\
START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION
2020-01-02,2020-01-09,p1,e1,195662009,Sore throat
2020-01-02,2020-01-09,p1,e1,195662009,Sore throat
""",
    "allergies.csv": """\
START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,TYPE,CATEGORY,DESCRIPTION1,SEVERITY1
2009-09-27,,p1,e1,111088007,Latex,allergy,environment,Itching,MODERATE
""",
    "medications.csv": """\
START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,REASONCODE
2020-01-02T10:00:00Z,,p1,e1,665078,Loratadine 5 MG Chewable Tablet,195662009
""",
    "observations.csv": """\
DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE
2020-01-02T10:00:00Z,p1,e1,vital-signs,8302-2,Body height,127.93746152,cm,numeric
2020-01-02T10:00:00Z,p1,,,QALY,QALY,Former smoker,,text
""",
}


def csv_folder(folder: Path, **changed: str | None) -> Path:
    """A Synthea CSV folder; `patients="…"` replaces a table and `patients=None` leaves it out."""
    for name, text in TABLES.items():
        text = changed.get(name.removesuffix(".csv"), text)
        if text is not None:
            (folder / name).write_text(text)
    return folder
