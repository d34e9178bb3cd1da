"""Message rules' words, each with a page that shows what a patient would read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import render_template, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _, _p
from app.models import Action, Appointment, ClinicError, NotificationRule, NotificationTemplate
from app.models.base.changes import was
from app.models.messages import previewing, wording
from app.models.messages.previewing import Preview
from app.security import audit
from app.security.scope import load
from app.views.generated.grid import GridView
from app.views.generated.guard import actor
from app.views.generated.pages import Link

TYPED = ("subject", "body", "sms")


class MessageRuleGrid(GridView):
    """A rule that every clinic starts with has its name in the language of who edits it, and keeps
    the one by which it is translated unless another is typed."""

    def _form(self, form_class: type[Any], columns: Sequence[str], row: Any = None) -> Any:
        form = super()._form(form_class, columns, row)
        if row is not None and request.method == "GET":
            form.name.data = str(row)
        return form

    def pre_update(self, item: NotificationRule) -> None:
        """A rule that came with the clinic is shown under its name in one's language; sent back
        unchanged, that is no new name."""
        super().pre_update(item)
        kept = was(item, "name")
        if item.name == _p("rule", kept):
            item.name = kept


class MessageTextGrid(GridView):
    """Who sees the words sees them filled in."""

    more_methods = {"preview": "show", "typed": "edit"}
    form_page = "message_text_form.html"

    def links(self, row: Any) -> list[Link]:
        return [Link(_("Preview"), self.url("preview", pk=row.pk) or "/", "fa-eye")]

    @expose("/preview/<pk>")
    @has_access
    @permission_name("show")
    def preview(self, pk: str) -> str:
        """The words with the next visit, or with the one that `?visit=` names."""
        session = db.session()
        template = load(session, actor(), NotificationTemplate, pk, Action.SHOW)
        rule = session.get_one(NotificationRule, template.notification_rule_id)
        shown = _shown(rule, template, request.args.get("visit", ""))
        return render_template(
            "message_preview.html", rule=rule, text=template, shown=shown,
            back=self.url("show", pk=template.pk),
        )  # fmt: skip

    @expose("/typed", methods=["POST"])
    @has_access
    @permission_name("edit")
    def typed(self) -> Response:
        """The words of the form as they are typed, as a piece of its page; where saving would refuse
        them 422, with the same sentence. Nothing is kept."""
        said = request.form
        text = NotificationTemplate(
            language=said.get("language", ""), **{name: said.get(name, "") for name in TYPED}
        )
        try:
            if not said.get("rule"):
                raise ClinicError(_("Choose the rule that speaks these words."), field="rule")
            rule = load(db.session(), actor(), NotificationRule, said["rule"], Action.SHOW)
            if text.language not in wording.LANGUAGES:
                raise ClinicError(_("Choose the language of these words."), field="language")
            text.check_words(rule.event)
            shown, problem = _shown(rule, text, said.get("visit", "")), None
        except ClinicError as error:
            shown, problem = None, error
        page = render_template(
            "partials/message_typed.html", text=text, shown=shown,
            problem=problem and problem.message,
        )  # fmt: skip
        return Response(page, problem.status if problem else 200, {"X-Preview": "yes"})


def _shown(rule: NotificationRule, text: NotificationTemplate, asked: str) -> Preview:
    """The words with the visit of this number, else with the next one; whose it is leaves a trace."""
    session, now = db.session(), datetime.now(UTC)
    if asked.strip():
        visit = load(session, actor(), Appointment, asked.strip(), Action.SHOW)
    else:
        visit = previewing.next_visit(session, now)
    shown = previewing.of(session, rule, text, visit, now)
    if shown.visit is not None:
        audit.read(actor(), "show", Appointment, shown.visit)
    return shown
