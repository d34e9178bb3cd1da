"""`/duplicates/`: who may be registered twice, both side by side, the merge, and its undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _
from app.models import (
    Action,
    ClinicError,
    NotFound,
    Patient,
    PatientLink,
)
from app.models.base.grants import DESK
from app.models.people import duplicates, linked, merging, telling_apart
from app.security import audit
from app.security.scope import load, visible
from app.spelling import tongue, word
from app.views.frame.bodies import read_reason
from app.views.generated import writing
from app.views.generated.guard import actor
from app.views.generated.values import kind, show
from app.views.generated.writing import take_back

COMPARED = (
    "name", "record_number", "dob", "sex", "phone", "email", "contact_info", "insurance_details",
    "language", "language_tag", "deceased_on",
)  # fmt: skip
ON_A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """What one part of the two comes to: how much there is of each, and what becomes of it."""

    name: str
    kept: int
    other: int
    becomes: str


class DuplicatesView(BaseView):
    """For those who keep the register. Of a chart it shows how many entries there are, no more."""

    route_base = "/duplicates"
    default_view = "show"
    class_permission_name = "Duplicates"
    menu = ("Clinic", "Possible duplicates", "fa-code-merge")
    may = {"merge": DESK}

    @expose("/")
    @has_access
    @permission_name("merge")
    def show(self) -> str:
        """The list; of one patient, with `?patient=`, and with whom they were merged."""
        session, person, asked = db.session(), actor(), request.args.get("patient")
        patient = load(session, person, Patient, asked, Action.SHOW) if asked else None
        if patient is not None:
            audit.read(person, "show", Patient, patient, page="duplicates")
            kept_id = patient.replaced_by_id or patient.patient_id
            merged = linked.replaced(session, kept_id)
            apart = telling_apart.of_patient(session, patient.patient_id)
            found = duplicates.pairs(session, patient.patient_id)
        else:
            merged, apart, found = [], [], duplicates.pairs(session)
            audit.read(person, "list", Patient, page="duplicates", rows=len(found))
        return render_template(
            "duplicates.html", patient=patient, merged=merged, apart=apart, pairs=found[:ON_A_PAGE],
            more=max(0, len(found) - ON_A_PAGE), show=show, reasons=_reasons(),
        )  # fmt: skip

    @expose("/with/<patient_id>", methods=["POST"])
    @has_access
    @permission_name("merge")
    def choose(self, patient_id: str) -> Response:
        """Compare with whom was picked."""
        session, person = db.session(), actor()
        kept = load(session, person, Patient, patient_id, Action.SHOW)
        try:
            other = load(session, person, Patient, request.form.get("other", ""), Action.SHOW)
        except NotFound:
            flash(_("Choose one from the list."), "danger")
            return redirect(url_for("DuplicatesView.show", patient=kept.patient_id))
        return redirect(_preview_url(kept, other))

    @expose("/<kept_id>/<other_id>", methods=["GET", "POST"])
    @has_access
    @permission_name("merge")
    def merge(self, kept_id: str, other_id: str) -> Any:
        """Both side by side with what will be shown where; by POST they are merged."""
        kept, other = both(kept_id, other_id)
        if request.method == "GET":
            return preview(kept, other)
        session, person = db.session(), actor()
        reason, after_all = typed_reason(), "after_all" in request.form
        try:
            writing.keep(
                session, person,
                lambda: merging.merge(session, person, kept, other, reason, _now(), after_all=after_all),
                lambda done: done,
            )  # fmt: skip
        except ClinicError as error:
            take_back(session, error)
            return preview(*both(kept_id, other_id), reason, error), error.status
        flash(_("The two are one patient now."), "success")
        return redirect(url_for("DuplicatesView.show", patient=kept_id))

    @expose("/undo/<link_id>", methods=["POST"])
    @has_access
    @permission_name("merge")
    def undo(self, link_id: str) -> Response:
        """Part the two again."""
        session, person = db.session(), actor()
        link = load(session, person, PatientLink, link_id, Action.SHOW)
        kept_id, reason = link.patient_id, typed_reason()
        try:
            writing.keep(
                session, person,
                lambda: merging.undo(session, person, link, reason, _now()),
                lambda done: done,
            )  # fmt: skip
        except ClinicError as error:
            take_back(session, error)
            flash(error.message, "danger")
        else:
            flash(_("They are two patients again."), "success")
        return redirect(url_for("DuplicatesView.show", patient=kept_id))


def both(kept_id: str, other_id: str) -> tuple[Patient, Patient]:
    """Two patients of an address, as the person may see them. Raises NotFound."""
    session, person = db.session(), actor()
    kept = load(session, person, Patient, kept_id, Action.SHOW)
    return kept, load(session, person, Patient, other_id, Action.SHOW)


def preview(
    kept: Patient,
    other: Patient,
    reason: str = "",
    problem: ClinicError | None = None,
    apart: str = "",
) -> str:
    """The page of two patients; `reason` and `apart` are what was typed into its two forms."""
    session = db.session()
    for patient in (kept, other):
        audit.read(actor(), "show", Patient, patient, page="merge")
    columns = visible(actor(), Patient, Action.SHOW, COMPARED)
    facts = [(name, _shown(kept, name), _shown(other, name)) for name in columns]
    return render_template(
        "merge.html", kept=kept, other=other, facts=facts, lines=_lines(kept, other),
        labels=_labels(), obstacles=merging.obstacles(session, kept, other), typed=reason,
        problem=problem, swap=_preview_url(other, kept), told_apart=apart, show=show,
        decisions=telling_apart.between(session, kept, other),
    )  # fmt: skip


def _shown(patient: Patient, name: str) -> str:
    value = getattr(patient, name)
    if name == "language_tag":
        return tongue(value)
    chosen = kind(Patient.columns()[name]) == "choice" and value
    return word(value) if chosen else show(value)


def _lines(kept: Patient, other: Patient) -> list[Line]:
    session = db.session()
    one, two = (merging.counts(session, patient.patient_id) for patient in (kept, other))
    becomes = {
        "to come": (_("Visits to come"), _("Go over to the kept patient; an undo takes them back.")),
        "waiting": (_("Waiting list"), _("Goes over to the kept patient; an undo takes it back.")),
        "over": (_("Earlier visits"), _("Stay as they are; shown with both.")),
        "chart": (_("Entries of the chart"), _("Nothing is rewritten; the kept patient’s chart shows both.")),
        "files": (_("Files"), _("Stay as they are; the kept patient’s chart shows both.")),
        "messages": (_("Messages"), _("Stay as they are; new ones go to the kept patient.")),
        "guardians": (_("Guardians"), _("Act for both, as do both logins of the portal.")),
    }  # fmt: skip
    return [Line(name, one[key], two[key], what) for key, (name, what) in becomes.items()]


def _labels() -> dict[str, str]:
    return {
        "name": _("Name"), "record_number": _("Record number"), "dob": _("Birth date"),
        "sex": _("Sex"), "phone": _("Phone"), "email": _("E-mail"), "contact_info": _("Address"),
        "insurance_details": _("Insurance"), "language": _("Language"),
        "language_tag": _("Language as imported"), "deceased_on": _("Died"),
    }  # fmt: skip


def _reasons() -> dict[str, str]:
    return {
        duplicates.NAME_AND_BIRTH: _("Same name and birth date"),
        duplicates.SIMILAR: _("Similar name, same birth date"),
        duplicates.INSURANCE: _("Same insurance"),
        duplicates.EMAIL: _("Same e-mail"),
        duplicates.PHONE: _("Same telephone"),
    }


def _preview_url(kept: Patient, other: Patient) -> str:
    return url_for("DuplicatesView.merge", kept_id=kept.patient_id, other_id=other.patient_id)


def typed_reason() -> str:
    """The reason in the form, possibly empty. Raises ClinicError for one that is too long."""
    return read_reason(request.form.get("reason"))


def _now() -> datetime:
    return datetime.now(UTC)
