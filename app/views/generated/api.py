"""The generated REST API of one table; the framework's routes, permissions and OpenAPI, our
reading and writing. Its names are the table's columns, its instants are UTC."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

from flask import request
from flask_appbuilder.api import ModelRestApi
from flask_appbuilder.api.schemas import get_list_schema
from sqlalchemy import Enum, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.orm.attributes import set_committed_value
from werkzeug.exceptions import HTTPException

from app.extensions import db
from app.language import _
from app.models import Action, ClinicError, DeclarationError
from app.security import audit
from app.security.scope import labels, load, own_values
from app.views.frame.errors import problem
from app.views.generated import filters, reading, writing
from app.views.generated.conditional import require_current, telling_current
from app.views.generated.guard import BadQuery, Guarded, actor
from app.views.generated.openapi import DescribedApi
from app.views.generated.parsing import parse
from app.views.generated.values import encode

Answer = Any  # the framework's answers are untyped
REFUSALS = (ClinicError, HTTPException, SQLAlchemyError, OverflowError, RecursionError)
QUESTION = frozenset(get_list_schema["properties"])


def in_words(method: Callable[..., Answer]) -> Callable[..., Answer]:
    """Answer a refusal with its status and sentence; the framework would answer 500."""

    @functools.wraps(method)
    def wrapped(api: EntityApi, *args: Any, **kwargs: Any) -> Answer:
        try:
            return method(api, *args, **kwargs)
        except REFUSALS as error:
            db.session.rollback()
            return problem(error)

    return wrapped


class EntityApi(Guarded, DescribedApi, ModelRestApi):
    """`/api/v1/<table>/`: list, show, add, edit, delete, by cookie or bearer token."""

    exclude_route_methods: set[str] = set()
    allow_browser_login = True
    csrf_exempt = (
        True  # by the framework's check; `views.frame.csrf` asks for the token of a cookie
    )
    more_methods: dict[str, str] = {}
    """Permissions of the routes that a hand-written API adds."""

    @property
    def model(self) -> type[Any]:
        model: type[Any] = self.datamodel.obj
        return model

    @in_words
    def info_headless(self, **kwargs: Any) -> Answer:
        """What the person may do and fill in; names no row of another table."""
        payload: dict[str, Any] = {}
        self.merge_current_user_permissions(payload)
        payload["add_columns"] = [self._field(name) for name in self.add_columns]
        payload["edit_columns"] = [self._field(name) for name in self.edit_columns]
        payload["filters"] = {
            name: [{"name": str(f.name), "operator": f.arg_name} for f in offered]
            for name, offered in self._filters.get_search_filters().items()
            if name in self.search_columns
        }
        return self.response(200, **payload)

    @in_words
    def get_list_headless(self, **kwargs: Any) -> Answer:
        asked = kwargs.get("rison", {})
        if unknown := sorted(set(asked) - QUESTION):
            raise BadQuery(_("A list cannot be asked for %(name)s.", name=f"{unknown[0]!s:.40}"))
        filters.from_json(self._filters, asked.get("filters"), self.search_columns)
        query = reading.rows_in_scope(
            db.session(), actor(), self.model, self._filters, "", self.search_columns
        )
        count = query.count()
        number, size = self._page(asked)
        columns = self._columns(asked, self.list_columns)
        rows = reading.sorted_by(query, self.model, self._order(asked))
        rows = rows.options(*labels(actor(), self.model, columns))
        found = rows.offset(number * size).limit(size).all()
        audit.read(actor(), "list", self.model, rows=len(found))
        return self.response(
            200,
            count=count,
            ids=[self.datamodel.get_pk_value(row) for row in found],
            list_columns=columns,
            label_columns={name: str(self.label_columns[name]) for name in columns},
            order_columns=self.order_columns,
            list_title=self.list_title,
            result=[self._dump(row, columns) for row in found],
        )

    @in_words
    def get_headless(self, pk: Any, **kwargs: Any) -> Answer:
        columns = self._columns(kwargs.get("rison", {}), self.show_columns)
        row = load(db.session(), actor(), self.model, pk, Action.SHOW, columns)
        audit.read(actor(), "show", self.model, row)
        answer = self.response(
            200, id=self.datamodel.get_pk_value(row), result=self._dump(row, columns)
        )
        answer.headers["ETag"] = f'"{row.version}"'
        return answer

    @in_words
    def post_headless(self) -> Answer:
        row = self.model()
        body = self._body()
        own = own_values(actor(), self.model, Action.ADD)
        self._fill(row, body, self.add_columns, needed=set(self.add_columns) - set(own))
        writing.save(db.session(), actor(), row, Action.ADD, self.pre_add)
        return self.response(201, id=row.pk, result=self._kept(row))

    @in_words
    def put_headless(self, pk: Any) -> Answer:
        row = load(db.session(), actor(), self.model, pk, Action.EDIT)
        body = self._body()
        require_current(row, body, self._kept)
        self._fill(row, body, self.edit_columns, needed=set())
        with telling_current(row, self._kept):
            writing.save(db.session(), actor(), row, Action.EDIT, self.pre_update)
        return self.response(200, id=row.pk, result=self._kept(row))

    @in_words
    def delete_headless(self, pk: Any) -> Answer:
        row = load(db.session(), actor(), self.model, pk, Action.DELETE)
        require_current(row, {}, self._kept)
        self.pre_delete(row)
        writing.delete(db.session(), actor(), row)
        return self.response(200, message="Deleted.")

    def _dump(self, row: Any, columns: list[str]) -> dict[str, Any]:
        return {name: encode(getattr(row, name)) for name in columns}

    def _kept(self, row: Any) -> dict[str, Any]:
        """The row as it is now, without the labels of its links: those may be out of scope."""
        columns = [name for name in self.show_columns if name not in self.model.links()]
        return self._dump(row, columns)

    def _page(self, asked: dict[str, Any]) -> tuple[int, int]:
        number, size = asked.get("page", 0), asked.get("page_size") or self.page_size
        if not (0 <= number <= 1_000_000 and 1 <= size <= 100):
            raise BadQuery(_("page is at most 1,000,000, page_size at most 100."))
        return number, size

    def _order(self, asked: dict[str, Any]) -> tuple[str, str] | None:
        column = asked.get("order_column")
        if not column:
            return self.default_order()
        direction = asked.get("order_direction", "asc")
        if column not in self.order_columns or direction not in {"asc", "desc"}:
            raise BadQuery(_("The list cannot be sorted by %(column)s.", column=f"{column!s:.40}"))
        return column, direction

    def _columns(self, asked: dict[str, Any], allowed: list[str]) -> list[str]:
        wanted: list[str] = asked.get("select_columns") or asked.get("columns") or allowed
        if unknown := [name for name in wanted if name not in allowed]:
            raise BadQuery(_("There is no column %(name)s.", name=f"{unknown[0]!s:.40}"))
        return wanted

    def _body(self) -> dict[str, Any]:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise BadQuery(_("Send one JSON object."))
        return dict(body)

    def _fill(self, row: Any, body: dict[str, Any], allowed: list[str], needed: set[str]) -> None:
        """Set what the body names; a link may be named by its attribute or its column."""
        links = {name: self.model.foreign_key(name) for name in self.model.links()}
        given = {links.get(name, name): value for name, value in body.items()}
        if unknown := sorted(set(given) - set(allowed)):
            raise ClinicError(
                _("There is no field %(name)s to set here.", name=f"{unknown[0][:40]!r}"),
                field=unknown[0],
            )
        values = {
            name: self._parsed(name, given.get(name))
            for name in allowed
            if name in given or (name in needed and self._must_be_given(name))
        }
        named = {
            name: link
            for name, value in values.items()
            if value is not None and (link := self._link(name))
        }
        with db.session.no_autoflush:  # else the look-up would write the row half filled
            found = writing.find_links(
                db.session(),
                actor(),
                {name: (link.mapper.class_, values[name]) for name, link in named.items()},
            )
        for name, value in values.items():
            if name in named and found[name] is None:
                raise self._misread(name, _("There is no such entry to choose."))
            setattr(row, name, inspect(found[name]).identity[0] if name in named else value)
        for name, link in named.items():  # it is here: nobody need look for it again
            set_committed_value(row, link.key, found[name])

    def _must_be_given(self, name: str) -> bool:
        column = inspect(self.model).columns[name]
        return not (column.nullable or column.default or name in self._optional)

    def _parsed(self, name: str, raw: Any) -> Any:
        try:
            return parse(inspect(self.model).columns[name], raw)
        except ClinicError as error:
            raise self._misread(name, error.message) from None

    def _misread(self, name: str, why: str) -> ClinicError:
        return ClinicError(f"{self.label_columns[name]}: {why}", field=name)

    @property
    def _optional(self) -> set[str]:
        links = self.model.links()
        names = self.model.__screen__.optional
        return {self.model.foreign_key(n) if n in links else n for n in names}

    def _link(self, column: str) -> RelationshipProperty[Any] | None:
        for name, link in self.model.links().items():
            if self.model.foreign_key(name) == column:
                return cast("RelationshipProperty[Any]", link)
        if inspect(self.model).columns[column].foreign_keys:
            raise DeclarationError(f"{self.model.__name__}.{column} has no relationship.")
        return None

    def _field(self, name: str) -> dict[str, Any]:
        column = inspect(self.model).columns[name]
        return {
            "name": name,
            "label": str(self.label_columns[name]),
            "required": not column.nullable and column.default is None,
            "type": type(column.type).__name__,
            **({"choices": column.type.enums} if isinstance(column.type, Enum) else {}),
        }
