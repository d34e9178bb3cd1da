"""Sending the links that open the portal, and pretending to, for a name that nobody has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for

from app.extensions import db
from app.models import PortalToken
from app.models.portal import joining
from app.security import audit


def send(row: PortalToken, secret: str, moment: datetime) -> None:
    """Plan the message with the link, and put the making of it on the trail."""
    _plan(row, secret, moment)
    audit.note(db.session(), None, f"portal-{row.purpose}", "PortalToken", **_whose(row))


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
    facts = _whose(row) if theirs else {"outcome": "failure"}
    session.flush()
    if theirs:
        savepoint.commit()
    else:
        savepoint.rollback()
    audit.note(session, None, "portal-reset", "PortalToken", **facts)


def _plan(row: PortalToken, secret: str, moment: datetime) -> None:
    path = url_for("PortalJoinView.join", secret=secret)
    joining.tell(db.session(), row, path, moment)


def _whose(row: PortalToken) -> dict[str, Any]:
    return {"key": row.portal_token_id, "patient_id": row.patient_id}
