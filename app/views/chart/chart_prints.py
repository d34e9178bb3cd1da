"""What leaves the chart on paper: a prescription, and the summary of a visit."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.models import Action
from app.models.record import chart, readings
from app.models.record.amendment import TEXTS, amendments
from app.models.record.prescribing import ended
from app.views.chart.chart_page import load_record, open_chart
from app.views.chart.chart_prescribe import load_request
from app.views.generated.values import show, when


class ChartPrintsView(BaseView):
    """Sheets for paper; each opening is on the trail."""

    route_base = "/chart"
    class_permission_name = "Chart"
    may = {"show": ()}  # who, is said by ChartView

    @expose("/<patient_id>/prescription/<request_id>")
    @has_access
    @permission_name("show")
    def prescription(self, patient_id: str, request_id: str) -> str:
        """One prescription on a sheet to sign."""
        opened = open_chart(patient_id, "prescription", request=request_id[:10])
        row = load_request(patient_id, request_id)
        return render_template(
            "prescription.html", opened=opened, row=row, ended=ended(db.session(), row),
            when=when, show=show, back=_back(patient_id, "medication"),
        )  # fmt: skip

    @expose("/<patient_id>/note/<record_id>/summary")
    @has_access
    @permission_name("show")
    def summary(self, patient_id: str, record_id: str) -> str:
        """A visit for the patient to take home: findings, plan, medication; no working notes."""
        opened = open_chart(patient_id, "visit summary", record=record_id[:10])
        record = load_record(patient_id, record_id, Action.SHOW)
        session = db.session()
        found, given = chart.hanging(session, record.record_id)
        later: list[Any] = amendments(session, record.record_id)
        text = later[-1] if later else record
        return render_template(
            "visit_summary.html", opened=opened, record=record, found=found, given=given,
            text={name: getattr(text, name) for name in TEXTS}, amended=bool(later),
            courses=readings.vitals_of(session, record.record_id), when=when, show=show,
            medication=chart.medication(session, record.patient_id),
            back=url_for("ChartNotesView.note", patient_id=patient_id, record_id=record_id),
        )  # fmt: skip


def _back(patient_id: str, section: str) -> str:
    return url_for("ChartView.show", patient_id=patient_id, section=section)
