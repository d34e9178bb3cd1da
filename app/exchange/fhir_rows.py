"""FHIR R4 resources (https://hl7.org/fhir/R4/resourcelist.html) as rows, a function for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.exchange.batch import NOT_STATED, Batch, Broken, Row
from app.exchange.dosage import detail, readable
from app.exchange.fhir_names import REPLACES
from app.exchange.node import Node, coding, coding_of, words
from app.exchange.observed import components, measured
from app.exchange.values import day, instant, moment, visit_status, visit_times
from app.language import nearest
from app.models.record.none_known import NONE_OF


class References(Protocol):
    """Finds what one resource of a file says of another."""

    def find(self, reference: Node, owner: Node, owner_key: str) -> tuple[str | None, Node | None]:
        """The key of what is named, and the resource where the file holds it."""


@dataclass(frozen=True)
class Context:
    """What surrounds a resource: its key, its file, and the time of the import."""

    key: str
    references: References
    batch: Batch
    now: datetime

    def named(self, owner: Node, field: str) -> str | None:
        """The key of the resource that `field` refers to."""
        return self.references.find(owner.node(field), owner, self.key)[0]

    def doctor(self, owner: Node, reference: Node) -> str | None:
        """The key of a practitioner; one whom no entry describes is added from what is said."""
        key, resource = self.references.find(reference, owner, self.key)
        if key is None or (resource and resource.text("resourceType") != "Practitioner"):
            return None
        if resource and reference.data["reference"].startswith("#"):
            self.batch.mention(practitioner(self, resource) | {"identifier": key})
        elif resource is None and (said := reference.text("display")):
            self.batch.mention(
                {"identifier": key, "name": said, "role": "doctor", "specialization": NOT_STATED}
            )
        return key


def patient(context: Context, resource: Node) -> Row:
    name = _official(resource)
    spoken = resource.first("communication").node("language").first("coding").text("code")
    return {
        "name": _full_name(name, resource.path),
        "family_name": name.text("family"),
        "dob": day(resource.text("birthDate"), f"{resource.path}.birthDate"),
        "sex": resource.text("gender") or "unknown",
        "phone": _telecom(resource, "phone"),
        "email": _telecom(resource, "email"),
        "contact_info": _address(resource),
        "language": nearest(spoken),
        "language_tag": spoken,
        "deceased_on": moment(resource.text("deceasedDateTime"), f"{resource.path}.deceased"),
        "replaced_by": _replaced_by(context, resource),
    }


def _replaced_by(context: Context, resource: Node) -> str | None:
    """The key of the patient who is kept for this one (Patient.link)."""
    for link in resource.nodes("link"):
        if link.text("type") == "replaced-by":
            return context.references.find(link.node("other"), resource, context.key)[0]
    return None


def practitioner(_context: Context, resource: Node) -> Row:
    """The row of a FHIR R4 Practitioner: a member of staff who is a doctor."""
    lines = [_address(resource), _telecom(resource, "phone"), _telecom(resource, "email")]
    active = resource.flag("active")
    return {
        "name": _full_name(_official(resource), resource.path),
        "role": "doctor",
        "specialization": words(resource.first("qualification").node("code")) or NOT_STATED,
        "contact_info": "\n".join(filter(None, lines)) or None,
        "active": True if active is None else active,
    }


def encounter(context: Context, resource: Node) -> Row:
    period = resource.node("period")
    times = visit_times(period.text("start"), period.text("end"), resource.path)
    status = resource.text("status")
    doctors = (
        context.doctor(resource, participant.node("individual"))
        for participant in resource.nodes("participant")
    )
    return {
        "patient": _subject(context, resource),
        "doctor": next(filter(None, doctors), None),
        **times,
        **visit_status(status, times["started_at"], context.now, resource.path),
        "encounter_class": resource.node("class").text("code"),
        **_prefixed("type", resource.first("type")),
        **_prefixed("reason", resource.first("reasonCode")),
    }


def condition(context: Context, resource: Node) -> Row:
    abatement = moment(resource.text("abatementDateTime"), f"{resource.path}.abatementDateTime")
    status = _code(resource, "clinicalStatus")
    return {
        **_statement(context, resource, "code"),
        "replaces": _replaces(context, resource),
        "clinical_status": status or ("resolved" if abatement else "active"),
        "verification_status": _code(resource, "verificationStatus"),
        "onset": moment(resource.text("onsetDateTime"), f"{resource.path}.onsetDateTime"),
        "abatement": abatement,
        "recorded": moment(resource.text("recordedDate"), f"{resource.path}.recordedDate"),
    }


def allergy_intolerance(context: Context, resource: Node) -> Row:
    reactions = [
        words(concept)
        for reaction in resource.nodes("reaction")
        for concept in reaction.nodes("manifestation")
    ]
    return {
        **_statement(context, resource, "code", "patient"),
        **_none_known(resource.node("code")),
        "replaces": _replaces(context, resource),
        "clinical_status": _code(resource, "clinicalStatus") or "active",
        "verification_status": _code(resource, "verificationStatus"),
        "type": resource.text("type"),
        "category": next(iter(resource.texts("category")), None),
        "criticality": resource.text("criticality"),
        "reaction": ", ".join(filter(None, reactions)) or None,
        "recorded": moment(resource.text("recordedDate"), f"{resource.path}.recordedDate"),
    }


def _none_known(concept: Node) -> Row:
    """The code of a concept that says that no allergy is known, wherever it stands among others."""
    codes = concept.nodes("coding")
    said = next((one for one in codes if one.text("code") in NONE_OF), None)
    return coding_of(concept, said) if said else {}


def medication_request(context: Context, resource: Node) -> Row:
    dosages = resource.nodes("dosageInstruction")
    reason = resource.first("reasonReference")
    return {
        **_statement(context, resource, "medicationCodeableConcept"),
        **_medication(context, resource),
        "doctor": context.doctor(resource, resource.node("requester")),
        "status": resource.text("status") or "unknown",
        "intent": resource.text("intent") or "order",
        "authored": moment(resource.text("authoredOn"), f"{resource.path}.authoredOn"),
        "dosage": readable(dosages),
        "dosage_detail": detail(dosages),
        "reason_identifier": context.references.find(reason, resource, context.key)[0],
    }


def observation(context: Context, resource: Node) -> Row:
    issued = resource.text("issued")
    effective = resource.text("effectiveDateTime") or resource.text("effectiveInstant")
    effective = effective or resource.node("effectivePeriod").text("start")
    return {
        **_statement(context, resource, "code"),
        "status": resource.text("status") or "unknown",
        "category": resource.first("category").first("coding").text("code"),
        "effective": moment(effective, f"{resource.path}.effective"),
        "issued": instant(issued, f"{resource.path}.issued") if issued else None,
        **measured(resource),
        "components": components(resource),
    }


def _statement(context: Context, resource: Node, what: str, whose: str = "subject") -> Row:
    return {
        "patient": _subject(context, resource, whose),
        "record": context.named(resource, "encounter"),
        **coding(resource.node(what)),
    }


def _replaces(context: Context, resource: Node) -> str | None:
    """The key of the entry whose place this one takes."""
    for extension in resource.nodes("extension"):
        if extension.text("url") == REPLACES:
            return context.named(extension, "valueReference")
    return None


def _subject(context: Context, resource: Node, whose: str = "subject") -> str:
    key = context.named(resource, whose)
    if key is None:
        raise Broken(f"{resource.path}.{whose} names no patient.")
    return key


def _medication(context: Context, resource: Node) -> Row:
    """The drug where it is a resource of its own."""
    reference = resource.node("medicationReference")
    _key, drug = context.references.find(reference, resource, context.key)
    if drug is not None:
        return coding(drug.node("code"))
    said = reference.text("display")
    return {"display": said} if said else {}


def _prefixed(prefix: str, concept: Node) -> Row:
    if not concept.data:
        return {}
    return {f"{prefix}_{key}": value for key, value in coding(concept).items()}


def _code(resource: Node, field: str) -> str | None:
    return resource.node(field).first("coding").text("code")


def _official(resource: Node) -> Node:
    names = resource.nodes("name")
    return next((n for n in names if n.text("use") == "official"), resource.first("name"))


def _full_name(name: Node, where: str) -> str:
    """Given names and family name as they stand, else the name as one text."""
    parts = [*name.texts("given"), *filter(None, [name.text("family")])]
    full = " ".join(parts) or name.text("text")
    if not full:
        raise Broken(f"{where} has no name.")
    return full


def _telecom(resource: Node, system: str) -> str | None:
    points = resource.nodes("telecom")
    return next((p.text("value") for p in points if p.text("system") == system), None)


def _address(resource: Node) -> str | None:
    address = resource.first("address")
    place = " ".join(filter(None, [address.text("state"), address.text("postalCode")]))
    town = ", ".join(filter(None, [address.text("city"), place]))
    lines = [*address.texts("line"), town, address.text("country")]
    return "\n".join(filter(None, lines)) or address.text("text")
