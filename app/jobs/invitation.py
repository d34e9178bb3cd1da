"""The visits of a message as a calendar file, so that a patient's own calendar follows ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.exchange import ical
from app.models.messages.freshness import Ready
from app.models.people.staff import Doctor
from app.models.visits.appointment import Appointment

METHODS = {"booked": "REQUEST", "moved": "REQUEST", "cancelled": "CANCEL"}
"""What a message of that kind does to a calendar (RFC 5546); others bring none."""

_visit: Any = Appointment.__table__
_doctor: Any = Doctor.__table__
_VISITS = (
    select(
        _visit.c.appointment_id, _visit.c.appointment_datetime, _visit.c.minutes_duration,
        _visit.c.status, _visit.c.version, _doctor.c.name,
    )
    .select_from(_visit.join(_doctor))
    .where(_visit.c.appointment_id.in_(bindparam("keys", expanding=True)))
)  # fmt: skip


def file_for(session: Session, rule: str, ready: Ready, now: datetime) -> tuple[str, bytes] | None:
    """The method and the file of a message about visits; SEQUENCE counts the changes of each, as in
    the feeds. It names the doctor and the clinic, and neither the kind of visit nor its reason."""
    method = METHODS.get(rule)
    if method is None or not ready.visits:
        return None
    config = current_app.config
    sender = parseaddr(str(current_app.extensions["mail"].default_sender))[1]
    keys = [told.appointment_id for told in ready.visits]
    entries = [
        ical.Entry(
            key=f"appointment/{row.appointment_id}",
            start=row.appointment_datetime,
            end=row.appointment_datetime + timedelta(minutes=row.minutes_duration),
            summary=f"{config['CLINIC_NAME']}, {row.name}",
            modified=now,
            sequence=row.version - 1,
            status=ical.STATUS.get(row.status, "CONFIRMED"),
            location=config["CLINIC_ADDRESS"] or None,
            organizer=sender,
            attendee=ready.address,
        )
        for row in session.execute(_VISITS, {"keys": keys})
    ]
    return method, ical.message(method, config["CLINIC_NAME"], entries)
