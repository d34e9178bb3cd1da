"""The desk's side of the portal: inviting a patient or a guardian, answering who asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import inspect
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import Length

from app.extensions import db
from app.language import _, _l
from app.models import Action, ClinicError, Patient, PortalRegistration
from app.models.base.clock import day_at
from app.models.base.grants import DESK
from app.models.messages import reach
from app.models.portal import joining
from app.models.portal.portal_access import RELATIONS, guardians
from app.models.record.measures import ADULT
from app.security import audit
from app.security.scope import load
from app.views.generated import writing
from app.views.generated.api import EntityApi
from app.views.generated.guard import actor
from app.views.login.user_forms import clean
from app.views.portal.portal_answering import AnswerGrid
from app.views.portal.portal_sending import send

WORDS = {
    "self": _l("The patient"),
    "parent": _l("A parent"),
    "guardian": _l("A guardian"),
    "carer": _l("A carer"),
}


class InviteForm(DynamicForm):
    """Who is to use the portal for the patient."""

    relation = RadioField(
        _l("Who will use it?"), default="self",
        choices=[SelectChoice(word, WORDS[word]) for word in RELATIONS],
    )  # fmt: skip
    holder = StringField(_l("Their name"), [Length(max=129), clean])

    def validate_holder(self, field: Any) -> None:
        """Somebody who acts for the patient has a name. Raises ClinicError."""
        if self.relation.data != "self" and not (field.data or "").strip():
            raise ClinicError(
                _("Write the name of the person who acts for the patient."), field="holder"
            )


class PortalInviteView(BaseView):
    """`/invite/<patient>`: a one-time link to the address in the register."""

    route_base = "/invite"
    default_view = "invite"
    class_permission_name = "PortalInvite"
    may = {"invite": DESK}

    @expose("/<patient_id>", methods=["GET", "POST"])
    @has_access
    @permission_name("invite")
    def invite(self, patient_id: str) -> Any:
        """The form; by POST the invitation is sent, or can be printed."""
        session, moment = db.session(), datetime.now(UTC)
        patient, form = load(session, actor(), Patient, patient_id, Action.EDIT), InviteForm()
        if request.method == "GET":
            audit.read(actor(), "show", Patient, patient, page="invite")
            if patient.age(day_at(moment)) < ADULT:
                form.relation.data = "parent"
            return _page(patient, form, moment)
        try:
            if not form.validate():
                return _page(patient, form, moment, 422)
            with writing.transaction(session):
                relation, holder = form.relation.data, (form.holder.data or "").strip()
                if relation == "self":
                    holder = patient.name
                row, secret = joining.invite(session, patient, relation, holder, moment)
                send(row, secret, moment)
        except ClinicError as error:
            session.rollback()
            patient = load(session, actor(), Patient, patient_id, Action.EDIT)
            writing.point_at(form, error)
            return _page(patient, form, moment, error.status, error.message)
        if _leaves(patient):
            done = _(
                "An invitation is on its way to %(holder)s. It works for a week.", holder=holder
            )
            flash(done, "success")
        else:
            flash(_("The invitation is kept here: nothing is set up to send it."), "warning")
        return redirect(url_for("PatientView.show", pk=patient_id))


class RegistrationGrid(AnswerGrid):
    """The generated grid of those who asked; approving sends an invitation."""

    told = ("created", "name", "dob", "email", "phone")

    def pre_update(self, item: PortalRegistration) -> None:
        answer(item)


class RegistrationRest(EntityApi):
    """The same by API."""

    def pre_update(self, item: PortalRegistration) -> None:
        answer(item)


def answer(item: PortalRegistration) -> None:
    """An answer is given once. Raises ClinicError."""
    session, moment = db.session(), datetime.now(UTC)
    before: Any = inspect(item).attrs.state.history.deleted
    if not before:
        return
    if before != ["waiting"]:
        raise ClinicError(_("This request has its answer already."), field="state")
    if item.state == "approved":
        send(*joining.approve(session, item, moment), moment)
    elif item.state == "declined":
        joining.tell_declined(session, item, moment)


def _leaves(patient: Patient) -> bool:
    """Whether a message to this patient can leave the house."""
    ways = {"email": patient.email, "sms": patient.phone}
    return any(address and reach.is_set_up(channel) for channel, address in ways.items())


def _page(
    patient: Patient, form: Any, moment: datetime, status: int = 200, problem: str | None = None
) -> tuple[str, int]:
    address = patient.email or patient.phone
    acting = guardians(db.session(), patient.patient_id, moment)
    return render_template(
        "portal_invite.html", patient=patient, form=form, address=address, acting=acting,
        problem=problem, leaves=_leaves(patient),
    ), status  # fmt: skip
