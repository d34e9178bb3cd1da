"""The admin's list of sessions, each with a button that ends it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _, _n
from app.models import Action, LoginSession
from app.models.people import login_session
from app.security import audit
from app.security.scope import load
from app.views.generated.grid import GridView
from app.views.generated.guard import actor


class SessionGrid(GridView):
    """Who sees the list may end what is in it."""

    more_methods = {"end": "show", "end_all": "show"}
    show_page = "session.html"

    @expose("/end/<pk>", methods=["POST"])
    @has_access
    @permission_name("show")
    def end(self, pk: str) -> Response:
        """Sign out one session of whoever it is."""
        row = load(db.session(), actor(), LoginSession, pk, Action.SHOW)
        self._end(row, LoginSession.login_session_id == row.login_session_id)
        return redirect(url_for("LoginSessionView.show", pk=pk))

    @expose("/end-all/<pk>", methods=["POST"])
    @has_access
    @permission_name("show")
    def end_all(self, pk: str) -> Response:
        """All sessions of the person whose session this is."""
        row = load(db.session(), actor(), LoginSession, pk, Action.SHOW)
        self._end(row, LoginSession.user_id == row.user_id)
        return redirect(url_for("LoginSessionView.show", pk=pk))

    def _end(self, row: LoginSession, which: object) -> None:
        session, key = db.session(), row.login_session_id
        count = login_session.end(session, datetime.now(UTC), "ended by admin", which)  # type: ignore[arg-type]
        detail = {"sessions": count}
        audit.note(session, actor(), "end-session", "LoginSession", key=key, detail=detail)
        session.commit()
        flash(
            _n("%(num)s ended.", "%(num)s ended.", count) if count else _("It was over already."),
            "success",
        )
