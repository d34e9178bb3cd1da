"""Every route and the permission it asks for; a route without one stops the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from app.models import DeclarationError

PUBLIC = frozenset(
    {
        "static",
        "appbuilder.static",
        "LoginView.login",
        "LoginApi.login",
        "HealthView.health",
        "HealthView.ready",
    }
)
"""Endpoints that anyone may call; a test shows what each gives away."""

SIGNED_IN = frozenset({"LoginView.logout", "LoginApi.refresh"})
"""Endpoints that look at the session or the token themselves and name no permission."""


@dataclass(frozen=True)
class GuardedRoute:
    """A route with the framework permission that opens it, e.g. `can_list` on `Patient`."""

    rule: Rule
    permission: str
    view: str


def guarded_routes(app: Flask) -> list[GuardedRoute]:
    """All routes but the public ones; raises DeclarationError on one that asks for nothing."""
    permissions = {
        f"{view.endpoint}.{name}": (f"can_{view.get_method_permission(name)}", view)
        for view in app.extensions["appbuilder"].baseviews
        for name in dir(view)
        if hasattr(getattr(view, name), "_urls") and _permission(view, name)
    }
    return [
        _guarded(rule, permissions)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in PUBLIC | SIGNED_IN
    ]


def _guarded(rule: Rule, permissions: dict[str, tuple[str, Any]]) -> GuardedRoute:
    if rule.endpoint not in permissions:
        raise DeclarationError(
            f"The route {rule.rule} ({rule.endpoint}) asks for no permission. Put @has_access or "
            "@protect() on its method."
        )
    permission, view = permissions[rule.endpoint]
    return GuardedRoute(rule, permission, view.class_permission_name)


def _permission(view: Any, name: str) -> str | None:
    found: str | None = getattr(getattr(view, name), "_permission_name", None)
    return found
