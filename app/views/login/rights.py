"""What a role may do, in words: a line for each table and page, by the name that its menu has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.language import _, _l
from app.models import Action, Role
from app.models.base.grants import Rule
from app.security.policy import Policy
from app.spelling import apart, word
from app.views.generated.generate import label

VERBS: dict[str, Any] = {
    "show": _l("see"),
    "use": _l("use"),
    "add": _l("add"),
    "edit": _l("change"),
    "delete": _l("delete"),
    "write": _l("write"),
    "sign": _l("sign"),
    "prescribe": _l("prescribe"),
    "restrict": _l("restrict"),
    "break": _l("break the glass"),
    "book": _l("book"),
    "move": _l("move"),
    "cancel": _l("cancel"),
    "ask": _l("ask"),
    "plan": _l("plan"),
    "answer": _l("answer"),
    "confirm": _l("confirm"),
    "undo": _l("undo"),
    "merge": _l("merge"),
    "invite": _l("invite"),
    "resend": _l("send again"),
}
"""What can be permitted, in the order in which it is read."""
SAME = {
    "list": "show", "read": "show", "get": "show", "slots": "show", "fhir": "show",
    "home": "use", "account": "use", "feed": "use", "search": "use",
}  # fmt: skip
"""Permissions of pages that do no more than another one of `VERBS`."""
PAGES: dict[str, Any] = {
    "Account": _l("Own account"),
    "CalendarFeed": _l("Calendar feed"),
    "Chart": _l("Charts"),
    "ChartApi": _l("Charts as FHIR"),
    "Home": _l("Home"),
    "MenuApi": _l("REST API"),
    "OpenApi": _l("REST API"),
    "Operations": _l("Operations"),
    "PatientSearch": _l("Patient search"),
    "Portal": _l("Portal"),
    "PortalInvite": _l("Invitations to the portal"),
    "Series": _l("Series of visits"),
    "Slot": _l("Free times"),
    "Swagger": _l("REST API"),
}
"""Pages that have no name in the menu."""


def lines(policy: Policy, role: Role, views: Iterable[Any]) -> list[tuple[str, str]]:
    """The name of each table or page that `role` may open, in order, and what it may do there."""
    titles = _titles(views)
    found: dict[str, dict[str, str]] = {}
    for permission, name in policy.permissions[role]:
        verb = permission.removeprefix("can_")
        verb = SAME.get(verb, verb)
        title = titles.get(name) or str(PAGES.get(name) or word(apart(name)))
        said = found.setdefault(title, {})
        words = _narrowed(policy, role, verb, name)
        said[verb] = min(said.get(verb, words), words, key=len)  # what is not narrowed is shorter
    order = {verb: place for place, verb in enumerate(VERBS)}
    return [
        (
            title,
            ", ".join(said[verb] for verb in sorted(said, key=lambda v: order.get(v, len(order)))),
        )
        for title, said in sorted(found.items(), key=lambda pair: pair[0].casefold())
    ]


def _titles(views: Iterable[Any]) -> dict[str, str]:
    """By the name of the permission: what the menu calls it."""
    found = {}
    for view in views:
        title = getattr(view, "list_title", "") or (getattr(view, "menu", None) or ("", ""))[1]
        if title:
            found[view.class_permission_name] = _(str(title))
    return found


def _narrowed(policy: Policy, role: Role, verb: str, name: str) -> str:
    """The word for a permission; where its grants hold for one's own rows or for some columns
    alone, it says so."""
    said = str(VERBS.get(verb) or word(verb).lower())
    subject = policy.subjects.get(name)
    rules = subject.rules_for([role], Action(verb)) if subject and verb in list(Action) else []
    if not subject or not rules:
        return said
    if all(rule.only is not None for rule in rules):
        return _("%(verb)s (only %(columns)s)", verb=said, columns=_columns(subject.model, rules))
    return _("%(verb)s (one's own)", verb=said) if all(r.own_column for r in rules) else said


def _columns(model: Any, rules: Sequence[Rule]) -> str:
    links = {model.foreign_key(link) for link in model.links()}
    names = sorted({name for rule in rules for name in rule.only or ()} - links)
    return ", ".join(_(label(model.__screen__, name)).lower() for name in names)
