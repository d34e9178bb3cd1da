"""Column types that say what a value is: an instant, a FHIR date, one of a few words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, Dialect, Enum, String, text
from sqlalchemy.types import TypeDecorator

LARGEST_INTEGER = 2**31 - 1
"""The largest number that an INTEGER of PostgreSQL holds, a key among them."""


class Instant(TypeDecorator[datetime]):
    """An aware `datetime`, kept as UTC without an offset so that both databases compare alike.

    Refuses a naive value: without its zone it is not an instant.
    """

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """One step from the driver's value to ours, since a calendar reads thousands of them."""
        if dialect.name == "sqlite":
            return lambda value: None if value is None else datetime.fromisoformat(f"{value}+00:00")
        return lambda value: None if value is None else value.replace(tzinfo=UTC)


class FhirDateTime(TypeDecorator[str]):
    """A FHIR R4 dateTime: a year, a month, a date, or an instant in UTC ending in `Z`.

    Kept as text because its precision is part of its meaning
    (https://hl7.org/fhir/R4/datatypes.html#dateTime); text in UTC sorts by time.
    """

    impl = String(30)
    cache_ok = True

    _whole = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.normal(value)

    @classmethod
    def normal(cls, value: str) -> str:
        """The one spelling of `value`; raises ValueError where it is no FHIR dateTime."""
        if cls._whole.fullmatch(value):
            datetime.strptime(value, "%Y-%m-%d"[: {4: 2, 7: 5, 10: 8}[len(value)]])
            return value
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")

    @classmethod
    def lies_ahead(cls, value: str, now: datetime, zone: ZoneInfo) -> bool:
        """Whether the day, month or year of `value` is yet to come in `zone`."""
        said, today = cls.normal(value), now.astimezone(zone).date().isoformat()
        if len(said) > len(today):
            with suppress(OverflowError):  # of the first and the last day that there is
                said = datetime.fromisoformat(said).astimezone(zone).date().isoformat()
        return said[: len(today)] > today[: len(said)]


class Words(String):
    """Some of a few `words`, by comma. People read and write them in their language."""

    def __init__(self, length: int | None = None, words: Sequence[str] = ()) -> None:
        super().__init__(length)
        self.words = tuple(words)


def choice(name: str, *values: str) -> Enum:
    """One of `values`, held by a CHECK named `name` on either database."""
    return Enum(
        *values,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=max(20, *map(len, values)),
    )


def only(condition: str) -> dict[str, Any]:
    """Arguments of an Index that holds the rows of this condition alone, on either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
