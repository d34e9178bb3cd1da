"""The console's own navigation, above each of its pages."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, url_for

from app.language import _


@dataclass(frozen=True)
class Tab:
    """One page of the console; `current` is the one that is open."""

    label: str
    icon: str
    url: str
    current: bool


def tabs() -> list[Tab]:
    """One a view of the console, in the order in which they were added, and the list of sessions,
    which are ended where every declared table is kept."""
    (console,) = current_app.extensions["admin"]
    sessions = Tab(_("Sessions"), "fa-right-to-bracket", url_for("LoginSessionView.list"), False)
    return [
        Tab(
            str(view.name),
            view.icon,
            url_for(f"{view.endpoint}.{view.default_view}"),
            request.blueprint == view.endpoint,
        )
        for view in console._views
    ] + [sessions]
