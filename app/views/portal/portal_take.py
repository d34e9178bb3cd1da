"""`/portal/record/…`: what patients take along: documents, the record on paper and as FHIR."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import _
from app.models import Attachment, NotFound, Patient
from app.models.base.clock import day_at
from app.models.portal import shared
from app.models.record.chart import ONGOING, TAKEN
from app.security import audit
from app.security.scope import as_key
from app.views.chart.chart_export import fhir_answer
from app.views.chart.chart_files import file_answer
from app.views.generated.guard import actor
from app.views.generated.values import show, when
from app.views.portal.portal_shell import MAY, PERMISSION, acting_patient, now, page

ON_PAPER = 6
"""Readings of a vital sign on the sheet, the newest."""


class PortalTakeView(BaseView):
    """Each copy that leaves the clinic is an event of its own on the trail."""

    route_base = "/portal/record"
    default_view = "paper"
    class_permission_name = "Portal"
    may = MAY

    @expose("/document/<key>")
    @has_access
    @permission_name(PERMISSION)
    def document(self, key: str) -> Response:
        """A file that the clinic shares with the patient."""
        patient, number, session = acting_patient(), as_key(key), db.session()
        row = shared.document(session, patient.patient_id, number)
        if row is None:
            if session.get(Attachment, number) is not None:
                audit.refused(session, actor(), "show", Attachment, number)
            raise NotFound(_("There is no such document, or it is not yours to see."))
        audit.read(actor(), "export", Attachment, row, page="portal")
        return file_answer(row)

    @expose("/fhir")
    @has_access
    @permission_name(PERMISSION)
    def fhir(self) -> Response:
        """What the clinic shares, as a FHIR R4 Bundle to save."""
        patient = acting_patient()
        audit.read(actor(), "export", Patient, patient, form="FHIR", page="portal")
        return fhir_answer(patient, now(), shared_only=True)

    @expose("/paper")
    @has_access
    @permission_name(PERMISSION)
    def paper(self) -> Any:
        """All of it on one page, to print or to keep as a PDF."""
        patient, session = acting_patient(), db.session()
        audit.read(actor(), "export", Patient, patient, form="paper", page="portal")
        key = patient.patient_id
        return page(
            "paper",
            patient=patient, visits=shared.visits(session, key), texts=shared.texts(session, key),
            allergies=shared.allergies(session, key), conditions=shared.conditions(session, key),
            medication=shared.medication(session, key), courses=shared.vitals(session, key),
            documents=shared.documents(session, key), ongoing=ONGOING, taken=TAKEN, when=when,
            show=show, today=day_at(now()), on_paper=ON_PAPER,
        )  # fmt: skip
