"""Changes by the API that name the version which they were made from (RFC 9110, `If-Match`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request

from app.models import Action, Stale
from app.security import audit
from app.views.generated import writing
from app.views.generated.guard import actor


def require_current(row: Any, body: dict[str, Any], kept: Callable[[Any], Any]) -> None:
    """Compare the version that `If-Match` names, else the body's, which is taken out of it; `*` is any.
    Raises Stale with the row as `kept` tells it."""
    told, tags = body.pop("version", None), _tags()
    if "*" in tags or str(row.version) in tags:
        return
    try:
        writing.require_version(row, tags[0] if tags else told)
    except Stale as error:
        audit.read(actor(), Action.SHOW, type(row), row)
        raise Stale(error.message, current=kept(row)) from None


def _tags() -> list[str]:
    said = request.headers.get("If-Match", "").split(",")
    return [tag for raw in said if (tag := raw.strip().removeprefix("W/").strip('"'))]
