"""What stands around every page: the menu of one's role, the search, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from flask import Flask, current_app, has_request_context, request, url_for

from app.language import _, current
from app.models import Patient, Role
from app.models.base.clock import clinic_zone
from app.models.base.grants import STAFF
from app.security.actor import Actor, current_actor
from app.security.policy import Policy, of_the_application
from app.spelling import spelled, word
from app.views.frame import languages
from app.views.generated.generate import SECTION_ICONS

MENU_COOKIE = "menu"
DAILY = ("Clinic", "Records")
"""The sections with each day's work, open from the beginning."""


@dataclass(frozen=True)
class Person:
    """Who is signed in, as the frame names them."""

    name: str
    username: str
    role_label: str


@dataclass(frozen=True)
class Item:
    """One line of the menu; `current` where its page is open."""

    label: str
    icon: str
    url: str
    current: bool


@dataclass(frozen=True)
class Section:
    """`key` is its name whatever the language, by which a browser keeps whether it is open."""

    key: str
    label: str
    items: list[Item]
    open: bool = True


@dataclass(frozen=True)
class Shell:
    """What the frame around every page needs; what is None is not offered to this person."""

    clinic: str
    user: Person | None
    menu: list[Section]
    search_url: str | None
    today: str
    inbox_url: str | None
    unread: int
    logout_url: str
    account_url: str | None
    language: str
    languages: list[tuple[str, str, bool]]
    texts_url: str | None


def init_app(app: Flask) -> None:
    """Give every template its `shell`."""
    app.context_processor(lambda: {"shell": _shell()} if has_request_context() else {})


def _shell() -> Shell:
    actor = current_actor()
    today = datetime.now(UTC).astimezone(clinic_zone())
    return Shell(
        clinic=current_app.config["CLINIC_NAME"],
        user=_person(actor) if actor else None,
        menu=_menu(actor.roles) if actor else [],
        search_url=url_for("SearchView.patients") if _may_search() else None,
        today=spelled(today, _("EEEE, d MMMM y")),
        inbox_url=url_for("InboxView.show") if actor and actor.roles & STAFF else None,
        unread=actor.unread if actor else 0,
        logout_url=url_for("LoginView.logout"),
        account_url=url_for("AccountView.show") if actor else None,
        language=current(),
        languages=languages.choices(),
        texts_url=languages.texts_url(),
    )


def _person(actor: Actor) -> Person:
    roles = " · ".join(word(role.value) for role in sorted(actor.roles))
    return Person(actor.name, actor.username, roles or _("No role"))


def _may_search() -> bool:
    sm = current_app.extensions["appbuilder"].sm
    return bool(sm.has_access("can_search", Patient.__name__ + "Search"))


def _menu(roles: frozenset[Role]) -> list[Section]:
    here = request.path
    home = Item(_("Home"), "fa-house", url_for("HomeView.index"), here == "/")
    sections = [Section("", "", [home])]
    for key, label, entries in _entries(
        of_the_application(), roles, current(), request.script_root
    ):
        items = [
            Item(said, icon, url, here.startswith(url.removesuffix("list/")))
            for said, icon, url in entries
        ]
        sections.append(Section(key, label, items, _is_open(key, items)))
    return sections


@lru_cache(maxsize=200)
def _entries(
    _policy: Policy, _roles: frozenset[Role], _language: str, _root: str
) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """What the framework's menu holds for these roles, in this language, under this address: it
    stands once the clinic has started, and to spell it took longer than to show it."""
    found = []
    for section in sorted(current_app.extensions["appbuilder"].menu.get_data(), key=_place):
        children = section.get("childs", [])
        parts = [(child["name"], child["icon"], child["url"]) for child in children]
        entries = [(_(label), icon, url) for label, icon, url in parts]
        title = section["name"]  # its label may be spoken by the framework already
        found.append((title, _(title), entries))
    return found


def _place(section: dict[str, Any]) -> int:
    known = list(SECTION_ICONS)
    return known.index(section["name"]) if section["name"] in known else len(known)


def _is_open(label: str, items: list[Item]) -> bool:
    """Where the person is, and what they left open: the page keeps that in a cookie, so that the
    menu does not jump when a page has come."""
    kept = request.cookies.get(MENU_COOKIE)
    opened = DAILY if kept is None else unquote(kept).split("|")
    return label in opened or any(item.current for item in items)
