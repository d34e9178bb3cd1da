"""The session behind a request: opened at sign-in, looked up with its login, noted as used."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app, g, request
from flask import session as cookie
from flask_login import login_user
from sqlalchemy import bindparam, inspect, not_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import database
from app.language import COOKIE, prefer
from app.models import LoginSession, LoginSetting
from app.models.people import login_session
from app.models.visits.feed import hash_of
from app.security.actor import Actor, actor_of, actors, of_patient, patients, users

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
"""How exactly the last use of a session is known; noting each request would cost a write each."""

BACKGROUND = "X-Background"
"""A page that asks for news by itself says so in this header: nobody is using it."""


@dataclass(frozen=True)
class Current:
    """The living session of this request."""

    login_session_id: int
    seen: datetime


def current() -> Current | None:
    """The login session that this request goes by; None for who is not signed in."""
    found: Current | None = g.get("login_session")
    return found


def open_for_browser(session: Session, person: Actor, now: datetime) -> int:
    """Begin a session whose secret goes into the cookie; what the cookie held before is gone.
    Answers its key; the caller commits."""
    key, secret = _start(session, person, "browser", now)
    empty_cookie()
    cookie.permanent = True
    login_user(person)
    cookie["_user_id"] = secret  # where flask_login looks; `load_user` is given it
    return key


def empty_cookie() -> None:
    """Forget all that the cookie held but the language, and the token against forgery that went
    with it."""
    chosen = cookie.get(COOKIE)
    cookie.clear()
    if chosen:
        cookie[COOKIE] = chosen
    g.pop("csrf_token", None)  # where flask_wtf keeps it for this request


def open_for_program(session: Session, person: Actor, now: datetime) -> str:
    """Begin a session whose secret goes into the tokens. The caller commits."""
    return _start(session, person, "program", now)[1]


def person_of(session: Session, secret: Any) -> Actor | None:
    """Who has the active login whose living session has this secret, in one statement. They are
    spoken to in the language that they chose, else in that of their patient."""
    if not isinstance(secret, str):
        return None
    now = datetime.now(UTC)
    since = now - current_app.config["SESSION_IDLE"]
    asked = {"secret": hash_of(secret), "now": now, "since": since}
    rows = session.connection().execute(LIVING, asked).all()
    if not rows:
        return None
    one = rows[0]
    g.setdefault("login_session", Current(one.login_session_id, one.seen))
    prefer(one.chosen or one.native)
    return actor_of(rows)


def user_id_of_ended(session: Session, secret: Any) -> int | None:
    """Whose session this secret belonged to, where it has ended."""
    if not isinstance(secret, str):
        return None
    over = not_(login_session.alive(datetime.now(UTC), current_app.config["SESSION_IDLE"]))
    found: int | None = session.scalar(
        select(LoginSession.user_id).where(LoginSession.secret_hash == hash_of(secret), over)
    )
    return found


def note_use(session: Session) -> None:
    """Note that the session of this request is in use, in a transaction of its own. Where that
    cannot be written just now, the answer is given all the same."""
    used, now = current(), datetime.now(UTC)
    if used is None or now - used.seen < EVERY or BACKGROUND in request.headers:
        return
    try:
        session.rollback()
        database.start_writing()
        login_session.use(session, used.login_session_id, now)
        session.commit()
    except SQLAlchemyError as error:
        session.rollback()
        log.warning("The use of a session could not be noted: %s", type(error).__name__)


def end_current(session: Session, now: datetime) -> int | None:
    """End the session of this request by its own wish; answers its key. The caller commits."""
    used = current()
    if used is None:
        return None
    which = LoginSession.login_session_id == used.login_session_id
    login_session.end(session, now, "signed out", which)
    return used.login_session_id


def _start(session: Session, person: Actor, kind: str, now: datetime) -> tuple[int, str]:
    return login_session.start(
        session,
        person.user_id,
        kind,
        now,
        current_app.config["SESSION_LONGEST"],
        address=request.remote_addr,
        agent=request.user_agent.string,
    )


sessions, settings = (inspect(model).local_table for model in (LoginSession, LoginSetting))
LIVING = (
    actors(
        sessions.c.login_session_id,
        sessions.c.seen,
        settings.c.language.label("chosen"),
        of_patient(patients.c.language).label("native"),
    )
    .join(sessions, sessions.c.user_id == users.c.id)
    .outerjoin(settings, settings.c.user_id == users.c.id)
    .where(
        sessions.c.secret_hash == bindparam("secret"),
        login_session.alive_since(bindparam("now"), bindparam("since")),
    )
)
"""Made once: to put it together costs more than to send it."""
