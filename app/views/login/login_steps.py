"""What is asked after the password: the code of the second factor, setting one up, a new password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user
from werkzeug.security import check_password_hash

from app.extensions import db
from app.language import _, _k
from app.models.base.guesses import TooMany
from app.models.people import login_setting
from app.security.sign_in import Known, check_code, known_login
from app.views.login import factor, passwords, signing_in


def on_the_way(step: str) -> Callable[[Any], Any]:
    """Guards a step: whoever is not on the way in begins anew, whoever is at another goes there.
    Too many tries show the page that says so."""

    def guard(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def guarded(self: Any) -> Any:
            known = None if current_user.is_authenticated else signing_in.half_in()
            if known is None:
                return redirect(url_for("LoginView.login"))
            if signing_in.step_of(known) != step:
                return signing_in.go_on(known)
            try:
                return method(self, known)
            except TooMany as error:
                return signing_in.locked(error)

        return guarded

    return guard


class SignInStepsView(BaseView):
    """Each step shows its page, and goes on when it is done."""

    route_base = "/login"
    default_view = "code"

    @expose("/code", methods=["GET", "POST"])
    @on_the_way("code")
    def code(self, known: Known) -> Any:
        """The code of the second factor, or a recovery code."""
        code = request.form.get("code", "")
        if not code:  # a form that only passes on what was kept has none
            return _page("code")
        if not check_code(db.session(), known, code, datetime.now(UTC)):
            flash(_("That code is not good, or was used before. Wait for the next one."), "danger")
            return _page("code"), 401
        signing_in.step_done("code", known)
        return signing_in.go_on(known)

    @expose("/enrol", methods=["GET", "POST"])
    @on_the_way("enrol")
    def enrol(self, known: Known) -> Any:
        """Set up the second factor that a role needs, and show the recovery codes once."""
        if "code" not in request.form:
            return _page("enrol", offer=factor.offer(known.person.username))
        user_id, now, session = known.user_id, datetime.now(UTC), db.session()
        secret = factor.offered_secret()
        codes = login_setting.enrol(session, user_id, secret, request.form["code"], now)
        if codes is None:
            flash(_("That code does not belong to this picture. Try the next one."), "danger")
            return _page("enrol", offer=factor.offer(known.person.username, secret)), 401
        factor.note_change(session, user_id, _k("It was set up."), now)
        session.commit()
        known = known_login(session, user_id)
        signing_in.step_done("code", known)
        return _page("recovery", codes=codes, login=known.person.username)

    @expose("/password", methods=["GET", "POST"])
    @on_the_way("password")
    def password(self, known: Known) -> Any:
        """A password of one's own in place of the one that was given."""
        form = passwords.NewPasswordForm()
        if "password" not in request.form:
            return _page("password", form=form)
        user = db.session().get_one(User, known.user_id)
        if passwords.fault_of(form, user) or self._is_the_same(form, known):
            return _page("password", form=form), 422
        passwords.set_password(db.session(), user, form.password.data, datetime.now(UTC))
        db.session.commit()
        known = known_login(db.session(), known.user_id)
        signing_in.step_done("changed", known)
        return signing_in.go_on(known)

    @staticmethod
    def _is_the_same(form: Any, known: Known) -> bool:
        same = check_password_hash(known.password, form.password.data)
        if same:
            form.password.errors = [_("The administrator knows this one. Choose another.")]
        return same


def _page(step: str, **values: Any) -> str:
    values.setdefault("kept", request.form.get("kept"))
    return render_template(f"login/{step}.html", **values)
