"""What holds for every login: a name that no other can be taken for, and somebody who manages the
clinic."""

from __future__ import annotations

import unicodedata

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User, assoc_user_role
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.errors import ClinicError, Conflict
from app.models.base.grants import Role

BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and signs that show as nothing, though Unicode does not count them as invisible."""


def check_name(session: Session, name: str, user_id: int | None = None) -> None:
    """Whether a login, a new one where it has no key, may have this name. Raises ClinicError."""
    if name != " ".join(name.split()) or any(map(_is_invisible, name)):
        raise ClinicError(
            _("A user name has no invisible characters, and no space at an end or beside another."),
            field="username",
        )
    with session.no_autoflush:
        others = session.scalars(select(User.username).where(User.id != user_id)).all()
    if _folded(name) in map(_folded, others):
        raise Conflict(
            _("Somebody has this user name already, be it with other capitals."), field="username"
        )


def keep_an_admin(session: Session, user: User, *, goes: bool = False) -> None:
    """What was changed of a login, or that it `goes`, leaves somebody who manages the clinic, whom
    nobody else changes meanwhile: two could stop each other. Raises ClinicError."""
    if not goes and user.active and Role.ADMIN in {role.name for role in user.roles}:
        return
    others = (
        select(User.id)
        .join(assoc_user_role, assoc_user_role.c.user_id == User.id)
        .join(RoleRow, RoleRow.id == assoc_user_role.c.role_id)
        .where(RoleRow.name == Role.ADMIN.value, User.active, User.id != user.id)
        .limit(1)
        .with_for_update(of=[User, assoc_user_role])
    )
    with session.no_autoflush:
        if session.scalars(others).first() is None:
            raise ClinicError(
                _("This is the only login that manages the clinic. Make another one first."),
                field="roles" if user.active else "active",
            )


def _is_invisible(character: str) -> bool:
    kind = unicodedata.category(character)
    selects = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return kind[0] == "C" or (kind[0] == "Z" and character != " ") or selects or character in BLANK


def _folded(name: str) -> str:
    """One spelling for names that read alike but for their capitals and width."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
