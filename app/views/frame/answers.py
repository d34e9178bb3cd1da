"""Answers in JSON, written by orjson: a week of a calendar takes it a tenth of the library's time."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider

LIKE_FLASK = (
    orjson.OPT_NON_STR_KEYS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_SORT_KEYS
)


class QuickJson(DefaultJSONProvider):
    """Only whole answers; cookies, tokens and what stands in a page are spelled as before."""

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """The answer as JSON; what the quick way cannot write goes the slow one."""
        payload = self._prepare_response_obj(args, kwargs)
        try:
            body = orjson.dumps(payload, self.default, LIKE_FLASK)
        except TypeError:  # half a character, or a number of more than 64 bits: it was sent to us
            return super().response(payload)
        return Response(body, mimetype=self.mimetype)


def init_app(app: Flask) -> None:
    """Write every JSON answer by the quick way."""
    app.json = QuickJson(app)
