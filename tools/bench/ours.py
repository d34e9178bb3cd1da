"""The clinic as production serves it, with two empty routes, and a header that counts statements."""

from __future__ import annotations

from threading import local
from typing import Any

from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import event

from app import create_app
from app.extensions import db

counted = local()


class EmptyView(BaseView):
    """The floor: a route that does nothing, open and behind a permission."""

    route_base = "/bench"
    class_permission_name = "Calendar"

    @expose("/open")
    def open(self) -> str:
        return ""

    @expose("/closed")
    @has_access
    @permission_name("show")
    def closed(self) -> str:
        return ""


def create() -> Any:
    """The WSGI application."""
    app = create_app()
    with app.app_context():
        app.extensions["appbuilder"].add_view_no_menu(EmptyView)
        event.listen(db.engine, "before_cursor_execute", _count)
    app.wsgi_app = _counting(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _count(*_statement: Any) -> None:
    counted.statements = getattr(counted, "statements", 0) + 1


def _counting(application: Any) -> Any:
    def call(environ: Any, start_response: Any) -> Any:
        counted.statements = 0

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            headers.append(("X-Statements", str(counted.statements)))
            return start_response(status, headers, *more)

        return application(environ, start)

    return call
