"""Counting guesses at a secret, so that nobody gets many: one row for each thing guessed at.

The row is in the database that all processes share, and is counted up in one statement, so that
the limit holds exactly however many processes are asked at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Index,
    Integer,
    String,
    bindparam,
    case,
    delete,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.language import _n
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.types import Instant

KEPT = timedelta(days=1)


class TooMany(ClinicError):
    """Enough was guessed; `seconds` says after how long one may try again."""

    status = 429
    code = "too_many"

    def __init__(self, wait: timedelta) -> None:
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        super().__init__(
            _n(
                "Too many tries. Wait %(num)s minute, then try again.",
                "Too many tries. Wait %(num)s minutes, then try again.",
                minutes,
            ),
            seconds=max(1, int(wait.total_seconds())),
        )


@dataclass(frozen=True)
class Limit:
    """At most `most` guesses within `span`. `quiet`: only after a whole span without a guess is
    the count forgotten, so that no two spans together hold more; else it starts anew each span."""

    most: int
    span: timedelta
    quiet: bool = True


ACCOUNT = Limit(10, timedelta(minutes=5))
ADDRESS = Limit(100, timedelta(minutes=5), quiet=False)
"""A whole clinic may share one address, and mistyped passwords of all its people count here."""


class GuessCount(Entity):
    """How often a thing was guessed at, and when first and last. It is named by a hash, since what
    people type as their name is sometimes their password."""

    __tablename__ = "guess_count"
    __table_args__ = (
        CheckConstraint("guesses >= 0", name="guess_count_not_negative"),
        Index("ix_guess_count_last", "last"),
    )
    __screen__ = None

    guess_count_id: Mapped[int] = mapped_column(primary_key=True)
    subject_hash: Mapped[str] = mapped_column(String(64), unique=True)
    guesses: Mapped[int] = mapped_column()
    since: Mapped[datetime] = mapped_column(Instant)
    last: Mapped[datetime] = mapped_column(Instant)


def count(session: Session, subject: str, limit: Limit, now: datetime) -> int:
    """Count one guess at `subject` before it is looked at; answers how many it makes. The caller
    commits before looking. Raises TooMany, and counts nothing, where the limit is reached."""
    statement = _counting(session.get_bind().dialect.name, quiet=limit.quiet)
    asked = {"subject": _hash(subject), "now": now, "over": now - limit.span, "most": limit.most}
    made: int | None = session.scalar(statement, asked)
    if made is None:
        raise TooMany(wait(session, subject, limit, now))
    return made


@cache
def _counting(dialect: str, *, quiet: bool) -> Any:
    """One statement, so that of guesses at the same moment each is counted."""
    counts = inspect(GuessCount).local_table
    now, over_at = (bindparam(name, type_=Instant()) for name in ("now", "over"))
    over = (counts.c.last if quiet else counts.c.since) <= over_at
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    return (
        insert(counts)
        .values(subject_hash=bindparam("subject"), guesses=1, since=now, last=now)
        .on_conflict_do_update(
            index_elements=["subject_hash"],
            set_={
                "guesses": case((over, 1), else_=counts.c.guesses + 1),
                "since": case((over, now), else_=counts.c.since),
                "last": now,
            },
            where=over | (counts.c.guesses < bindparam("most", type_=Integer())),
        )
        .returning(counts.c.guesses)
    )


def take_back(session: Session, *subjects: str) -> None:
    """The last guess was right, and counts no more; the wrong ones before it still do. Say the
    subjects in the order in which they were counted: rows that are always locked in one order
    make nobody wait for each other."""
    taken = [_hash(name) for name in subjects]
    session.connection().execute(_TAKE_BACK, {"taken": taken, "first": taken[0]})


def wait(session: Session, subject: str, limit: Limit, now: datetime) -> timedelta:
    """How long until `subject` may be guessed at again; zero where it may be now."""
    row = session.execute(
        select(GuessCount.guesses, GuessCount.since, GuessCount.last).where(
            GuessCount.subject_hash == _hash(subject)
        )
    ).one_or_none()
    if row is None or row.guesses < limit.most:
        return timedelta()
    start: datetime = row.last if limit.quiet else row.since
    return max(timedelta(), start + limit.span - now)


def release(session: Session, subject: str) -> int:
    """Forget the guesses at `subject`: a person in charge lets it be tried again."""
    gone: Any = session.execute(delete(GuessCount).where(GuessCount.subject_hash == _hash(subject)))
    return int(gone.rowcount)


def forget(session: Session, now: datetime) -> int:
    """Delete the counts that matter no more; answers how many they were."""
    gone: Any = session.execute(delete(GuessCount).where(GuessCount.last < now - KEPT))
    return int(gone.rowcount)


_counts = inspect(GuessCount).local_table
_TAKEN = (
    select(_counts.c.guess_count_id)
    .where(_counts.c.subject_hash.in_(bindparam("taken", expanding=True)))
    .order_by((_counts.c.subject_hash == bindparam("first")).desc())
    .with_for_update()  # locks in this order; SQLite has one writer, and no such words
)
_TAKE_BACK = (
    update(_counts)
    .where(_counts.c.guess_count_id.in_(_TAKEN), _counts.c.guesses > 0)
    .values(guesses=_counts.c.guesses - 1)
)


def _hash(subject: str) -> str:
    return hashlib.sha256(subject.encode("utf-8", "replace")).hexdigest()
