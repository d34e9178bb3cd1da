"""What a person is told about their own login, by e-mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from app.models.base.clock import clinic_zone
from app.models.messages.outbox import put
from app.models.people.login_session import LoginSession

NOT_YOU = (
    "If this was not you: sign in, end every other session under “My account”, change your "
    "password, and tell the clinic's administrator."
)


def new_device(session: Session, row: LoginSession, now: datetime) -> None:
    """A session began on a device or from an address that this login was not used with before. Of
    the first sign-in ever, nobody is told. `row` is not written yet: it is none of those before."""
    with session.no_autoflush:
        knows, knows_this = session.execute(
            _KNOWN, {"user_id": row.user_id, "device": row.device, "address": row.address}
        ).one()
    if knows and not knows_this:
        where = f"{row.device or 'an unknown device'}, address {row.address or 'unknown'}"
        _tell(
            session,
            row.user_id,
            "A new sign-in",
            f"Someone signed in with your name: {where}.",
            now,
        )


def password_changed(session: Session, user_id: int, now: datetime) -> None:
    _tell(session, user_id, "Your password was changed", "Every session was ended by it.", now)


def factor_changed(session: Session, user_id: int, what: str, now: datetime) -> None:
    """`what` is a sentence: it was set up, taken away, or has new recovery codes."""
    _tell(session, user_id, "Your second factor was changed", what, now)


def locked(session: Session, user_id: int, now: datetime) -> None:
    said = "Ten tries with wrong passwords or codes were made with your name. It is paused for minutes."
    _tell(session, user_id, "Signing in with your name is paused", said, now)


_before = exists().where(LoginSession.user_id == bindparam("user_id"))
_KNOWN = select(
    _before,
    _before.where(
        LoginSession.device.is_not_distinct_from(bindparam("device")),
        LoginSession.address.is_not_distinct_from(bindparam("address")),
    ),
)


def _tell(session: Session, user_id: int, subject: str, said: str, now: datetime) -> None:
    local = now.astimezone(clinic_zone())
    body = f"{said} It was on {local:%-d %B %Y} at {local:%H:%M}.\n\n{NOT_YOU}"
    put(
        session, "login", f"{user_id}:{subject}:{now.isoformat()}", subject, body, now,
        channel="email", user_id=user_id,
    )  # fmt: skip
