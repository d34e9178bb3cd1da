"""What an Observation, or a component of one, found: FHIR R4 `value[x]` as columns."""

from __future__ import annotations

import json
from typing import Any

from app.exchange.batch import Row
from app.exchange.node import Node, coding, words

PLAIN_TEXTS = ("valueString", "valueDateTime", "valueTime")


def measured(node: Node) -> Row:
    """The columns `value`, `unit`, `value_text`, `value_system` and `value_code`.

    Nothing is lost: a value that no column fits becomes text.
    """
    row: Row = dict.fromkeys(("value", "unit", "value_text", "value_system", "value_code"))
    if "valueQuantity" in node.data:
        return row | _quantity(node.node("valueQuantity"))
    if "valueCodeableConcept" in node.data:
        return row | _coded(node.node("valueCodeableConcept"))
    if "valueInteger" in node.data:
        return row | {"value": node.number("valueInteger")}
    plain = next((text for key in PLAIN_TEXTS if (text := node.text(key))), None)
    return row | {"value_text": plain or _other(node) or words(node.node("dataAbsentReason"))}


def components(node: Node) -> list[Row] | None:
    """The parts of a panel such as a blood pressure; None where there are none."""
    found = [
        coding(part.node("code")) | {k: v for k, v in measured(part).items() if v is not None}
        for part in node.nodes("component")
    ]
    return found or None


def _quantity(quantity: Node) -> Row:
    value = quantity.number("value")
    unit = quantity.text("unit") or quantity.text("code")
    comparator = quantity.text("comparator")
    if comparator and value is not None:  # “< 5” must never be read as 5
        return {"value_text": f"{comparator} {value}", "unit": unit}
    return {"value": value, "unit": unit}


def _coded(concept: Node) -> Row:
    first = concept.first("coding")
    return {
        "value_text": words(concept),
        "value_system": first.text("system"),
        "value_code": first.text("code"),
    }


def _other(node: Node) -> str | None:
    found: Any = next((v for key, v in node.data.items() if key.startswith("value")), None)
    if isinstance(found, bool):
        return "yes" if found else "no"
    return None if found is None else json.dumps(found, ensure_ascii=False, sort_keys=True)
