"""Why a patient comes. Of somebody whose chart is closed to a person, it is told to who may change the
visit, and to nobody who only reads it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import g

from app.extensions import db
from app.models import Action, Appointment
from app.models.record import closed
from app.security.scope import may
from app.views.generated.guard import actor


def is_hidden(visit: Appointment) -> bool:
    """Whether the person of the request is not told. One statement a request, where it matters."""
    if not visit.reason or may(actor(), visit, Action.EDIT):
        return False
    if "closed_charts" not in g:
        found = closed.closed_to(actor(), datetime.now(UTC))
        g.closed_charts = set(db.session.scalars(found))
    return visit.patient_id in g.closed_charts
