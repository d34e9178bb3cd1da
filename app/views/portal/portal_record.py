"""`/portal/record`: what the clinic shares of the record, to read, print and take along."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import select

from app.extensions import db
from app.language import _
from app.models import (
    ClinicError,
    CorrectionRequest,
    MedicalRecord,
    NotFound,
    Patient,
    PatientReport,
)
from app.models.base.clock import clinic_zone, day_at
from app.models.people.linked import same_person
from app.models.portal import portal_asks, shared
from app.models.record import chart
from app.models.record.chart import ONGOING, TAKEN
from app.models.record.measures import ADULT
from app.security import audit
from app.security.scope import as_key
from app.views.chart.chart_words import versions_of
from app.views.generated import writing
from app.views.generated.guard import actor
from app.views.generated.parsing import clean_text
from app.views.generated.values import show, when
from app.views.portal.portal_shell import MAY, PERMISSION, acting_patient, now, page

PLOTTED = 12
"""Readings of a vital sign that the page lists; a sheet for print has the same."""


class PortalRecordView(BaseView):
    """The patient's record: signed visits, diagnoses, medication, allergies, vital signs."""

    route_base = "/portal/record"
    default_view = "record"
    class_permission_name = "Portal"
    may = MAY

    @expose("/")
    @has_access
    @permission_name(PERMISSION)
    def record(self) -> Any:
        """What was signed and shared of the record."""
        patient, session = acting_patient(), db.session()
        audit.read(actor(), "show", Patient, patient, page="portal record")
        key = patient.patient_id
        return page(
            "record",
            patient=patient, visits=shared.visits(session, key), allergies=shared.allergies(session, key),
            conditions=shared.conditions(session, key), medication=shared.medication(session, key),
            documents=shared.documents(session, key),
            reports=_reports(key), ongoing=ONGOING, taken=TAKEN, when=when, show=show,
            today=day_at(now()),
        )  # fmt: skip

    @expose("/measurements")
    @has_access
    @permission_name(PERMISSION)
    def measurements(self) -> Any:
        """Vital signs over time; without scripts, the tables that the plots are drawn from."""
        patient, today = acting_patient(), day_at(now())
        audit.read(actor(), "show", Patient, patient, page="portal measurements")
        courses = shared.vitals(db.session(), patient.patient_id)
        adult = patient.age(today) >= ADULT
        return page(
            "measurements", courses=courses, adult=adult, shown=PLOTTED, when=when,
            zone=clinic_zone().key,
        )  # fmt: skip

    @expose("/visit/<key>")
    @has_access
    @permission_name(PERMISSION)
    def visit(self, key: str) -> Any:
        """One signed note with its amendments."""
        return _visit_page(key)

    @expose("/visit/<key>/correct", methods=["POST"])
    @has_access
    @permission_name(PERMISSION)
    def correct(self, key: str) -> Any:
        """Ask the doctor of a signed visit to correct it."""
        session, wish = db.session(), clean_text(request.form.get("wish", ""))
        record = own_record(key).MedicalRecord
        try:
            writing.keep(
                session, actor(),
                lambda: portal_asks.ask_correction(session, record, wish.strip(), now()),
                lambda row: [("add", row)],
            )  # fmt: skip
        except ClinicError as error:
            return _visit_page(key, wish, error)
        flash(_("Your doctor has your request. The answer comes here."), "success")
        return redirect(url_for("PortalRecordView.visit", key=key))

    @expose("/report", methods=["GET", "POST"])
    @has_access
    @permission_name(PERMISSION)
    def report(self) -> Any:
        """Tell of an allergy or a drug before a visit; it is as told until someone checked it."""
        patient, session = acting_patient(), db.session()
        names = ("kind", "display", "detail")
        typed = {name: clean_text(request.form.get(name, ""))[:2000] for name in names}
        if request.method == "GET":
            return page("report", typed=typed | {"kind": request.args.get("kind", "")}, error=None)
        try:
            writing.keep(
                session, actor(),
                lambda: portal_asks.report(session, patient.patient_id, now=now(), **typed),
                lambda row: [("add", row)],
            )  # fmt: skip
        except ClinicError as error:
            return page("report", error.status, typed=typed, error=error)
        flash(_("Thank you. It is checked with you at your next visit."), "success")
        return redirect(url_for("PortalRecordView.record"))


def own_record(key: str) -> Any:
    """A signed visit of the patient acted for, with its doctor's name. Raises NotFound, and
    leaves an event where it is another's."""
    patient, number = acting_patient(), as_key(key)
    found = shared.visit(db.session(), patient.patient_id, number)
    if found is not None:
        return found
    if db.session.get(MedicalRecord, number) is not None:
        audit.refused(db.session(), actor(), "show", MedicalRecord, number)
    raise NotFound(_("There is no such visit, or it is not yours to see."))


def _visit_page(key: str, wish: str = "", error: ClinicError | None = None) -> Any:
    found, session = own_record(key), db.session()
    record = found.MedicalRecord
    audit.read(actor(), "show", MedicalRecord, record, page="portal")
    diagnoses, given = chart.hanging(session, record.record_id)
    asked = select(CorrectionRequest).where(CorrectionRequest.record_id == record.record_id)
    return page(
        "record_visit", error.status if error else 200,
        record=record, doctor=found.doctor, diagnoses=diagnoses, given=given, wish=wish, error=error,
        versions=versions_of(record, chart.versions(session, record.record_id)), show=show,
        asked=session.scalars(asked.order_by(CorrectionRequest.created.desc())).all(), when=when,
    )  # fmt: skip


def _reports(patient_id: int) -> Any:
    query = select(PatientReport).where(
        same_person(PatientReport.patient_id, patient_id), PatientReport.state == "reported"
    )
    return db.session.scalars(query.order_by(PatientReport.created.desc())).all()
