"""The password step of signing in, the same for form and API: counted, told to the trail, and
alike in answer and time for a name that is there and one that is not. While the hash is computed,
which takes longest by far, no transaction is open."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Row, String, bindparam, func, or_, select
from sqlalchemy.orm import Session, joinedload
from werkzeug.security import check_password_hash, generate_password_hash

from app import database
from app.language import _l
from app.models import LoginSetting, Role
from app.models.base.guesses import ACCOUNT
from app.models.people import login_setting, login_told
from app.security import audit
from app.security.actor import actor_for, roles_of, users
from app.security.guessing import Guess, guessing, login_subject

WRONG = _l("That user name and password do not belong together.")


@dataclass(frozen=True)
class Known:
    """Someone who knew the password, and what else guards the login."""

    user: User
    setting: LoginSetting | None

    @property
    def has_factor(self) -> bool:
        """Whether the login has a second factor in use."""
        return self.setting is not None and self.setting.totp_since is not None

    @property
    def must_change(self) -> bool:
        """Whether the password is to be changed before anything else."""
        return self.setting is not None and self.setting.must_change

    def must_enrol(self, required: frozenset[Role]) -> bool:
        """Whether a role of the person asks for a second factor that is not set up yet."""
        return not self.has_factor and bool(required & roles_of(self.user))


def check_password(session: Session, name: str, password: str) -> Known | None:
    """Who this is, or None; either leaves an event. A failure is committed, the event of a success
    is the caller's to commit, with what comes of it. Raises TooMany."""
    found = _look_up(session, name)
    subject = login_subject(found.id) if found else f"name:{name.strip().lower()}"
    with guessing(session, subject) as guess:
        right = check_password_hash(_hash_of(found), password) and found is not None
        if right:
            guess.right()
    if not right or found is None:
        _note_failure(session, guess, found, name)
        return None
    known = known_login(session, found.id)
    note_success(session, known.user, "password")
    now = datetime.now(UTC).replace(tzinfo=None)
    session.connection().execute(_COUNT_SIGN_IN, {"user_id": found.id, "now": now})
    return known


def check_code(session: Session, known: Known, code: str, now: datetime) -> bool:
    """Whether `code` is good for the second factor of this login; counted as the password is, and
    taken once. Raises TooMany. It commits."""
    with guessing(session, login_subject(known.user.id)) as guess:
        right = known.setting is not None and login_setting.accepts(
            session, known.setting, code, now
        )
        if right:
            guess.right()
    if right:
        session.commit()
    else:
        _note_failure(session, guess, known.user, known.user.username, "code")
    return right


_KNOWN = (
    select(User, LoginSetting)
    .outerjoin(LoginSetting, LoginSetting.user_id == User.id)
    .where(User.id == bindparam("user_id"))
    .options(joinedload(User.roles))
)


def known_login(session: Session, user_id: int) -> Known:
    """The login with its roles and what guards it, in one statement. Raises NoResultFound."""
    user, setting = session.execute(_KNOWN, {"user_id": user_id}).unique().one()
    return Known(user, setting)


def note_success(session: Session, user: User, by: str) -> None:
    """The event of a sign-in that went well so far; `by` says which step. The caller commits."""
    audit.note(session, actor_for(user), "login", "User", key=user.id, detail={"by": by})


_COUNT_SIGN_IN = (
    users.update()
    .where(users.c.id == bindparam("user_id"))
    .values(last_login=bindparam("now"), login_count=func.coalesce(users.c.login_count, 0) + 1)
)
_NAME = bindparam("name", type_=String())
_NAMED = (
    select(User.id, User.username, User.password, User.active)
    .where(or_(User.username == _NAME, User.email == _NAME))
    .order_by((User.username == _NAME).desc())
    .limit(1)
)


def _look_up(session: Session, name: str) -> Row[Any] | None:
    """Name or e-mail address, as written; one statement either way."""
    with database.reading():
        return session.execute(_NAMED, {"name": name}).first()


def _hash_of(found: Row[Any] | None) -> str:
    """The hash to compare with: of nobody where there is no such active login, so that it takes
    as long."""
    nobody = _nobody()
    return found.password if found and found.active and found.password else nobody


@cache
def _nobody() -> str:
    return generate_password_hash(secrets.token_hex())


def _note_failure(
    session: Session, guess: Guess, found: Any, name: str, by: str = "password"
) -> None:
    """The event of a wrong guess; the one that used up the last try locks, and is told to the
    person whose login it is. A name that is nobody's may be a password typed into the wrong field:
    it is not kept."""
    said = ({"username": name[:128]} if found else {}) | ({} if by == "password" else {"by": by})
    detail = said or None
    audit.note(session, None, "login", "User", outcome="failure", detail=detail)
    if guess.made >= ACCOUNT.most:
        key = found.id if found else None
        audit.note(session, None, "lockout", "User", key=key, outcome="failure", detail=detail)
        if found:
            login_told.locked(session, found.id, datetime.now(UTC))
    session.commit()
