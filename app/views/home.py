"""`/`: the start of one's day, by role."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.models import Role


class HomeView(BaseView):
    """Numbers and lists that this role starts its day with."""

    route_base = ""
    default_view = "index"
    class_permission_name = "Home"
    may = {"home": tuple(Role)}  # noqa: RUF012

    @expose("/")
    @has_access
    @permission_name("home")
    def index(self) -> Any:
        return render_template("home.html", page=None)
