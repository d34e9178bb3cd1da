"""Synthea's CSV export: one folder, one table per kind of resource.

Columns are those of https://github.com/synthetichealth/synthea/wiki/CSV-File-Data-Dictionary;
older and newer versions lack some and add others.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from app.exchange.batch import NOT_STATED, Batch, Row
from app.exchange.csv_table import Folder, Line, count_lines
from app.exchange.values import day, moment, visit_status, visit_times
from app.models.record.code_systems import LOINC, RXNORM, SNOMED

SYSTEMS = {"SNOMED-CT": SNOMED, "SNOMED": SNOMED, "RXNORM": RXNORM, "LOINC": LOINC}

SEXES = {"F": "female", "M": "male"}
CLASSES = {"emergency": "EMER", "inpatient": "IMP", "home": "HH", "virtual": "VR"}
"""Synthea's words → HL7 ActCode, as its own FHIR export writes them; all others are AMB."""

PERSON = ("PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION", "START")


def read(path: Path, now: datetime) -> Batch:
    """The rows of one folder; raises Broken naming the file, line or column at fault."""
    folder, batch, told = Folder(path), Batch(), Counter[str]()
    for name, (kind, columns, row_of) in TABLES.items():
        if name not in folder.files and name not in NEEDED:
            batch.notes[f"folders have no {name}."] += 1
            continue
        for line in folder.lines(name, columns):
            row = row_of(line, now)
            row.setdefault("identifier", _natural_key(kind, line, told))
            batch.add(kind, row)
    _link_reasons(batch)
    for name in sorted(folder.files.keys() - TABLES.keys()):
        batch.skip(name, count=count_lines(folder.files[name]))
    return batch


def _patient(line: Line, _now: datetime) -> Row:
    given = [line.text("FIRST"), line.text("MIDDLE")]
    family = line.need("LAST")
    died = line.text("DEATHDATE")
    return {
        "identifier": _key("patient", line.need("ID")),
        "name": " ".join(filter(None, [*given, family])),
        "family_name": family,
        "dob": day(line.text("BIRTHDATE"), f"{line.where}: BIRTHDATE"),
        "sex": SEXES.get(line.text("GENDER") or "", "unknown"),
        "contact_info": _address(line),
        "deceased_on": moment(died, f"{line.where}: DEATHDATE"),
    }


def _provider(line: Line, _now: datetime) -> Row:
    return {
        "identifier": _key("provider", line.need("ID")),
        "name": line.need("NAME"),
        "role": "doctor",
        "specialization": (line.text("SPECIALITY") or NOT_STATED).capitalize(),
        "contact_info": _address(line),
    }


def _encounter(line: Line, now: datetime) -> Row:
    times = visit_times(line.need("START"), line.text("STOP"), line.where)
    reason = line.text("REASONCODE")
    return {
        "identifier": _key("encounter", line.need("ID")),
        "patient": _key("patient", line.need("PATIENT")),
        "doctor": _optional("provider", line.text("PROVIDER")),
        **times,
        **visit_status("finished", times["started_at"], now, line.where),
        "encounter_class": CLASSES.get((line.text("ENCOUNTERCLASS") or "").lower(), "AMB"),
        "type_system": SNOMED,
        "type_code": line.text("CODE"),
        "type_display": line.text("DESCRIPTION"),
        "reason_system": SNOMED if reason else None,
        "reason_code": reason,
        "reason_display": line.text("REASONDESCRIPTION"),
    }


def _condition(line: Line, _now: datetime) -> Row:
    ended = moment(line.text("STOP"), f"{line.where}: STOP")
    return {
        **_statement(line, SNOMED),
        "clinical_status": "resolved" if ended else "active",
        "verification_status": "confirmed",
        "onset": _start(line),
        "abatement": ended,
        "recorded": _start(line),
    }


def _allergy(line: Line, _now: datetime) -> Row:
    reactions = [_reaction(line, number) for number in ("1", "2")]
    return {
        **_statement(line, SNOMED),
        "clinical_status": "resolved" if line.text("STOP") else "active",
        "verification_status": "confirmed",
        "type": line.text("TYPE"),
        "category": line.text("CATEGORY"),
        "reaction": ", ".join(filter(None, reactions)) or None,
        "recorded": _start(line),
    }


def _medication(line: Line, _now: datetime) -> Row:
    return {
        **_statement(line, RXNORM),
        "status": "stopped" if line.text("STOP") else "active",
        "intent": "order",
        "authored": _start(line),
        "_reason": line.text("REASONCODE"),
    }


def _observation(line: Line, _now: datetime) -> Row:
    found = line.text("VALUE")
    number = _number(found) if line.text("TYPE") in (None, "numeric") else None
    loinc = re.fullmatch(r"\d+-\d", line.need("CODE"))
    return {
        **_statement(line, LOINC if loinc else None),
        "status": "final",
        "category": line.text("CATEGORY"),
        "effective": _start(line),
        "value": number,
        "unit": line.text("UNITS") if number is not None else None,
        "value_text": found if number is None else None,
    }


Maker = Callable[[Line, datetime], Row]
TABLES: dict[str, tuple[str, tuple[str, ...], Maker]] = {
    "patients.csv": ("Patient", ("ID", "BIRTHDATE", "FIRST", "LAST"), _patient),
    "providers.csv": ("Practitioner", ("ID", "NAME"), _provider),
    "encounters.csv": ("Encounter", ("ID", "START", "PATIENT"), _encounter),
    "conditions.csv": ("Condition", PERSON, _condition),
    "allergies.csv": ("AllergyIntolerance", PERSON, _allergy),
    "medications.csv": ("MedicationRequest", PERSON, _medication),
    "observations.csv": ("Observation", (*PERSON, "VALUE"), _observation),
}
NEEDED = ("patients.csv", "encounters.csv")


def _statement(line: Line, system: str | None) -> Row:
    written = (line.text("SYSTEM") or "").upper()
    return {
        "patient": _key("patient", line.need("PATIENT")),
        "record": _optional("encounter", line.text("ENCOUNTER")),
        "system": SYSTEMS.get(written, system),
        "code": line.text("CODE"),
        "display": line.text("DESCRIPTION") or NOT_STATED,
    }


def _link_reasons(batch: Batch) -> None:
    """A prescription's reason is the latest such condition of the patient that it could know."""
    onsets: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for condition in batch.rows["Condition"]:
        found = onsets[condition["patient"], condition["code"]]
        found.append((condition["onset"], condition["identifier"]))
    for request in batch.rows["MedicationRequest"]:
        until = request["authored"]
        known = onsets.get((request["patient"], request.pop("_reason")), [])
        before = [(onset, key) for onset, key in known if onset <= until]
        request["reason_identifier"] = max(before)[1] if before else None


def _natural_key(kind: str, line: Line, told: Counter[str]) -> str:
    """A key for a row without one. Equal rows of one file are told apart by number."""
    parts = [line.text(c) or "" for c in ("PATIENT", "ENCOUNTER", "START", "CODE", "VALUE")]
    digest = hashlib.sha256("\n".join([kind, *parts]).encode()).hexdigest()[:32]
    told[digest] += 1
    return f"synthea:{kind.lower()}:{digest}:{told[digest]}"


def _key(kind: str, own: str) -> str:
    return f"synthea:{kind}:{own}"


def _optional(kind: str, own: str | None) -> str | None:
    return _key(kind, own) if own else None


def _start(line: Line) -> str | None:
    return moment(line.need("START"), f"{line.where}: START")


def _reaction(line: Line, number: str) -> str | None:
    name, severity = line.text(f"DESCRIPTION{number}"), line.text(f"SEVERITY{number}")
    return f"{name} ({severity.lower()})" if name and severity else name


def _address(line: Line) -> str | None:
    place = " ".join(filter(None, [line.text("STATE"), line.text("ZIP")]))
    town = ", ".join(filter(None, [line.text("CITY"), place]))
    return "\n".join(filter(None, [line.text("ADDRESS"), town])) or None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
