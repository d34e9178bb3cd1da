"""What every page of the portal shares: whose portal it is, its frame, and refusals that leave a
trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app, g, render_template, request, session, url_for

from app.extensions import db
from app.language import _, _l
from app.models import Appointment, Conflict, Forbidden, NotFound, Patient, Role
from app.models.portal import portal_access
from app.models.portal.portal import visit_of
from app.models.portal.portal_times import Terms
from app.security import audit
from app.security.actor import signed_in_roles
from app.security.scope import as_key
from app.views.generated.guard import actor

CHOSEN = "acting_for"
PERMISSION = "use"
MAY = {PERMISSION: (Role.PATIENT,)}

NAV: list[tuple[str, str, str]] = [
    # label, icon, endpoint
    (_l("Home"), "home", "PortalView.home"),
    (_l("Book"), "plus", "PortalBookingView.kinds"),
    (_l("Visits"), "calendar", "PortalView.visits"),
    (_l("My record"), "heart", "PortalRecordView.record"),
    (_l("More"), "shield", "PortalMoreView.more"),
]
"""The bar of the portal, in its order."""


class Unlinked(Forbidden):
    """The login stands for no patient, so that no page of the portal has anything to show."""


def acting_patient() -> Patient:
    """The patient that this login acts for now: who was chosen last, else the person themself.

    Whom they may act for is asked of the database at every request. A form names whom its page
    was about; raises Conflict where another was chosen since, in another window. Raises Unlinked
    where the login acts for nobody.
    """
    patient = _chosen()
    told = request.form.get("acting_for")
    if told is not None and told != str(patient.patient_id):
        raise Conflict(
            _(
                "You have turned to %(name)s in another window. Nothing was changed; go back, choose "
                "whom it is for, and try again.",
                name=patient.name,
            )
        )
    return patient


def _chosen() -> Patient:
    known = {patient.patient_id: patient for patient in acted_for()}
    if not known:
        raise Unlinked(
            _("Your login is not linked to a patient yet. Please ask at the front desk.")
        )
    return known.get(session.get(CHOSEN, 0)) or next(iter(known.values()))


def acted_for() -> list[Patient]:
    """Everybody whom this login may act for; asked once a request."""
    if "acted_for" not in g:
        g.acted_for = portal_access.acted_for(db.session(), actor().user_id, now())
    known: list[Patient] = g.acted_for
    return known


def own_visit(key: Any) -> Appointment:
    """The patient's own visit. Raises NotFound, and leaves an event where it is another's."""
    patient, number = acting_patient(), as_key(key)
    visit = visit_of(db.session(), patient.patient_id, number)
    if visit is not None:
        return visit
    if db.session.get(Appointment, number) is not None:
        audit.refused(db.session(), actor(), "show", Appointment, number)
    raise NotFound(_("There is no such visit, or it is not yours to see."))


def terms() -> Terms:
    """The clinic's terms for the portal, from its settings."""
    config = current_app.config
    return Terms(
        cutoff=timedelta(hours=config["PORTAL_CUTOFF_HOURS"]),
        lead=timedelta(hours=config["PORTAL_LEAD_HOURS"]),
        horizon=config["PORTAL_HORIZON_DAYS"],
        most_open=config["PORTAL_MOST_OPEN"],
    )


def page(template: str, status: int = 200, **facts: Any) -> tuple[str, int]:
    """A page in the portal's frame, about the patient that the login acts for now."""
    return render_template(f"portal/{template}.html", **_frame(), **facts), status


def frame_of_login() -> dict[str, Any]:
    """What a page for everybody, such as one's account, is shown in: a patient's stands in the
    portal's frame."""
    if signed_in_roles() != {Role.PATIENT} or not acted_for():
        return {}
    return _frame() | {"base_template": "portal/base.html", "in_portal": True}


def _frame() -> dict[str, Any]:
    nav = [(label, icon, url_for(endpoint), _is_current(endpoint)) for label, icon, endpoint in NAV]
    acting = _chosen()  # a refusal of what the form was about is shown in this frame, too
    return {
        "nav": nav,
        "clinic": clinic(),
        "acting": acting,
        "for_self": actor().patient_id == acting.patient_id,
        "several": len(acted_for()) > 1,
    }


def clinic() -> dict[str, Any]:
    """How the clinic is reached."""
    config = current_app.config
    return {"phone": config["CLINIC_PHONE"], "address": config["CLINIC_ADDRESS"]}


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


def _is_current(endpoint: str) -> bool:
    view, _, name = endpoint.partition(".")
    here, _, method = (request.endpoint or "").partition(".")
    return here == view and (name == method or view != "PortalView")
