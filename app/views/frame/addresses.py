"""`url_for` in templates, each address put together once: a list asks for the same ones again."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Flask, has_request_context, request

KEPT = 20_000


def init_app(app: Flask) -> None:
    """Only what follows from its parts and from where the clinic is mounted is kept."""

    @lru_cache(maxsize=KEPT)
    def kept(_mounted: str, endpoint: str, *values: tuple[str, Any]) -> str:
        return app.url_for(endpoint, **dict(values))

    def url_for(endpoint: str, **values: Any) -> str:
        plain = all(type(value) in (str, int) for value in values.values())
        if plain and endpoint[0] != "." and has_request_context():
            return kept(request.script_root, endpoint, *values.items())
        return app.url_for(endpoint, **values)

    app.jinja_env.globals["url_for"] = url_for
