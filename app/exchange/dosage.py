"""Dosage instructions as they come in (https://hl7.org/fhir/R4/dosage.html)."""

from __future__ import annotations

from typing import Any

from app.exchange.batch import Broken
from app.exchange.node import Node, words
from app.language import SOURCE, in_language
from app.models.record.dosage import told

DEEPEST = 32
"""How far kept JSON may be nested; whoever reads it later has less room than the importer."""


def readable(dosages: list[Node]) -> str | None:
    """One line per instruction, in English; None where nothing is said. Raises Broken where an
    instruction has other types than the standard."""
    for dosage in dosages:
        _check_types(dosage)
    with in_language(SOURCE):
        return told(dosage.data for dosage in dosages)


def detail(dosages: list[Node]) -> list[dict[str, Any]] | None:
    """The instructions as they were written; raises Broken where they are nested too deeply."""
    for dosage in dosages:
        _check_depth(dosage.data, DEEPEST, dosage.path)
    return [dict(dosage.data) for dosage in dosages] or None


def _check_depth(value: Any, room: int, path: str) -> None:
    if room == 0:
        raise Broken(f"{path} is nested too deeply.")
    children = value.values() if isinstance(value, dict) else value
    for child in children:
        if isinstance(child, dict | list):
            _check_depth(child, room - 1, path)


def _check_types(dosage: Node) -> None:
    dosage.text("text"), dosage.flag("asNeededBoolean")
    quantity = dosage.first("doseAndRate").node("doseQuantity")
    quantity.number("value"), quantity.text("unit")
    timing = dosage.node("timing")
    repeat = timing.node("repeat")
    repeat.number("frequency"), repeat.number("period"), repeat.text("periodUnit")
    for concept in (timing.node("code"), *dosage.nodes("additionalInstruction")):
        words(concept)
