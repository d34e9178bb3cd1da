"""`POST /api/v1/appointment/hold` and `…/<id>/confirm`: a time kept while a person makes up
their mind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import expose
from flask_appbuilder.api import protect, safe
from flask_appbuilder.security.decorators import permission_name

from app.extensions import db
from app.models import Action, Appointment, Conflict
from app.models.visits import freed, holds
from app.security.scope import load
from app.views.generated import writing
from app.views.generated.api import in_words
from app.views.generated.guard import actor
from app.views.visits.appointments import AppointmentRest, with_alternatives

NOT_OF_A_HOLD = ("status",)


class HoldingRest(AppointmentRest):
    """The appointments' API with holds."""

    more_methods = AppointmentRest.more_methods | {"hold": "add", "confirm": "edit"}

    def pre_delete(self, item: Appointment) -> None:
        give_back(item)

    @expose("/hold", methods=["POST"])
    @protect()
    @safe
    @permission_name("hold")
    def hold(self) -> Any:
        """Keep a time for 10 minutes while a person confirms
        ---
        post:
          responses:
            201:
              description: The pending visit, with hold_until
            409:
              description: The time is taken; alternatives name the next free ones
        """
        return self._hold()

    @expose("/<pk>/confirm", methods=["POST"])
    @protect()
    @safe
    @permission_name("confirm")
    def confirm(self, pk: str) -> Any:
        """Book what was held
        ---
        post:
          responses:
            200:
              description: The booked visit
            409:
              description: The hold ran out and the time was taken; alternatives are named
        """
        return self._confirm(pk)

    @in_words
    def _hold(self) -> Any:
        row = self.model()
        allowed = [name for name in self.add_columns if name not in NOT_OF_A_HOLD]
        self._fill(row, self._body(), allowed, needed=set(allowed))
        wished = row.doctor_id, row.visit_type_id, row.appointment_datetime
        holds.hold(row, datetime.now(UTC))
        try:
            writing.save(db.session(), actor(), row, Action.ADD, self.pre_add)
        except Conflict as error:
            raise with_alternatives(error, *wished) from None
        return self.response(201, id=row.pk, result=told(self, row))

    @in_words
    def _confirm(self, pk: str) -> Any:
        session = db.session()
        row = load(session, actor(), self.model, pk, Action.EDIT)
        wished = row.doctor_id, row.visit_type_id, row.appointment_datetime

        def book(visit: Appointment) -> None:
            holds.confirm(session, actor(), visit, datetime.now(UTC))

        try:
            writing.save(session, actor(), row, Action.EDIT, book)
        except Conflict as error:
            raise with_alternatives(error, *wished) from None
        return self.response(200, id=row.pk, result=told(self, row))


def give_back(visit: Appointment) -> None:
    """Before a visit is deleted: its time becomes free."""
    freed.note(db.session(), visit, datetime.now(UTC), gone=True)


def told(api: Any, row: Appointment) -> dict[str, Any]:
    """A visit as the API shows it, with until when it is held."""
    shown: dict[str, Any] = api._kept(row) | api._dump(row, ["hold_until"])
    return shown
