"""`/board/`: who is expected, who waits since when, who is in which room; by itself up to date."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import _l
from app.models.base.clock import clinic_zone, day_of
from app.models.base.grants import STAFF
from app.models.visits import agenda, lateness
from app.spelling import spelled
from app.views.frame.search import page_of_patient
from app.views.generated.guard import actor
from app.views.generated.values import encode
from app.views.visits.calendar import hidden_columns, moves_of, reach_of, told_once
from app.views.visits.calendar_address import narrowed

KEYS = (
    "id", "version", "time", "at", "status", "arrived_at", "patient_id", "patient", "dob",
    "doctor_id", "doctor", "room_id", "room", "type", "colour",
    "goes_in",
)  # fmt: skip

COLUMNS = (
    ("expected", _l("Expected"), "fa-hourglass-half", _l("Nobody else is expected today.")),
    ("arrived", _l("Arrived"), "fa-person-walking", _l("Nobody is at the desk.")),
    ("checked-in", _l("Checked in"), "fa-clipboard-check", _l("Nobody sits in the waiting room.")),
    ("in-room", _l("In room"), "fa-door-open", _l("No room is in use.")),
    ("fulfilled", _l("Done"), "fa-circle-check", _l("No visit has ended yet.")),
)
"""The columns by status, with what to say of an empty one; pending and booked are expected."""


class BoardView(BaseView):
    """The flow of the day through the house, in five columns."""

    route_base = "/board"
    default_view = "show"
    class_permission_name = "Board"
    may = {"show": STAFF}
    menu = ("Clinic", "Board", "fa-chart-simple")

    @expose("/")
    @has_access
    @permission_name("show")
    def show(self) -> str:
        """The board; its rows come by themselves, again and again."""
        asked = narrowed()
        page = {
            "doctor": asked.doctor_id,
            "zone": clinic_zone().key,
            "doctors": agenda.doctors(db.session(), reach_of(actor())),
            "columns": COLUMNS,
            "moves": moves_of(actor()),
            "urls": {
                "rows": url_for("BoardView.rows"),
                "patient": page_of_patient(actor()),
            },
        }
        return render_template("board.html", page=page)

    @expose("/rows")
    @has_access
    @permission_name("show")
    def rows(self) -> Response:
        """The visits of today in the house and still expected, and by how much each doctor runs
        late."""
        person, asked = actor(), narrowed()
        session, now = db.session(), datetime.now(UTC).replace(second=0, microsecond=0)
        start, end = day_of(now, clinic_zone())
        found = agenda.board(session, start, end, reach_of(person))
        forecasts = lateness.forecasts(found, lateness.times_of(session, found), now)
        hidden = hidden_columns(person)
        mine = [row for row in found if asked.doctor_id in (None, row.doctor_id)]
        payload = {
            "keys": KEYS,
            "rows": [_card(row, hidden, forecasts[row.doctor_id]) for row in mine],
            "late": {str(key): forecast.minutes for key, forecast in forecasts.items()},
        }
        return told_once(payload, page="board", rows=len(mine))


def _card(row: Any, hidden: frozenset[str], forecast: lateness.Forecast) -> list[Any]:
    starts = row.appointment_datetime
    values = {
        "id": row.appointment_id,
        "time": f"{starts.astimezone(clinic_zone()):%H:%M}",
        "at": encode(starts),
        "arrived_at": encode(row.arrived_at),
        "dob": row.dob and spelled(row.dob, "d MMM y"),
        "type": row.visit_type,
        "goes_in": encode(forecast.goes_in.get(row.appointment_id)),
    }
    return [None if k in hidden else values[k] if k in values else getattr(row, k) for k in KEYS]
