"""Is the clinic well, what was copied, and which jobs ran."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from flask import current_app, render_template
from flask_admin import BaseView, expose

from app import database
from app.extensions import db
from app.language import _, _l
from app.security.console import Asking
from app.spelling import counted, said
from app.upkeep import backups, checks, restoring
from app.views.generated.pages import Cell, Column, Row
from app.views.generated.values import show
from app.views.ops.table import OpsTable
from app.views.ops.tabs import tabs

PACKAGES = ("Flask", "Flask-AppBuilder", "SQLAlchemy", "cryptography", "rq", "gunicorn", "waitress")


class HealthPage(Asking, BaseView):
    """What `flask clinic check` says, and the versions of what runs."""

    icon = "fa-heart-pulse"

    def __init__(self) -> None:
        super().__init__(_l("Health"), endpoint="ops_health", url="health")

    @expose("/")
    def index(self) -> str:
        """What is amiss, what is well, and the versions of what runs."""
        db.session.rollback()
        database.start_streaming()  # the trail is read piece by piece
        found = checks.look(db.session(), datetime.now(UTC))
        return render_template(
            "ops/health.html",
            faults=[finding for finding in found if finding.fault],
            fine=[finding.subject for finding in found if not finding.fault],
            columns=[Column(name, name) for name in (_("What runs"), _("Version"))],
            versions=[
                Row(name, [Cell(name, "text"), Cell(version, "text")])
                for name, version in _versions()
            ],
            tabs=tabs(),
        )


class BackupsPage(Asking, BaseView):
    """The backups in the folder of the timetable. They are made and brought back from a shell."""

    icon = "fa-box-archive"

    def __init__(self) -> None:
        super().__init__(_l("Backups"), endpoint="ops_backups", url="backups")

    @expose("/")
    def index(self) -> str:
        """The backups that there are, whether each is proven."""
        folder, hours = current_app.config["CLINIC_BACKUPS"], current_app.config["BACKUP_HOURS"]
        names = [
            (_("File"), False),
            (_("Made"), False),
            (_("Rows"), True),
            (_("Size"), True),
            (_("Proven"), False),
        ]
        return render_template(
            "ops/backups.html",
            columns=[Column(name, name, numeric=numeric) for name, numeric in names],
            rows=[_row(place, found) for place, found in enumerate(backups.listed(folder))],
            folder=folder,
            hours=hours,
            keep=current_app.config["BACKUP_KEEP"],
            tabs=tabs(),
        )


class JobTable(OpsTable):
    """The last run of each job of the timetable."""

    icon = "fa-gears"
    one = _l("Job")
    empty = _l("No job has run yet. Start “flask clinic worker”.")
    column_list: Sequence[str] = (
        "name",
        "began",
        "seconds",
        "rows",
        "failure",
        "succeeded",
        "worker",
    )
    column_sortable_list = ("name", "began", "seconds", "rows")
    column_default_sort = ("name", False)
    column_details_list = column_list
    column_labels = {
        "name": _l("Job"),
        "began": _l("Ran last"),
        "seconds": _l("Took (seconds)"),
        "rows": _l("Rows touched"),
        "failure": _l("Failed by"),
        "succeeded": _l("Went well last"),
        "worker": _l("By the worker"),
    }

    def cell(self, row: Any, name: str) -> Cell:
        if name == "seconds":
            return Cell(counted(row.seconds, 2), "number")
        if name == "name":
            job = said(row.name)
            return Cell(job[:1].upper() + job[1:], "text")
        return super().cell(row, name)


def _row(place: int, found: backups.Backup) -> Row:
    made = found.manifest
    cells = [
        Cell(found.path.name, "text"),
        Cell(show(made.moment) if made else _("cannot be read"), "instant" if made else "text"),
        Cell(counted(made.rows) if made else "", "number" if made else "empty"),
        Cell(f"{counted(found.size / 1024**2, 1)} MB", "number"),
        Cell(_proof(made.proven) if made else "", "text" if made else "empty"),
    ]
    return Row(place, cells)


def _proof(word: str) -> str:
    return {"restored": _("restored and counted"), "read": _("read to its end")}.get(word, word)


def _versions() -> list[tuple[str, str]]:
    engine = db.engine
    with engine.connect() as connection:
        server = ".".join(str(part) for part in engine.dialect.server_version_info or ())
        connection.rollback()
    return [
        ("Clinic", f"migration {restoring.head()}"),
        ("Python", platform.python_version()),
        ({"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine.dialect.name], server),
        *((name, version(name)) for name in PACKAGES),
    ]
