"""What a person does with a message that did not go out: send it again, or take it off."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.language import _, _k
from app.models.base.errors import ClinicError, NotFound
from app.models.messages import outbox
from app.models.messages.notification import UNSENT, Notification
from app.spelling import said

TAKEN_OFF = _k("It was taken off by hand.")


def resend(session: Session, notification_id: int, now: datetime) -> Notification:
    """Try a message again that was given up or not sent; its Message-ID stays, so that a reader's
    mail program knows it. What is stale by now is skipped again, with the reason. Raises
    ClinicError where it was sent, or is being sent."""
    row = _held_still(session, notification_id)
    if not may_resend(row):
        raise ClinicError(
            _("This message is %(state)s; it is not sent a second time.", state=said(row.state))
        )
    row.state, row.reason, row.attempts, row.not_before = "planned", None, 0, now
    return row


def take_off(session: Session, notification_id: int) -> Notification:
    """Never send a message that waits or was given up. Raises ClinicError where it is too late."""
    row = _held_still(session, notification_id)
    if not may_take_off(row):
        raise ClinicError(
            _("This message is %(state)s; it cannot be taken off.", state=said(row.state))
        )
    outbox.void(row, TAKEN_OFF)
    return row


def may_resend(row: Notification) -> bool:
    """Whether the message did not go, and nothing tries it at this moment."""
    return row.state in ("dead", "failed", "skipped")


def may_take_off(row: Notification) -> bool:
    """Whether the message still waits or was given up, so that it can be put aside."""
    return row.state in (*UNSENT, "dead")


def _held_still(session: Session, notification_id: int) -> Notification:
    """The row as it is now, which no worker claims until this transaction ends."""
    row = session.get(
        Notification, notification_id, with_for_update={"of": Notification}, populate_existing=True
    )
    if row is None:
        raise NotFound(_("There is no such message."))
    return row
