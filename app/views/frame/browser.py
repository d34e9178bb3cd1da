"""What every answer tells the browser to refuse: foreign scripts, frames, sniffing, plain HTTP."""

from __future__ import annotations

import secrets

from flask import Flask, Response, current_app, g, request

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Content Security Policy Level 3 (https://www.w3.org/TR/CSP3/). A script or style inside a page
runs only with the nonce of this one answer."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
    "display-capture=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTTPS_ONLY = "max-age=31536000; includeSubDomains"
STATIC = {"static", "appbuilder.static"}


def init_app(app: Flask) -> None:
    """Send the headers by which a browser guards the pages with every answer."""
    app.after_request(_add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """What an inline script of this answer must carry: `<script nonce="{{ csp_nonce() }}">`."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _add_headers(response: Response) -> Response:
    """What an answer says by itself stays as it is."""
    wanted = HEADERS | {"Content-Security-Policy": POLICY.format(nonce=csp_nonce())}
    if current_app.config["SESSION_COOKIE_SECURE"]:
        wanted["Strict-Transport-Security"] = HTTPS_ONLY
    if request.endpoint not in STATIC:
        wanted["Cache-Control"] = "no-store"
    there = set(response.headers.keys(lower=True))
    response.headers.extend(
        [(name, value) for name, value in wanted.items() if name.lower() not in there]
    )
    return response
