"""`/waitlist/`: who would come sooner, what they are offered, and their answers, for the desk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.models import Action, Appointment, Patient, WaitlistEntry, WaitlistOffer
from app.models.base.clock import clinic_zone
from app.models.base.grants import STAFF
from app.models.visits import agenda
from app.security import audit
from app.security.actor import Actor
from app.security.policy import of_the_application
from app.security.scope import labels, row_scope
from app.views.generated.guard import actor
from app.views.visits.calendar import reach_of

MOST = 200
LATELY = 8


class WaitingView(BaseView):
    """The waiting list; offers are made by themselves and answered here for the patient."""

    route_base = "/waitlist"
    default_view = "show"
    class_permission_name = "Waitlist"
    may = {"show": STAFF}
    menu = ("Clinic", "Waiting list", "fa-hourglass-half")

    @expose("/")
    @has_access
    @permission_name("show")
    def show(self) -> str:
        """Who waits, what was offered, and what came of offers of late."""
        person = actor()
        offered, lately, waiting = _open(person), _lately(person), _waiting(person)
        shown = len(offered) + len(lately) + len(waiting)
        audit.read(person, "list", WaitlistEntry, page="waitlist", rows=shown)
        page = {
            "offered": offered,
            "lately": lately,
            "waiting": waiting,
            "zone": clinic_zone().key,
            "may_add": of_the_application().allows(person.roles, "can_add", WaitlistEntry.__name__),
            "may_answer": of_the_application().allows(person.roles, "can_answer", "Waitlist"),
            **_choices(person),
        }
        return render_template("waiting.html", page=page, zone=clinic_zone())


def _waiting(person: Actor) -> list[WaitlistEntry]:
    """In the order in which a freed time is offered; those whose window has passed are left out."""
    query = (
        select(WaitlistEntry)
        .where(WaitlistEntry.state == "waiting", WaitlistEntry.latest > datetime.now(UTC))
        .where(row_scope(person, WaitlistEntry, Action.LIST))
        .options(*labels(person, WaitlistEntry, ("patient", "doctor", "visit_type")))
        .order_by(
            WaitlistEntry.priority.desc(), WaitlistEntry.created, WaitlistEntry.waitlist_entry_id
        )
        .limit(MOST)
    )
    return list(db.session.scalars(query))


def _offers(person: Actor) -> Any:
    visit = joinedload(WaitlistOffer.appointment)
    links: Any = labels(person, Appointment, ("doctor", "room", "visit_type"))
    return (
        select(WaitlistOffer)
        .where(row_scope(person, WaitlistOffer, Action.LIST))
        .options(
            *labels(person, WaitlistOffer, ("patient",)),
            visit,
            visit.options(*links),
        )
        .limit(MOST)
    )


def _open(person: Actor) -> list[WaitlistOffer]:
    query = _offers(person).where(WaitlistOffer.state == "offered")
    return list(db.session.scalars(query.order_by(WaitlistOffer.expires_at)))


def _lately(person: Actor) -> list[WaitlistOffer]:
    query = _offers(person).where(WaitlistOffer.state != "offered").limit(LATELY)
    return list(db.session.scalars(query.order_by(WaitlistOffer.offered_at.desc())))


def _choices(person: Actor) -> dict[str, Any]:
    session, reach = db.session(), reach_of(person)
    return {
        "types": [{"id": row[0], "name": row[1]} for row in agenda.types(session, reach)],
        "doctors": [{"id": row[0], "name": row[1]} for row in agenda.doctors(session, reach)],
        "urls": {"patients": url_for(f"{Patient.__name__}View.pick")},
    }
