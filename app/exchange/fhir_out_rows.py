"""Rows as FHIR R4 resources: the way back of `fhir_rows`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from app.exchange.batch import NOT_STATED
from app.exchange.fhir_names import REPLACES, Resource, begun, filled, reference
from app.models import AllergyIntolerance, Condition, MedicalRecord, Patient, Staff
from app.models.record.clinical import MISTAKE
from app.models.record.code_systems import TERMINOLOGY

RECORD_NUMBER = "urn:clinic:record-number"
CATEGORIES = ("food", "medication", "environment", "biologic")
NAMELESS = "clinic:practitioner-not-named"


@dataclass
class Going:
    """What surrounds a resource on its way out: whose it is, and what else is in the bundle."""

    patient: Patient
    now: datetime
    zone: ZoneInfo
    records: Mapping[int, MedicalRecord]
    doctors: Mapping[int, Staff]
    staff: Mapping[int, Staff]
    shared: bool
    by_key: dict[str, tuple[str, Any]] = field(default_factory=dict)
    by_id: dict[tuple[str, int], Any] = field(default_factory=dict)
    named: dict[int, Staff] = field(default_factory=dict)

    @property
    def subject(self) -> Resource:
        """The patient, as a reference."""
        return reference("Patient", self.patient, self.patient.name)

    def encounter(self, record_id: int | None) -> Resource | None:
        """The visit of a record, as a reference; None where it does not go along."""
        record = self.records.get(record_id or 0)
        return reference("Encounter", record) if record else None

    def practitioner(self, staff: Staff | None) -> Resource | None:
        """A reference to someone who works here; whoever is named becomes an entry."""
        if staff is None or staff.identifier == NAMELESS:
            return None
        self.named[staff.staff_id] = staff
        return reference("Practitioner", staff, staff.name)

    def doctor(self, doctor_id: int | None) -> Resource | None:
        """The doctor, as a reference; None where there is none."""
        return self.practitioner(self.doctors.get(doctor_id or 0))


def patient(row: Patient, **more: Any) -> Resource:
    """Someone of the register; `more` says whom they replaced, or who is kept for them."""
    said = begun("Patient", row)
    number = {
        "type": _concept(f"{TERMINOLOGY}/v2-0203", "MR", None),
        "system": RECORD_NUMBER,
        "value": row.record_number,
    }
    points = [{"system": "phone", "value": row.phone}, {"system": "email", "value": row.email}]
    return filled(
        said
        | {
            "identifier": [*said.get("identifier", ()), number],
            "name": [_name(row)],
            "telecom": [point for point in points if point["value"]],
            "gender": row.sex,
            "birthDate": row.dob.isoformat(),
            "deceasedDateTime": row.deceased_on,
            "address": [{"text": row.contact_info}] if row.contact_info else [],
            "communication": [{"language": _concept("urn:ietf:bcp:47", row.spoken(), None)}]
            if row.spoken()
            else [],
        }
        | more
    )


def practitioner(row: Staff, specialization: str | None) -> Resource:
    """Who they are and what for; how to reach them is not the patient's to carry about."""
    said = begun("Practitioner", row)
    system, mark, value = (row.identifier or "").rpartition("|")
    if mark:
        said["identifier"] = [{"system": system, "value": value}]
    skilled = specialization and specialization != NOT_STATED
    return filled(
        said
        | {
            "active": row.active,
            "name": [{"text": row.name}],
            "qualification": [{"code": {"text": specialization}}] if skilled else [],
        }
    )


def encounter(going: Going, row: MedicalRecord) -> Resource:
    """A note as FHIR R4 Encounter: the visit that it is of."""
    doctor = going.doctor(row.doctor_id)
    status = row.encounter_status or ("in-progress" if row.status == "draft" else "finished")
    return filled(
        begun("Encounter", row)
        | {
            "status": status,
            "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": row.encounter_class or "AMB"},
            "type": _listed(_concept(row.type_system, row.type_code, row.type_display)),
            "subject": going.subject,
            "participant": [{"individual": doctor}] if doctor else [],
            "period": filled({"start": _start(going, row), "end": instant(row.ended_at)}),
            "reasonCode": _listed(_concept(row.reason_system, row.reason_code, row.reason_display)),
        }
    )


def condition(going: Going, row: Condition) -> Resource:
    """A problem as FHIR R4 Condition; one that was a mistake has no clinical status (con-5)."""
    mistake = row.verification_status == MISTAKE
    return filled(
        statement(going, "Condition", row)
        | {
            "clinicalStatus": None
            if mistake
            else _concept(f"{TERMINOLOGY}/condition-clinical", row.clinical_status, None),
            "verificationStatus": _concept(
                f"{TERMINOLOGY}/condition-ver-status", row.verification_status, None
            ),
            "onsetDateTime": row.onset,
            "abatementDateTime": row.abatement,
            "recordedDate": row.recorded,
        }
    )


def allergy_intolerance(going: Going, row: AllergyIntolerance, contradicted: bool) -> Resource:
    """An answer that none is known which is `contradicted` goes out as no longer active."""
    over = contradicted and row.clinical_status == "active"
    said = statement(going, "AllergyIntolerance", row)
    said["patient"] = said.pop("subject")
    mistake = row.verification_status == MISTAKE
    return filled(
        said
        | {
            "clinicalStatus": None
            if mistake
            else _concept(
                f"{TERMINOLOGY}/allergyintolerance-clinical",
                "inactive" if over else row.clinical_status,
                None,
            ),
            "verificationStatus": _concept(
                f"{TERMINOLOGY}/allergyintolerance-verification", row.verification_status, None
            ),
            "type": row.type if row.type in ("allergy", "intolerance") else None,
            "category": [row.category] if row.category in CATEGORIES else [],
            "criticality": row.criticality,
            "recordedDate": row.recorded,
            "reaction": [{"manifestation": [{"text": row.reaction}]}] if row.reaction else [],
        }
    )


def statement(going: Going, kind: str, row: Any) -> Resource:
    """What Condition, AllergyIntolerance, MedicationRequest and Observation have in common."""
    before = going.by_id.get((kind, getattr(row, "replaces_id", None) or 0))
    replaced = {"url": REPLACES, "valueReference": reference(kind, before)} if before else {}
    return begun(kind, row) | {
        "extension": [replaced] if replaced else [],
        "code": _concept(row.system, row.code, row.display),
        "subject": going.subject,
        "encounter": going.encounter(row.record_id),
    }


def instant(value: datetime | None) -> str | None:
    """An instant in UTC as FHIR spells it."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _concept(system: str | None, code: str | None, display: str | None) -> Resource:
    """A CodeableConcept; what has no code is text."""
    if not code:
        return {"text": display} if display else {}
    return filled(
        {"coding": [filled({"system": system, "code": code, "display": display})], "text": display}
    )


def _listed(concept: Resource) -> list[Resource]:
    return [concept] if concept else []


def _name(row: Patient) -> Resource:
    """Given names are what stands before the family name, where it ends the name."""
    family = row.family_name or ""
    said: Resource = {"use": "official", "text": row.name}
    if family and row.name.endswith(family):
        said |= filled({"family": family, "given": row.name.removesuffix(family).split()})
    return said


def _start(going: Going, row: MedicalRecord) -> str:
    """When the visit began, on a clock that shows its date: an import reads the date off it."""
    if row.started_at is None:
        return row.visit_date.isoformat()
    local = row.started_at.astimezone(going.zone)
    if local.date() != row.visit_date:
        shown = _shown_on(row.started_at, row.visit_date)
        if shown is None:  # written down another day
            return row.visit_date.isoformat()
        local = shown
    return local.isoformat().replace("+00:00", "Z")


def _shown_on(at: datetime, day: date) -> datetime | None:
    for hours in range(-12, 15):
        local = at.astimezone(timezone(timedelta(hours=hours)))
        if local.date() == day:
            return local
    return None
