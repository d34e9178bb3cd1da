"""`/prescribing/`: how often alerts of the check are overridden, and with which lists it works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import render_template, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import _, _l
from app.models import Role
from app.models.record import alert_report, drug_lists
from app.models.record.prescription_tables import OVERRIDE_REASONS
from app.views.generated.guard import BadQuery

SPANS = {"30": _l("30 days"), "90": _l("90 days"), "365": _l("a year")}


class AlertReportView(BaseView):
    """For the admin: numbers without patients."""

    route_base = "/prescribing"
    class_permission_name = "AlertReport"
    default_view = "show"
    may = {"show": (Role.ADMIN,)}
    menu = ("Administration", "Prescribing alerts", "fa-shield-halved")

    @expose("/")
    @has_access
    @permission_name("show")
    def show(self) -> str:
        """How often which alerts were shown and overridden, and why. Raises BadQuery."""
        span = request.args.get("days", "90")
        if span not in SPANS:
            raise BadQuery(_("Choose one of: %(choices)s days.", choices=", ".join(SPANS)))
        session, since = db.session(), datetime.now(UTC) - timedelta(days=int(span))
        return render_template(
            "alert_report.html", span=span, spans=SPANS, lists=drug_lists.current(session),
            kinds=alert_report.by_kind(session, since), reasons=alert_report.reasons(session, since),
            doctors=alert_report.by_doctor(session, since), words=OVERRIDE_REASONS,
        )  # fmt: skip
