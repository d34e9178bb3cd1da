"""One's own login: the password, the second factor, and where one is signed in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ColumnElement, select
from werkzeug.security import check_password_hash
from werkzeug.wrappers import Response
from wtforms import PasswordField

from app.extensions import db
from app.language import _, _l, _n
from app.models import LoginSession, NotFound, Role
from app.models.people import login_session, login_setting
from app.security import audit, sessions
from app.security.guessing import guessing, login_subject
from app.views.generated.guard import actor
from app.views.generated.values import show
from app.views.login.passwords import NEEDED, NewPasswordForm, fault_of, set_password
from app.views.portal.portal_shell import frame_of_login


class PasswordForm(NewPasswordForm):
    """Changing one's own password asks for the old one."""

    current = PasswordField(
        _l("Your password now"), [NEEDED], render_kw={"autocomplete": "current-password"}
    )


class AccountView(BaseView):
    """Name, roles, password, sessions."""

    route_base = "/account"
    default_view = "show"
    class_permission_name = "Account"
    may = {"account": tuple(Role)}

    @expose("/", methods=["GET", "POST"])
    @has_access
    @permission_name("account")
    def show(self) -> Any:
        """The account; by POST the password is changed."""
        form, problem = PasswordForm(), None
        if form.is_submitted():
            problem = self._change(form)
            if problem is None:
                flash(_("Your password is changed. Every other session has ended."), "success")
                return redirect(url_for("AccountView.show"))
        used = sessions.current()
        page = {
            "form": form,
            "problem": problem,
            "sessions": _own_sessions(),
            "this_session": used.login_session_id if used else None,
            "shown": show,
            **_factor(),
        }
        return render_template("account.html", **page, **frame_of_login()), 422 if problem else 200

    @expose("/sessions/<int:pk>/end", methods=["POST"])
    @has_access
    @permission_name("account")
    def end(self, pk: int) -> Response:
        """Sign out another session of one's own. Raises NotFound."""
        if not _end(LoginSession.login_session_id == pk):
            raise NotFound(_("This session is over already, or it is not yours."))
        flash(_("That session is over."), "success")
        return redirect(url_for("AccountView.show"))

    @expose("/sessions/end-others", methods=["POST"])
    @has_access
    @permission_name("account")
    def end_others(self) -> Response:
        """Sign out everywhere but here."""
        used = sessions.current()
        this = used.login_session_id if used else 0
        count = _end(LoginSession.login_session_id != this)
        flash(
            _n(
                "You are signed out everywhere else: %(num)s ended.",
                "You are signed out everywhere else: %(num)s ended.",
                count,
            ),
            "success",
        )
        return redirect(url_for("AccountView.show"))

    def _change(self, form: PasswordForm) -> str | None:
        """What stands in the way, or None when the password was changed. The database ends every
        session of the login; this browser goes on with a new one. Raises TooMany."""
        session, now = db.session(), datetime.now(UTC)
        user = session.get_one(User, actor().user_id)
        problem = fault_of(form, user)
        if problem:
            return problem
        with guessing(session, login_subject(user.id)) as guess:
            if check_password_hash(user.password or "", form.current.data):
                guess.right()
        if not guess.was_right:
            return _("That is not your password now.")
        set_password(session, user, form.password.data, now)
        sessions.open_for_browser(session, actor(), now)
        session.commit()
        return None


def _own_sessions() -> list[LoginSession]:
    """The living ones, the last used first."""
    alive = login_session.alive(datetime.now(UTC), current_app.config["SESSION_IDLE"])
    own = select(LoginSession).where(LoginSession.user_id == actor().user_id, alive)
    return list(db.session.scalars(own.order_by(LoginSession.seen.desc())))


def _end(which: ColumnElement[bool]) -> int:
    """End those of one's own sessions, with an event."""
    session, person = db.session(), actor()
    own = LoginSession.user_id == person.user_id
    count = login_session.end(session, datetime.now(UTC), "signed out", own, which)
    audit.note(session, person, "end-session", "LoginSession", detail={"sessions": count})
    session.commit()
    return count


def _factor() -> dict[str, Any]:
    """Whether there is a second factor, since when, how many codes are left, and may it go."""
    person = actor()
    setting = login_setting.of_login(db.session(), person.user_id)
    since = setting.totp_since if setting else None
    return {
        "factor_since": show(since),
        "codes_left": login_setting.recovery_codes_left(db.session(), person.user_id)
        if since
        else 0,
        "factor_needed": bool(person.roles & current_app.config["SECOND_FACTOR_ROLES"]),
    }
