"""Sessions: one row for each sign-in, by browser or by program, from its start to its end.

What the browser's cookie or the program's token holds is a secret of 256 bits; the row keeps its
hash. A session lives while it has not ended, is used (`seen`), and is not too old (`expires`).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    delete,
    insert,
    inspect,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.entity import Entity
from app.models.base.grants import READ, Role
from app.models.base.screen import Screen
from app.models.base.types import Instant, choice
from app.models.people.devices import device_name
from app.models.visits.feed import hash_of

SECRET_BYTES = 32
KEPT = timedelta(days=90)
"""How long a session that is over stays in the list."""

ENDS = ("signed out", "ended by admin", "password changed", "login changed", "roles changed")
"""Why a session ended. The last three are written by the database itself, whoever changes the
login; one that was left idle or grew too old is not marked, its times say so."""


class LoginSession(Entity):
    """One sign-in of one person at one device."""

    __tablename__ = "login_session"
    __table_args__ = (
        CheckConstraint(
            "(ended_at IS NULL) = (ended_why IS NULL)", name="login_session_ended_for_a_reason"
        ),
        Index("ix_login_session_user", "user_id", "ended_at"),
        Index("ix_login_session_expires", "expires"),
    )

    login_session_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(choice("login_session_kind", "browser", "program"))
    created: Mapped[datetime] = mapped_column(Instant)
    seen: Mapped[datetime] = mapped_column(Instant)
    expires: Mapped[datetime] = mapped_column(Instant)
    address: Mapped[str | None] = mapped_column(String(45))
    device: Mapped[str | None] = mapped_column(String(100))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_why: Mapped[str | None] = mapped_column(choice("login_session_ended_why", *ENDS))
    user: Mapped[User] = relationship()

    __screen__ = Screen(
        title="Sessions",
        one="Session",
        menu="Administration",
        icon="fa-right-to-bracket",
        columns=["user", "device", "address", "created", "seen", "ended_at"],
        search=["user", "kind", "address", "created", "seen", "ended_at"],
        form=[],
        detail=[
            "user", "kind", "device", "address", "created", "seen", "expires", "ended_at",
            "ended_why",
        ],
        labels={
            "user": "Who",
            "created": "Began",
            "seen": "Last used",
            "expires": "Ends at the latest",
            "ended_at": "Ended",
            "ended_why": "Why it ended",
        },
        order="-seen",
        empty="Nobody has signed in yet.",
        grants={Role.ADMIN: READ},
    )  # fmt: skip

    def __str__(self) -> str:
        return _("Session %(number)s", number=self.login_session_id)


def start(
    session: Session,
    user_id: int,
    kind: str,
    now: datetime,
    longest: timedelta,
    *,
    address: str | None = None,
    agent: str | None = None,
) -> tuple[int, str]:
    """Write a new session that ends after `longest`; answers its key, and its secret, which is told
    this once. By one statement: most of a sign-in besides the password is what it writes."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    columns = {
        "user_id": user_id,
        "secret_hash": hash_of(secret),
        "kind": kind,
        "created": now,
        "seen": now,
        "expires": now + longest,
        "address": address,
        "device": device_name(agent or ""),
    }
    key: int = session.connection().execute(_START, columns).scalar_one()
    return key, secret


_sessions = inspect(LoginSession).local_table
_START = insert(_sessions).returning(_sessions.c.login_session_id)


def alive(now: datetime, idle: timedelta) -> ColumnElement[bool]:
    """The condition that holds for the sessions that open something at `now`."""
    return alive_since(now, now - idle)


def alive_since(now: Any, since: Any) -> ColumnElement[bool]:
    """As `alive`: not ended, not too old at `now`, used `since` then."""
    return and_(
        LoginSession.ended_at.is_(None), LoginSession.expires > now, LoginSession.seen > since
    )


def end(session: Session, now: datetime, why: str, *which: ColumnElement[bool]) -> int:
    """End those sessions of `which` that have not ended; answers how many they were."""
    statement = update(LoginSession).where(LoginSession.ended_at.is_(None), *which)
    done: Any = session.execute(
        statement.values(ended_at=now, ended_why=why, version=LoginSession.version + 1)
    )
    return int(done.rowcount)


def use(session: Session, login_session_id: int, now: datetime) -> None:
    """Note that a session was used."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.login_session_id == login_session_id)
        .values(seen=now)
    )


def forget(session: Session, now: datetime) -> int:
    """Delete the sessions that have been over for `KEPT`; answers how many they were."""
    gone: Any = session.execute(delete(LoginSession).where(LoginSession.expires < now - KEPT))
    return int(gone.rowcount)
