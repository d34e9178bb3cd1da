"""What a person is told about their own login, by the rules of the clinic."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, exists, inspect, select
from sqlalchemy.orm import Session

from app.language import _
from app.models.messages import outbox, wording
from app.models.people.login_session import LoginSession


def new_device(session: Session, user_id: int, key: int, now: datetime) -> None:
    """The session with this key began on a device or from an address that the login was not used
    with before. Of the first sign-in ever, nobody is told."""
    begun = session.connection().execute(_BEGUN, {"key": key}).one()
    if begun.knows and not begun.knows_this:
        device = wording.in_each(lambda _code: _device(begun))
        _tell(session, "login_new", user_id, now, device=device)


def password_changed(session: Session, user_id: int, now: datetime) -> None:
    """Tell the person that their password was changed."""
    _tell(session, "password_changed", user_id, now)


def factor_changed(session: Session, user_id: int, what: str, now: datetime) -> None:
    """`what` is a sentence, marked by `_k`: it was set up, taken away, or has new recovery codes."""
    _tell(session, "factor_changed", user_id, now, what=wording.in_each(lambda _code: _(what)))


def locked(session: Session, user_id: int, now: datetime) -> None:
    """Wrong passwords or codes have used up the tries."""
    _tell(session, "login_paused", user_id, now)


_begun: Any = inspect(LoginSession).local_table
_other = _begun.alias()
_others = exists().where(
    _other.c.user_id == _begun.c.user_id,
    _other.c.login_session_id != _begun.c.login_session_id,
)
_like_this = (
    _other.c.device.is_not_distinct_from(_begun.c.device),
    _other.c.address.is_not_distinct_from(_begun.c.address),
)
_BEGUN = select(
    _begun.c.device,
    _begun.c.address,
    _others.label("knows"),
    _others.where(*_like_this).label("knows_this"),
).where(_begun.c.login_session_id == bindparam("key"))


def _device(begun: Row[Any]) -> str:
    return _(
        "%(device)s, address %(address)s",
        device=begun.device or _("an unknown device"),
        address=begun.address or _("unknown"),
    )


def _tell(session: Session, event: str, user_id: int, now: datetime, **more: Any) -> None:
    context = {"moment": now, **more}
    cause = f"login:{now.isoformat()}"
    outbox.announce(session, event, cause, now, user_id=user_id, context=context)
