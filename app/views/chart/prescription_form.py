"""The form of a prescription: from what was typed to an order, and to the answers of alerts."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import inspect

from app.language import _, _l
from app.models import ClinicError, MedicationRequest
from app.models.record.dosing import UNITS
from app.models.record.order import Order
from app.views.frame.bodies import read_text, read_value
from app.views.generated.guard import BadQuery

LONGEST = {"display": 300, "instructions": 1000, "comment": 500}
LABELS = {
    "dose_value": _l("Dose"),
    "route": _l("Route"),
    "timing": _l("How often"),
    "duration_days": _l("Days"),
    "quantity": _l("Quantity"),
    "repeats": _l("Repeats"),
}


def read_attempt(raw: str) -> str:
    """The key of the form. Raises BadQuery."""
    try:
        return str(UUID(raw))
    except ValueError:
        raise BadQuery(_("The form is not whole. Open it again.")) from None


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
        display=read_text(typed.get("display"), LONGEST["display"], _("Drug")),
        code=typed.get("code", "").strip()[:40] or None,
        dose_unit=_unit(typed, "dose_unit"),
        as_needed=typed.get("as_needed", "") != "",
        quantity_unit=_unit(typed, "quantity_unit"),
        instructions=read_text(
            typed.get("instructions"), LONGEST["instructions"], _("Instructions")
        )
        or None,
        **numbers | {"repeats": numbers["repeats"] or 0},
    )


def read_answers(typed: Mapping[str, str]) -> dict[int, tuple[str, str]]:
    """Reason and comment by alert. Raises ClinicError."""
    keys = [name.removeprefix("reason-") for name in typed if name.startswith("reason-")]
    return {
        int(key): (
            typed[f"reason-{key}"],
            read_text(typed.get(f"comment-{key}"), LONGEST["comment"], _("Your reason")),
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
            facts = {"name": LABELS[name], "least": f"{least:g}", "most": f"{most:,}"}
            if 0 < least < 1:
                raise ClinicError(
                    _("%(name)s: more than 0 and at most %(most)s.", **facts), field=name
                )
            said = _("%(name)s: at least %(least)s and at most %(most)s.", **facts)
            raise ClinicError(said, field=name)


def _unit(typed: Mapping[str, str], name: str) -> str | None:
    unit = typed.get(name, "").strip()
    if unit and unit not in UNITS:
        raise ClinicError(_("Choose one of: %(choices)s.", choices=", ".join(UNITS)), field=name)
    return unit or None
