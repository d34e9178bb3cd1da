"""From text to values: one reading for form, filter and API."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Column
from sqlalchemy import types as sa

from app.language import _
from app.models import ClinicError
from app.models.base.clock import clinic_zone
from app.models.base.sealed import SealedJson, SealedText
from app.models.base.types import LARGEST_INTEGER, FhirDateTime, Instant, Words
from app.spelling import spelled, stored_words
from app.views.generated.values import NUMBERS

YEARS = range(1800, 2201)
"""Further off, a time zone or a length in minutes would lead out of the calendar."""


def parse(column: Column[Any], raw: Any) -> Any:
    """The value that `raw`, text or a JSON value, means in `column`.

    Raises ClinicError with a sentence. An empty text is None, or refused where one is needed.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        if not column.nullable:
            raise ClinicError(_("This is needed."))
        return None
    for kind, reader in READERS:
        if isinstance(column.type, kind):
            return reader(column, raw)
    raise ClinicError(_("This cannot be set here."))


def clean_text(raw: Any) -> str:
    """Text that both databases can hold: no NUL, no half of a surrogate pair."""
    if not isinstance(raw, str):
        raise ClinicError(_("Write text here."))
    if "\x00" in raw or any("\ud800" <= character <= "\udfff" for character in raw):
        raise ClinicError(_("The text holds a character that cannot be kept."))
    return raw


def _text(column: Column[Any], raw: Any) -> str:
    text = clean_text(raw)
    length = getattr(column.type, "length", None)
    if length and len(text) > length:
        raise ClinicError(
            _(
                "At most %(most)s characters fit here; this has %(count)s.",
                most=length,
                count=len(text),
            )
        )
    return text


def _words(column: Column[Any], raw: Any) -> str:
    known: tuple[str, ...] = column.type.words  # type: ignore[attr-defined]
    return _text(column, stored_words(clean_text(raw), known))


def _choice(column: Column[Any], raw: Any) -> str:
    choices = column.type.enums  # type: ignore[attr-defined]
    if raw not in choices:
        raise ClinicError(_("Choose one of: %(choices)s.", choices=", ".join(choices)))
    return str(raw)


def _integer(column: Column[Any], raw: Any) -> int:
    try:
        number = int(raw) if not isinstance(raw, (bool, float)) and "_" not in str(raw) else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise ClinicError(_("Write a whole number."))
    if abs(number) > LARGEST_INTEGER:
        raise ClinicError(_("The number is too large."))
    return number


def _float(column: Column[Any], raw: Any) -> float:
    try:
        number = float(raw) if not isinstance(raw, bool) and "_" not in str(raw) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ClinicError(_("Write a number."))
    return number


def _boolean(column: Column[Any], raw: Any) -> bool:
    words = {"true": True, "y": True, "yes": True, "1": True}
    words |= {"false": False, "n": False, "no": False, "0": False}
    value = raw if isinstance(raw, bool) else words.get(str(raw).lower())
    if value is None:
        raise ClinicError(_("Write yes or no."))
    return value


def read_date(raw: Any) -> date:
    """A day of the calendar. Raises ClinicError."""
    try:
        day = date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise ClinicError(_("Write a date like 2026-05-31.")) from None
    _require_near(day)
    return day


def _date(column: Column[Any], raw: Any) -> date:
    return read_date(raw)


def _require_near(moment: date) -> None:
    if moment.year not in YEARS:
        raise ClinicError(
            _("Write a year between %(first)s and %(last)s.", first=YEARS[0], last=YEARS[-1])
        )


def _time(column: Column[Any], raw: Any) -> time:
    try:
        moment = time.fromisoformat(raw)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise ClinicError(_("Write a time like 14:30."))
    return moment


def _instant(column: Column[Any], raw: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(raw)
        _require_near(moment)
        return (from_clinic_time(moment) if moment.tzinfo is None else moment).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ClinicError(
            _("Write a time like 2026-05-31T14:30 or 2026-05-31T14:30:00Z.")
        ) from None


_WALL = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?")
"""A time of the clinic's clock."""


def _fhir(column: Column[Any], raw: Any) -> str:
    try:
        if _WALL.fullmatch(raw):
            return FhirDateTime.normal(_instant(column, raw).isoformat())
        return FhirDateTime.normal(raw)
    except (TypeError, ValueError, OverflowError):
        raise ClinicError(
            _(
                "Write a year, a month, a day or a time: 2024, 2024-05, 2024-05-31, 2024-05-31 14:30."
            )
        ) from None


def _json(column: Column[Any], raw: Any) -> Any:
    raise ClinicError(_("This cannot be set here."))


READERS: tuple[tuple[Any, Any], ...] = (
    (Instant, _instant),
    (FhirDateTime, _fhir),
    (sa.Enum, _choice),
    (sa.Boolean, _boolean),
    (sa.Integer, _integer),
    (NUMBERS, _float),
    (sa.DateTime, _instant),
    (sa.Date, _date),
    (sa.Time, _time),
    (sa.JSON, _json),
    (Words, _words),
    (sa.String, _text),
    (SealedText, _text),
    (SealedJson, _json),
)


def from_clinic_time(wall: datetime) -> datetime:
    """The instant of a wall-clock time of the clinic; the first of two where the clock is set
    back. Raises ClinicError for a time that the clock skips."""
    local = wall.replace(tzinfo=clinic_zone())
    if local.astimezone(UTC).astimezone(clinic_zone()).replace(tzinfo=None) != wall:
        raise ClinicError(
            _(
                "%(time)s does not exist on %(day)s: the clock is set forward.",
                time=f"{wall:%H:%M}",
                day=spelled(wall, "d MMM y"),
            )
        )
    return local.astimezone(UTC)
