"""The filters of the console's lists; a value that cannot be meant is refused, never dropped."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from sqlalchemy.orm import Query

from app.language import _
from app.models import ALL, ClinicError
from app.models.base.clock import clinic_zone, midnight
from app.models.trail.deeds import stored_deed, stored_outcome, stored_thing
from app.security.scope import as_key
from app.spelling import word
from app.views.generated.filters import BadFilter
from app.views.generated.parsing import clean_text, read_date


class Is(BaseSQLAFilter):
    """The column holds this word; of `options`, where they are named."""

    def clean(self, value: str) -> Any:
        known = [key for key, *_name in self.options or ()]
        if known and value not in known:
            raise BadFilter(
                _("%(name)s: choose one of %(choices)s.", name=self.name, choices=", ".join(known))
            )
        return clean_text(value)

    def apply(self, query: Query[Any], value: Any, alias: Any = None) -> Query[Any]:
        return query.filter(self.get_column(alias) == value)

    def operation(self) -> str:
        return "is"


class IsOutcome(Is):
    """The column holds how it ended, which people write in their language or as it is stored."""

    def clean(self, value: str) -> Any:
        return stored_outcome(str(super().clean(value)))


class IsDeed(Is):
    """The column holds this action, which people write in their language or as it is stored."""

    def clean(self, value: str) -> Any:
        return stored_deed(str(super().clean(value)))


class IsTable(Is):
    """The column holds the name of this class, which people write in words of their language, or as
    it is stored."""

    def clean(self, value: str) -> Any:
        tables = (*(table.__name__ for table in ALL), "User", "Backup")
        return stored_thing(str(super().clean(value)), tables)


class IsNumber(Is):
    """The column holds this row number."""

    def clean(self, value: str) -> int:
        try:
            return as_key(value)
        except ClinicError:
            raise BadFilter(_("%(name)s: write a row number.", name=self.name)) from None


class From(BaseSQLAFilter):
    """The instant is on this day of the clinic's calendar or later."""

    def __init__(self, column: Any, name: str) -> None:
        super().__init__(column, name, data_type="date")

    def clean(self, value: str) -> date:
        try:
            return read_date(value)
        except ClinicError as error:
            raise BadFilter(f"{self.name}: {error.message}") from None

    def apply(self, query: Query[Any], value: date, alias: Any = None) -> Query[Any]:
        return query.filter(self.get_column(alias) >= midnight(value, clinic_zone()))

    def operation(self) -> str:
        return "from"


class Until(From):
    """The instant is on this day of the clinic's calendar or earlier."""

    def apply(self, query: Query[Any], value: date, alias: Any = None) -> Query[Any]:
        return query.filter(
            self.get_column(alias) < midnight(value + timedelta(days=1), clinic_zone())
        )

    def operation(self) -> str:
        return "until"


def words(*options: str) -> list[tuple[str, str]]:
    """Options of a filter, by their own names."""
    return [(option, word(option)) for option in options]
