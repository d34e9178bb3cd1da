"""The acting person of a request: who, with which roles, and which rows are their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g
from flask_appbuilder.security.sqla.models import User
from flask_jwt_extended import current_user as jwt_user
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Doctor, Patient, Role, Staff
from app.models.messages import inbox


@dataclass(frozen=True)
class Actor:
    """Someone signed in. The keys are None where the login is linked to no such row."""

    user_id: int
    username: str
    name: str
    roles: frozenset[Role]
    staff_id: int | None = None
    doctor_id: int | None = None
    patient_id: int | None = None
    unread: int = 0
    """Messages in the inbox that are new to this person."""


def current_actor(session: Session) -> Actor | None:
    """The person behind this request, or None; read once a request, in one statement."""
    if "actor" not in g:
        user = signed_in_user()
        g.actor = None if user is None else _actor(session, user)
    actor: Actor | None = g.actor
    return actor


def signed_in_user() -> User | None:
    """The login by session cookie or by bearer token, where it is active."""
    user: Any = current_user
    if not user or not user.is_authenticated:
        user = jwt_user
    return user if user and user.is_active else None


def signed_in_roles() -> frozenset[Role]:
    """The roles behind this request, read once; a refusal shows its page without the database."""
    if "roles" not in g:
        user = signed_in_user()
        if user is None:
            return frozenset()
        g.roles = roles_of(user)
    roles: frozenset[Role] = g.roles
    return roles


def roles_of(user: User) -> frozenset[Role]:
    """The built-in roles; a role row of another name grants nothing."""
    return frozenset(Role(role.name) for role in user.roles if role.name in set(Role))


def _actor(session: Session, user: User) -> Actor:
    new = inbox.unread(User.__table__.c.id, Staff.__table__.c.staff_id)
    keys = session.execute(
        select(Staff.staff_id, Doctor.doctor_id, Patient.patient_id, new)
        .select_from(User)
        .outerjoin(Staff, Staff.user_id == User.id)
        .outerjoin(Doctor, Doctor.staff_id == Staff.staff_id)
        .outerjoin(Patient, Patient.user_id == User.id)
        .where(User.id == user.id)
    ).one()
    return Actor(user.id, user.username, user.get_full_name(), roles_of(user), *keys)
