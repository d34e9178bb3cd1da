"""The guard of the operations console. Flask-Admin lets everyone in unless a view asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from flask import abort, current_app, redirect, request, url_for

from app.models import Role
from app.security.actor import current_actor

NAME = "Operations"
MAY: dict[str, tuple[Role, ...]] = {"read": (Role.ADMIN,), "resend": (Role.ADMIN,)}
"""Who may look at the console, and who may take which of its named actions."""


class Asking:
    """Mixed into every view of Flask-Admin before its class: each of its methods asks our security
    manager for a permission on `Operations`, as every other page does."""

    class_permission_name = NAME
    default_view = "index"
    endpoint: str
    _urls: Any
    actions: ClassVar[Mapping[str, str]] = {}
    """The permission of a method that does more than show."""

    def get_method_permission(self, method: str) -> str:
        """The permission that a page of the console asks for: reading, where it names none."""
        return self.actions.get(method, "read")

    def _handle_view(self, name: str, **_kwargs: Any) -> Any:
        permission = f"can_{self.get_method_permission(name)}"
        if current_app.extensions["appbuilder"].sm.has_access(permission, NAME):
            return None
        if current_actor() is not None:
            abort(403)
        return redirect(url_for("LoginView.login", next=request.url))

    def _run_view(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Flask-Admin calls a method that raised TypeError a second time; once is enough."""
        return method(self, *args, **kwargs)
