"""Around a visit in the portal: questions before it, check-in on the day, the waitlist."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import _
from app.models import (
    Action,
    Appointment,
    ClinicError,
    Conflict,
    Entity,
    NotFound,
    WaitlistEntry,
    WaitlistOffer,
)
from app.models.clinic import visit_form
from app.models.people.linked import is_of
from app.models.portal import portal, portal_times, portal_waiting
from app.models.visits import offering
from app.models.visits.appointment import NOT_BEGUN
from app.security import audit
from app.security.scope import as_key
from app.views.generated import writing
from app.views.generated.guard import actor
from app.views.generated.parsing import clean_text
from app.views.portal.portal import card, home_page
from app.views.portal.portal_booking import bookable
from app.views.portal.portal_shell import (
    MAY,
    PERMISSION,
    acting_patient,
    now,
    own_visit,
    page,
    terms,
)


class PortalVisitView(BaseView):
    """What a patient does before a visit, and while they wait for one."""

    route_base = "/portal"
    default_view = "form"
    class_permission_name = "Portal"
    may = MAY

    @expose("/visit/<key>/form", methods=["GET", "POST"])
    @has_access
    @permission_name(PERMISSION)
    def form(self, key: str) -> Any:
        """The questions of this kind of visit; a refused form keeps what was typed."""
        visit, session = own_visit(key), db.session()
        if request.method == "GET":
            audit.read(actor(), "show", Appointment, visit, page="form")
            given = {k: row.answer for k, row in visit_form.answers(session, visit).items()}
            return _form_page(visit, given)
        if visit.status not in NOT_BEGUN or visit.end <= now():
            raise ClinicError(_("The questions of this visit are closed."))
        asked = visit_form.questions(session, visit)
        said = {q.visit_question_id: _typed(f"q{q.visit_question_id}") for q in asked}
        try:
            writing.keep(
                session, actor(), lambda: visit_form.answer(session, visit, said, now()),
                lambda rows: [("answer", row) for row in rows],
            )  # fmt: skip
        except ClinicError as error:
            return _form_page(own_visit(key), said, error)
        flash(_("Thank you. Your answers are with the clinic."), "success")
        return redirect(url_for("PortalView.visit", key=visit.appointment_id))

    @expose("/visit/<key>/check-in", methods=["POST"])
    @has_access
    @permission_name(PERMISSION)
    def check_in(self, key: str) -> Any:
        """The patient is here. Raises ClinicError where it is not yet time."""
        visit, session = own_visit(key), db.session()
        writing.save(
            session, actor(), visit, Action.EDIT,
            lambda row: portal.check_in(session, actor(), row, now()),
        )  # fmt: skip
        flash(_("You are checked in. Please take a seat; we call you."), "success")
        return redirect(url_for("PortalView.visit", key=visit.appointment_id))

    @expose("/wait/<kind>", methods=["POST"])
    @has_access
    @permission_name(PERMISSION)
    def wait(self, kind: str) -> Any:
        """Wait for a time of this kind, with any doctor or with one."""
        wanted, patient, session = bookable(kind), acting_patient(), db.session()
        raw = request.form.get("doctor", "")
        known = {doctor.doctor_id for doctor in portal_times.doctors_for(session, wanted)}
        doctor_id = as_key(raw) if raw else None
        if doctor_id is not None and doctor_id not in known:
            raise NotFound(_("This doctor is not to be booked for that kind of visit."))
        writing.keep(
            session, actor(),
            lambda: portal_waiting.wait(session, patient.patient_id, wanted, doctor_id, now(), terms()),
            lambda row: [("add", row)],
        )  # fmt: skip
        flash(
            _("You are on the waiting list. When a time becomes free, we offer it to you."),
            "success",
        )
        return redirect(url_for("PortalView.visits"))

    @expose("/wait/<key>/end", methods=["POST"])
    @has_access
    @permission_name(PERMISSION)
    def end_wait(self, key: str) -> Any:
        """Wait no longer."""
        row = _own(WaitlistEntry, key)
        row.state = "withdrawn"
        writing.keep(db.session(), actor(), lambda: row, lambda kept: [("edit", kept)])
        flash(_("You no longer wait for this."), "success")
        return redirect(url_for("PortalView.visits"))

    @expose("/offer/<key>", methods=["POST"])
    @has_access
    @permission_name(PERMISSION)
    def answer(self, key: str) -> Any:
        """Take or pass on a time that became free."""
        offer, session = _own(WaitlistOffer, key), db.session()
        takes = request.form.get("answer") == "take"
        step = offering.accept if takes else offering.decline
        try:
            writing.keep(
                session, actor(), lambda: step(session, actor(), offer, now()),
                lambda _done: [("edit", offer)],
            )  # fmt: skip
        except Conflict as error:  # too late: the home says so, with what there is instead
            return home_page(error.status, error.message)
        said = (
            _("The visit is yours.")
            if takes
            else _("Passed on. You keep your place for other times.")
        )
        flash(said, "success")
        return redirect(url_for("PortalView.home"))


def _own(model: type[Entity], key: str) -> Any:
    """A row of the patient acted for. Raises NotFound, with an event where it is another's."""
    patient, number = acting_patient(), as_key(key)
    row: Any = db.session.get(model, number)
    if row is not None and is_of(db.session(), row.patient_id, patient.patient_id):
        return row
    if row is not None:
        audit.refused(db.session(), actor(), "show", model, number)
    raise NotFound(_("There is no such entry, or it is not yours to see."))


def _form_page(visit: Appointment, said: Any, error: ClinicError | None = None) -> Any:
    asked = visit_form.questions(db.session(), visit)
    status = error.status if error else 200
    return page("form", status, visit=card(visit), asked=asked, said=said, error=error)


def _typed(name: str) -> str:
    return clean_text(request.form.get(name, ""))
