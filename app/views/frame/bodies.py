"""What is sent to a hand-written page or endpoint, read field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from sqlalchemy import Column, inspect

from app.extensions import db
from app.language import _
from app.models import Appointment, AppointmentSeries, ClinicError, Doctor, Patient, Room, VisitType
from app.models.base.refusals import words
from app.models.visits import series
from app.views.generated import writing
from app.views.generated.guard import BadQuery, actor
from app.views.generated.parsing import clean_text, parse

LINKS = {"patient_id": Patient, "doctor_id": Doctor, "room_id": Room, "visit_type_id": VisitType}
LONGEST_REASON = 500
"""Of the columns that keep one."""


def read_body(known: set[str] | None = None) -> dict[str, Any]:
    """The JSON object of this request; a field that is not `known` is refused where that is told.
    Raises BadQuery and ClinicError."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadQuery(_("Send one JSON object."))
    if known is not None and (unknown := sorted(set(body) - known)):
        raise ClinicError(
            _("There is no field %(name)s to set here.", name=f"{unknown[0][:40]!r}"),
            field=unknown[0],
        )
    return body


def read_value(name: str, column: Column[Any], raw: Any, label: str | None = None) -> Any:
    """What `raw` means in a column. Raises ClinicError that names the field."""
    try:
        return parse(column, raw)
    except ClinicError as error:
        said = f"{label or words(name).capitalize()}: {error.message}"
        raise ClinicError(said, field=name) from None


def read_text(raw: Any, longest: int, label: str) -> str:
    """Words without the spaces around them; empty where there are none. Raises ClinicError."""
    said = clean_text(raw or "").strip()
    if len(said) > longest:
        raise ClinicError(
            _("%(label)s: at most %(most)s characters fit here.", label=label, most=longest)
        )
    return said


def read_reason(raw: Any) -> str:
    """Why somebody does it, in their words; empty where they gave none. Raises ClinicError."""
    return read_text(raw, LONGEST_REASON, _("Reason"))


def read_flag(raw: Any, label: str) -> bool:
    """Raises ClinicError where it is neither true nor false."""
    if not isinstance(raw, bool):
        raise ClinicError(_("%(label)s is true or false.", label=label))
    return raw


def read_link(name: str, raw: Any, *, needed: bool = True) -> Any:
    """The key of a row that the person may see."""
    column = inspect(AppointmentSeries).columns[name]
    if raw is None and not needed:
        return None
    key = read_value(name, column, raw)
    if key is not None:
        key = writing.find_link(db.session(), actor(), LINKS[name], key).pk
    return key


def read_minutes(raw: Any) -> int | None:
    """A length in minutes, None where it is left out. Raises ClinicError."""
    column = inspect(Appointment).columns["minutes_duration"]
    return None if raw is None else int(read_value("minutes", column, raw))


def read_scope(body: Mapping[str, Any]) -> str:
    """Which visits of a series are meant, one where it is not said. Raises ClinicError."""
    scope = body.get("scope", "one")
    if scope not in series.SCOPES:
        raise ClinicError(
            _("Choose one of: %(choices)s.", choices=", ".join(series.SCOPES)), field="scope"
        )
    return str(scope)


def read_skip(body: Mapping[str, Any]) -> bool:
    """Whether what cannot be had is left out. Raises ClinicError."""
    return read_flag(body.get("skip", False), "skip")
