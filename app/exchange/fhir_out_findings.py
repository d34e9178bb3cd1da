"""What was measured and what was prescribed, as FHIR R4 resources."""

from __future__ import annotations

import re
from typing import Any

from app.exchange.fhir_names import UUID_URN, Resource, filled, reference
from app.exchange.fhir_out_rows import Going, instant, statement
from app.language import SOURCE, in_language
from app.models import MedicationEnd, MedicationRequest, Observation, Staff
from app.models.record.code_systems import TERMINOLOGY, UCUM
from app.models.record.measures import VITALS
from app.models.record.prescription_tables import END_REASONS

OURS = frozenset(("renewed", "completed", "wish", "error", "ineffective"))
"""Reasons for an end that FHIR's medicationrequest-status-reason has no code for."""
ENDED_AS = {"renewed": "completed", "completed": "completed", "error": "entered-in-error"}
MEASURED_IN = {(m.code, m.unit) for vital in VITALS for m in vital.measures}
FOUND = ("code", "value", "unit", "value_text", "value_system", "value_code")
COMPARED = re.compile(r"(<=|>=|<|>) (-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")


def medication_request(going: Going, row: MedicationRequest, end: MedicationEnd | None) -> Resource:
    """A prescription as FHIR R4 MedicationRequest; `end` says how it ended."""
    said = statement(going, "MedicationRequest", row)
    said["medicationCodeableConcept"] = said.pop("code")
    earlier = going.by_id.get(("MedicationRequest", row.renewed_from_id or 0))
    written = {"text": row.dosage} if row.dosage else None
    return filled(
        said
        | {
            "status": _status(going, row, end),
            "statusReason": _why(end),
            "intent": row.intent,
            "authoredOn": row.authored,
            "requester": going.doctor(row.doctor_id),
            "reasonReference": _reason(going, row.reason_identifier),
            "note": _note(going, end),
            "dosageInstruction": row.dosage_detail or ([written] if written else []),
            "dispenseRequest": _supply(row),
            "priorPrescription": reference("MedicationRequest", earlier) if earlier else None,
        }
    )


def observation(going: Going, row: Observation) -> Resource:
    """A measurement or finding as FHIR R4 Observation."""
    return filled(
        statement(going, "Observation", row)
        | {
            "status": row.status,
            "category": _category(row.category),
            "effectiveDateTime": row.effective,
            "issued": instant(row.issued),
            **_measured({name: getattr(row, name) for name in FOUND}),
            "component": [_component(part) for part in row.components or ()],
        }
    )


def _status(going: Going, row: MedicationRequest, end: MedicationEnd | None) -> str:
    """As it is now: what was ended, or has run out, is not active any more."""
    if end is not None:
        return ENDED_AS.get(end.reason, "stopped")
    run_out = row.until is not None and row.until < going.now.astimezone(going.zone).date()
    return "completed" if run_out and row.status == "active" else row.status


def _why(end: MedicationEnd | None) -> Resource | None:
    if end is None:
        return None
    text = _in_english(end)
    if end.reason in OURS:
        return {"text": text}
    system = f"{TERMINOLOGY}/medicationrequest-status-reason"
    return {"coding": [{"system": system, "code": end.reason}], "text": text}


def _in_english(end: MedicationEnd) -> str:
    with in_language(SOURCE):
        return str(END_REASONS[end.reason])


def _note(going: Going, end: MedicationEnd | None) -> list[Resource]:
    """When it ended, and what was written about it."""
    if end is None or going.shared:
        return []
    text = ": ".join(filter(None, [f"Ended, {_in_english(end).lower()}", end.note]))
    by: Staff | None = going.staff.get(end.staff_id or 0)
    return [
        filled(
            {
                "authorReference": going.practitioner(by),
                "time": instant(end.at),
                "text": text,
            }
        )
    ]


def _reason(going: Going, key: str | None) -> list[Resource]:
    """What it was given for; of what is not in the bundle, only a name that is one everywhere."""
    if key and key in going.by_key:
        return [reference(*going.by_key[key])]
    return [{"reference": key}] if key and UUID_URN.fullmatch(key) and not going.shared else []


def _supply(row: MedicationRequest) -> Resource:
    quantity = filled({"value": _plain(row.quantity), "unit": row.quantity_unit})
    days = row.duration_days
    lasts = {"value": days, "unit": "d", "system": UCUM, "code": "d"} if days else None
    last_day = {"end": row.until.isoformat()} if row.until else None
    return filled(
        {
            "validityPeriod": last_day,
            "numberOfRepeatsAllowed": row.repeats or None,
            "quantity": quantity if row.quantity is not None else None,
            "expectedSupplyDuration": lasts,
        }
    )


def _category(code: str | None) -> list[Resource]:
    if not code:
        return []
    return [{"coding": [{"system": f"{TERMINOLOGY}/observation-category", "code": code}]}]


def _component(part: dict[str, Any]) -> Resource:
    coding = filled({name: part.get(name) for name in ("system", "code", "display")})
    return {"code": {"coding": [coding], "text": part["display"]}} | _measured(part)


def _measured(found: dict[str, Any]) -> Resource:
    """`value[x]` of an Observation or a component: the way back of `observed.measured`."""
    unit, text, code = found.get("unit"), found.get("value_text"), found.get("value_code")
    if (value := found.get("value")) is not None:
        known = (found.get("code"), unit) in MEASURED_IN
        coded = {"system": UCUM, "code": unit} if known else {}
        return {"valueQuantity": filled({"value": _plain(value), "unit": unit} | coded)}
    if code or found.get("value_system"):
        coding = filled({"system": found.get("value_system"), "code": code, "display": text})
        return {"valueCodeableConcept": filled({"coding": [coding], "text": text})}
    if text and unit and (compared := COMPARED.fullmatch(text)):
        sign, number = compared.groups()
        said = {"value": _plain(float(number)), "comparator": sign, "unit": unit}
        return {"valueQuantity": filled(said)}
    return {"valueString": text} if text else {}


def _plain(value: float | None) -> int | float | None:
    """A whole number without a decimal point, as whoever measured it wrote it."""
    return int(value) if value is not None and value == int(value) else value
