"""`/inbox/`: what the clinic tells the people who work here, and what of it they have read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import ColumnElement
from werkzeug.wrappers import Response

from app.extensions import db
from app.models import Notification
from app.models.base.grants import STAFF
from app.models.messages import inbox
from app.security import audit
from app.security.scope import as_key
from app.views.generated.guard import actor
from app.views.generated.values import show


class InboxView(BaseView):
    """One's own messages and nobody else's; looking at them marks none as read."""

    route_base = "/inbox"
    default_view = "show"
    class_permission_name = "Inbox"
    may = {"read": STAFF}
    menu = ("Clinic", "Messages", "fa-inbox")

    @expose("/")
    @has_access
    @permission_name("read")
    def show(self) -> str:
        """The messages, newest first, a page at a time."""
        before = request.args.get("before")
        rows = inbox.page(db.session(), _mine(), as_key(before) if before else None)
        audit.read(actor(), "list", Notification, page="inbox")
        shown = rows[: inbox.PAGE]
        older = shown[-1].notification_id if len(rows) > inbox.PAGE else None
        return render_template(
            "inbox.html", rows=shown, older=older, later=before is not None, show=show, link=_link,
            words=inbox.words,
        )  # fmt: skip

    @expose("/read", methods=["POST"])
    @has_access
    @permission_name("read")
    def read(self) -> Response:
        """Mark the message of the form's `key` as read, else all. Another person's stays as it is."""
        key = request.form.get("key")
        session = db.session()
        inbox.mark_read(session, _mine(), datetime.now(UTC), as_key(key) if key else None)
        session.commit()
        return redirect(url_for("InboxView.show"))


def _mine() -> ColumnElement[bool]:
    person = actor()
    return inbox.of_staff(person.user_id, person.staff_id)


def _link(row: Notification) -> Any:
    """The page of the clinic that a message leads to; None where it leads to none."""
    path = str((row.context or {}).get("more", {}).get("link", ""))
    return path if path.startswith("/") and not path.startswith("//") else None
