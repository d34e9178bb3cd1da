"""`/series/<id>`: the visits of a recurring one, and the times that could not be booked."""

from __future__ import annotations

from flask import render_template
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import select

from app.extensions import db
from app.language import _
from app.models import Action, Appointment, AppointmentSeries, NotFound
from app.models.base.clock import clinic_zone
from app.models.base.grants import STAFF
from app.models.visits import recurrence, series
from app.security import audit
from app.security.scope import as_key, labels, row_scope
from app.views.generated.guard import actor

LINKS = ("patient", "doctor", "room", "visit_type")


class SeriesView(BaseView):
    """Each visit leads to the calendar, where it, it and the later ones, or all are changed."""

    route_base = "/series"
    class_permission_name = "Series"
    may = {"show": STAFF}

    @expose("/<pk>")
    @has_access
    @permission_name("show")
    def show(self, pk: str) -> str:
        """The visits of a series, as far as the person may see them."""
        session, person = db.session(), actor()
        query = (
            select(Appointment)
            .where(Appointment.series_id == as_key(pk))
            .where(row_scope(person, Appointment, Action.LIST))
            .options(*labels(person, Appointment, LINKS))
            .order_by(Appointment.occurrence_wall, Appointment.appointment_id)
        )
        visits = session.scalars(query).all()
        if not visits:
            raise NotFound(_("There is no such series, or it is not yours to see."))
        row = session.get_one(AppointmentSeries, visits[0].series_id)
        audit.read(person, "list", Appointment, page="series", rows=len(visits))
        page = {
            "visits": visits,
            "rule": recurrence.in_words(row.rrule),
            "start": row.start_wall,
            "left_out": series.left_out(session, row),
            "open": sum(visit.status in series.OPEN for visit in visits),
        }
        return render_template("series.html", page=page, zone=clinic_zone())
