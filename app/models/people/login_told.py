"""What a person is told about their own login, by the rules of the clinic."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from app.language import _
from app.models.messages import outbox, wording
from app.models.people.login_session import LoginSession


def new_device(session: Session, row: LoginSession, now: datetime) -> None:
    """A session began on a device or from an address that this login was not used with before. Of
    the first sign-in ever, nobody is told. `row` is not written yet: it is none of those before."""
    with session.no_autoflush:
        knows, knows_this = session.execute(
            _KNOWN, {"user_id": row.user_id, "device": row.device, "address": row.address}
        ).one()
    if knows and not knows_this:
        device = wording.in_each(lambda _code: _device(row))
        _tell(session, "login_new", row.user_id, now, device=device)


def password_changed(session: Session, user_id: int, now: datetime) -> None:
    _tell(session, "password_changed", user_id, now)


def factor_changed(session: Session, user_id: int, what: str, now: datetime) -> None:
    """`what` is a sentence, marked by `_k`: it was set up, taken away, or has new recovery codes."""
    _tell(session, "factor_changed", user_id, now, what=wording.in_each(lambda _code: _(what)))


def locked(session: Session, user_id: int, now: datetime) -> None:
    """Wrong passwords or codes have used up the tries."""
    _tell(session, "login_paused", user_id, now)


_before = exists().where(LoginSession.user_id == bindparam("user_id"))
_KNOWN = select(
    _before,
    _before.where(
        LoginSession.device.is_not_distinct_from(bindparam("device")),
        LoginSession.address.is_not_distinct_from(bindparam("address")),
    ),
)


def _device(row: LoginSession) -> str:
    return _(
        "%(device)s, address %(address)s",
        device=row.device or _("an unknown device"),
        address=row.address or _("unknown"),
    )


def _tell(session: Session, event: str, user_id: int, now: datetime, **more: Any) -> None:
    context = {"moment": now, **more}
    cause = f"login:{now.isoformat()}"
    outbox.announce(session, event, cause, now, user_id=user_id, context=context)
