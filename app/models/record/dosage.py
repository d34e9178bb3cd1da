"""The dosage of a prescription that came in, in words (https://hl7.org/fhir/R4/dosage.html)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.language import _, _n
from app.spelling import measured

PERIODS: dict[str, Callable[[int, str], str]] = {
    "s": lambda n, num: _n("every second", "every %(num)s seconds", n, num=num),
    "min": lambda n, num: _n("every minute", "every %(num)s minutes", n, num=num),
    "h": lambda n, num: _n("an hour", "every %(num)s hours", n, num=num),
    "d": lambda n, num: _n("a day", "every %(num)s days", n, num=num),
    "wk": lambda n, num: _n("a week", "every %(num)s weeks", n, num=num),
    "mo": lambda n, num: _n("a month", "every %(num)s months", n, num=num),
    "a": lambda n, num: _n("every year", "every %(num)s years", n, num=num),
}
Dosage = Mapping[str, Any]


def told(dosages: Iterable[Dosage]) -> str | None:
    """One line per FHIR R4 Dosage in the language of now; its own text as it is. None where nothing
    is said. What each holds has the types of the standard; the import asked."""
    return "\n".join(filter(None, map(_instruction, dosages))) or None


def _instruction(dosage: Dosage) -> str | None:
    if text := (dosage.get("text") or "").strip():
        return str(text)
    said = [_dose(dosage), _timing(dosage.get("timing") or {})]
    if dosage.get("asNeededBoolean"):
        said.append(_("as needed"))
    said += [_concept(note) for note in dosage.get("additionalInstruction") or ()]
    return "; ".join(filter(None, said)) or None


def _dose(dosage: Dosage) -> str | None:
    rate: Dosage = next(iter(dosage.get("doseAndRate") or ()), {})
    quantity = rate.get("doseQuantity") or {}
    if (value := quantity.get("value")) is None:
        return None
    unit = quantity.get("unit") or ""
    return _("dose %(amount)s", amount=f"{measured(value)} {unit}".rstrip())


def _timing(timing: Dosage) -> str | None:
    repeat = timing.get("repeat") or {}
    frequency, period = repeat.get("frequency"), repeat.get("period")
    every = PERIODS.get(repeat.get("periodUnit") or "")
    if not (frequency and period and every):
        return _concept(timing.get("code") or {})
    times = {1: _("once"), 2: _("twice")}.get(frequency)
    times = times or _("%(count)s times", count=measured(frequency))
    return f"{times} {every(1 if period == 1 else 2, measured(period))}"


def _concept(concept: Dosage) -> str | None:
    """What a CodeableConcept says to a reader: its own text before that of the code."""
    first: Dosage = next(iter(concept.get("coding") or ()), {})
    return concept.get("text") or first.get("display") or first.get("code")
