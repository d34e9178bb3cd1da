"""The generated grid: list, detail, forms, delete, export and look-up of one table.

Routes, permissions and widgets' names are the framework's; reading and writing are ours, so that
scope, version, audit and refusals hold on each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_appbuilder import ModelView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy.orm import Query
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _
from app.models import Action, ClinicError, Entity
from app.security import audit
from app.security.scope import labels, load, may, own_values
from app.views.frame.kept import Resumed, resumes
from app.views.generated import export, filters, guard, reading, related, writing
from app.views.generated.form import form_page
from app.views.generated.guard import Guarded, actor
from app.views.generated.listing import list_page
from app.views.generated.pages import Act, Cell, Link, RelatedCard, ShowPage
from app.views.generated.values import cell_of
from app.views.generated.values import show as words


class GridView(Guarded, ModelView):
    """A table on the screen. What it shows is set by `generate`, from the table's declaration."""

    show_page = "grid/show.html"
    form_page = "grid/form.html"
    icon = "fa-table"
    one = ""
    empty = ""
    told: Sequence[str] = ()
    """Columns that stand above the form and are not changed by it."""
    related: Sequence[Any] = ()
    choices: Mapping[str, Sequence[str]] = {}

    @property
    def model(self) -> type[Any]:
        model: type[Any] = self.datamodel.obj
        return model

    @property
    def name(self) -> str:
        return type(self).__name__

    @expose("/list/")
    @has_access
    def list(self) -> str:
        """The rows in scope, searched, filtered and sorted. Raises ClinicError on a bad question."""
        audit.read(actor(), "list", self.model, query=request.query_string.decode()[:200])
        return render_template("grid/list.html", page=list_page(self))

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> str:
        """One row with what belongs to it; a row out of scope is not found."""
        row = self._load(pk, Action.SHOW)
        audit.read(actor(), "show", self.model, row)
        page = ShowPage(
            title=self.title_of(row),
            one=self.one,
            icon=self.icon,
            pk=pk,
            facts=self.facts(row),
            list_title=self.list_title,
            list_url=self.url("list"),
            edit_url=self.url("edit", Action.EDIT, pk=pk) if self.may(row, Action.EDIT) else None,
            delete_url=self.url("delete", Action.DELETE, pk=pk),
            related=[*related.cards(self, row), *self.more_cards(row)],
            acts=self.acts(row),
            links=self.links(row),
        )
        return render_template(self.show_page, page=page)

    @expose("/add", methods=["GET", "POST"])
    @resumes
    @has_access
    def add(self) -> Response | tuple[str, int]:
        """The form, filled from the address where it names fields; by POST the row is kept, or the form
        comes back with what is wrong."""
        form = self._form(self.add_form, self.add_columns)
        if request.method == "GET":
            writing.prefill(db.session(), form, own_values(actor(), self.model, Action.ADD))
            writing.prefill_links(db.session(), actor(), form, request.args)
            return self._show_form(form, None)
        try:
            self._show_resumed(form)
            row = self._save(form, self.model(), Action.ADD)
        except ClinicError as error:
            return self._show_form(form, None, error)
        return redirect(self._after(row))

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @resumes
    @has_access
    def edit(self, pk: str) -> Response | tuple[str, int]:
        """The same for a row that is there; one that another changed meanwhile comes back with both texts."""
        row = self._load(pk, Action.EDIT)
        form = self._form(self.edit_form, self.edit_columns, row)
        if request.method == "GET":
            audit.read(actor(), "show", self.model, row)
            return self._show_form(form, row)
        try:
            self._show_resumed(form)
            self._save(form, row, Action.EDIT)
        except ClinicError as error:
            row = self._load(pk, Action.EDIT)
            audit.read(actor(), "show", self.model, row)
            return self._show_form(form, row, error)
        return redirect(self._after(row))

    @expose("/delete/<pk>", methods=["POST"])
    @has_access
    def delete(self, pk: str) -> Response:
        """Raises ClinicError where rules or other rows keep it."""
        row = self._load(pk, Action.DELETE)
        self.pre_delete(row)
        writing.delete(db.session(), actor(), row)
        return redirect(self.url("list") or "/")

    @expose("/export")
    @has_access
    @permission_name("list")
    def export(self) -> Response:
        """What the list shows, all of its pages, as CSV."""
        audit.read(actor(), "export", self.model, query=request.query_string.decode()[:200])
        columns = self.list_columns
        heads = [self.label_columns[c] for c in columns]
        return export.csv_response(self.route_base, heads, columns, self.query())

    @expose("/pick")
    @has_access
    @permission_name("list")
    def pick(self) -> Sequence[dict[str, Any]]:
        """A look-up as one types: at most 20 rows in scope, each with a second line."""
        asked_words = request.args.get("q", "")[:100]
        found = reading.picks(db.session(), actor(), self.model, asked_words)
        audit.read(actor(), "search", self.model, words=asked_words, rows=len(found))
        return [
            {"id": self._key(row), "text": str(row), "detail": self.detail(row)} for row in found
        ]

    def more_cards(self, row: Any) -> Sequence[RelatedCard]:
        """Cards below the detail page that no table declares."""
        return ()

    def acts(self, row: Any) -> Sequence[Act]:
        """Buttons of the detail page that post."""
        return ()

    def query(self) -> Query[Any]:
        """The rows that this request asks for, sorted; raises ClinicError on a bad question."""
        filters.from_arguments(self._filters, request.args, self.search_columns)
        asked_words = request.args.get("q", "")[:200].strip()
        query = reading.rows_in_scope(
            db.session(), actor(), self.model, self._filters, asked_words, self.search_columns
        )
        asked = guard.order(self.name, self.order_columns) or self.default_order()
        query = query.options(*labels(actor(), self.model, self.list_columns))
        return reading.sorted_by(query, self.model, asked)

    def facts(self, row: Any) -> Sequence[tuple[str, Cell]]:
        """The detail page's rows."""
        return [(self.label_columns[c], self.cell(row, c)) for c in self.show_columns]

    def links(self, row: Any) -> Sequence[Link]:
        """Buttons from the detail page to pages written by hand; what is of a record has its chart."""
        return related.to_chart(self, row)

    def cell(self, row: Any, name: str) -> Cell:
        """A value as list and detail page show it."""
        value = row.read(name) if isinstance(row, Entity) else getattr(row, name)
        column = self.datamodel.list_columns.get(name)
        return cell_of(value, column, chosen=name in self.choices)

    def title_of(self, row: Any) -> str:
        """The heading of a row's own page."""
        return str(row)

    def detail(self, row: Any) -> str:
        """A second line in a look-up, where the label alone may not tell two rows apart."""
        plain = self.datamodel.list_columns
        parts = [words(getattr(row, name)) for name in self.list_columns[1:3] if name in plain]
        return " · ".join(filter(None, parts))

    def url(self, method: str, action: Action | None = None, **values: Any) -> str | None:
        """The address of a method, or None where the person may not call it."""
        permission = f"can_{action or self.get_method_permission(method)}"
        if not self.appbuilder.sm.has_access(permission, self.class_permission_name):
            return None
        return url_for(f"{self.endpoint}.{method}", **values)

    def may(self, row: Any, action: Action) -> bool:
        """Whether this person may do this with the row; what is settled is edited by nobody."""
        settled = action is Action.EDIT and getattr(row, "settled", False)
        return not settled and may(actor(), row, action)

    def pick_url(self, model: type[Any]) -> str:
        """Where rows of another table are looked up."""
        return url_for(f"{model.__name__}View.pick")

    def _key(self, row: Any) -> Any:
        return self.datamodel.get_pk_value(row)

    def _load(self, pk: str, action: Action) -> Any:
        columns = self.show_columns if action is Action.SHOW else self.edit_columns
        return load(db.session(), actor(), self.model, pk, action, columns)

    def _form(self, form_class: type[Any], columns: Sequence[str], row: Any = None) -> Any:
        form = form_class(obj=row)
        for name in [f.name for f in form if f.name not in {*columns, "csrf_token", "version"}]:
            del form[name]
        return form

    def _save(self, form: Any, row: Any, action: Action) -> Any:
        session, person = db.session(), actor()
        if action is Action.EDIT:
            writing.require_version(row, request.form.get("version"))
        writing.resolve_links(session, person, form)
        if not form.validate():
            raise ClinicError(_("Some fields need another look; nothing was saved yet."))
        form.populate_obj(row)
        hook = self.pre_add if action is Action.ADD else self.pre_update
        return writing.save(session, person, row, action, hook)

    def _show_resumed(self, form: Any) -> None:
        """A form that comes back after its session had ended is shown, not saved."""
        if "resumed" in request.form:
            writing.resolve_links(db.session(), actor(), form)
            raise Resumed

    def _show_form(self, form: Any, row: Any, error: ClinicError | None = None) -> tuple[str, int]:
        page = form_page(self, form, row, error)
        return render_template(self.form_page, page=page, form=form), error.status if error else 200

    def _after(self, row: Any) -> str:
        return self.url("show", pk=self._key(row)) or self.url("list") or "/"
