"""Patients as the desk registers them: the generated grid, and who may be there already."""

from __future__ import annotations

from flask import flash, url_for
from markupsafe import Markup

from app.extensions import db
from app.language import _
from app.models import Patient
from app.models.people import duplicates
from app.spelling import tongue
from app.views.generated.grid import GridView
from app.views.generated.pages import Cell, Link


class PatientGrid(GridView):
    """The generated grid; a patient's page leads to the chart, and to the invitation. Whoever writes
    down a person that is much like one who is registered already is told so at once."""

    def cell(self, row: Patient, name: str) -> Cell:
        found = super().cell(row, name)
        if name == "language_tag":
            found.text = tongue(found.text)
        return found

    def links(self, row: Patient) -> list[Link]:
        """To the chart, the duplicates and an invitation, as far as this person may go there."""
        found = []
        if row.replaced_by_id is not None:
            kept = url_for("PatientView.show", pk=row.replaced_by_id)
            found.append(Link(_("Merged: open the patient who is kept"), kept, "fa-code-merge"))
        if self.appbuilder.sm.has_access("can_show", "Chart"):
            chart = url_for("ChartView.show", patient_id=row.patient_id)
            found.append(Link(_("Chart"), chart, "fa-notes-medical"))
        if self.appbuilder.sm.has_access("can_merge", "Duplicates"):
            url = url_for("DuplicatesView.show", patient=row.patient_id)
            found.append(Link(_("Duplicates"), url, "fa-clone"))
        if self.appbuilder.sm.has_access("can_invite", "PortalInvite"):
            url = url_for("PortalInviteView.invite", patient_id=row.patient_id)
            found.append(Link(_("Invite to the portal"), url, "fa-paper-plane"))
        return found

    def _after(self, row: Patient) -> str:
        if self.appbuilder.sm.has_access("can_merge", "Duplicates"):
            for other in duplicates.much_like(db.session(), row):
                flash(_much_like(row, other), "warning")
        return super()._after(row)


def _much_like(row: Patient, other: Patient) -> Markup:
    said = _(
        "%(name)s, %(number)s, has the same birth date and much the same name.",
        name=other.name,
        number=other.record_number,
    )
    one, two = sorted((row.patient_id, other.patient_id))
    url = url_for("DuplicatesView.merge", kept_id=one, other_id=two)
    return Markup('{} <a href="{}">{}</a>').format(said, url, _("Compare"))
