"""What every generated view of the framework needs and does not have by itself."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from flask import g, has_request_context, request
from flask_appbuilder.models.filters import Filters

from app.language import _
from app.models import Action, ClinicError
from app.security.actor import Actor, current_actor
from app.security.scope import visible

LARGEST_PAGE = 1_000_000
PAGE_SIZES = (25, 50, 100)


class BadQuery(ClinicError):
    """An argument of the address that cannot be meant."""

    status = 400
    code = "bad_query"


class PerRequest:
    """An attribute that each request sees as a copy of its own.

    The framework keeps one `Filters` object for all threads: under load, one request would read
    the rows of another's filter.
    """

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.key = f"_shared{name}"

    def __set__(self, view: Any, value: Filters | None) -> None:
        vars(view)[self.key] = value

    def __get__(self, view: Any, owner: type[Any] | None = None) -> Any:
        shared: Filters | None = vars(view).get(self.key) if view is not None else None
        if shared is None or not has_request_context():
            return shared
        copies: dict[int, Filters] = g.setdefault("filters", {})
        if id(view) not in copies:
            own = copy.copy(shared)
            own.clear_filters()
            copies[id(view)] = own
        return copies[id(view)]


class Visible:
    """A list of columns that, while a request runs, answers those that the person may see."""

    def __init__(self, action: Action, columns: Sequence[str] = ()) -> None:
        self.action = action
        self.columns = list(columns)

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.key = f"_all_{name}"

    def __set__(self, view: Any, value: Sequence[str] | None) -> None:
        vars(view)[self.key] = list(value or ())

    def __get__(self, view: Any, owner: type[Any] | None = None) -> list[str]:
        columns: list[str] = (
            self.columns if view is None else vars(view).get(self.key, self.columns)
        )
        if view is None or not columns or not has_request_context():
            return columns
        return visible(actor(), view.datamodel.obj, self.action, columns)


COLUMN_LISTS = {
    "list_columns": Action.LIST,
    "order_columns": Action.LIST,
    "search_columns": Action.LIST,
    "show_columns": Action.SHOW,
    "add_columns": Action.ADD,
    "edit_columns": Action.EDIT,
}


class Guarded:
    """Mixed into a generated view before the framework's class."""

    _filters = PerRequest()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Put each list of columns that a view declares behind `Visible`."""
        super().__init_subclass__(**kwargs)
        for name, action in COLUMN_LISTS.items():
            declared = vars(cls).get(name)
            if declared is not None and not isinstance(declared, Visible):
                guarded = Visible(action, declared)
                guarded.__set_name__(cls, name)
                setattr(cls, name, guarded)

    # routes of the framework that the clinic does not have: they fetch rows without a scope,
    # or serve files by name
    exclude_route_methods: set[str] = {"action", "action_post", "download"}
    datamodel: Any
    base_order: tuple[str, str] | None = None

    def default_order(self) -> tuple[str, str] | None:
        """The declared order, for who sees the column that it goes by: it would tell the rest."""
        if self.base_order is None:
            return None
        seen = visible(actor(), self.datamodel.obj, Action.LIST, [self.base_order[0]])
        return self.base_order if seen else None


def actor() -> Actor:
    """The acting person of this request, who is signed in: the route asked for a permission."""
    found = current_actor()
    if found is None:
        raise ClinicError(_("Please sign in."))
    return found


def page_number(name: str) -> int:
    """The page from the address, from 0. Raises BadQuery."""
    return _number(f"page_{name}", 0, LARGEST_PAGE)


def page_size(name: str) -> int:
    """How many rows a page has: one of `PAGE_SIZES`. Raises BadQuery."""
    size = _number(f"psize_{name}", PAGE_SIZES[0], PAGE_SIZES[-1])
    return max(1, size)


def order(name: str, allowed: list[str]) -> tuple[str, str] | None:
    """Column and direction from the address, or None. Raises BadQuery."""
    column = request.args.get(f"_oc_{name}")
    if not column:
        return None
    direction = request.args.get(f"_od_{name}", "asc")
    if column not in allowed or direction not in {"asc", "desc"}:
        raise BadQuery(_("The list cannot be sorted by %(column)s.", column=f"{column[:40]!r}"))
    return column, direction


def _number(name: str, default: int, largest: int) -> int:
    raw = request.args.get(name, "")
    if not raw:
        return default
    if not (raw.isascii() and raw.isdecimal()) or len(raw) > 9 or int(raw) > largest:
        raise BadQuery(
            _("%(name)s must be a whole number of at most %(largest)s.", name=name, largest=largest)
        )
    return int(raw)
