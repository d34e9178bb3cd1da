"""A table on the console: Flask-Admin reads, sorts and filters it; our own templates show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import render_template, request, url_for
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import BaseForm
from sqlalchemy import func
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _, _l
from app.models import NotFound
from app.models.base.refusals import words
from app.security import audit
from app.security.console import Asking
from app.security.scope import as_key
from app.spelling import apart, word
from app.views.generated import export
from app.views.generated.filters import BadFilter
from app.views.generated.guard import LARGEST_PAGE, BadQuery, actor
from app.views.generated.pages import (
    Act,
    Cell,
    Column,
    FilterInput,
    Link,
    ListPage,
    Row,
    ShowPage,
    pages_near,
)
from app.views.generated.values import kind, show
from app.views.ops.tabs import tabs


class OpsTable(Asking, ModelView):
    """A read-only list with details and export. Flask-Admin's routes that write do not exist."""

    icon = "fa-table"
    one = _l("Entry")
    empty = _l("Nothing here yet.")
    column_labels: ClassVar[dict[str, str]] = {}
    column_list: Sequence[str] = ()
    column_filters: Sequence[Any] = ()
    spoken: Sequence[str] = ()
    """The columns that hold a stored word or the name of a class, shown as people say it."""
    leads: ClassVar[Mapping[str, str]] = {}
    """The columns that hold the number of a row with a page of its own, and the end point of that."""
    links: ClassVar[Sequence[tuple[str, str, str]]] = ()

    default_view = "index_view"
    can_create = can_edit = can_delete = False
    can_view_details = can_export = named_filter_urls = True
    column_display_pk = True
    page_size = 25
    create_view = edit_view = delete_view = action_view = ajax_lookup = ajax_update = None

    def __init__(self, model: type[Any], name: Any, path: str) -> None:
        super().__init__(model, db, name, endpoint=f"ops_{path}", url=path)

    def scaffold_form(self) -> Any:
        """An empty form, for nothing is written."""
        return BaseForm

    def get_one(self, key: Any) -> Any:
        """The row within `get_query`, which Flask-Admin's own would not ask. Raises NotFound."""
        row = self.get_query().filter(self._key() == as_key(key)).one_or_none()
        if row is None:
            raise NotFound(_("There is no such entry."))
        return row

    def get_count_query(self) -> Any:
        return self.get_query().order_by(None).with_entities(func.count(self._key()))

    @expose("/export/")
    def export(self) -> Response:
        """The rows that the list's filters leave, as CSV."""
        audit.read(actor(), "export", self.model, query=request.query_string.decode()[:200])
        names = [name for name, _ in self._list_columns]
        labels = [label for _, label in self._list_columns]
        return export.csv_response(str(self.endpoint), labels, names, self.asked())

    def asked(self) -> Any:
        """The query of all rows that this request's filters leave, in the list's order; rows that
        are equal in it come in that of their keys."""
        column = self._get_column_by_idx(request.args.get("sort", type=int))
        _, query = self.get_list(
            None,
            column[0] if column else None,
            bool(request.args.get("desc", type=int)),
            request.args.get("search"),
            self._get_list_filter_args(),
            execute=False,
            page_size=0,
        )
        return query.order_by(self._key())

    def render(self, template: str, **given: Any) -> str:
        """The list or the details that Flask-Admin has read, on our pages."""
        if template == self.details_template:
            row = given["model"]
            audit.read(actor(), "show", self.model, row)
            return render_template("grid/show.html", page=self.show_page(row), tabs=tabs())
        audit.read(actor(), "list", self.model, query=request.query_string.decode()[:200])
        return render_template("grid/list.html", page=self._list_page(given), tabs=tabs())

    def show_page(self, row: Any) -> ShowPage:
        labels = dict(self._details_columns)
        return ShowPage(
            title=str(row),
            one=self.one,
            icon=self.icon,
            pk=row.pk,
            facts=[(labels[name], self.cell(row, name)) for name in labels],
            list_title=str(self.name),
            list_url=url_for(".index_view"),
            acts=self.acts(row),
        )

    def acts(self, row: Any) -> list[Act]:
        """The named actions that a row offers."""
        return []

    def cell(self, row: Any, name: str) -> Cell:
        value = getattr(row, name)
        if value and name in self.spoken:
            value = word(apart(value))
        if value is not None and name in self.leads:
            return Cell(str(value), "link", url_for(self.leads[name], pk=value))
        sort = kind(self.model.columns().get(name))
        return Cell(show(value), "empty" if value is None else sort)

    def _list_page(self, given: Any) -> ListPage:
        inputs = self._inputs()
        number, count = given["page"], given["count"]
        pages = -(-count // self.page_size)
        return ListPage(
            title=str(self.name),
            one=self.one,
            icon=self.icon,
            columns=[self._column(given, *pair) for pair in enumerate(self._list_columns)],
            rows=[self._row(row) for row in given["data"]],
            count=count,
            page=number,
            page_size=self.page_size,
            filters=inputs,
            active_filters=sum(1 for field in inputs if field.value),
            empty=self.empty,
            clear_url=url_for(".index_view"),
            urls={n: given["pager_url"](n) for n in pages_near(number, pages)},
            export_url=same_question(".export"),
            links=[Link(label, same_question(to), icon) for label, to, icon in self.links],
            order_fields=[(n, request.args[n]) for n in ("sort", "desc") if n in request.args],
        )

    def _row(self, row: Any) -> Row:
        cells = [self.cell(row, name) for name, _ in self._list_columns]
        url = url_for(".details_view", id=row.pk)
        cells[0] = Cell(cells[0].text or str(row), "link", url)
        return Row(pk=row.pk, cells=cells, show_url=url, acts=self.acts(row))

    def _column(self, given: Any, index: int, pair: tuple[str, str]) -> Column:
        name, label = pair
        is_now = given["sort_column"] == index
        direction = ("desc" if given["sort_desc"] else "asc") if is_now else None
        return Column(
            key=name,
            label=str(label),
            sort_url=given["sort_url"](index, is_now) if self.is_sortable(name) else None,
            direction=direction,
            numeric=name not in self.leads and kind(self.model.columns().get(name)) == "number",
        )

    def _inputs(self) -> list[FilterInput]:
        made = []
        for index, chosen in enumerate(self._filters or ()):
            name = f"flt{index}_{self.get_filter_arg(index, chosen)}"
            options = chosen.get_options(self) or []
            sort = "choice" if options else chosen.data_type or "text"
            options = [(key, word(key)) for key, *_name in options]
            value = request.args.get(name, "")
            made.append(FilterInput(name, str(chosen.name), sort, value, "", list(options)))
        return made

    def _get_list_filter_args(self) -> list[tuple[int, str, str]]:
        """The filters of the address. Raises BadFilter, for one that is dropped shows more."""
        wanted = []
        for name, value in request.args.items(multi=True):
            if not name.startswith("flt") or not value:
                continue
            key = name.partition("_")[2]
            if key not in (self._filter_args or {}):
                raise BadFilter(_("There is no filter %(name)s here.", name=f"{name[:60]!r}"))
            index, chosen = self._filter_args[key]
            chosen.clean(value)
            wanted.append((index, str(chosen.name), value))
        return wanted

    def _get_list_extra_args(self) -> Any:
        asked = super()._get_list_extra_args()
        if not 0 <= asked.page <= LARGEST_PAGE:
            raise BadQuery(_("page must be a whole number of at most %(most)s.", most=LARGEST_PAGE))
        asked.extra_args = {}
        return asked

    def get_column_name(self, field: str) -> str:
        return self.column_labels.get(field) or words(field).capitalize()

    def _key(self) -> Any:
        return getattr(self.model, self.model.pk_name())


def same_question(endpoint: str) -> str:
    """The address of `endpoint` with what this request asks for."""
    asked: dict[str, Any] = request.args.to_dict()
    return url_for(endpoint, **asked)
