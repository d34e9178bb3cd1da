"""`/chart/<patient_id>`: a patient's record, for doctors and nurses."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _, _p
from app.models import MedicalRecord, Role
from app.models.base.clock import clinic_zone, day_of
from app.models.base.grants import CARE
from app.models.record import chart, medication, readings
from app.models.record.chart_search import search
from app.models.record.finding_names import name_of_finding
from app.models.record.measures import ENTERED
from app.models.record.notes import HAS_BEGUN, can_write
from app.models.record.prescription_tables import END_REASONS, OVERRIDE_REASONS
from app.views.chart.chart_page import Opened, open_chart
from app.views.frame.sparkline import sparkline
from app.views.generated.guard import LARGEST_PAGE, BadQuery
from app.views.generated.values import show, when

SECTIONS = ("overview", "visits", "vitals", "medication", "search")


class ChartView(BaseView):
    """The chart in sections, each an address of its own; every opening is on the trail."""

    route_base = "/chart"
    class_permission_name = "Chart"
    may = {"show": CARE, "write": CARE, "sign": (Role.DOCTOR,)}

    @expose("/<patient_id>")
    @has_access
    @permission_name("show")
    def show(self, patient_id: str) -> str | Response:
        """One section of the chart, or what its search found."""
        words = request.args.get("q", "").strip()[:100]
        section = request.args.get("section", "search" if words else "overview")
        if section not in SECTIONS:
            raise BadQuery(_("The chart has no such section."))
        opened = open_chart(patient_id, section)  # not the words: they can tell a diagnosis
        if str(opened.patient.patient_id) != patient_id:
            asked: dict[str, Any] = request.args.to_dict()
            kept = opened.patient.patient_id
            return redirect(url_for("ChartView.show", **asked | {"patient_id": kept}))
        return show_chart(opened, section, **FACTS[section](opened))


def show_chart(opened: Opened, section: str, **facts: Any) -> str:
    """A page of the chart; `facts` are what its section shows."""
    base = url_for("ChartView.show", patient_id=opened.patient.patient_id)
    tabs = [
        (_("Overview"), "fa-house-medical", base, "overview"),
        (_p("took place", "Visits"), "fa-notes-medical", f"{base}?section=visits", "visits"),
        (_("Vitals and findings"), "fa-heart-pulse", f"{base}?section=vitals", "vitals"),
        (
            _("Medication"), "fa-prescription-bottle-medical", f"{base}?section=medication",
            "medication",
        ),
        (_("Files"), "fa-paperclip", f"{base}/files", "files"),
        (_p("to a chart", "Access"), "fa-user-shield", f"{base}/access", "access"),
    ]  # fmt: skip
    common = {"opened": opened, "section": section, "tabs": tabs, "base": base, "now_open": None}
    helpers = {"when": when, "show": show, "sparkline": sparkline, "can_write": can_write}
    helpers |= {"name_of_finding": name_of_finding}
    return render_template("chart.html", **common | helpers | facts)


def vitals_facts(
    opened: Opened, typed: dict[str, str] | None = None, problem: Any = None
) -> dict[str, Any]:
    """The section with the form for vital signs; `typed` and `problem` after a refusal."""
    session, patient_id = db.session(), opened.patient.patient_id
    return {
        "courses": readings.vitals(session, patient_id),
        "findings": readings.findings(session, patient_id),
        "measures": ENTERED,
        "zone": clinic_zone().key,
        "typed": typed or {},
        "problem": problem,
    }


def _overview(opened: Opened) -> dict[str, Any]:
    session, patient_id = db.session(), opened.patient.patient_id
    visits = chart.visits(session, patient_id)
    start, end = day_of(opened.now, clinic_zone())
    today = chart.today(session, patient_id, start, end)
    shown = {row.record_id for row in today}
    drafts = [
        row for row in visits.rows if _open(row.MedicalRecord) and row[0].record_id not in shown
    ]
    return {
        "visits": visits,
        "today": today,
        "drafts": drafts,
        "has_begun": HAS_BEGUN,
        "problems": chart.problems(session, patient_id),
        "former_allergies": opened.known.former,
        "medication": chart.medication(session, patient_id),
        "courses": readings.vitals(session, patient_id),
        "ongoing": chart.ONGOING,
    }


def _visits(opened: Opened) -> dict[str, Any]:
    raw = request.args.get("page", "1")
    if not (raw.isascii() and raw.isdecimal()) or not 0 < int(raw[:9]) <= LARGEST_PAGE:
        raise BadQuery(_("The page must be a whole number from 1."))
    return {"visits": chart.visits(db.session(), opened.patient.patient_id, int(raw[:9]) - 1)}


def _medication(opened: Opened) -> dict[str, Any]:
    session, patient_id = db.session(), opened.patient.patient_id
    current = {row.medication_request_id for row in chart.medication(session, patient_id)}
    return {
        "current": current,
        "prescriptions": medication.history(session, patient_id),
        "check_log": medication.alerts(session, patient_id),
        "end_reasons": {key: words for key, words in END_REASONS.items() if key != "renewed"},
        "ends": END_REASONS,
        "overrides": OVERRIDE_REASONS,
    }


def _search(opened: Opened) -> dict[str, Any]:
    words = request.args.get("q", "").strip()[:100]
    return {"words": words, "hits": search(db.session(), opened.patient.patient_id, words)}


def _open(record: MedicalRecord) -> bool:
    return record.status == "draft"


FACTS = {
    "overview": _overview,
    "visits": _visits,
    "vitals": vitals_facts,
    "medication": _medication,
    "search": _search,
}
