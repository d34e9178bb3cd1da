"""The whole record of a patient to take along: as FHIR for programs, as a page for people."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Response, current_app, render_template
from flask_appbuilder import BaseView, expose
from flask_appbuilder.api import BaseApi, protect, safe
from flask_appbuilder.api import expose as api_expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.exchange.fhir_out import bundle_of
from app.extensions import db
from app.models import Patient
from app.models.base.grants import CARE
from app.models.record import whole_record
from app.models.record.amendment import TEXTS
from app.models.record.finding_names import name_of_finding
from app.models.record.prescription_tables import END_REASONS
from app.security import audit
from app.views.chart.chart_page import Opened, chart_of
from app.views.generated.api import in_words
from app.views.generated.values import show, when

FHIR_JSON = "application/fhir+json"
OPENED_ALONE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Of the file, which is saved rather than shown: nothing in it runs or loads anything."""


class ChartExportView(BaseView):
    """A copy that leaves the clinic is an event of its own on the trail."""

    route_base = "/chart"
    class_permission_name = "Chart"
    may = {"show": ()}  # who, is said by ChartView

    @expose("/<patient_id>/fhir")
    @has_access
    @permission_name("show")
    def fhir(self, patient_id: str) -> Response:
        """The record as a FHIR R4 Bundle, to save."""
        opened = _taken(patient_id, "FHIR")
        return fhir_answer(opened.patient, opened.now, shared_only=False)

    @expose("/<patient_id>/record")
    @has_access
    @permission_name("show")
    def record(self, patient_id: str) -> Response:
        """The record as one HTML file, to save and to print."""
        opened = _taken(patient_id, "HTML")
        page = render_template(
            "record_file.html", patient=opened.patient, now=opened.now, who=opened.person.name,
            record=whole_record.of_patient(db.session(), opened.patient.patient_id), texts=TEXTS,
            ends=END_REASONS, clinic=current_app.config["CLINIC_NAME"], when=when, show=show,
            name_of_finding=name_of_finding,
        )  # fmt: skip
        answer = _file(opened.patient, page, "text/html", "html")
        answer.headers["Content-Security-Policy"] = OPENED_ALONE
        return answer


class ChartApi(BaseApi):
    """The same for programs."""

    resource_name = "chart"
    class_permission_name = "ChartApi"
    allow_browser_login = True
    openapi_spec_tag = "Chart"
    may = {"fhir": CARE}

    @api_expose("/<patient_id>/fhir", methods=["GET"])
    @protect()
    @safe
    @permission_name("fhir")
    def fhir(self, patient_id: str) -> Any:
        """The whole record of a patient as a FHIR R4 Bundle
        ---
        get:
          parameters:
          - {in: path, name: patient_id, required: true, schema: {type: integer}}
          responses:
            200:
              description: A Bundle of the type collection
              content:
                application/fhir+json:
                  schema: {type: object}
        """
        return self._fhir(patient_id)

    @in_words
    def _fhir(self, patient_id: str) -> Any:
        opened = _taken(patient_id, "FHIR")
        return fhir_answer(opened.patient, opened.now, shared_only=False)


def fhir_answer(patient: Patient, now: datetime, *, shared_only: bool) -> Response:
    """The bundle as a file; its name says whose by the record number alone."""
    bundle = bundle_of(db.session(), patient, shared_only=shared_only, now=now)
    return _file(patient, json.dumps(bundle, ensure_ascii=False), FHIR_JSON, "json")


def _file(patient: Patient, content: str, mimetype: str, ending: str) -> Response:
    answer = Response(content, mimetype=mimetype)
    name = f"record-{patient.record_number}.{ending}"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _taken(patient_id: str, form: str) -> Opened:
    opened = chart_of(patient_id)
    audit.read(opened.person, "export", Patient, opened.patient, form=form)
    return opened
