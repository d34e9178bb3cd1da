"""The form of a grid's row, as it is shown: empty, filled, or with what speaks against it."""

from __future__ import annotations

from typing import Any

from app.language import _
from app.models import ClinicError, Entity, Stale
from app.views.frame.kept import Resumed
from app.views.generated import writing
from app.views.generated.pages import FormPage


def form_page(grid: Any, form: Any, row: Any, error: ClinicError | None = None) -> FormPage:
    """The page around a form; `row` is None where one is added. The form carries the version that
    it was made from: the row's own, but for one that was refused as stale, which is shown beside
    what the other wrote and may then be saved over it."""
    as_sent = isinstance(error, (Stale, Resumed))
    if isinstance(row, Entity) and "version" in form and not as_sent:
        form.version.data = row.version
    adding = row is None
    back = grid.url("list") if adding else grid.url("show", pk=grid.datamodel.get_pk_value(row))
    page = FormPage(
        title=_("New %(what)s", what=str(grid.one).lower()) if adding else str(row),
        one=grid.one,
        icon=grid.icon,
        fields=[f for f in form if f.name not in {"csrf_token", "version"}],
        cancel_url=back or "/",
        submit_label=_("Add %(what)s", what=str(grid.one).lower()) if adding else _("Save"),
        problem=error.message if error else None,
        conflict=writing.differences(form, row) if isinstance(error, Stale) else None,
        told=() if adding else [(grid.label_columns[c], grid.cell(row, c)) for c in grid.told],
    )
    writing.point_at(form, error)
    if isinstance(error, Stale):
        form.version.raw_data, form.version.data = None, row.version
    return page
