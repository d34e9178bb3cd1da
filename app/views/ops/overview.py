"""The console's first page: is the clinic well, and what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app, render_template, url_for
from flask_admin import BaseView, expose

from app.extensions import db
from app.language import _, _l
from app.models.base import job_run
from app.models.base.clock import clinic_zone
from app.models.messages import waiting
from app.security.console import Asking
from app.spelling import counted, spelled
from app.upkeep import backups
from app.views.ops.tabs import tabs

MOST = 9_999
"""No more are counted, so that the page costs the same whatever the outbox holds."""
LATE = 2
"""A backup is late when the newest is so many times older than one is made."""


@dataclass(frozen=True)
class Tile:
    """A number with its words, and the page that it leads to."""

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
        """What waits, what was given up, how the jobs go and how old the backup is."""
        tiles = [*_outbox_tiles(), _job_tile(), _backup_tile()]
        return render_template("ops/overview.html", tiles=tiles, tabs=tabs())


def _outbox_tiles() -> list[Tile]:
    to_go, dead = waiting.waiting_and_dead(db.session(), MOST + 1)
    return [
        Tile(_("Waiting to go out"), _some(to_go), _("reminders wait here for their time"),
             "fa-paper-plane", url_for("ops_outbox.index_view", flt1_state_is="planned")),
        Tile(_("Given up"), _some(dead), _("look at the reason, then send again") if dead else _("none"),
             "fa-envelope-circle-check", url_for("ops_dead.index_view"), "bad" if dead else ""),
    ]  # fmt: skip


def _job_tile() -> Tile:
    failing = job_run.failing(db.session())
    hint = _("see by what, and when they went well last") if failing else _("none")
    return Tile(
        _("Jobs that failed"), counted(failing), hint, "fa-gears", url_for("ops_jobs.index_view"),
        "bad" if failing else "",
    )  # fmt: skip


def _backup_tile() -> Tile:
    """When the newest backup was made; bad where it should have been followed by another."""
    hours = current_app.config["BACKUP_HOURS"]
    newest = backups.newest_in(current_app.config["CLINIC_BACKUPS"])
    url, icon = url_for("ops_backups.index"), "fa-box-archive"
    if newest is None:
        return Tile(_("Newest backup"), "–", _("none yet"), icon, url, "bad" if hours else "")
    made = newest.moment.astimezone(clinic_zone())
    late = hours and datetime.now(UTC) - newest.moment > timedelta(hours=hours * LATE)
    return Tile(
        _("Newest backup"), spelled(made, "d MMM"),
        _("made at %(time)s", time=f"{made:%H:%M}"), icon, url, "bad" if late else "",
    )  # fmt: skip


def _some(number: int) -> str:
    return f"{counted(MOST)}+" if number > MOST else counted(number)
