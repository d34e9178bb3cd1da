"""One's own second factor: set up, new recovery codes, taken away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.security.sqla.models import User
from werkzeug.security import check_password_hash

from app.extensions import db
from app.language import _, _k
from app.models import ClinicError, LoginSetting, Role
from app.models.people import login_setting
from app.security.guessing import guessing, login_subject
from app.views.generated.guard import actor
from app.views.login import factor
from app.views.portal.portal_shell import frame_of_login


class FactorView(BaseView):
    """`/account/second-factor`. What weakens it asks for the password again."""

    route_base = "/account/second-factor"
    default_view = "show"
    class_permission_name = "Account"
    may = {"account": tuple(Role)}

    @expose("/", methods=["GET", "POST"])
    @has_access
    @permission_name("account")
    def show(self) -> Any:
        """The secret to scan; by POST a code proves that it was. Raises ClinicError where one is
        set up."""
        person, session, now = actor(), db.session(), datetime.now(UTC)
        if _setting() is not None:
            raise ClinicError(_("Your second factor is set up. Take it away first to use another."))
        if request.method == "GET":
            return render_template(
                "factor.html", offer=factor.offer(person.username), **frame_of_login()
            )
        secret = factor.offered_secret()
        code = request.form.get("code", "")
        codes = login_setting.enrol(session, person.user_id, secret, code, now)
        if codes is None:
            flash(_("That code does not belong to this picture. Try the next one."), "danger")
            again = factor.offer(person.username, secret)
            return render_template("factor.html", offer=again, **frame_of_login()), 422
        factor.note_change(session, person.user_id, _k("It was set up."), now)
        session.commit()
        return render_template("factor.html", codes=codes, **frame_of_login())

    @expose("/codes", methods=["POST"])
    @has_access
    @permission_name("account")
    def codes(self) -> Any:
        """New recovery codes in place of the old ones, shown this once; asks for the password."""
        setting, session, now = _needed(), db.session(), datetime.now(UTC)
        if not _password_is_right():
            return redirect(url_for("AccountView.show"))
        made = login_setting.new_recovery_codes(session, setting.user_id)
        factor.note_change(session, setting.user_id, _k("It has new recovery codes."), now)
        session.commit()
        return render_template("factor.html", codes=made, **frame_of_login())

    @expose("/remove", methods=["POST"])
    @has_access
    @permission_name("account")
    def remove(self) -> Any:
        """Take the second factor away; asks for the password. Raises ClinicError where a role needs
        it."""
        setting, session, now = _needed(), db.session(), datetime.now(UTC)
        if actor().roles & current_app.config["SECOND_FACTOR_ROLES"]:
            raise ClinicError(_("Your role needs a second factor; the administrator can reset it."))
        if _password_is_right():
            login_setting.remove(session, setting)
            factor.note_change(session, setting.user_id, _k("It was taken away."), now)
            session.commit()
            flash(_("Your second factor is taken away."), "success")
        return redirect(url_for("AccountView.show"))


def _setting() -> LoginSetting | None:
    """One's own, where a second factor is set up."""
    found = login_setting.of_login(db.session(), actor().user_id)
    return found if found is not None and found.totp_since else None


def _needed() -> LoginSetting:
    found = _setting()
    if found is None:
        raise ClinicError(_("You have no second factor yet."))
    return found


def _password_is_right() -> bool:
    """Whether the form brings one's password; says so where it does not. Raises TooMany."""
    user_id = actor().user_id
    with guessing(db.session(), login_subject(user_id)) as guess:
        hashed = db.session.get_one(User, user_id).password or ""
        if check_password_hash(hashed, request.form.get("current", "")[:1000]):
            guess.right()
    db.session.commit()
    if not guess.was_right:
        flash(_("That is not your password now."), "danger")
    return guess.was_right
