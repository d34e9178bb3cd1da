"""The cards below a detail page: the rows of other tables that lead to this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from app.extensions import db
from app.language import _
from app.models import DeclarationError, Entity, Patient
from app.models.people.linked import same_person
from app.security import audit
from app.security.scope import labels
from app.views.generated import reading
from app.views.generated.filters import LinkIs
from app.views.generated.guard import actor
from app.views.generated.listing import row_of
from app.views.generated.pages import Column, Link, RelatedCard

MOST = 6
"""How many rows a card shows; the list has the rest."""


@dataclass(frozen=True)
class Related:
    """A table's view, and the link by which its rows lead here."""

    view: Any
    link: str


def connect(views: Mapping[type[Entity], Any]) -> None:
    """Give each view the views of the tables that its declaration names as related. Raises
    DeclarationError on a name that is no table, or whose table does not lead here."""
    by_name = {model.__tablename__: model for model in views}
    for model, view in views.items():
        screen = model.__screen__
        names = screen.related if screen else ()
        view.related = [_related(model, name, by_name, views) for name in names]


def cards(view: Any, row: Any) -> list[RelatedCard]:
    """One statement a card, of those that the person may list."""
    return [_card(r, row) for r in view.related if r.view.url("list")]


def _related(
    model: type[Entity],
    name: str,
    by_name: Mapping[str, type[Entity]],
    views: Mapping[type[Entity], Any],
) -> Related:
    target = by_name.get(name)
    if target is None:
        raise DeclarationError(f"{model.__name__} names the related table {name!r}: there is none.")
    for key, link in target.links().items():
        if link.mapper.class_ is model:
            return Related(views[target], key)
    raise DeclarationError(f"{model.__name__}: no link of {name!r} leads to it.")


def _card(related: Related, row: Any) -> RelatedCard:
    view, link = related.view, related.link
    query = reading.rows_in_scope(db.session(), actor(), view.model, view._filters, "", ())
    leads_here = getattr(view.model, view.model.foreign_key(link))
    mine = same_person(leads_here, row.pk) if isinstance(row, Patient) else leads_here == row.pk
    query = query.filter(mine)
    columns = [name for name in view.list_columns if name != link]
    query = query.options(*labels(actor(), view.model, columns))
    found = reading.sorted_by(query, view.model, view.default_order()).limit(MOST + 1).all()
    if row.patient_column() is None:  # the page of a patient's own row is an event about it already
        audit.read(actor(), "list", view.model, of=f"{type(row).__name__} {row.pk}")
    return RelatedCard(
        title=view.list_title,
        one=view.one,
        icon=view.icon,
        columns=[Column(name, str(view.label_columns[name])) for name in columns],
        rows=[row_of(view, one, columns) for one in found[:MOST]],
        all_url=_list_url(view, link, row.pk) if len(found) > MOST else None,
        add_url=_add_url(view, link, row.pk),
    )


def _list_url(view: Any, link: str, key: Any) -> str | None:
    """The list of the other table, filtered; the whole list where it has no such filter."""
    offered: Iterable[Any] = view._filters.get_search_filters().get(link, ())
    for index, offer in enumerate(offered):
        if type(offer) is LinkIs:
            argument = {f"_flt_{index}_{link}": key}
            return str(view.url("list", **argument))
    return str(view.url("list"))


def _add_url(view: Any, link: str, key: Any) -> str | None:
    return view.url("add", **{link: key}) if link in view.add_columns else None


def to_chart(view: Any, row: Any) -> list[Link]:
    """From a row of a record to the chart that it is of, for who may open charts."""
    if not getattr(view.model, "__clinical__", False):
        return []
    if not view.appbuilder.sm.has_access("can_show", "Chart"):
        return []
    chart = url_for("ChartView.show", patient_id=row.patient_id)
    return [Link(_("Chart"), chart, "fa-notes-medical")]
