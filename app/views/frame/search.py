"""The patient search that stands on every staff page."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.models import Action, Patient
from app.models.base.grants import CARE, STAFF
from app.security import audit
from app.security.actor import Actor
from app.security.scope import visible
from app.views.generated import reading
from app.views.generated.guard import actor
from app.views.generated.values import show


class SearchView(BaseView):
    """Patients by the beginning of a name or a record number."""

    route_base = "/search"
    class_permission_name = "PatientSearch"
    may = {"search": STAFF}

    @expose("/patients")
    @has_access
    @permission_name("search")
    def patients(self) -> list[dict[str, Any]]:
        """Patients of one search, with the page that each leads to; the search is put on the trail."""
        words = request.args.get("q", "")[:100]
        found = reading.picks(db.session(), actor(), Patient, words) if words.strip() else []
        audit.read(actor(), "search", Patient, words=words[:100], rows=len(found))
        columns = visible(actor(), Patient, Action.LIST, ["record_number", "dob", "phone"])
        page = page_of_patient(actor()).removesuffix("0")
        return [
            {
                "id": patient.patient_id,
                "text": patient.name,
                "detail": " · ".join(filter(None, (show(getattr(patient, c)) for c in columns))),
                "url": f"{page}{patient.patient_id}",
            }
            for patient in found
        ]


def page_of_patient(person: Actor) -> str:
    """The address of the patient 0, for scripts to put a number in: the chart for those who treat,
    the register for everyone else."""
    treats = person.roles & CARE
    return url_for("ChartView.show", patient_id=0) if treats else url_for("PatientView.show", pk=0)
