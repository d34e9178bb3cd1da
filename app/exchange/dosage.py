"""Dosage instructions as a person reads them (https://hl7.org/fhir/R4/dosage.html)."""

from __future__ import annotations

from typing import Any

from app.exchange.batch import Broken
from app.exchange.node import Node, words

PERIODS = {
    "s": "second",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "wk": "week",
    "mo": "month",
    "a": "year",
}
DEEPEST = 32
"""How far kept JSON may be nested; whoever reads it later has less room than the importer."""
TIMES: dict[float, str] = {1: "once", 2: "twice"}


def readable(dosages: list[Node]) -> str | None:
    """One line per instruction; None where nothing is said."""
    return "\n".join(filter(None, map(_instruction, dosages))) or None


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


def _instruction(dosage: Node) -> str | None:
    if text := dosage.text("text"):
        return text
    said = [_dose(dosage.first("doseAndRate")), _timing(dosage.node("timing"))]
    if dosage.flag("asNeededBoolean"):
        said.append("as needed")
    said += [words(note) for note in dosage.nodes("additionalInstruction")]
    return "; ".join(filter(None, said)) or None


def _dose(rate: Node) -> str | None:
    quantity = rate.node("doseQuantity")
    value = quantity.number("value")
    if value is None:
        return None
    return f"dose {value:g} {quantity.text('unit') or ''}".rstrip()


def _timing(timing: Node) -> str | None:
    repeat = timing.node("repeat")
    frequency, period = repeat.number("frequency"), repeat.number("period")
    unit = PERIODS.get(repeat.text("periodUnit") or "")
    if not (frequency and period and unit):
        return words(timing.node("code"))
    times = TIMES.get(frequency, f"{frequency:g} times")
    if period == 1:
        return f"{times} {'an' if unit == 'hour' else 'a'} {unit}"
    return f"{times} every {period:g} {unit}s"
