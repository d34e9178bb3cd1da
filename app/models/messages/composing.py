"""A message in words, in the language of who gets it: at planning, and again right before it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app

from app.models.base.clock import clinic_zone
from app.models.messages import links, visits_told, wording
from app.models.messages.notification_rule import NotificationRule, NotificationTemplate
from app.models.messages.reach import Reach
from app.models.messages.visits_told import Told

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """What a person reads: the subject is one line; the body has lines, and no markup."""

    subject: str
    body: str


def template_of(rule: NotificationRule, language: str) -> NotificationTemplate | None:
    """The words of a rule in this language, else in English, else in any."""
    found = {template.language: template for template in rule.templates}
    return found.get(language) or found.get("en") or next(iter(found.values()), None)


def words(template: NotificationTemplate, event: str, channel: str, values: Values) -> Words:
    """Fill in the words for a channel; a text message is its short text.

    `values` must hold every variable of the event. Raises jinja2.TemplateError.
    """
    filled = {name: values.get(name, "") for name in wording.known(event)}
    text = template.sms if channel == "sms" else template.body
    return Words(wording.line(template.subject, filled), wording.render(text, filled))


def values_for(
    reach: Reach, told: Sequence[Told], doctors: Mapping[int, str], more: Values
) -> dict[str, Any]:
    """The variables of one message: who, the visits, and what its cause brought along. `more` is
    JSON; an instant in it is spelled `{"at": ISO 8601}`, a path of the clinic begins with `/`."""
    values: dict[str, Any] = {"name": reach.name, "clinic": current_app.config["CLINIC_NAME"]}
    if told:
        values |= visits_told.values_of(told, doctors, reach.language)
        values["link"] = _link(told)
    return values | {name: _spelled(value, reach.language) for name, value in more.items()}


def dump(more: Values) -> dict[str, Any]:
    """The same as JSON can keep it."""
    return {
        name: {"at": value.isoformat()} if isinstance(value, datetime) else value
        for name, value in more.items()
    }


def _link(told: Sequence[Told]) -> str:
    if len(told) > 1:
        return links.url("/portal/")
    return links.of_visit(links.SEE, told[0].appointment_id, told[0].now.start)


def _spelled(value: Any, language: str) -> str:
    if isinstance(value, dict) and "at" in value:
        return wording.moment_words(datetime.fromisoformat(value["at"]), language, clinic_zone())
    if isinstance(value, dict):  # a text in each language
        return str(value.get(language) or next(iter(value.values()), ""))
    if isinstance(value, (list, tuple)):
        return "\n".join(map(str, value))
    text = str(value)
    return links.url(text) if text.startswith("/") else text
