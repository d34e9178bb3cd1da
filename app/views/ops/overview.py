"""The console's first page: is the clinic well, and what waits."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, url_for
from flask_admin import BaseView, expose
from sqlalchemy import func, select

from app.extensions import db
from app.language import _
from app.models import Notification
from app.security.console import Asking
from app.spelling import counted
from app.views.ops.tabs import tabs


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
        super().__init__("Overview", endpoint="ops", url="/ops")

    @expose("/")
    def index(self) -> str:
        return render_template("ops/overview.html", tiles=_outbox_tiles(), tabs=tabs())


def _outbox_tiles() -> list[Tile]:
    rows = db.session.execute(
        select(Notification.state, func.count()).group_by(Notification.state)
    ).all()
    counts: dict[str, int] = dict(rows)
    waiting = counts.get("planned", 0) + counts.get("claimed", 0) + counts.get("failed", 0)
    dead = counts.get("dead", 0)
    return [
        Tile(_("Waiting to go out"), counted(waiting),
             _("%(count)s sent so far", count=counted(counts.get("sent", 0))),
             "fa-paper-plane", url_for("ops_outbox.index_view", flt1_state_is="planned")),
        Tile(_("Given up"), counted(dead), _("look at the reason, then send again") if dead else _("none"),
             "fa-envelope-circle-check", url_for("ops_dead.index_view"), "bad" if dead else ""),
    ]  # fmt: skip
