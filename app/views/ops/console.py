"""Puts the console together."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Theme

from app.language import _l
from app.models import AuditEvent, JobRun, Notification
from app.views.ops.health import BackupsPage, HealthPage, JobTable
from app.views.ops.outbox import DeadLetterTable, OutboxTable
from app.views.ops.overview import Overview
from app.views.ops.trail import TrailTable

OURS = Theme(folder="none", base_template="base.html")
"""No template of Flask-Admin's own can be reached: each would bring its look and inline scripts."""


def init_app(app: Flask) -> None:
    """Open /ops/ and its place in the menu; after the framework, whose manager it asks."""
    overview = Overview()
    console = Admin(app, "Operations", index_view=overview, theme=OURS)
    console.add_views(
        OutboxTable(Notification, _l("Outbox"), "outbox"),
        DeadLetterTable(Notification, _l("Dead letters"), "dead"),
        TrailTable(AuditEvent, _l("Audit trail"), "audit"),
        JobTable(JobRun, _l("Jobs"), "jobs"),
        BackupsPage(),
        HealthPage(),
    )
    app.extensions["appbuilder"].add_link(
        "Operations", href="/ops/", icon=overview.icon, category="Administration", baseview=overview
    )
