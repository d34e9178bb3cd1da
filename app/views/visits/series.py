"""`/api/v1/series/`: recurring visits, booked, moved and cancelled as one, or one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask_appbuilder.api import BaseApi, expose, protect, safe
from flask_appbuilder.security.decorators import permission_name
from sqlalchemy import inspect, select

from app.extensions import db
from app.language import _
from app.models import Action, Appointment, AppointmentSeries, NotFound, Role
from app.models.messages import planning
from app.models.visits import series
from app.models.visits.series import Change
from app.models.visits.series_steps import Missed, Outcome, SeriesClash
from app.security.scope import as_key, row_scope
from app.views.frame.bodies import (
    LINKS,
    read_body,
    read_flag,
    read_link,
    read_minutes,
    read_scope,
    read_skip,
    read_value,
)
from app.views.generated import writing
from app.views.generated.api import in_words
from app.views.generated.guard import actor
from app.views.generated.values import encode
from app.views.visits.slots import dump

WRITERS = (Role.ADMIN, Role.DOCTOR, Role.RECEPTIONIST)
NEW = {"patient_id", "doctor_id", "room_id", "visit_type_id", "start", "rrule", "minutes",
       "reason", "override_reason", "skip"}  # fmt: skip
MOVED = {"appointment_id", "version", "scope", "appointment_datetime", "doctor_id", "room_id",
         "minutes_duration", "override_reason", "skip", "tell"}  # fmt: skip
CANCELLED = {"appointment_id", "version", "scope", "cancellation_reason", "reason", "tell"}


class SeriesApi(BaseApi):
    """A rule (RFC 5545 RRULE) and its visits; `scope` is one, following or all."""

    resource_name = "series"
    class_permission_name = "Series"
    allow_browser_login = True
    csrf_exempt = (
        True  # by the framework's check; `views.frame.csrf` asks for the token of a cookie
    )
    openapi_spec_tag = "Recurring visits"
    may = {"book": WRITERS, "move": WRITERS, "cancel": WRITERS}

    @expose("/", methods=["POST"])
    @protect()
    @safe
    @permission_name("book")
    def book(self) -> Any:
        """Book all visits of a rule, or none
        ---
        post:
          responses:
            201:
              description: The series, its visits, and what was left out
            409:
              description: Some cannot be had; each is named with alternatives
        """
        return self._book()

    @expose("/<pk>/move", methods=["POST"])
    @protect()
    @safe
    @permission_name("move")
    def move(self, pk: str) -> Any:
        """Move one visit, it and the later ones, or all
        ---
        post:
          responses:
            200:
              description: The visits as they are now
            409:
              description: Some cannot be had; each is named with alternatives
            412:
              description: The visit was changed meanwhile
        """
        return self._move(pk)

    @expose("/<pk>/cancel", methods=["POST"])
    @protect()
    @safe
    @permission_name("cancel")
    def cancel(self, pk: str) -> Any:
        """Cancel one visit, it and the later ones, or all
        ---
        post:
          responses:
            200:
              description: The visits that were cancelled
            412:
              description: The visit was changed meanwhile
        """
        return self._cancel(pk)

    @in_words
    def _book(self) -> Any:
        body, session, now = read_body(NEW), db.session(), datetime.now(UTC)
        columns = inspect(Appointment).columns
        row = AppointmentSeries(**{name: read_link(name, body.get(name)) for name in LINKS})
        start = read_value("start", columns["appointment_datetime"], body.get("start"))
        row.start_wall = series.wall_of(start)
        rule = inspect(AppointmentSeries).columns["rrule"]
        row.rrule = read_value("rrule", rule, body.get("rrule"))
        if (length := read_minutes(body.get("minutes"))) is not None:
            row.minutes = length
        texts = {n: read_value(n, columns[n], body.get(n)) for n in ("reason", "override_reason")}
        writing.claim(actor(), Appointment(doctor_id=row.doctor_id), Action.ADD)

        def step() -> Outcome:
            return series.create(session, actor(), row, now, skip=read_skip(body), **texts)

        outcome = _kept(step, Action.ADD)
        return self.response(201, id=row.series_id, **_told(outcome))

    @in_words
    def _move(self, pk: str) -> Any:
        body = read_body(MOVED)
        visit = _occurrence(pk, body)
        columns = inspect(Appointment).columns
        when = columns["appointment_datetime"]
        change = Change(
            start_wall=series.wall_of(read_value(when.key, when, body.get(when.key))),
            doctor_id=read_link("doctor_id", body.get("doctor_id"), needed=False),
            room_id=read_link("room_id", body.get("room_id")),
            minutes=read_minutes(body.get("minutes_duration")),
            override_reason=read_value(
                "override_reason", columns["override_reason"], body.get("override_reason")
            ),
        )
        if change.doctor_id:
            writing.claim(actor(), Appointment(doctor_id=change.doctor_id), Action.EDIT)
        scope, now = read_scope(body), datetime.now(UTC)
        _own_all(visit, scope, now)

        tell = read_flag(body.get("tell", True), "tell")

        def step() -> Outcome:
            acting = db.session(), actor()
            outcome = series.move(*acting, visit, scope, change, now, skip=read_skip(body))
            return _silenced(outcome, tell)

        return self.response(200, id=visit.series_id, **_told(_kept(step, Action.EDIT)))

    @in_words
    def _cancel(self, pk: str) -> Any:
        body = read_body(CANCELLED)
        scope, columns = read_scope(body), inspect(Appointment).columns
        visit = _occurrence(pk, body)
        code, why = columns["cancellation_reason"], columns["override_reason"]
        told = (
            read_value(code.key, code, body.get(code.key)),
            read_value("reason", why, body.get("reason")),
        )
        now = datetime.now(UTC)
        _own_all(visit, scope, now)

        tell = read_flag(body.get("tell", True), "tell")

        def step() -> Outcome:
            outcome = series.cancel(db.session(), actor(), visit, scope, *told, now)
            return _silenced(outcome, tell)

        return self.response(200, id=visit.series_id, **_told(_kept(step, Action.EDIT)))


def _silenced(outcome: Outcome, tell: bool) -> Outcome:
    """The same; with `tell: false` the patient is not told of it."""
    for row in () if tell else outcome.visits:
        planning.silence(db.session(), row)
    return outcome


def _own_all(visit: Appointment, scope: str, now: datetime) -> None:
    """Refuse where one of the visits that are spoken of is not the person's to change."""
    for row in series.reached(db.session(), visit, scope, now):
        writing.claim(actor(), row, Action.EDIT)


def _kept(step: Callable[[], Outcome], action: Action) -> Outcome:
    """The step with the audit events of its visits; a clash spells out what cannot be had."""
    try:
        return writing.keep(
            db.session(), actor(), step, lambda outcome: [(action, row) for row in outcome.visits]
        )
    except SeriesClash as error:
        error.details["missed"] = [_dump_missed(missed) for missed in error.missed]
        raise


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "result": [
            {
                "appointment_id": row.appointment_id,
                "appointment_datetime": encode(row.appointment_datetime),
                "doctor_id": row.doctor_id,
                "room_id": row.room_id,
                "status": row.status,
                "version": row.version,
            }
            for row in outcome.visits
        ],
        "missed": [_dump_missed(missed) for missed in outcome.missed],
    }


def _dump_missed(missed: Missed) -> dict[str, Any]:
    alternatives = [dump(slot) for slot in missed.alternatives]
    return {
        "start": encode(missed.start), "message": missed.message, "soft": missed.soft,
        "alternatives": alternatives,
    }  # fmt: skip


def _occurrence(pk: str, body: dict[str, Any]) -> Appointment:
    """The visit of this series that the body names, else its first. Raises NotFound where there is
    none that the person may change, Stale where it has another version than the body names."""
    told = body.get("appointment_id")
    query = select(Appointment).where(
        Appointment.series_id == as_key(pk), row_scope(actor(), Appointment, Action.EDIT)
    )
    if told is not None:
        query = query.where(Appointment.appointment_id == as_key(told))
    query = query.order_by(Appointment.occurrence_wall).limit(1)
    visit: Appointment | None = db.session.scalars(query).one_or_none()
    if visit is None:
        raise NotFound(_("There is no such visit in this series, or it is not yours to change."))
    writing.require_version(visit, body.get("version"))
    return visit
