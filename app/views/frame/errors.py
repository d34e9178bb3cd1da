"""Refusals at the edge: every error is a status, a sentence, and a way on."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from jwt.exceptions import PyJWTError
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, SecurityError

from app.extensions import db
from app.language import _, _l
from app.models import ClinicError
from app.models.base.refusals import lost_a_race, race, sentence_for
from app.models.record.closed import Restricted
from app.views.chart.restricted import restricted_facts
from app.views.portal.portal_shell import Unlinked, clinic, frame_of_login

log = logging.getLogger(__name__)

SENTENCES = {
    400: _l("The request could not be read."),
    401: _l("Please sign in first."),
    403: _l(
        "Your role does not open this page. If you need it, ask an administrator of the clinic."
    ),
    404: _l("There is no such page, or it is not yours to see."),
    405: _l("This address does not take that kind of request."),
    413: _l("That is too large to be taken in."),
    429: _l("Too many tries. Wait a minute, then try again."),
    503: _l(
        "The clinic's database does not answer just now. Nothing was lost; try again in a moment."
    ),
}
NO_ROOM = _l(
    "There is no room left on the clinic's disk. Nothing of this was saved; tell whoever "
    "looks after the clinic, and try again then."
)
READ_ONLY = _l(
    "The clinic's database can only be read just now. Nothing of this was saved; try "
    "again in a moment."
)
AWAY = (OperationalError, InterfaceError, InternalError, NoConnectionFree)
"""The database itself is not well: gone, full, read only, or busy for too long."""

BROKEN = _l("Something went wrong on our side. Nothing was saved; please try again.")


def init_app(app: Flask) -> None:
    """Answer every exception with a page, or with JSON below /api/."""
    for kind in (
        ClinicError,
        HTTPException,
        SQLAlchemyError,
        JWTExtendedException,
        PyJWTError,
        Exception,
    ):
        app.register_error_handler(kind, _answer)


def status_of(error: Exception) -> int:
    """The HTTP status of an error; 500 for one that nobody foresaw."""
    if isinstance(error, ClinicError):
        return error.status
    if isinstance(error, HTTPException):
        return error.code or 500
    if isinstance(error, (JWTExtendedException, PyJWTError)):
        return 401
    if isinstance(error, IntegrityError):
        return 409
    if isinstance(error, StaleDataError):
        return 412
    if isinstance(error, (DataError, OverflowError, RecursionError)):
        return 400
    if isinstance(error, AWAY) or type(error) is DatabaseError:
        return 503
    return 500


def sentence(error: Exception) -> str:
    """What to tell a person; never a statement, a value or a stack."""
    if isinstance(error, ClinicError):
        return error.message
    if isinstance(error, CSRFError):
        return _("This form has been open for too long. Go back, reload it, and send it again.")
    if isinstance(error, IntegrityError):
        return sentence_for(error).message
    if status_of(error) == 503 and (said := str(getattr(error, "orig", error)).lower()):
        if "disk is full" in said or "no space left" in said:
            return str(NO_ROOM)
        if "readonly database" in said or "read-only transaction" in said:
            return str(READ_ONLY)
    known = SENTENCES.get(status_of(error), BROKEN if status_of(error) >= 500 else SENTENCES[400])
    return str(known)


def problem(error: Exception) -> Response:
    """The answer of the API: `code`, `message`, and what the rule adds (`field`, `current`, …)."""
    known = error if isinstance(error, ClinicError) else ClinicError(sentence(error))
    if isinstance(error, IntegrityError):
        known = sentence_for(error)
    answer = jsonify({**known.details, "code": known.code, "message": known.message})
    answer.status_code = status_of(error)
    return answer


def _answer(error: Exception) -> Any:
    error = getattr(error, "original_exception", None) or error
    if lost_a_race(error):
        error = race()
    status = status_of(error)
    if isinstance(error, HTTPException) and status < 400:
        return error
    if status >= 500:
        log.error("%s on %s", type(error).__name__, request.path, exc_info=error)
    db.session.rollback()
    if status == 503:  # no answer must ask the database who is signed in, nor in which language
        g.setdefault("_login_user", AnonymousUserMixin())  # where flask_login keeps it
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        return problem(error)
    if isinstance(error, SecurityError):  # a host that is not ours has no addresses to link to
        return sentence(error), status, {"Content-Type": "text/plain; charset=utf-8"}
    if isinstance(error, Restricted):
        return render_template("restricted.html", **restricted_facts(error)), status
    if isinstance(error, Unlinked):  # each page of the portal says so: the way on is out
        return render_template("portal/unlinked.html", message=error, clinic=clinic()), status
    ways = [(_("Go to the start page"), "/"), (_("Go back"), request.referrer or "/")]
    if status >= 500 and request.method == "GET":
        ways.insert(0, (_("Try again"), f"/{request.full_path.lstrip('/').removesuffix('?')}"))
    page = {"status": status, "title": _title(error), "message": sentence(error), "do": ways}
    frame = frame_of_login() if status < 500 else {}
    return render_template("error.html", **page, **frame, kept=None), status


def _title(error: Exception) -> str:
    status = status_of(error)
    if status == 403 and isinstance(error, ClinicError):  # a rule, whatever the role
        status = 0
    titles = {
        403: _("Not for your role"),
        404: _("Not found"),
        429: _("Please wait"),
        503: _("One moment"),
    }
    return titles.get(status, _("That did not work"))
