"""From values to text: one spelling for grid, form, export and API. `parsing` is the way back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Column
from sqlalchemy import types as sa

from app.language import SOURCE, _, current
from app.models.base.clock import clinic_zone
from app.models.base.sealed import Sealed
from app.models.base.types import FhirDateTime, Instant, Words
from app.spelling import counted, several, spelled
from app.views.generated.pages import Cell

NUMBERS = (sa.Numeric, sa.Float)


def show(value: Any) -> str:
    """The spelling for people: clinic time, words for yes and no, nothing for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        try:
            local = aware.astimezone(clinic_zone())
        except OverflowError:  # the first or the last day that there is, which an import may bring
            local = aware
        return f"{spelled(local.date(), 'd MMM y')} {local:%H:%M}"
    if isinstance(value, date):
        return spelled(value, "d MMM y")
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, float):
        return counted(float(f"{value:.6g}")) if current() != SOURCE else f"{value:.6g}"
    if isinstance(value, list) and not any(isinstance(item, dict) for item in value):
        return ", ".join(show(item) for item in value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, indent=1)
    return str(value)


def when(value: str | None) -> str:
    """A FHIR dateTime in words, as precise as it is: `2024`, `May 2024`, `31 May 2024 10:30`."""
    if not value:
        return ""
    if "T" in value:
        return show(datetime.fromisoformat(FhirDateTime.normal(value)))
    if len(value) == 10:
        return show(date.fromisoformat(value))
    return spelled(date.fromisoformat(f"{value}-01"), "MMM y") if len(value) == 7 else value


def as_typed(value: str | None) -> str:
    """A FHIR dateTime as people type it: an instant on the clinic's clock, unless it is the second of
    two hours that this clock shows."""
    if not value or "T" not in value:
        return value or ""
    instant = datetime.fromisoformat(FhirDateTime.normal(value))
    wall = instant.astimezone(clinic_zone()).replace(tzinfo=None, fold=0)
    if wall.replace(tzinfo=clinic_zone()).astimezone(UTC) != instant:
        return value
    return wall.isoformat(" ", "auto" if wall.second or wall.microsecond else "minutes")


def encode(value: Any) -> Any:
    """The spelling for programs: ISO 8601, instants in UTC."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
    if isinstance(value, (date, time)):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float, str, dict, list)):
        return value
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


def exported(value: Any) -> str:
    """The spelling in a table that leaves: ISO 8601, instants in clinic time with its offset, `true` and
    `false`, a decimal point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(clinic_zone()).isoformat(timespec="seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def cell_of(value: Any, column: Column[Any] | None, *, chosen: bool = False) -> Cell:
    """A value of a column where people read it; `chosen` says that it is one of a few stored words."""
    if value is None:
        return Cell("", "empty")
    if str(value).isdigit() and (chosen or kind(column) == "choice"):
        return Cell(str(value), "number")
    if chosen:
        return Cell(str(value), "choice")
    if isinstance(getattr(column, "type", None), FhirDateTime):
        return Cell(when(value), kind(column))
    if isinstance(getattr(column, "type", None), Words):
        return Cell(several(value), kind(column))
    said = counted(value) if type(value) is int else show(value)
    return Cell(said, kind(column))


def kind(column: Column[Any] | None) -> str:
    """The word by which templates tell values apart."""
    kinds = (
        (Instant, "instant"), (sa.Enum, "choice"), (sa.Boolean, "bool"), (NUMBERS, "number"),
        (sa.Integer, "number"), (sa.DateTime, "instant"), (sa.Date, "date"), (sa.Time, "time"),
        (sa.Text, "long"), (sa.JSON, "long"), (Sealed, "long"),
    )  # fmt: skip
    for sql_type, word in kinds:
        if column is not None and isinstance(column.type, sql_type):
            return word
    return "text"
