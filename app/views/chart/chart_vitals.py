"""Vital signs as the nurse enters them."""

from __future__ import annotations

import math

from flask import flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _
from app.models import ClinicError
from app.models.base.clock import clinic_zone, day_of
from app.models.record import chart
from app.models.record.measures import ENTERED
from app.models.record.vitals import record_vitals
from app.views.chart.chart import show_chart, vitals_facts
from app.views.chart.chart_page import Opened, chart_of, keep, open_chart, refused
from app.views.generated.parsing import clean_text


class ChartVitalsView(BaseView):
    """What was measured just now; it belongs to today's open note where there is one."""

    route_base = "/chart"
    class_permission_name = "Chart"
    may = {"write": ()}  # who, is said by ChartView

    @expose("/<patient_id>/vitals", methods=["POST"])
    @has_access
    @permission_name("write")
    def vitals(self, patient_id: str) -> Response | tuple[str, int]:
        """Keep what was measured; a refused form comes back with what was typed."""
        typed = {m.key: clean_text(request.form.get(m.key, "")).strip()[:20] for m in ENTERED}
        try:
            names = _record(chart_of(patient_id), typed)
        except ClinicError as error:
            db.session.rollback()
            again = open_chart(patient_id, "vitals")
            page = show_chart(again, "vitals", **vitals_facts(again, typed, error))
            return refused(page, error)
        flash(_("Recorded: %(names)s.", names=", ".join(names)), "success")
        return redirect(url_for("ChartView.show", patient_id=patient_id, section="vitals"))


def _record(opened: Opened, typed: dict[str, str]) -> list[str]:
    session, patient_id = db.session(), opened.patient.patient_id
    values = {key: _number(key, text) for key, text in typed.items() if text}
    drafts = chart.open_drafts(session, patient_id, day_of(opened.now, clinic_zone())[0])
    record_id = drafts[0].record_id if len(drafts) == 1 else None
    rows = record_vitals(session, opened.person, patient_id, values, opened.now, record_id)
    names = [str(row).lower() for row in rows]
    keep("add", *rows)
    return names


def _number(key: str, text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ClinicError(_("“%(text)s” is not a number.", text=text), field=key)
    return number
