"""The console's first page: is the clinic well, and what waits."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, url_for
from flask_admin import BaseView, expose

from app.extensions import db
from app.language import _, _l
from app.models.messages import waiting
from app.security.console import Asking
from app.spelling import counted
from app.views.ops.tabs import tabs

MOST = 9_999
"""No more are counted, so that the page costs the same whatever the outbox holds."""


@dataclass(frozen=True)
class Tile:
    label: str
    number: str
    hint: str
    icon: str
    url: str
    tone: str = ""


class Overview(Asking, BaseView):
    """A number for each page of the console."""

    icon = "fa-gauge-high"

    def __init__(self) -> None:
        super().__init__(_l("Overview"), endpoint="ops", url="/ops")

    @expose("/")
    def index(self) -> str:
        return render_template("ops/overview.html", tiles=_outbox_tiles(), tabs=tabs())


def _outbox_tiles() -> list[Tile]:
    to_go, dead = waiting.waiting_and_dead(db.session(), MOST + 1)
    return [
        Tile(_("Waiting to go out"), _some(to_go), _("reminders wait here for their time"),
             "fa-paper-plane", url_for("ops_outbox.index_view", flt1_state_is="planned")),
        Tile(_("Given up"), _some(dead), _("look at the reason, then send again") if dead else _("none"),
             "fa-envelope-circle-check", url_for("ops_dead.index_view"), "bad" if dead else ""),
    ]  # fmt: skip


def _some(number: int) -> str:
    return f"{counted(MOST)}+" if number > MOST else counted(number)
