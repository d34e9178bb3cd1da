"""From a declaration to its grid, its API and its place in the menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_appbuilder import AppBuilder
from flask_appbuilder.forms import DynamicForm
from wtforms import HiddenField

from app.language import _l
from app.models import Entity, Screen
from app.models.base.refusals import words
from app.models.base.sealed import Sealed
from app.views.generated import related
from app.views.generated.api import EntityApi
from app.views.generated.fields import field_for
from app.views.generated.filters import ClinicInterface
from app.views.generated.grid import GridView
from app.views.generated.reading import declared_order

SECTION_ICONS = {
    "Clinic": "fa-hospital",
    "Records": "fa-notes-medical",
    "Team": "fa-user-group",
    "Set-up": "fa-sliders",
    "Administration": "fa-gear",
}
"""The sections of the menu, in their order; a declaration may name others, which come last."""
GENERATED = ("version", "identifier")
METHODS = {
    "get_list": "list", "get": "show", "info": "list", "post": "add", "put": "edit",
    "delete": "delete",
}  # fmt: skip


class EntityForm(DynamicForm):
    """A row's form; it carries the version that it was opened with and never sets it."""

    version = HiddenField()

    def populate_obj(self, obj: Any) -> None:
        for name, field in self._fields.items():
            if name not in {"version", "csrf_token"}:
                field.populate_obj(obj, name)


Bases = Mapping[type[Entity], tuple[type[GridView], type[EntityApi]]]


def register(appbuilder: AppBuilder, tables: tuple[type[Entity], ...], bases: Bases) -> None:
    """Give every declared table its grid, API and menu entry, in the order of `tables`. `bases`
    names the hand-written classes of the few tables whose rows are kept by rules of their own."""
    views: dict[type[Entity], GridView] = {}
    for table in tables:
        screen = table.__screen__
        if screen is None:
            continue
        grid_base, api_base = bases.get(table, (GridView, EntityApi))
        view = grid_class(table, screen, grid_base)
        if screen.menu:
            section = SECTION_ICONS.get(screen.menu, "fa-folder")
            views[table] = appbuilder.add_view(
                view, screen.title, icon=screen.icon, category=screen.menu, category_icon=section
            )
        else:
            views[table] = appbuilder.add_view_no_menu(view)
        appbuilder.add_api(api_class(table, screen, api_base))
    related.connect(views)


def grid_class(table: type[Entity], screen: Screen, base: type[GridView]) -> type[GridView]:
    """The framework's view class of a table."""
    form = form_columns(table, screen)
    shown = [*screen.columns, *screen.search, *(screen.detail or ()), *form]
    attributes: dict[str, Any] = {
        "__doc__": table.__doc__,
        "datamodel": ClinicInterface(table),
        "route_base": f"/{table.__tablename__}",
        "class_permission_name": table.__name__,
        "list_title": _l(screen.title),
        "one": _l(screen.one or words(table.__tablename__).capitalize()),
        "icon": screen.icon,
        "choices": screen.choices,
        "empty": _l(screen.empty or "Nothing here yet."),
        "base_order": declared_order(table),
        "label_columns": {name: _l(label(screen, name)) for name in shown},
        "list_columns": list(screen.columns),
        "order_columns": [name for name in screen.columns if sortable(table, name)],
        "search_columns": list(screen.search),
        "show_columns": list(screen.detail or dict.fromkeys([*screen.columns, *form])),
        "add_columns": form,
        "edit_columns": form,
    }
    attributes["add_form"] = attributes["edit_form"] = form_class(table, screen, form)
    return type(f"{table.__name__}View", (base,), attributes)


def api_class(table: type[Entity], screen: Screen, base: type[EntityApi]) -> type[EntityApi]:
    """The framework's REST class of a table; its names are the table's columns."""
    columns = table.columns()
    settable = [_column_of(table, name) for name in form_columns(table, screen)]
    shown = _api_columns(table, screen, settable)
    search = dict.fromkeys([*screen.search, *(_column_of(table, n) for n in screen.search)])
    attributes: dict[str, Any] = {
        "__doc__": table.__doc__,
        "datamodel": ClinicInterface(table),
        "resource_name": table.__tablename__,
        "class_permission_name": table.__name__,
        "method_permission_name": METHODS | base.more_methods,
        "openapi_spec_tag": screen.title,
        "list_title": screen.title,
        "label_columns": {name: label(screen, name) for name in [*columns, *table.links()]},
        "list_columns": shown,
        "show_columns": shown,
        "add_columns": settable,
        "edit_columns": settable,
        "order_columns": [name for name in shown if sortable(table, name)],
        "search_columns": list(search),
        "base_order": declared_order(table),
    }
    return type(f"{table.__name__}Api", (base,), attributes)


def form_columns(table: type[Entity], screen: Screen) -> list[str]:
    """What a person fills in: as declared, or every column and link that is not generated. A
    foreign key is always filled in as its link, which checks the row that it leads to."""
    keys = {table.foreign_key(link): link for link in table.links()}
    plain = [c for c in table.columns() if c not in (table.pk_name(), *GENERATED)]
    return [keys.get(column, column) for column in (plain if screen.form is None else screen.form)]


def form_class(table: type[Entity], screen: Screen, names: list[str]) -> type[DynamicForm]:
    """The form of a table with these columns and links, in this order."""

    def pick_url(model: type[Any]) -> str:
        return url_for(f"{model.__name__}View.pick")

    fields = {name: field_for(table, name, screen, pick_url) for name in names}
    return type(f"{table.__name__}Form", (EntityForm,), fields)


def sortable(table: type[Entity], name: str) -> bool:
    """A column of the table whose values SQL can put in order."""
    column = table.columns().get(name)
    return column is not None and not isinstance(column.type, Sealed)


def label(screen: Screen, name: str) -> str:
    """What a column is called: as declared, else by its name."""
    return screen.labels.get(name) or words(name).capitalize()


def _column_of(table: type[Entity], name: str) -> str:
    return table.foreign_key(name) if name in table.links() else name


def _api_columns(table: type[Entity], screen: Screen, settable: list[str]) -> list[str]:
    named = [*screen.columns, *(screen.detail or ())]
    wanted = [table.pk_name(), *(_column_of(table, n) for n in named), *settable, "version"]
    return list(dict.fromkeys([*wanted, *(n for n in named if n in table.links())]))
