"""Around every guess at a secret that a request brings: a password, a code, a link.

    with guessing(db.session(), f"login:{user.id}") as guess:
        if check_password_hash(user.password, password):
            guess.right()

Raises TooMany before the secret is looked at where its account or the address of the request has
had enough; every pathway counts the same account under the same subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import request
from sqlalchemy.orm import Session

from app import database
from app.models.base import guesses
from app.models.base.guesses import ACCOUNT, ADDRESS, Limit


@dataclass
class Guess:
    """One guess; `made` says how many it is of those at the same account."""

    made: int = 0
    was_right: bool = False

    def right(self) -> None:
        """A right guess does not count; the wrong ones before it still do."""
        self.was_right = True


@contextmanager
def guessing(session: Session, subject: str | None, account: Limit = ACCOUNT) -> Iterator[Guess]:
    """Count one guess at `subject` (None: a secret that names no account) and one of this address.
    It commits before the block, since a guess counts whatever comes of the request: nothing may be
    pending in `session`. That a guess was right is written after the block, in the transaction of
    what the guess opens, which the caller commits. Raises TooMany."""
    subjects = {f"address:{request.remote_addr}": ADDRESS} | ({subject: account} if subject else {})
    guess, now = Guess(), datetime.now(UTC)
    session.rollback()
    database.start_writing()
    for name, limit in subjects.items():
        guess.made = guesses.count(session, name, limit, now)
    session.commit()
    yield guess
    if guess.was_right:
        guesses.take_back(session, *subjects)


def login_subject(user_id: int) -> str:
    """What every pathway calls the secrets of one login."""
    return f"login:{user_id}"
