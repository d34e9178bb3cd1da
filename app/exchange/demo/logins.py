"""The five logins of the demo clinic."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.models import ClinicError

PASSWORD = "clinic-demo-only"
USERNAMES = ("admin", "doctor", "nurse", "receptionist", "patient")


def refuse_taken(session: Session) -> None:
    """Raises ClinicError where one of the logins is there: its owner's password must not become
    one that everybody knows."""
    taken = session.scalars(
        select(User.username).where(User.username.in_(USERNAMES)).order_by(User.username)
    ).first()
    if taken:
        raise ClinicError(
            f"There is already a login “{taken}”. The demo clinic brings its own: "
            "set it up in an empty database."
        )


def add_logins(
    session: Session, people: dict[str, tuple[str, str]], now: datetime
) -> dict[str, User]:
    """The logins, by role name, each with the role of its name; `people` gives the name and the
    email of the person behind each."""
    roles = {name: _role(session, name) for name in people}
    made = now.astimezone(UTC).replace(tzinfo=None)
    users = {}
    for role, (name, email) in people.items():
        given, _, family = name.partition(" ")
        users[role] = User(
            username=role,
            first_name=given,
            last_name=family,
            email=email,
            password=generate_password_hash(PASSWORD),
            active=True,
            created_on=made,
            changed_on=made,
            roles=[roles[role]],
        )
    session.add_all(users.values())
    session.flush()
    return users


def _role(session: Session, name: str) -> Role:
    role = session.scalars(select(Role).where(Role.name == name)).first()
    return role or Role(name=name)
