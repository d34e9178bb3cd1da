"""Forgery of requests: a cookie that acts needs the page's token, on the API as on forms."""

from __future__ import annotations

from flask import Flask, current_app, request
from flask_login import current_user

from app.extensions import csrf

SAFE = {"GET", "HEAD", "OPTIONS"}
"""The methods that change nothing (RFC 9110, 9.2.1)."""


def init_app(app: Flask) -> None:
    """The framework exempts its API from the form's check; here a request to it that is
    authorised by cookie must send the token as `X-CSRFToken`."""
    app.before_request(_protect_cookie_calls)


def _protect_cookie_calls() -> None:
    signs_in = request.endpoint in {"LoginApi.login", "LoginApi.refresh", "LoginApi.logout"}
    if (
        current_app.config.get("WTF_CSRF_ENABLED", True)
        and request.path.startswith("/api/")
        and request.method not in SAFE
        and not signs_in
        and current_user.is_authenticated  # by cookie; a token is looked at later, and loses
    ):
        csrf.protect()
