"""Between the password and the session: what is still asked of a person, and what comes then.

Who knew the password is remembered in the signed cookie for some minutes; that opens nothing but
the next step.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask import session as cookie
from flask_appbuilder.utils.base import get_safe_redirect
from sqlalchemy.exc import NoResultFound

from app.extensions import db
from app.models.base.guesses import TooMany
from app.models.people import login_told
from app.models.visits.feed import hash_of
from app.security import sessions
from app.security.sign_in import Known, known_login
from app.views.frame import kept

MINUTES = 10
"""How long one may take from the password to the last step."""

STEPS = {
    "code": "SignInStepsView.code",
    "enrol": "SignInStepsView.enrol",
    "password": "SignInStepsView.password",
}


def begin(known: Known) -> None:
    """Remember who knew the password; whatever the cookie held before is gone."""
    sessions.empty_cookie()
    cookie["half"] = {
        "user": known.user_id,
        "until": int(time.time()) + MINUTES * 60,
        "stamp": _stamp(known),
        "next": _wanted(),
        "code": False,
    }


def half_in() -> Known | None:
    """Who is on the way in: the password was right minutes ago, and is the same still."""
    half = cookie.get("half")
    if not half or half["until"] < time.time():
        return None
    try:
        known = known_login(db.session(), half["user"])
    except NoResultFound:
        return None
    return known if known.is_active and half["stamp"] == _stamp(known) else None


def step_done(name: str, known: Known) -> None:
    """Remember that a step is behind; the password may be another now."""
    cookie["half"] = cookie["half"] | {name: True, "stamp": _stamp(known)}


def step_of(known: Known) -> str | None:
    """What is asked next; None where all is done."""
    if known.has_factor and not cookie["half"]["code"]:
        return "code"
    if known.must_enrol(current_app.config["SECOND_FACTOR_ROLES"]):
        return "enrol"
    return "password" if known.must_change else None


def go_on(known: Known) -> Any:
    """To the next step, or in, with what was written on the way."""
    step = step_of(known)
    if step is None:
        return _enter(known)
    db.session.commit()
    sealed = request.form.get("kept")
    if sealed:  # it does not fit into an address: the step's page carries it on
        return render_template("login/pass_on.html", action=url_for(STEPS[step]), kept=sealed)
    return redirect(url_for(STEPS[step]))


def locked(error: TooMany) -> tuple[str, int, dict[str, str]]:
    """The page of one who tried too often."""
    seconds = int(str(error.details["seconds"]))
    page = render_template("login/locked.html", minutes=-(-seconds // 60))
    return page, error.status, {"Retry-After": str(seconds)}


def _enter(known: Known) -> Any:
    session, now, wanted = db.session(), datetime.now(UTC), cookie["half"]["next"]
    key = sessions.open_for_browser(session, known.person, now)
    login_told.new_device(session, known.user_id, key, now)
    session.commit()
    return kept.bring_back(known.user_id) or redirect(wanted)


def _wanted() -> str:
    wanted = request.args.get("next", "")
    if not wanted.isprintable():  # a line break is no part of an address, and of no header
        wanted = ""
    start: str = get_safe_redirect(wanted) if wanted else url_for("HomeView.index")
    return start


def _stamp(known: Known) -> str:
    return hash_of(f"half {known.password}")[:16]
