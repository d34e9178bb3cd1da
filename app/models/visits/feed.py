"""Private calendar feeds: a secret address for each member of staff, kept as its hash only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.models.base.entity import Entity
from app.models.base.types import Instant
from app.models.people.staff import Staff

TOKEN_BYTES = 32


class CalendarFeed(Entity):
    """One address; a member of staff has at most one that is not revoked."""

    __tablename__ = "calendar_feed"
    __table_args__ = (Index("ix_calendar_feed_staff", "staff_id"),)
    __screen__ = None

    feed_id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    staff: Mapped[Staff] = relationship()


def make(session: Session, staff_id: int, now: datetime) -> str:
    """A new address in place of any before it; its token is told this once and never again."""
    revoke(session, staff_id, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(CalendarFeed(staff_id=staff_id, token_hash=hash_of(token), created=now))
    return token


def revoke(session: Session, staff_id: int, now: datetime) -> None:
    """Close every address of this member of staff."""
    session.execute(
        update(CalendarFeed)
        .where(CalendarFeed.staff_id == staff_id, CalendarFeed.revoked_at.is_(None))
        .values(revoked_at=now, version=CalendarFeed.version + 1)
    )


def hash_of(token: str) -> str:
    """What is kept of a token: it has 256 bits of chance, so a plain SHA-256 cannot be guessed
    back, and the time of a look-up by it tells nothing of the token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
