"""A list page's facts: what the grid's template shows, from a view and its request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.models.sqla.filters import (
    FilterEqual,
    FilterGreater,
    FilterSmaller,
)
from sqlalchemy import inspect
from sqlalchemy import types as sa
from sqlalchemy.orm import Query

from app.language import _
from app.models import Action, ClinicError
from app.security.scope import load
from app.spelling import word
from app.views.generated import guard
from app.views.generated.filters import LinkIs, OnDay
from app.views.generated.pages import Cell, Column, FilterInput, ListPage, Row, pages_near
from app.views.generated.values import kind

COUNTED = 10_000
"""Rows after those before the page that are counted."""

SHOWN = (LinkIs, OnDay)


def list_page(view: Any) -> ListPage:
    """Everything that the list shows; two statements, whatever the number of rows."""
    number, size = guard.page_number(view.name), guard.page_size(view.name)
    query = view.query()
    count, more = _counted(query, number * size)
    rows = query.offset(number * size).limit(size).all()
    inputs = _filter_inputs(view)
    return ListPage(
        title=view.list_title,
        one=view.one,
        icon=view.icon,
        columns=[_column(view, name) for name in view.list_columns],
        rows=[row_of(view, row, view.list_columns) for row in rows],
        count=count,
        more=more,
        page=number,
        page_size=size,
        filters=inputs,
        active_filters=sum(1 for i in inputs[1:] if i.value),
        empty=_empty(view),
        clear_url=view.url("list"),
        urls=_page_urls(view, number, -(-count // size)),
        export_url=_with(f"{view.endpoint}.export"),
        add_url=view.url("add") if "can_add" in view.base_permissions else None,
        order_fields=_order_fields(view),
    )


def _counted(query: Query[Any], before: int) -> tuple[int, bool]:
    """How many rows there are, and whether there are more that were not counted: to count a whole
    trail takes longer than to show a page of it."""
    most = before + COUNTED
    found = query.order_by(None).enable_eagerloads(False).limit(most + 1).count()
    return min(found, most), found > most


WHEN = ("instant", "date")
"""What stays on one line."""


def _empty(view: Any) -> str:
    """What an empty list says; whoever may not add to it is not told to."""
    if request.args:
        return _("Nothing matches. Clear the search to see all.")
    if "can_add" in view.base_permissions and view.url("add") is None:
        return f"{str(view.empty).partition('. ')[0].rstrip('.')}."
    return str(view.empty)


def row_of(view: Any, row: Any, columns: Sequence[str]) -> Row:
    """One row with the addresses of what the person may do with it."""
    key = view.datamodel.get_pk_value(row)
    show_url = view.url("show", pk=key)
    cells = [view.cell(row, name) for name in columns]
    if cells:
        kind = "link" if show_url and cells[0].kind not in WHEN else cells[0].kind
        text = word(cells[0].text) if cells[0].kind == "choice" else cells[0].text
        cells[0] = Cell(text or str(row), kind, show_url)
    return Row(
        pk=key,
        cells=cells,
        show_url=show_url,
        edit_url=view.url("edit", Action.EDIT, pk=key) if view.may(row, Action.EDIT) else None,
        delete_url=view.url("delete", Action.DELETE, pk=key)
        if view.may(row, Action.DELETE)
        else None,
    )


def _column(view: Any, name: str) -> Column:
    sortable = name in view.order_columns
    now = guard.order(view.name, view.order_columns) or view.default_order()
    direction = now[1] if now and now[0] == name else None
    turned = "desc" if direction == "asc" else "asc"
    query = {f"_oc_{view.name}": name, f"_od_{view.name}": turned, f"page_{view.name}": None}
    column = view.datamodel.list_columns.get(name)
    return Column(
        key=name,
        label=str(view.label_columns[name]),
        sort_url=_with(f"{view.endpoint}.list", **query) if sortable else None,
        direction=direction,
        numeric=kind(column) == "number",
    )


def _page_urls(view: Any, number: int, pages: int) -> dict[int, str]:
    wanted = pages_near(number, pages)
    return {n: _with(f"{view.endpoint}.list", **{f"page_{view.name}": n or None}) for n in wanted}


def _with(endpoint: str, **changes: Any) -> str:
    """The address of `endpoint` with this request's arguments, changed."""
    kept = {key: request.args.getlist(key) for key in request.args}
    merged = {key: value for key, value in {**kept, **changes}.items() if value is not None}
    return url_for(endpoint, **merged)


def _order_fields(view: Any) -> list[tuple[str, str]]:
    names = (f"_oc_{view.name}", f"_od_{view.name}", f"psize_{view.name}")
    return [(name, request.args[name]) for name in names if name in request.args]


def _filter_inputs(view: Any) -> list[FilterInput]:
    words = FilterInput("q", _("Search"), "text", request.args.get("q", ""))
    offered = view._filters.get_search_filters()
    return [words] + [
        made
        for name in view.search_columns
        for made in _inputs_of(view, name, offered.get(name, []))
    ]


def _inputs_of(view: Any, name: str, offered: list[BaseFilter]) -> list[FilterInput]:
    column = inspect(view.model).columns.get(name)
    label = str(view.label_columns[name])
    made = []
    for index, offer in enumerate(offered):
        named = _named(offer, column, label)
        if named is None:
            continue
        argument = f"_flt_{index}_{name}"
        field = FilterInput(argument, named, _kind(offer, column), _asked(argument))
        _fill(view, field, offer, column)
        made.append(field)
    return made


def _named(offer: BaseFilter, column: Any, label: str) -> str | None:
    """The label of a filter that is offered; None for one that is not."""
    sort = kind(column)
    if type(offer) in SHOWN:
        return _("%(label)s on", label=label) if isinstance(offer, OnDay) else label
    if type(offer) is FilterEqual and sort in {"choice", "bool", "date", "number", "time"}:
        return label
    if type(offer) in {FilterGreater, FilterSmaller} and sort in {"date", "instant"}:
        after = type(offer) is FilterGreater
        return _("%(label)s after", label=label) if after else _("%(label)s before", label=label)
    return None


def _kind(offer: BaseFilter, column: Any) -> str:
    if isinstance(offer, LinkIs):
        return "pick"
    sort = kind(column)
    return {"instant": "date", "long": "text", "time": "text"}.get(sort, sort)


def _fill(view: Any, field: FilterInput, offer: BaseFilter, column: Any) -> None:
    if field.kind == "choice":
        field.options = [("", _("Any")), *((one, word(one)) for one in column.type.enums)]
    elif isinstance(getattr(column, "type", None), sa.Boolean):
        field.options = [("", _("Any")), ("yes", _("Yes")), ("no", _("No"))]
    elif isinstance(offer, LinkIs):
        target = inspect(view.model).relationships[offer.column_name].mapper.class_
        field.pick_url = view.pick_url(target)
        field.value_text = _label(view, target, field.value) if field.value else ""


def _label(view: Any, target: type[Any], key: str) -> str:
    try:
        return str(load(view.appbuilder.session, guard.actor(), target, key, Action.LIST))
    except ClinicError:
        return ""


def _asked(argument: str) -> str:
    return request.args.get(argument, "")
