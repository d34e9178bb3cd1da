"""The patient search that stands on every staff page."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.models import Action, Patient, Role
from app.security import audit
from app.security.scope import visible
from app.views.generated import reading
from app.views.generated.guard import actor
from app.views.generated.values import show

STAFF = (Role.ADMIN, Role.DOCTOR, Role.NURSE, Role.RECEPTIONIST)


class SearchView(BaseView):
    """Patients by the beginning of a name or a record number."""

    route_base = "/search"
    class_permission_name = "PatientSearch"
    may = {"search": STAFF}

    @expose("/patients")
    @has_access
    @permission_name("search")
    def patients(self) -> list[dict[str, Any]]:
        words = request.args.get("q", "")[:100]
        found = reading.picks(db.session(), actor(), Patient, words) if words.strip() else []
        audit.read(actor(), "search", Patient, words=words[:100], rows=len(found))
        return [_hit(patient) for patient in found]


def _hit(patient: Patient) -> dict[str, Any]:
    columns = visible(actor(), Patient, Action.LIST, ["record_number", "dob", "phone"])
    return {
        "id": patient.patient_id,
        "text": patient.name,
        "detail": " · ".join(filter(None, (show(getattr(patient, name)) for name in columns))),
        "url": _page_of(patient),
    }


def _page_of(patient: Patient) -> str:
    """The chart for those who treat, the register for everyone else."""
    if actor().roles & {Role.DOCTOR, Role.NURSE}:
        return url_for("ChartView.show", patient_id=patient.patient_id)
    return url_for("PatientView.show", pk=patient.patient_id)
