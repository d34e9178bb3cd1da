"""Sending the links that open the portal, and pretending to, for a name that nobody has."""

from __future__ import annotations

from datetime import datetime

from flask import url_for

from app.extensions import db
from app.models import AuditEvent, PortalToken
from app.models.portal import joining
from app.security import audit


def send(row: PortalToken, secret: str, moment: datetime) -> None:
    """Plan the message with the link, and put the making of it on the trail."""
    _plan(row, secret, moment)
    db.session.add(_made(row))


def send_or_pretend(said: str, moment: datetime) -> None:
    """A link for who is known. For a name that nobody has, another's is made and taken back, and
    the trail says that somebody asked: both are the same work, and take as long."""
    session = db.session()
    savepoint = session.begin_nested()
    made = joining.reset(session, said, moment)
    if made is None:
        savepoint.rollback()
        return
    row, secret, theirs = made
    _plan(row, secret, moment)
    event = (
        _made(row)
        if theirs
        else audit.event(None, "portal-reset", "PortalToken", outcome="failure")
    )
    session.flush()
    if theirs:
        savepoint.commit()
    else:
        savepoint.rollback()
    session.add(event)


def _plan(row: PortalToken, secret: str, moment: datetime) -> None:
    path = url_for("PortalJoinView.join", secret=secret)
    joining.tell(db.session(), row, path, moment)


def _made(row: PortalToken) -> AuditEvent:
    return audit.event(
        None, f"portal-{row.purpose}", "PortalToken",
        key=row.portal_token_id, patient_id=row.patient_id,
    )  # fmt: skip
