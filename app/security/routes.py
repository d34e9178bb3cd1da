"""Every route and the permission it asks for; a route without one stops the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_appbuilder.security.decorators import has_access, has_access_api, protect
from werkzeug.routing import Rule

from app.models import DeclarationError
from app.security.console import Asking

PUBLIC = frozenset(
    {
        "static",
        "appbuilder.static",
        "LoginView.login",
        "LoginApi.login",
        "SignInStepsView.code",  # each begins anew for whom did not give the password just now
        "SignInStepsView.enrol",
        "SignInStepsView.password",
        "LanguageView.choose",  # a choice of words, for whoever reads them
        "LanguageView.texts",
        "HealthView.health",
        "HealthView.ready",
        "PortalJoinView.join",  # the secret in the address and the birth date open it
        "PortalJoinView.forgot",
        "PortalJoinView.register",
        "VisitLinkView.show",  # links in messages: the signature in the address opens them
        "VisitLinkView.act",
        "StopLinkView.show",
        "StopLinkView.act",
        "TextReplyView.take",  # the provider of text messages does not sign in either
        "FeedFileView.ics",  # calendar programs do not sign in: the secret in the address opens it
    }
)
"""Endpoints that anyone may call; a test shows what each gives away."""

SIGNED_IN = frozenset({"LoginView.logout", "LoginApi.refresh", "LoginApi.logout"})
"""Endpoints that look at the session or the token themselves and name no permission."""

GUARDS = frozenset(
    guard(lambda: None).__code__ for guard in (has_access, has_access_api, protect())
)
"""What the framework's decorators put around a method; each asks the security manager."""


@dataclass(frozen=True)
class GuardedRoute:
    """A route with the framework permission that opens it, e.g. `can_list` on `Patient`."""

    rule: Rule
    permission: str
    view: str


def guarded_routes(app: Flask) -> list[GuardedRoute]:
    """All routes but the public ones; raises DeclarationError on one that asks for nothing, and
    on a grant that none of them asks for."""
    permissions = {
        f"{view.endpoint}.{name}": (f"can_{view.get_method_permission(name)}", view)
        for view in app.extensions["appbuilder"].baseviews
        for name in dir(view)
        if hasattr(getattr(view, name), "_urls") and _asks(getattr(view, name))
    } | _console(app)
    routes = [
        _guarded(rule, permissions)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in PUBLIC | SIGNED_IN
    ]
    asked = {(route.permission, route.view) for route in routes}
    granted: set[tuple[str, str]] = set().union(
        *app.extensions["clinic_policy"].permissions.values()
    )
    for permission, view in sorted(granted - asked):
        raise DeclarationError(f"{permission} on {view} is granted, but no route asks for it.")
    return routes


def _console(app: Flask) -> dict[str, tuple[str, Any]]:
    """The methods of Flask-Admin's views: it asks `Asking`, where a view has that, before each."""
    return {
        f"{view.endpoint}.{name}": (f"can_{view.get_method_permission(name)}", view)
        for console in app.extensions.get("admin", ())
        for view in console._views
        if isinstance(view, Asking)
        for _, name, _ in view._urls
    }


def _guarded(rule: Rule, permissions: dict[str, tuple[str, Any]]) -> GuardedRoute:
    if rule.endpoint not in permissions:
        raise DeclarationError(
            f"The route {rule.rule} ({rule.endpoint}) asks for no permission. Put @has_access or "
            "@protect() on its method."
        )
    permission, view = permissions[rule.endpoint]
    return GuardedRoute(rule, permission, view.class_permission_name)


def _asks(method: Any) -> bool:
    """Whether a guard stands around the method; naming a permission alone guards nothing."""
    return any(layer.__code__ in GUARDS for layer in _layers(method))


def _layers(method: Any) -> Iterator[Any]:
    while method is not None:
        yield method
        method = getattr(method, "__wrapped__", None)
