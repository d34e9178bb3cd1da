"""The password step of signing in, the same for form and API: counted, told to the trail, and
alike in answer and time for a name that is there and one that is not. While the hash is computed,
which takes longest by far, no transaction is open."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, bindparam, func, inspect, or_, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app import database
from app.language import _l
from app.models import LoginSetting, Role
from app.models.base.guesses import ACCOUNT
from app.models.people import login_setting, login_told
from app.security import audit
from app.security.actor import Actor, actor_of, logins, users
from app.security.guessing import Guess, guessing, login_subject

WRONG = _l("That user name and password do not belong together.")


@dataclass(frozen=True)
class Known:
    """A login whose password is asked, and what else guards it."""

    person: Actor
    is_active: bool
    password: str
    """As it is kept: a hash."""
    has_factor: bool
    """Whether the login has a second factor in use."""
    must_change: bool
    """Whether the password is to be changed before anything else."""
    guarded_by: int | None
    """The version of the row that says the last two."""

    @property
    def user_id(self) -> int:
        """The key of the login."""
        return self.person.user_id

    def must_enrol(self, required: frozenset[Role]) -> bool:
        """Whether a role of the person asks for a second factor that is not set up yet."""
        return not self.has_factor and bool(required & self.person.roles)


def check_password(session: Session, name: str, password: str) -> Known | None:
    """Who this is, or None; either leaves an event. A failure is committed, the event of a success
    is the caller's to commit, with what comes of it. Raises TooMany."""
    found = _look_up(session, name)
    subject = login_subject(found.user_id) if found else f"name:{name.strip().lower()}"
    with guessing(session, subject) as guess:
        right = check_password_hash(_hash_of(found), password) and found is not None
        if right:
            guess.right()
    if right and found is not None and _count(session, found):
        note_success(session, found, "password")
        return found
    session.rollback()
    _note_failure(session, guess, found, name)
    return None


def check_code(session: Session, known: Known, code: str, now: datetime) -> bool:
    """Whether `code` is good for the second factor of this login; counted as the password is, and
    taken once. Raises TooMany. It commits."""
    with guessing(session, login_subject(known.user_id)) as guess:
        setting = login_setting.of_login(session, known.user_id)
        right = setting is not None and login_setting.accepts(session, setting, code, now)
        if right:
            guess.right()
    if right:
        session.commit()
    else:
        _note_failure(session, guess, known, known.person.username, "code")
    return right


def known_login(session: Session, user_id: int) -> Known:
    """The login with its roles and what guards it, in one statement. Raises NoResultFound."""
    known = _known_of(session.connection().execute(_BY_KEY, {"user_id": user_id}).all())
    if known is None:
        raise NoResultFound
    return known


def note_success(session: Session, known: Known, by: str) -> None:
    """The event of a sign-in that went well so far; `by` says which step. The caller commits."""
    audit.note(session, known.person, "login", "User", key=known.user_id, detail={"by": by})


def _count(session: Session, known: Known) -> bool:
    """Count the sign-in, where the login is still as it was when the password was compared: what
    was changed meanwhile has ended the sessions that were there, and this one must not outlive it."""
    asked = {
        "user_id": known.user_id,
        "compared": known.password,
        "guarded_by": known.guarded_by,
        "now": datetime.now(UTC).replace(tzinfo=None),
    }
    return session.connection().execute(_COUNT_SIGN_IN, asked).rowcount == 1


def _look_up(session: Session, name: str) -> Known | None:
    """By name or e-mail address, as written; one statement either way."""
    with database.reading():
        return _known_of(session.connection().execute(_NAMED, {"name": name}).all())


def _known_of(rows: Sequence[Row[Any]]) -> Known | None:
    """The login of the first of these rows."""
    mine = [row for row in rows if row.id == rows[0].id]
    if not mine:
        return None
    one = mine[0]
    factor, change = one.totp_since is not None, bool(one.must_change)
    return Known(actor_of(mine), one.active, one.password or "", factor, change, one.guarded_by)


_settings = inspect(LoginSetting).local_table
_NAME = bindparam("name", type_=String())


def _logins(*which: ColumnElement[bool]) -> Select[Any]:
    return (
        logins(
            users.c.active,
            users.c.password,
            _settings.c.totp_since,
            _settings.c.must_change,
            _settings.c.version.label("guarded_by"),
        )
        .outerjoin(_settings, _settings.c.user_id == users.c.id)
        .where(*which)
    )


_BY_KEY = _logins(users.c.id == bindparam("user_id"))
_NAMED = _logins(or_(users.c.username == _NAME, users.c.email == _NAME)).order_by(
    (users.c.username == _NAME).desc()
)
_GUARDED_BY = select(_settings.c.version).where(_settings.c.user_id == users.c.id)
_COUNT_SIGN_IN = (
    users.update()
    .where(
        users.c.id == bindparam("user_id"),
        users.c.active,
        users.c.password == bindparam("compared"),
        _GUARDED_BY.scalar_subquery().is_not_distinct_from(bindparam("guarded_by")),
    )
    .values(last_login=bindparam("now"), login_count=func.coalesce(users.c.login_count, 0) + 1)
)


def _hash_of(found: Known | None) -> str:
    """The hash to compare with: of nobody where there is no such active login, so that it takes
    as long."""
    nobody = _nobody()
    return found.password if found and found.is_active and found.password else nobody


@cache
def _nobody() -> str:
    return generate_password_hash(secrets.token_hex())


def _note_failure(
    session: Session, guess: Guess, found: Known | None, name: str, by: str = "password"
) -> None:
    """The event of a wrong guess; the one that used up the last try locks, and is told to the
    person whose login it is. A name that is nobody's may be a password typed into the wrong field:
    it is not kept."""
    said = ({"username": name[:128]} if found else {}) | ({} if by == "password" else {"by": by})
    detail = said or None
    audit.note(session, None, "login", "User", outcome="failure", detail=detail)
    if guess.made >= ACCOUNT.most:
        key = found.user_id if found else None
        audit.note(session, None, "lockout", "User", key=key, outcome="failure", detail=detail)
        if found:
            login_told.locked(session, found.user_id, datetime.now(UTC))
    session.commit()
