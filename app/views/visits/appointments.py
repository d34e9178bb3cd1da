"""Appointments on form and API: booked, moved and ended by the rules of `models.visits.booking`.

A loser of a race is told the next free times; a repeated request with the same Idempotency-Key
is answered as the first one was.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import expose
from flask_appbuilder.api import protect, safe
from flask_appbuilder.security.decorators import permission_name
from sqlalchemy import inspect

from app.extensions import db
from app.models import Action, Appointment, Conflict, VisitType
from app.models.messages import planning, timeline
from app.models.visits import booking, life
from app.security import audit
from app.security.scope import load
from app.views.frame.bodies import read_flag
from app.views.generated import writing
from app.views.generated.api import EntityApi, in_words
from app.views.generated.conditional import require_current, telling_current
from app.views.generated.grid import GridView
from app.views.generated.guard import actor
from app.views.generated.pages import Cell
from app.views.generated.parsing import parse
from app.views.visits import answered, why
from app.views.visits.slots import dump

MOVABLE = ("appointment_datetime", "minutes_duration", "doctor_id", "room_id")


def keep_rules(visit: Appointment) -> None:
    """The rules of booking, as a hook of the generated screens."""
    booking.prepare(db.session(), actor(), visit, datetime.now(UTC))


class AppointmentGrid(GridView):
    """The generated grid; its form books and moves by the rules."""

    def pre_add(self, item: Appointment) -> None:
        keep_rules(item)

    def pre_update(self, item: Appointment) -> None:
        keep_rules(item)

    def cell(self, row: Appointment, name: str) -> Cell:
        """Why a patient comes is blank where their chart is restricted to others."""
        if name == "reason" and why.is_hidden(row):
            return Cell("", "empty")
        return super().cell(row, name)


class AppointmentRest(EntityApi):
    """The generated API with what an appointment can do: move, status, undo."""

    more_methods = {"move": "edit", "status": "show", "undo": "show", "told": "show"}

    def pre_add(self, item: Appointment) -> None:
        keep_rules(item)

    def pre_update(self, item: Appointment) -> None:
        keep_rules(item)

    @in_words
    def post_headless(self) -> Any:
        """Books by the rules; a request that is sent again with the same `Idempotency-Key` gets the first
        answer. Raises Conflict with the next free times."""
        key = answered.key_of_request()
        if before := answered.answer_of(key):
            return self.response(201, **before)
        row = self.model()
        self._fill(row, self._body(), self.add_columns, needed=set(self.add_columns))
        wished = row.doctor_id, row.visit_type_id, row.appointment_datetime
        said: dict[str, Any] = {}

        def remember(kept: Appointment) -> None:  # before the commit, which forgets the row
            said.update(id=kept.pk, result=self._kept(kept))
            answered.remember(key, said)

        try:
            writing.save(db.session(), actor(), row, Action.ADD, self.pre_add, remember)
        except Conflict as error:
            if before := answered.answer_of(key):
                return self.response(201, **before)
            raise with_alternatives(error, *wished) from None
        return self.response(201, **said)

    @expose("/<pk>/move", methods=["POST"])
    @protect()
    @safe
    @permission_name("move")
    def move(self, pk: str) -> Any:
        """Move a visit in time, to another doctor or room, or make it longer
        ---
        post:
          responses:
            200:
              description: The visit as it is now
            409:
              description: The time is taken; alternatives name the next free ones
            412:
              description: The visit was changed meanwhile
        """
        return self._move(pk)

    @expose("/<pk>/status", methods=["POST"])
    @protect()
    @safe
    @permission_name("status")
    def status(self, pk: str) -> Any:
        """Move a visit on through its life
        ---
        post:
          responses:
            200:
              description: The visit as it is now
            403:
              description: The move is not this role's to make
        """
        return self._status(pk)

    @expose("/<pk>/undo", methods=["POST"])
    @protect()
    @safe
    @permission_name("undo")
    def undo(self, pk: str) -> Any:
        """Take back the last move of status, within half an hour
        ---
        post:
          responses:
            200:
              description: The visit as it is now
        """
        return self._undo(pk)

    @expose("/<pk>/told", methods=["GET"])
    @protect()
    @safe
    @permission_name("told")
    def told(self, pk: str) -> Any:
        """Who would get what if the visit were moved or cancelled
        ---
        get:
          responses:
            200:
              description: A sentence for each of the two
        """
        return self._told(pk)

    @in_words
    def _told(self, pk: str) -> Any:
        visit, now = self._visit(pk), datetime.now(UTC)
        audit.read(actor(), "show", Appointment, visit)
        said = {
            event: timeline.who_is_told(db.session(), visit, event, now)
            for event in ("moved", "cancelled")
        }
        return self.response(200, result=said)

    @in_words
    def _move(self, pk: str) -> Any:
        row, body = load(db.session(), actor(), self.model, pk, Action.EDIT), self._body()
        require_current(row, body, self._kept)
        _tell_or_not(row, body)
        allowed = [name for name in (*MOVABLE, "override_reason") if name in self.edit_columns]
        row.override_reason = None
        self._fill(row, body, allowed, needed=set())
        wished = row.doctor_id, row.visit_type_id, row.appointment_datetime
        try:
            with telling_current(row, self._kept):
                writing.save(db.session(), actor(), row, Action.EDIT, self.pre_update)
        except Conflict as error:
            raise with_alternatives(error, *wished) from None
        return self.response(200, id=row.pk, result=self._kept(row))

    @in_words
    def _status(self, pk: str) -> Any:
        row, body = self._visit(pk), self._body()
        require_current(row, body, self._kept)
        _tell_or_not(row, body)
        columns = inspect(Appointment).columns
        status = parse(columns["status"], body.get("status"))
        reason = parse(columns["override_reason"], body.get("reason"))
        if "cancellation_reason" in body:
            code = parse(columns["cancellation_reason"], body["cancellation_reason"])
            row.cancellation_reason = code

        def move_on(visit: Appointment) -> None:
            life.move_status(db.session(), actor(), visit, status, datetime.now(UTC), reason)

        with telling_current(row, self._kept):
            writing.save(db.session(), actor(), row, Action.EDIT, move_on)
        return self.response(200, id=row.pk, result=self._kept(row))

    @in_words
    def _undo(self, pk: str) -> Any:
        row = self._visit(pk)
        require_current(row, self._body(), self._kept)

        def take_back(visit: Appointment) -> None:
            life.undo(db.session(), actor(), visit, datetime.now(UTC))

        with telling_current(row, self._kept):
            writing.save(db.session(), actor(), row, Action.EDIT, take_back)
        return self.response(200, id=row.pk, result=self._kept(row))

    def _dump(self, row: Any, columns: list[str]) -> dict[str, Any]:
        said = super()._dump(row, columns)
        return said | {"reason": None} if "reason" in said and why.is_hidden(row) else said

    def _visit(self, pk: str) -> Appointment:
        visit: Appointment = load(db.session(), actor(), self.model, pk, Action.SHOW)
        return visit


def _tell_or_not(visit: Appointment, body: dict[str, Any]) -> None:
    """With `tell: false` the patient is not told of this change; else they are."""
    tell = read_flag(body.pop("tell", True), "tell")
    if not tell:
        planning.silence(db.session(), visit)


def with_alternatives(
    error: Conflict, doctor_id: int, visit_type_id: int | None, start: datetime
) -> Conflict:
    """The same refusal with the next free times of the doctor."""
    session = db.session()
    kind = session.get(VisitType, visit_type_id) if visit_type_id else None
    slots = booking.alternatives(session, doctor_id, kind, start, datetime.now(UTC))
    return Conflict(error.message, **error.details, alternatives=[dump(slot) for slot in slots])
