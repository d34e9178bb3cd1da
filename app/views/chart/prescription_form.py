"""The form of a prescription: from what was typed to an order, and to the answers of alerts."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import inspect

from app.models import ClinicError, MedicationRequest
from app.models.record.dosing import UNITS
from app.models.record.order import Order
from app.views.frame.bodies import read_text, read_value
from app.views.generated.guard import BadQuery

LONGEST = {"display": 300, "instructions": 1000, "comment": 500}
LABELS = {
    "dose_value": "Dose",
    "route": "Route",
    "timing": "How often",
    "duration_days": "Days",
    "quantity": "Quantity",
    "repeats": "Repeats",
}


def read_attempt(raw: str) -> str:
    """The key of the form. Raises BadQuery."""
    try:
        return str(UUID(raw))
    except ValueError:
        raise BadQuery("The form is not whole. Open it again.") from None


def read_order(typed: Mapping[str, str]) -> Order:
    """What is to be prescribed, as far as it is filled in. Raises ClinicError with `field`."""
    columns = inspect(MedicationRequest).columns
    said = {name: typed.get(name, "").strip() for name in LABELS}
    for name in ("dose_value", "quantity"):
        said[name] = said[name].replace(",", ".")
    numbers = {
        name: read_value(name, columns[name], raw, LABELS[name]) if raw else None
        for name, raw in said.items()
    }
    _require_range(numbers)
    return Order(
        display=read_text(typed.get("display"), LONGEST["display"], "Drug"),
        code=typed.get("code", "").strip()[:40] or None,
        dose_unit=_unit(typed, "dose_unit"),
        as_needed=typed.get("as_needed", "") != "",
        quantity_unit=_unit(typed, "quantity_unit"),
        instructions=read_text(typed.get("instructions"), LONGEST["instructions"], "Instructions")
        or None,
        **numbers | {"repeats": numbers["repeats"] or 0},
    )


def read_answers(typed: Mapping[str, str]) -> dict[int, tuple[str, str]]:
    """Reason and comment by alert. Raises ClinicError."""
    keys = [name.removeprefix("reason-") for name in typed if name.startswith("reason-")]
    return {
        int(key): (
            typed[f"reason-{key}"],
            read_text(typed.get(f"comment-{key}"), LONGEST["comment"], "Your reason"),
        )
        for key in keys
        if key.isascii() and key.isdecimal() and len(key) < 10
    }


def _require_range(numbers: Mapping[str, float | None]) -> None:
    limits = {
        "dose_value": (0.0001, 100_000), "duration_days": (1, 730), "quantity": (0.0001, 100_000),
        "repeats": (0, 99),
    }  # fmt: skip
    for name, (least, most) in limits.items():
        value = numbers[name]
        if value is not None and not least <= value <= most:
            low = "more than 0" if least < 1 and name != "repeats" else f"at least {least:g}"
            raise ClinicError(f"{LABELS[name]}: {low} and at most {most:,}.", field=name)


def _unit(typed: Mapping[str, str], name: str) -> str | None:
    unit = typed.get(name, "").strip()
    if unit and unit not in UNITS:
        raise ClinicError(f"Choose one of: {', '.join(UNITS)}.", field=name)
    return unit or None
