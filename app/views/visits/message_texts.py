"""Message rules' words, each with a page that shows what a patient would read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import render_template, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import _
from app.models import Action, Appointment, NotificationRule, NotificationTemplate
from app.models.messages import previewing
from app.security import audit
from app.security.scope import load
from app.views.generated.grid import GridView
from app.views.generated.guard import actor
from app.views.generated.pages import Link


class MessageTextGrid(GridView):
    """Who sees the words sees them filled in."""

    more_methods = {"preview": "show"}

    def links(self, row: Any) -> list[Link]:
        return [Link(_("Preview"), self.url("preview", pk=row.pk) or "/", "fa-eye")]

    @expose("/preview/<pk>")
    @has_access
    @permission_name("show")
    def preview(self, pk: str) -> str:
        """The words with the next visit, or with the one that `?visit=` names."""
        session, now = db.session(), datetime.now(UTC)
        template = load(session, actor(), NotificationTemplate, pk, Action.SHOW)
        rule = session.get_one(NotificationRule, template.notification_rule_id)
        asked = request.args.get("visit", "").strip()
        if asked:
            visit = load(session, actor(), Appointment, asked, Action.SHOW)
        else:
            visit = previewing.next_visit(session, now)
        shown = previewing.of(session, rule, template, visit, now)
        if shown.visit is not None:
            audit.read(actor(), "show", Appointment, shown.visit)
        return render_template(
            "message_preview.html", rule=rule, text=template, shown=shown,
            back=self.url("show", pk=template.pk),
        )  # fmt: skip
