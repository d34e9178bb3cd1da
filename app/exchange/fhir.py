"""FHIR R4 files: a bundle or one resource, its references, and what becomes of each resource."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from app.exchange import fhir_rows, notes_in
from app.exchange.batch import KINDS, Batch, Broken, Row
from app.exchange.fhir_names import KEY_SYSTEM
from app.exchange.node import Node

LONGEST_INTEGER = 18
HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")

ROWS: dict[str, Callable[[fhir_rows.Context, Node], Row]] = {
    "Patient": fhir_rows.patient,
    "Practitioner": fhir_rows.practitioner,
    "Encounter": fhir_rows.encounter,
    "Condition": fhir_rows.condition,
    "AllergyIntolerance": fhir_rows.allergy_intolerance,
    "MedicationRequest": fhir_rows.medication_request,
    "Observation": fhir_rows.observation,
}


def read(data: bytes, now: datetime) -> Batch:
    """The rows of one FHIR R4 file; raises Broken with a sentence."""
    resources = list(_resources(_parse(data)))
    index = _Index(resources)
    batch = Batch()
    for entry in resources:
        kind = entry.kind
        if kind in ROWS:
            context = fhir_rows.Context(entry.key, index, batch, now)
            batch.add(kind, ROWS[kind](context, entry.resource) | {"identifier": entry.key})
        elif kind == "DocumentReference" and (note := _note(entry, index, batch, now)):
            batch.versions.append(note)
        else:
            batch.skip(kind)
    return batch


def _note(entry: _Entry, index: _Index, batch: Batch, now: datetime) -> Row | None:
    name = entry.url or entry.local or ""  # a document of others needs no key: it is not kept
    return notes_in.version(fhir_rows.Context(name, index, batch, now), entry.resource)


@dataclass(frozen=True)
class _Entry:
    """A resource with the key that recognises it in a second import."""

    url: str | None
    resource: Node

    @property
    def kind(self) -> str:
        return self.resource.text("resourceType") or ""

    @property
    def key(self) -> str:
        if own := self._kept:
            return own
        named = self.url or self.local
        if self.kind == "Practitioner":  # other files name them by identifier
            named = next(self.identifiers(), None) or named
        named = named or next(self.identifiers(), None)
        if not named:
            raise Broken(
                f"{self.resource.path} has no fullUrl, id or identifier, "
                "so that a second import could not recognise it."
            )
        return named

    @property
    def _kept(self) -> str | None:
        """The key under which a clinic that sent this knows it."""
        told = self.resource.nodes("identifier")
        return next((i.text("value") for i in told if i.text("system") == KEY_SYSTEM), None)

    @property
    def local(self) -> str | None:
        """How other resources of the same server name this one."""
        own = self.resource.text("id")
        return f"{self.kind}/{own}" if own else None

    def identifiers(self) -> Iterator[str]:
        for identifier in self.resource.nodes("identifier"):
            system, value = identifier.text("system"), identifier.text("value")
            if system and value:
                yield f"{system}|{value}"


class _Index:
    """Answers what a reference names (https://hl7.org/fhir/R4/references.html)."""

    def __init__(self, entries: list[_Entry]) -> None:
        self._entries: dict[str, _Entry] = {}
        for entry in entries:
            names = [entry.url, entry.local]
            names += [f"{entry.kind}?identifier={found}" for found in entry.identifiers()]
            self._entries.update((name, entry) for name in names if name)

    def find(self, reference: Node, owner: Node, owner_key: str) -> tuple[str | None, Node | None]:
        """The key of what is named, and the resource where this file holds it."""
        named = reference.text("reference")
        if named is None:
            return None, None
        if named.startswith("#"):
            return _contained(named, owner, owner_key)
        entry = self._entries.get(named)
        if entry is None:
            return named.partition("?identifier=")[2] or named, None
        return entry.key, entry.resource


def _contained(named: str, owner: Node, owner_key: str) -> tuple[str, Node]:
    for resource in owner.nodes("contained"):
        if resource.text("id") in (named, named[1:]):
            entry = _Entry(None, resource)
            return next(entry.identifiers(), f"{owner_key}{named}"), resource
    raise Broken(f"{owner.path} refers to {named[:60]!r}, which it does not contain.")


def _parse(data: bytes) -> dict[str, Any]:
    if b"\0" in data or rb"\u0000" in data:
        raise Broken("It contains the character NUL, which no record can hold.")
    try:
        document = json.loads(
            data.decode("utf-8-sig"), parse_float=_float, parse_int=_int, parse_constant=_constant
        )
        if HALF_CHARACTER.search(data):
            json.dumps(document, ensure_ascii=False).encode()
    except UnicodeError:
        raise Broken("It is not valid UTF-8 text.") from None
    except RecursionError:
        raise Broken("It is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise Broken(f"It is not valid JSON: {error}.") from None
    if not isinstance(document, dict):
        raise Broken("It holds no FHIR resource.")
    return document


def _resources(document: dict[str, Any]) -> Iterator[_Entry]:
    root = Node(document, "The file")
    kind = root.text("resourceType")
    if kind in KINDS:
        yield _Entry(None, _named(root))
    elif kind != "Bundle":
        what = f"the resourceType {kind[:40]!r}" if kind else "no resourceType"
        raise Broken(f"It has {what}; a Bundle or one of {', '.join(KINDS)} can be imported.")
    for entry in root.nodes("entry"):
        resource = entry.node("resource")
        if not resource.text("resourceType"):
            raise Broken(f"{entry.path} holds no resource with a resourceType.")
        yield _Entry(entry.text("fullUrl"), _named(resource))


def _named(resource: Node) -> Node:
    """The same resource under the name by which sentences call it."""
    kind, own = resource.text("resourceType"), resource.text("id")
    return Node(resource.data, f"{kind} {own}"[:80] if own else f"{kind}")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise Broken(f"It holds the number {text[:20]}, which is too large.")
    return value


def _int(text: str) -> int:
    if len(text) > LONGEST_INTEGER:
        raise Broken(f"It holds a number of {len(text)} digits.")
    return int(text)


def _constant(text: str) -> NoReturn:
    raise Broken(f"It holds {text}, which is not a JSON number.")
