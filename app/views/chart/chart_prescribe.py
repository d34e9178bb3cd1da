"""Prescribing in the chart: the form with its live check, renewing, stopping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _
from app.models import Action, ClinicError, Forbidden, MedicationRequest, NotFound, Role
from app.models.base.clock import clinic_zone
from app.models.record import chart, drug_lists, prescribing
from app.models.record.dosing import ROUTES, TIMINGS, UNITS
from app.models.record.medication import find_drugs
from app.models.record.order import Order, Writing
from app.models.record.prescribing import Shown
from app.models.record.prescription_tables import OVERRIDE_REASONS
from app.security.scope import load
from app.views.chart.chart_page import (
    Opened,
    chart_of,
    is_asked_for,
    keep,
    open_chart,
    refused,
)
from app.views.chart.prescription_form import read_answers, read_attempt, read_order
from app.views.generated.guard import actor
from app.views.generated.parsing import clean_text
from app.views.generated.values import when
from app.views.generated.writing import take_back, transaction

RENEWED = (
    "display", "code", "dose_value", "dose_unit", "route", "timing", "duration_days", "quantity",
    "quantity_unit", "repeats", "instructions",
)  # fmt: skip


class ChartPrescribeView(BaseView):
    """Only doctors prescribe; what the check says is kept as soon as it is shown."""

    route_base = "/chart"
    class_permission_name = "Chart"
    may = {"prescribe": (Role.DOCTOR,)}

    @expose("/drugs")
    @has_access
    @permission_name("prescribe")
    def drugs(self) -> list[dict[str, str]]:
        """Drugs of the formulary for a search as one types."""
        words = clean_text(request.args.get("q", ""))[:100]
        return find_drugs(drug_lists.current(db.session()), words)

    @expose("/<patient_id>/prescribe", methods=["GET", "POST"])
    @has_access
    @permission_name("prescribe")
    def prescribe(self, patient_id: str) -> Response | str | tuple[str, int]:
        """The form; by POST the prescription is written, or comes back with what is wrong."""
        if request.method == "GET":
            opened = open_chart(patient_id, "prescribe")
            prescribing.require_prescriber(opened.person)
            renews = _renewed(patient_id)
            return form_page(opened, _typed_of(renews), str(uuid4()), renews)
        typed = {name: clean_text(value) for name, value in request.form.items()}
        shown: Shown | None = None
        try:
            writing = _writing(chart_of(patient_id), typed)
            order, answers = read_order(typed), read_answers(typed)
            shown = _look(writing, order) if order.display else None
            row = prescribing.prescribe(writing, order, answers)
            keep("add", row)
        except ClinicError as error:
            return _again(patient_id, typed, error, shown)
        flash(_("Prescribed: %(drug)s.", drug=row.display), "success")
        return redirect(_medication(patient_id))

    @expose("/<patient_id>/prescribe/check", methods=["POST"])
    @has_access
    @permission_name("prescribe")
    def check(self, patient_id: str) -> str:
        """What speaks against the order as it stands in the form: a piece of the page."""
        typed = {name: clean_text(value) for name, value in request.form.items()}
        writing = _writing(chart_of(patient_id), typed)
        order = read_order(typed)
        shown = _look(writing, order) if order.display else None
        return render_template("partials/drug_alerts.html", **_said(shown, typed))

    @expose("/<patient_id>/prescription/<request_id>/stop", methods=["POST"])
    @has_access
    @permission_name("prescribe")
    def stop(self, patient_id: str, request_id: str) -> Response:
        """End a prescription, with its reason."""
        opened = chart_of(patient_id)
        row = load_request(patient_id, request_id)
        reason, note = request.form.get("reason", ""), clean_text(request.form.get("note", ""))
        try:
            end = prescribing.stop(db.session(), opened.person, row, reason, note[:500], opened.now)
            keep("add", end)
        except Forbidden:
            raise
        except ClinicError as error:
            db.session.rollback()
            flash(error.message, "danger")
        else:
            flash(_("Stopped: %(drug)s.", drug=row.display), "success")
        return redirect(_medication(patient_id))


def form_page(
    opened: Opened,
    typed: Mapping[str, Any],
    attempt: str,
    renews: MedicationRequest | None,
    problem: ClinicError | None = None,
    shown: Shown | None = None,
) -> str:
    """The form with what was typed, the alerts, and what the patient takes now."""
    session, patient_id = db.session(), opened.patient.patient_id
    return render_template(
        "prescribe.html", opened=opened, attempt=attempt, renews=renews, problem=problem,
        routes={key: (_(words), code) for key, (words, code) in ROUTES.items()},
        timings={key: replace(timing, words=_(timing.words)) for key, timing in TIMINGS.items()},
        units=UNITS, when=when,
        medication=chart.medication(session, patient_id),
        problems=[p for p in chart.problems(session, patient_id)
                  if p.clinical_status in chart.ONGOING],
        lists=drug_lists.current(session), back=_medication(patient_id), **_said(shown, typed),
    )  # fmt: skip


def load_request(patient_id: str, request_id: str) -> MedicationRequest:
    """A prescription of this very patient, else NotFound."""
    links = ("patient", "doctor", "record", "renewed_from")
    row: MedicationRequest = load(
        db.session(), actor(), MedicationRequest, request_id, Action.SHOW, links
    )
    if not is_asked_for(row, patient_id):
        raise NotFound(_("There is no such entry, or it is not yours to see."))
    return row


def _look(writing: Writing, order: Order) -> Shown:
    """Check, and keep what was said before anything else happens."""
    with transaction(writing.session):
        return prescribing.look(writing, order)


def _writing(opened: Opened, typed: Mapping[str, str]) -> Writing:
    prescribing.require_prescriber(opened.person)
    renewed = typed.get("renews", "")
    return Writing(
        session=db.session(), actor=opened.person, patient=opened.patient, now=opened.now,
        zone=clinic_zone(), attempt=read_attempt(typed.get("attempt", "")),
        renews=load_request(str(opened.patient.patient_id), renewed) if renewed else None,
    )  # fmt: skip


def _again(
    patient_id: str, typed: Mapping[str, str], error: ClinicError, shown: Shown | None
) -> tuple[str, int]:
    take_back(db.session(), error)
    opened = open_chart(patient_id, "prescribe")
    renews = load_request(patient_id, typed["renews"]) if typed.get("renews") else None
    attempt = read_attempt(typed.get("attempt", ""))
    return refused(form_page(opened, typed, attempt, renews, error, shown), error)


def _said(shown: Shown | None, typed: Mapping[str, Any]) -> dict[str, Any]:
    return {"shown": shown, "typed": typed, "override_reasons": OVERRIDE_REASONS}


def _renewed(patient_id: str) -> MedicationRequest | None:
    key = request.args.get("renew", "")
    return load_request(patient_id, key) if key else None


def _typed_of(row: MedicationRequest | None) -> dict[str, Any]:
    """The form as it is first opened: empty, or as the prescription that is renewed."""
    if row is None:
        return {}
    values = {name: getattr(row, name) for name in RENEWED}
    said = {
        name: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values.items()
        if value is not None
    }
    return said | ({"as_needed": "y"} if row.as_needed else {})


def _medication(patient_id: str | int) -> str:
    return url_for("ChartView.show", patient_id=patient_id, section="medication")
