"""Signing in and out, by form and by API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import flash, g, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.api import SecurityApi
from flask_appbuilder.security.forms import LoginForm_db
from flask_appbuilder.security.sqla.models import User
from flask_appbuilder.utils.base import get_safe_redirect
from flask_jwt_extended import (
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)
from flask_login import current_user, logout_user

from app.extensions import db, limiter
from app.models import ClinicError
from app.security import audit, sessions
from app.security.actor import Actor, current_actor, roles_of
from app.views.values import clean_text

LIMIT = "10 per minute; 60 per hour"
WRONG = "That user name and password do not belong together."


class LoginView(BaseView):
    """The login page; the answer is the same for a known and an unknown name."""

    route_base = ""
    default_view = "login"
    login_template = "appbuilder/general/security/login_db.html"

    @expose("/login/", methods=["GET", "POST"])
    @limiter.limit(LIMIT, methods=["POST"])
    def login(self) -> Any:
        if current_user.is_authenticated:
            return redirect(url_for("HomeView.index"))
        form = LoginForm_db()
        status = 200
        if form.validate_on_submit():
            user = _authenticate(self.appbuilder.sm, form.username.data, form.password.data)
            if user is not None:
                sessions.open_for_browser(db.session(), user, datetime.now(UTC))
                db.session.commit()
                return redirect(_next())
            flash(WRONG, "danger")
            status = 401
        return self._page(form), status

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        _end_session()
        logout_user()
        session.clear()
        flash("You are signed out.", "info")
        return redirect(url_for("LoginView.login"))

    def _page(self, form: Any) -> str:
        return render_template(
            self.login_template, form=form, title="Sign in", appbuilder=self.appbuilder
        )


class LoginApi(SecurityApi):
    """`/api/v1/security/login` and `/refresh`: bearer tokens."""

    @expose("/login", methods=["POST"])
    @limiter.limit(LIMIT)
    def login(self) -> Any:
        body = request.get_json(silent=True)
        names = ("username", "password")
        if not isinstance(body, dict) or not all(isinstance(body.get(n), str) for n in names):
            return self.response_400(message="Send username and password as a JSON object.")
        if _authenticate(self.appbuilder.sm, body["username"], body["password"]) is None:
            return self.response(401, message=WRONG)
        sid = sessions.open_for_program(db.session(), g.user, datetime.now(UTC))
        db.session.commit()
        tokens = self._tokens(str(g.user.id), sid, refresh=bool(body.get("refresh")))
        return self.response(200, **tokens)

    @expose("/refresh", methods=["POST"])
    @jwt_required(refresh=True)
    def refresh(self) -> Any:
        return self.response(200, **self._tokens(get_jwt_identity(), get_jwt()["sid"], fresh=False))

    @expose("/logout", methods=["POST"])
    @jwt_required(verify_type=False)
    def logout(self) -> Any:
        """Ends the session of the token, an access or a refresh one
        ---
        post:
          description: >-
            End the session: none of its access and refresh tokens is taken from then on
          responses:
            200:
              description: The session is over
            401:
              $ref: '#/components/responses/401'
          security:
            - jwt: []
        """
        _end_session()
        return self.response(200, message="The session is over.")

    @staticmethod
    def _tokens(
        identity: str, sid: str, *, fresh: bool = True, refresh: bool = False
    ) -> dict[str, str]:
        claims = {"sid": sid}
        access = create_access_token(identity, fresh=fresh, additional_claims=claims)
        if not refresh:
            return {"access_token": access}
        again = create_refresh_token(identity, additional_claims=claims)
        return {"access_token": access, "refresh_token": again}


LoginApi.login.__doc__ = SecurityApi.login.__doc__
LoginApi.refresh.__doc__ = SecurityApi.refresh.__doc__


def _end_session() -> None:
    """End the session of this request, with its event."""
    actor = current_actor(db.session())
    key = sessions.end_current(db.session(), datetime.now(UTC))
    if key is not None:
        db.session.add(audit.event(actor, "logout", "LoginSession", key=key))
        db.session.commit()


def _next() -> str:
    wanted = request.args.get("next", "")
    start: str = get_safe_redirect(wanted) if wanted else url_for("HomeView.index")
    return start


def _authenticate(sm: Any, username: str, password: str) -> User | None:
    """The login whose password this is, or None; either leaves an event."""
    user: User | None = None
    try:
        user = sm.auth_user_db(clean_text(username)[:128], clean_text(password)[:1000])
    except ClinicError:
        username = ""
    db.session.rollback()
    actor = None
    if user is not None:
        g.user = user
        actor = Actor(user.id, user.username, user.get_full_name(), roles_of(user))
    outcome = "success" if user else "failure"
    detail = None if user else {"username": username[:128]}
    db.session.add(
        audit.event(
            actor, "login", "User", key=actor and actor.user_id, outcome=outcome, detail=detail
        )
    )
    db.session.commit()
    return user
