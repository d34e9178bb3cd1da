"""Around every request: what it may carry, how its transaction begins, which traces it keeps."""

from __future__ import annotations

import prison  # type: ignore[import-untyped]
from flask import Flask, Response, request

from app import database
from app.extensions import db
from app.language import _
from app.models import Role
from app.security import audit, sessions
from app.security.actor import current_actor
from app.views.frame.csrf import SAFE
from app.views.generated.guard import BadQuery
from app.views.generated.parsing import clean_text

SHOWING = {412, 422}  # a refused edit shows the row as it is now
LONGEST_QUERY = 8000
DEEPEST_QUERY = 12


def init_app(app: Flask) -> None:
    """Look at every request before its view, and keep its traces after it."""
    app.before_request(_begin)
    app.before_request(_refuse_unkeepable)
    app.after_request(_note_use)
    app.after_request(_keep_reads)
    app.after_request(_keep_refusals)
    app.teardown_request(lambda _error: database.start_writing())


def _begin() -> None:
    if request.method in SAFE:
        database.start_reading()
    else:
        database.start_writing()


def _refuse_unkeepable() -> None:
    """Refuse what no page could mean: NUL, broken text, endless or endlessly nested queries."""
    if len(request.query_string) > LONGEST_QUERY:
        raise BadQuery(_("The address is too long."))
    if not request.query_string.isascii():
        request.query_string = b""  # not even the page that says so could read it
        raise BadQuery(_("The address holds bytes that no address has."))
    for text in (request.path, *request.args, *request.args.values()):
        clean_text(text)
    if request.path.startswith("/api/"):
        _refuse_unreadable(request.args.get("q", ""))


def _refuse_unreadable(question: str) -> None:
    """Refuse an API's question on which the framework's reader would fail."""
    if question.count("(") > DEEPEST_QUERY * 4 or "(" * DEEPEST_QUERY in question:
        raise BadQuery(_("The question is nested too deeply."))
    try:
        prison.loads(question or "()")
    except prison.decoder.ParserException:
        return  # the framework tries to read it as JSON, and answers 400
    except (IndexError, TypeError, ValueError):
        raise BadQuery(_("The question cannot be read.")) from None


def _keep_reads(response: Response) -> Response:
    if response.status_code < 400 or response.status_code in SHOWING:
        audit.keep_reads(db.session())
    return response


def _note_use(response: Response) -> Response:
    sessions.note_use(db.session())
    return response


def _keep_refusals(response: Response) -> Response:
    """A patient who asks for what is not theirs leaves a trace, on whatever route."""
    if response.status_code in {403, 404} and request.view_args:
        person = current_actor()
        if person is not None and person.roles == {Role.PATIENT}:
            audit.keep_refusal(db.session(), person)
    return response
