"""A form that was sent after its session had ended: nothing typed is lost.

What was typed is sealed for the person whose session it was and given to the login page to carry;
the server keeps nothing. After signing in, that person, and nobody else, gets it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, current_app, flash, render_template, request
from flask import session as cookie
from flask_appbuilder.security.forms import LoginForm_db
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from app.extensions import db
from app.language import _
from app.models import ClinicError
from app.models.base import sealing
from app.models.base.refusals import words
from app.security import sessions

PURPOSE = "kept form"
LONGEST = timedelta(hours=24)
SECRETS = {"csrf_token", "password", "conf_password", "current", "code", "offer", "kept"}
"""Never kept: they are typed again."""
NOT_WRITING = {"LoginView.login", "LoginView.logout"}

Page = Callable[..., str]
Method = TypeVar("Method", bound=Callable[..., Any])


class Resumed(ClinicError):
    """A form shows what was typed before its session ended."""

    status = 200

    def __init__(self) -> None:
        super().__init__(
            _(
                "Your session had ended before this was sent. It is as you typed it; nothing was saved yet."
            )
        )


def resumes(method: Method) -> Method:
    """Marks a page that shows a form again that comes with `resumed`, where others act on it."""
    method.resumes = True  # type: ignore[attr-defined]
    return method


def init_app(app: Flask, login_page: Page) -> None:
    """`login_page(form, kept=…, then=…)` makes the page that carries what was kept."""

    def keep_late_form() -> Any:
        sealed = _sealed()
        if sealed is None:
            return None
        flash(_("Your session had ended. Sign in again: what you typed is kept."), "warning")
        return login_page(LoginForm_db(formdata=None), kept=sealed, then=request.path), 401

    app.before_request(keep_late_form)


def bring_back(user_id: int) -> str | None:
    """The page that sends the kept form again, for whom it was kept; None where there is none."""
    sealed = request.form.get("kept")
    if not sealed:
        return None
    try:
        kept = json.loads(sealing.open(PURPOSE, sealed, LONGEST))
    except sealing.Unsealed:
        flash(_("What was typed before could not be kept."), "warning")
        return None
    if kept["user"] != user_id:
        flash(_("What was typed here before belongs to someone else, and stays closed."), "warning")
        return None
    shown = [(words(name).capitalize(), text) for name, text in kept["fields"] if _says(name, text)]
    return render_template(
        "login/kept.html", kept=kept, shown=shown, resumes=_can_resume(kept["path"])
    )


def _sealed() -> str | None:
    """What was typed, where this request is a form of someone whose session is over."""
    late = (
        request.method == "POST"
        and "_user_id" in cookie
        and not request.path.startswith(("/api/", "/login/"))
        and request.endpoint not in {None, *NOT_WRITING}
        and bool(request.form)
        and not current_user.is_authenticated
    )
    user_id = sessions.user_id_of_ended(db.session(), cookie["_user_id"]) if late else None
    if user_id is None:
        return None
    fields = [pair for pair in request.form.items(multi=True) if pair[0] not in SECRETS]
    kept = {"user": user_id, "path": request.full_path.rstrip("?"), "fields": fields}
    return sealing.seal(PURPOSE, json.dumps(kept))


def _can_resume(path: str) -> bool:
    """Whether the page shows the form again instead of acting on it at once."""
    adapter = current_app.url_map.bind("localhost")
    try:
        endpoint, _ = adapter.match(path.partition("?")[0], method="POST")
    except HTTPException:
        return False
    method = current_app.view_functions[endpoint]
    return bool(getattr(method, "resumes", False))


def _says(name: str, text: str) -> bool:
    return bool(text.strip()) and name != "version" and not name.endswith("-text")
