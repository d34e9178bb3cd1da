"""The login page, and signing out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.const import FLAMSG_ERR_SEC_ACCESS_DENIED
from flask_appbuilder.security.forms import LoginForm_db
from flask_login import current_user, logout_user

from app.extensions import db
from app.language import _
from app.models import ClinicError
from app.models.base.guesses import TooMany
from app.security import audit, sessions
from app.security.actor import current_actor
from app.security.sign_in import WRONG, Known, check_password
from app.views.generated.parsing import clean_text
from app.views.login import signing_in


class LoginView(BaseView):
    """The answer is the same for a known and an unknown name."""

    route_base = ""
    default_view = "login"

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        """The form; by POST the password is asked, and what comes after it."""
        if current_user.is_authenticated:
            return redirect(url_for("HomeView.index"))
        form = LoginForm_db()
        if not form.validate_on_submit():
            _say_where_to()
            return login_page(form)
        try:
            known = password_of(form.username.data, form.password.data)
        except TooMany as error:
            return signing_in.locked(error)
        if known is None:
            flash(WRONG, "danger")
            return login_page(form), 401
        signing_in.begin(known)
        return signing_in.go_on(known)

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """End the session, here and in the database."""
        end_session()
        logout_user()
        session.clear()
        flash(_("You are signed out."), "info")
        return redirect(url_for("LoginView.login"))


def _say_where_to() -> None:
    """One calm sentence in place of the framework's “Access is Denied”, which it leaves for
    each page that was asked for without a session."""
    told = session.pop("_flashes", [])
    session["_flashes"] = [pair for pair in told if pair[1] != str(FLAMSG_ERR_SEC_ACCESS_DENIED)]
    if request.method == "GET" and request.args.get("next"):
        flash(_("Sign in, and the page that you asked for opens."), "info")


def login_page(form: Any, kept: str | None = None, then: str | None = None) -> str:
    """`kept` is a form that was sent too late; `then` is where one was going."""
    return render_template(
        "login/sign_in.html",
        form=form,
        kept=kept or request.form.get("kept"),
        action=url_for("LoginView.login", next=then or request.args.get("next")),
    )


def password_of(username: str, password: str) -> Known | None:
    """Who this is; text that no login can hold is nobody's. The caller commits. Raises TooMany."""
    try:
        name, secret = clean_text(username)[:320], clean_text(password)[:1000]
    except ClinicError:
        return None
    return check_password(db.session(), name, secret)


def end_session() -> None:
    """End the session of this request, with its event."""
    actor = current_actor()
    key = sessions.end_current(db.session(), datetime.now(UTC))
    if key is not None:
        audit.note(db.session(), actor, "logout", "LoginSession", key=key)
        db.session.commit()
