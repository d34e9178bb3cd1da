"""The filters of grids and API: the framework's, made strict about what they are given."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask_appbuilder.models.filters import BaseFilter, FilterRelation, Filters
from flask_appbuilder.models.sqla.filters import (
    FilterContains,
    FilterEndsWith,
    FilterGreater,
    FilterIn,
    FilterNotContains,
    FilterNotEndsWith,
    FilterNotEqual,
    FilterNotIn,
    FilterNotStartsWith,
    FilterSmaller,
    FilterStartsWith,
    SQLAFilterConverter,
)
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Column, inspect, not_, or_
from sqlalchemy.orm import Query

from app.language import _, _l
from app.models import ClinicError
from app.models.base.clock import clinic_zone
from app.models.base.types import Instant
from app.security.scope import as_key
from app.views.generated import parsing, values

MOST_FILTERS = 20


class BadFilter(ClinicError):
    """A filter that cannot be meant: refused, never dropped, for its answer would show more."""

    status = 400
    code = "bad_filter"


class LinkIs(FilterRelation):
    """The link leads to the row with this number; needs no look at that row."""

    name = _l("Is")
    arg_name = "rel_o_m"

    def apply(self, query: Query[Any], value: Any) -> Query[Any]:
        column = self.model.foreign_key(self.column_name)
        return query.filter(getattr(self.model, column) == as_key(value))


class LinkIsNot(FilterRelation):
    """The link leads elsewhere."""

    name = _l("Is not")
    arg_name = "nrel_o_m"

    def apply(self, query: Query[Any], value: Any) -> Query[Any]:
        column = self.model.foreign_key(self.column_name)
        return query.filter(getattr(self.model, column).is_distinct_from(as_key(value)))


class OnDay(BaseFilter):
    """An instant on one day of the clinic's calendar, whatever its length."""

    name = _l("On")
    arg_name = "on"

    def apply(self, query: Query[Any], value: Any) -> Query[Any]:
        zone = clinic_zone()
        start = datetime.combine(value, time(), zone)
        column = getattr(self.model, self.column_name)
        end = datetime.combine(value + timedelta(days=1), time(), zone)
        return query.filter(column >= start, column < end)


def literal(base: type[BaseFilter], method: str, wanted: bool = True) -> type[BaseFilter]:
    """The framework's filter on a text, without its wildcards: `%` and `_` mean themselves. What
    is empty does not hold the text, so it is among the rows that do not."""

    def apply(self: BaseFilter, query: Query[Any], value: Any) -> Query[Any]:
        column = getattr(self.model, self.column_name)
        found = getattr(column, method)(value, autoescape=True)
        return query.filter(found if wanted else or_(not_(found), column.is_(None)))

    return type(base.__name__, (base,), {"apply": apply})


class IsNot(FilterNotEqual):
    """Another value, or none."""

    def apply(self, query: Query[Any], value: Any) -> Query[Any]:
        column = getattr(self.model, self.column_name)
        return query.filter(column.is_distinct_from(True if value == "y" else value))


class IsNoneOf(FilterNotIn):
    """Another value than any of these, or none."""

    def apply(self, query: Query[Any], value: Any) -> Query[Any]:
        column = getattr(self.model, self.column_name)
        return query.filter(or_(column.not_in(value), column.is_(None)))


OURS: dict[type[BaseFilter], type[BaseFilter]] = {
    FilterStartsWith: literal(FilterStartsWith, "istartswith"),
    FilterEndsWith: literal(FilterEndsWith, "iendswith"),
    FilterContains: literal(FilterContains, "icontains"),
    FilterNotStartsWith: literal(FilterNotStartsWith, "istartswith", wanted=False),
    FilterNotEndsWith: literal(FilterNotEndsWith, "iendswith", wanted=False),
    FilterNotContains: literal(FilterNotContains, "icontains", wanted=False),
    FilterNotEqual: IsNot,
    FilterNotIn: IsNoneOf,
}


class ClinicFilters(SQLAFilterConverter):
    """Which filters a column has; the first match in the table counts."""

    conversion_table = (
        ("is_relation_many_to_one", [LinkIs, LinkIsNot]),
        ("is_datetime", [OnDay, FilterGreater, FilterSmaller]),
        *(
            (test, [OURS.get(offer, offer) for offer in offered])
            for test, offered in SQLAFilterConverter.conversion_table
        ),
    )

    def convert(self, col_name: str) -> list[BaseFilter] | None:
        """The filters of a column; None, without the framework's warning, where it has none."""
        known = any(getattr(self.datamodel, test)(col_name) for test, _ in self.conversion_table)
        found: list[BaseFilter] | None = super().convert(col_name) if known else None
        return found


class ClinicInterface(SQLAInterface):
    """The framework's access to a table, with our filters."""

    filter_converter_class = ClinicFilters


def add(filters: Filters, column: str, chosen: BaseFilter, raw: Any) -> None:
    """Add one filter with its value read as the column reads it; raises BadFilter."""
    if len(filters.filters) >= MOST_FILTERS:
        raise BadFilter(_("At most %(most)s filters at once.", most=MOST_FILTERS))
    try:
        filters.add_filter(column, type(chosen), _value(chosen, raw))
    except ClinicError as error:
        raise BadFilter(f"{column}: {error.message}") from None


def from_arguments(filters: Filters, arguments: Any, allowed: Container[str]) -> None:
    """Read `_flt_<number>_<column>=value` on the `allowed` columns; an empty value is no filter.
    Raises BadFilter."""
    for name in arguments:
        if not name.startswith("_flt_"):
            continue
        match = re.fullmatch(r"_flt_(\d)_(\w+)", name)
        column = match.group(2) if match else name
        choices = _choices(filters, column, allowed)
        if not match or int(match.group(1)) >= len(choices):
            raise BadFilter(_("There is no filter %(name)s here.", name=f"{name[:60]!r}"))
        for raw in filter(None, arguments.getlist(name)):
            add(filters, column, choices[int(match.group(1))], raw)


def from_json(filters: Filters, wanted: Any, allowed: Container[str]) -> None:
    """Read the API's `[{"col", "opr", "value"}]` on the `allowed` columns. Raises BadFilter."""
    for item in wanted or ():
        if not isinstance(item, dict) or {"col", "opr", "value"} - set(item):
            raise BadFilter(_("A filter has col, opr and value."))
        choices = _choices(filters, str(item["col"]), allowed)
        chosen = next((c for c in choices if c.arg_name == item["opr"]), None)
        if chosen is None:
            raise BadFilter(
                _(
                    "There is no filter %(name)s on %(column)s.",
                    name=f"{item['opr']!s:.30}",
                    column=f"{item['col']!s:.30}",
                )
            )
        add(filters, str(item["col"]), chosen, item["value"])


def _choices(filters: Filters, column: str, allowed: Container[str]) -> Sequence[BaseFilter]:
    offered: dict[str, list[BaseFilter]] = filters.get_search_filters()
    return offered.get(column, ()) if column in allowed else ()


def _value(chosen: BaseFilter, raw: Any) -> Any:
    if isinstance(chosen, FilterRelation):
        return as_key(raw)
    if isinstance(chosen, (FilterIn, FilterNotIn)):
        return [_scalar(chosen, item) for item in (raw if isinstance(raw, list) else [raw])]
    return _scalar(chosen, raw)


def _scalar(chosen: BaseFilter, raw: Any) -> Any:
    column: Column[Any] = inspect(chosen.model).columns[chosen.column_name]
    if isinstance(chosen, OnDay):
        return parsing.read_date(raw)
    if isinstance(column.type, Instant):
        return _moment(chosen, column, raw)
    if values.kind(column) in {"text", "long"}:
        return parsing.clean_text(raw)
    parsed = parsing.parse(column, raw)
    return "y" if parsed is True else parsed


def _moment(chosen: BaseFilter, column: Column[Any], raw: Any) -> Any:
    """The instant to compare with; after a day is after its end."""
    if isinstance(chosen, FilterGreater) and isinstance(raw, str) and len(raw) == len("2026-05-31"):
        last = datetime.combine(parsing.read_date(raw), time.max, clinic_zone())
        return last.astimezone(UTC)
    return parsing.parse(column, raw)
