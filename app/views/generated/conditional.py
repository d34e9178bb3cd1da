"""Changes by the API that name the version which they were made from (RFC 9110, `If-Match`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import request
from sqlalchemy.orm.exc import ObjectDeletedError

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
    with telling_current(row, kept):
        writing.require_version(row, tags[0] if tags else told)


@contextmanager
def telling_current(row: Any, kept: Callable[[Any], Any]) -> Iterator[None]:
    """What is Stale within says the row as it is now, as `kept` tells it; unless it is gone."""
    try:
        yield
    except Stale as error:
        with suppress(ObjectDeletedError):
            current = kept(row)
            audit.read(actor(), Action.SHOW, type(row), row)
            raise Stale(error.message, current=current) from None
        raise


def _tags() -> list[str]:
    said = request.headers.get("If-Match", "").split(",")
    return [tag for raw in said if (tag := raw.strip().removeprefix("W/").strip('"'))]
