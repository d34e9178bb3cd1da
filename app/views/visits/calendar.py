"""`/calendar/`: appointments by day, week, month and list; the page, and its visits as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, jsonify, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.models import (
    Action,
    Appointment,
    Doctor,
    Patient,
    Room,
    Shift,
    VisitType,
    WaitlistEntry,
)
from app.models.base.clock import clinic_zone, midnight, today
from app.models.base.grants import STAFF
from app.models.visits import agenda, life
from app.models.visits.appointment import CANCELLATION_REASONS
from app.security import audit
from app.security.actor import Actor
from app.security.policy import of_the_application
from app.security.scope import load, own_values, row_scope, visible
from app.security.standing import once_a_person
from app.views.frame.search import page_of_patient
from app.views.generated.guard import actor
from app.views.visits import calendar_rows
from app.views.visits.calendar_address import (
    COLUMNS,
    VIEWS,
    day,
    days,
    key,
    narrowed,
    one_of,
)


class CalendarView(BaseView):
    """A column per doctor or per room, a week, a month, or a list; each with its address."""

    route_base = "/calendar"
    default_view = "show"
    class_permission_name = "Calendar"
    may = {"show": STAFF}
    menu = ("Clinic", "Calendar", "fa-calendar-days")

    @expose("/")
    @has_access
    @permission_name("show")
    def show(self) -> str:
        """The calendar as the address names it; its visits come by themselves. Raises BadQuery."""
        narrowed()
        page = {
            "view": one_of("view", VIEWS),
            "chosen": "view" in request.args,
            "date": (day("date") or today()).isoformat(),
            "by": one_of("by", COLUMNS),
            "open": key("visit"),
            "booking": _wished(actor()),
            **_settings(actor()),
        }
        return render_template("calendar.html", page=page)

    @expose("/events")
    @has_access
    @permission_name("show")
    def events(self) -> Response:
        """The visits and shifts of the days in the address, as far as the person may see them.
        Raises BadQuery."""
        person, session, zone = actor(), db.session(), clinic_zone()
        span, asked, by = days(), narrowed(), one_of("by", COLUMNS)
        start, end = (midnight(day, zone) for day in span)
        reach = reach_of(person)
        rows = agenda.visits(session, start, end, reach, asked)
        visits = calendar_rows.of_visits(rows, hidden_columns(person), zone)
        on_duty = agenda.duty(session, start, end, zone, reach, asked.doctor_id)
        duty = calendar_rows.of_shifts(on_duty, zone)
        payload = {
            "by": by,
            "visits": {"keys": calendar_rows.KEYS, "rows": visits},
            "duty": {"keys": ("doctor_id", "start", "end"), "rows": duty},
        }
        return told_once(payload, start=span[0], end=span[1], page="calendar", rows=len(rows))


@once_a_person
def reach_of(person: Actor) -> agenda.Reach:
    """What of the calendar this person may see and change."""
    return agenda.Reach(
        visits=row_scope(person, Appointment, Action.LIST),
        changes=row_scope(person, Appointment, Action.EDIT),
        patients=row_scope(person, Patient, Action.LIST),
        doctors=row_scope(person, Doctor, Action.LIST),
        rooms=row_scope(person, Room, Action.LIST),
        types=row_scope(person, VisitType, Action.LIST),
        shifts=row_scope(person, Shift, Action.LIST),
    )


@once_a_person
def hidden_columns(person: Actor) -> frozenset[str]:
    """Those of `calendar_rows.KEYS` that the person's grants keep from them."""
    of_visit = {
        "patient": "patient", "patient_id": "patient", "dob": "patient", "phone": "patient",
        "doctor": "doctor", "doctor_id": "doctor", "room": "room", "room_id": "room",
        "type": "visit_type", "type_id": "visit_type", "colour": "visit_type",
        "status": "status", "arrived_at": "arrived_at",
    }  # fmt: skip
    of_others = {
        Patient: {"patient": "name", "dob": "dob", "phone": "phone"},
        Doctor: {"doctor": "name"},
        Room: {"room": "name"},
        VisitType: {"type": "name", "colour": "colour"},
    }
    hidden = _hidden(person, Appointment, of_visit)
    return hidden.union(*(_hidden(person, model, keys) for model, keys in of_others.items()))


def told_once(payload: dict[str, Any], **detail: Any) -> Response:
    """The payload with its tag, or 304 where the caller has it; what is sent is audited."""
    answer = jsonify(payload)
    answer.add_etag()
    answer.make_conditional(request)
    if answer.status_code != 304:
        said = {key: str(value) for key, value in detail.items()}
        audit.read(actor(), "list", Appointment, **said)
    return answer


def _settings(person: Actor) -> dict[str, Any]:
    """What the page's scripts need to know; no row of a patient."""
    session, reach, zone = db.session(), reach_of(person), clinic_zone()
    return {
        "zone": zone.key,
        "today": today().isoformat(),
        "mine": person.doctor_id,
        "may_book": _may_add(person, Appointment),
        "may_wait": _may_add(person, WaitlistEntry),
        "books_for": own_values(person, Appointment, Action.ADD).get("doctor_id"),
        "doctors": _named(agenda.doctors(session, reach)),
        "rooms": _named(agenda.rooms(session, reach)),
        "types": [
            {"id": type_id, "name": name, "minutes": minutes, "colour": colour}
            for type_id, name, minutes, colour in agenda.types(session, reach)
        ],
        "moves": moves_of(person),
        "reasons": CANCELLATION_REASONS,
        "first": url_for("DoctorView.add") if _may_add(person, Doctor) else None,
        "urls": {
            "events": url_for("CalendarView.events"),
            "patients": url_for("PatientView.pick"),
            "patient": page_of_patient(person),
            "series": url_for("SeriesView.show", pk=0),
        },
    }


def _may_add(person: Actor, model: type[Any]) -> bool:
    return of_the_application().allows(person.roles, "can_add", model.__name__)


def _wished(person: Actor) -> dict[str, Any] | None:
    """For whom the booking panel opens at once, where the address names a patient."""
    patient_id = key("patient")
    if patient_id is None:
        return None
    patient = load(db.session(), person, Patient, patient_id, Action.LIST)
    audit.read(person, "list", Patient, patient, page="calendar")
    return {
        "patient": {"id": patient.patient_id, "text": str(patient)},
        "doctor": key("doctor") or "",
        "type": key("type"),
        "entry": key("entry"),
    }


def moves_of(person: Actor) -> dict[str, list[str]]:
    """By status, those that this person may move a visit to."""
    return {status: life.next_statuses(person, status) for status in agenda.SHOWN}


def _named(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"id": row[0], "name": row[1], "detail": row[2]} for row in rows]


def _hidden(person: Actor, model: type[Any], keys: dict[str, str]) -> frozenset[str]:
    seen = set(visible(person, model, Action.LIST, set(keys.values())))
    return frozenset(key for key, column in keys.items() if column not in seen)
