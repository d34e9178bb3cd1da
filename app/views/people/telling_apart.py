"""`/duplicates/apart/`: that two patients who are much alike are two people, and that it is taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _
from app.models import Action, ClinicError, PatientApart
from app.models.base.grants import DESK
from app.models.people import telling_apart
from app.security.scope import is_key, load
from app.views.generated import writing
from app.views.generated.guard import actor
from app.views.generated.writing import take_back
from app.views.people.merging import both, preview, typed_reason


class TwoPeopleView(BaseView):
    """For those who keep the register."""

    route_base = "/duplicates/apart"
    default_view = "decide"
    class_permission_name = "Duplicates"
    may = {"merge": DESK}

    @expose("/<one_id>/<two_id>", methods=["POST"])
    @has_access
    @permission_name("merge")
    def decide(self, one_id: str, two_id: str) -> Any:
        """These are two people; the pair is not shown again."""
        session, person = db.session(), actor()
        one, two = both(one_id, two_id)
        reason = typed_reason()
        now = datetime.now(UTC)
        try:
            writing.keep(
                session, person,
                lambda: telling_apart.tell_apart(session, person, one, two, reason, now),
                lambda row: [("apart", row)],
            )  # fmt: skip
        except ClinicError as error:
            take_back(session, error)
            return preview(*both(one_id, two_id), apart=reason, problem=error), error.status
        flash(_("They are two people; the pair is not shown again."), "success")
        return redirect(url_for("DuplicatesView.show"))

    @expose("/undo/<decision_id>", methods=["POST"])
    @has_access
    @permission_name("merge")
    def undo(self, decision_id: str) -> Response:
        """Look at the pair again."""
        session, person = db.session(), actor()
        row = load(session, person, PatientApart, decision_id, Action.SHOW)
        back, now = _back(row), datetime.now(UTC)
        try:
            writing.keep(
                session, person,
                lambda: telling_apart.withdraw(session, person, row, now),
                lambda _done: [("unapart", row)],
            )  # fmt: skip
        except ClinicError as error:
            take_back(session, error)
            flash(error.message, "danger")
        else:
            flash(_("The two are compared again."), "success")
        return redirect(back)


def _back(row: PatientApart) -> str:
    """The page of whichever patient was looked at."""
    asked = request.form.get("patient", "")
    return url_for("DuplicatesView.show", patient=asked if is_key(asked) else row.patient_id)
