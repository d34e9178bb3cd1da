"""`/language/`: choosing the language of the pages, and the texts of the scripts in it."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, redirect, request, session, url_for
from flask_appbuilder import BaseView, expose

from app.extensions import db
from app.language import COOKIE, LANGUAGES, SOURCE, current, of_scripts
from app.models.people import login_setting
from app.security.actor import current_actor

KEPT = "public, max-age=31536000, immutable"


class LanguageView(BaseView):
    """For everybody, signed in or not."""

    route_base = "/language"
    default_view = "choose"

    @expose("/", methods=["POST"])
    def choose(self) -> Any:
        """Kept for the person, and in this browser for when they are signed out."""
        code = request.form.get("language", "")
        if code not in LANGUAGES:
            abort(400)
        session[COOKIE] = code
        person = current_actor()
        if person is not None:
            login_setting.made_for(db.session(), person.user_id).language = code
            db.session.commit()
        return redirect(_back())

    @expose("/<code>.js")
    def texts(self, code: str) -> Response:
        """What the scripts say; its address changes with its content, so that browsers keep it."""
        if code not in LANGUAGES:
            abort(404)
        return Response(_script(code), mimetype="text/javascript", headers={"Cache-Control": KEPT})


def texts_url() -> str | None:
    """Where a page's scripts find their texts; None in the language that they are written in."""
    code = current()
    if code == SOURCE:
        return None
    return url_for("LanguageView.texts", code=code, v=_version(code))


def choices() -> list[tuple[str, str, bool]]:
    """Code, name in itself, and whether it is spoken now."""
    return [(code, language.own, code == current()) for code, language in LANGUAGES.items()]


@cache
def _script(code: str) -> str:
    return f"globalThis.texts = {json.dumps(of_scripts(code), ensure_ascii=False)};\n"


@cache
def _version(code: str) -> str:
    return hashlib.sha256(_script(code).encode()).hexdigest()[:12]


def _back() -> str:
    """The page that the choice was made on, where it is one of ours; a path of two slashes would
    name another host."""
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host or came.path.startswith("//"):
        return url_for("HomeView.index")
    return f"{came.path}?{came.query}" if came.query else came.path or "/"
