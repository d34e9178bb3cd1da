"""The audit trail as FHIR R4 AuditEvent resources (https://hl7.org/fhir/R4/auditevent.html)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from app.models import AuditEvent
from app.models.record.code_systems import TERMINOLOGY

DICOM = "http://dicom.nema.org/resources/ontology/DCM"
REST = {
    "system": f"{TERMINOLOGY}/audit-event-type",
    "code": "rest",
    "display": "RESTful Operation",
}
SIGN_IN = {"system": DICOM, "code": "110114", "display": "User Authentication"}
EXPORT = {"system": DICOM, "code": "110106", "display": "Export"}
TYPES = {"login": SIGN_IN, "logout": SIGN_IN, "export": EXPORT}
ACTIONS = {
    "add": "C", "show": "R", "list": "R", "search": "R", "open": "R", "export": "R",
    "edit": "U", "delete": "D",
}  # fmt: skip
"""Create, read, update, delete; any other is `E`, execute."""

WENT_WELL, MINOR_FAILURE = "0", "4"


def resource(event: AuditEvent, clinic: str) -> dict[str, Any]:
    """One event; `clinic` names who observed it."""
    made: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(event.audit_id),
        "type": TYPES.get(event.action, REST),
        "subtype": [{"system": "urn:clinic:action", "code": event.action}],
        "action": ACTIONS.get(event.action, "E"),
        "recorded": event.recorded.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": WENT_WELL if event.outcome == "success" else MINOR_FAILURE,
        "agent": [_agent(event)],
        "source": {"observer": {"display": clinic}},
        "entity": list(_entities(event)),
    }
    if event.outcome != "success":
        made["outcomeDesc"] = event.outcome
    return made


def bundle(events: Iterable[AuditEvent], clinic: str) -> Iterator[str]:
    """A Bundle of the type `collection`, a piece at a time."""
    yield '{"resourceType":"Bundle","type":"collection","entry":['
    for number, event in enumerate(events):
        text = json.dumps({"resource": resource(event, clinic)}, ensure_ascii=False)
        yield f",{text}" if number else text
    yield "]}"


def _agent(event: AuditEvent) -> dict[str, Any]:
    agent: dict[str, Any] = {"requestor": True}
    if event.agent:
        agent |= {"altId": event.agent, "who": {"display": event.agent}}
    if event.user_id is not None:
        agent["who"] = agent.get("who", {}) | {"identifier": {"value": str(event.user_id)}}
    if event.address:
        agent["network"] = {"address": event.address, "type": "2"}  # an IP address
    return agent


def _entities(event: AuditEvent) -> Iterator[dict[str, Any]]:
    """What it was done to, then whose record that is."""
    what: dict[str, Any] = {"name": event.entity}
    if event.entity_id:
        what["what"] = {"identifier": {"value": event.entity_id}, "display": event.entity}
    if event.detail:
        what["detail"] = [
            {"type": name, "valueString": _text(value)} for name, value in event.detail.items()
        ]
    yield what
    if event.patient_id is not None:
        yield {
            "what": {"reference": f"Patient/{event.patient_id}"},
            "type": {
                "system": f"{TERMINOLOGY}/audit-entity-type",
                "code": "1",
                "display": "Person",
            },
            "role": {
                "system": f"{TERMINOLOGY}/object-role",
                "code": "1",
                "display": "Patient",
            },
        }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
