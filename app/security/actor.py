"""The acting person of a request: who, with which roles, and which rows are their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User, assoc_user_role
from flask_jwt_extended import current_user as jwt_user
from flask_login import current_user
from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, inspect, select

from app.models import Doctor, Patient, Role, Staff
from app.models.messages import inbox
from app.models.people.linked import kept


@dataclass(frozen=True)
class Actor:
    """Someone signed in. The keys are None where the login is linked to no such row. The rest is
    what flask_login and the framework ask of a user."""

    user_id: int
    username: str
    name: str
    roles: frozenset[Role]
    staff_id: int | None = None
    doctor_id: int | None = None
    patient_id: int | None = None
    unread: int = 0
    """Messages in the inbox that are new to this person."""

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    @property
    def id(self) -> int:
        """The login's key, under the name that the framework asks for."""
        return self.user_id

    def get_id(self) -> str:
        """What flask_login would keep in the cookie; the secret of the session takes its place."""
        return str(self.user_id)


def current_actor() -> Actor | None:
    """The person behind this request, by session cookie or by bearer token; None where nobody is
    signed in. They come with their session, by one statement."""
    person: Any = current_user._get_current_object()  # asked hundreds of times a page: not by proxy
    if person is None or not person.is_authenticated:
        person = jwt_user._get_current_object() if jwt_user else None
    return person if isinstance(person, Actor) else None


def signed_in_roles() -> frozenset[Role]:
    """The roles behind this request; a refusal shows its page without the database."""
    person = current_actor()
    return person.roles if person else frozenset()


def roles_of(user: User) -> frozenset[Role]:
    """The built-in roles; a role row of another name grants nothing."""
    return known_roles(role.name for role in user.roles)


def known_roles(names: Iterable[str | None]) -> frozenset[Role]:
    """The built-in roles among these names; others grant nothing."""
    return frozenset(Role(name) for name in names if name in KNOWN)


def actors(*more: ColumnElement[Any]) -> Select[Any]:
    """Who may act: a row a role of each active login, `more` columns last."""
    return logins(*more).where(users.c.active)


def logins(*more: ColumnElement[Any]) -> Select[Any]:
    """A row a role of each login, active or not, `more` columns last."""
    return (
        select(
            users.c.id, users.c.username, users.c.first_name, users.c.last_name,
            staff.c.staff_id, doctors.c.doctor_id,
            of_patient(kept(patients.c.patient_id)).label("patient_id"), role_rows.c.name,
            inbox.unread(users.c.id, staff.c.staff_id).label("unread"), *more,
        )
        .select_from(users)
        .outerjoin(assoc_user_role, assoc_user_role.c.user_id == users.c.id)
        .outerjoin(role_rows, role_rows.c.id == assoc_user_role.c.role_id)
        .outerjoin(staff, staff.c.user_id == users.c.id)
        .outerjoin(doctors, doctors.c.staff_id == staff.c.staff_id)
    )  # fmt: skip


def of_patient(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """What is said of the patient whose login this is. Not by a join: most patients have no login, so
    PostgreSQL takes it for thousands of rows, and plans the statement anew each time it is sent."""
    return select(column).where(patients.c.user_id == users.c.id).scalar_subquery()


def actor_of(rows: Sequence[Row[Any]]) -> Actor:
    """The person of whom these rows of `logins` are."""
    one = rows[0]
    return Actor(
        one.id, one.username, f"{one.first_name} {one.last_name}",
        known_roles(row.name for row in rows), one.staff_id, one.doctor_id, one.patient_id,
        one.unread,
    )  # fmt: skip


def actor_for(user: User) -> Actor:
    """Somebody on the way in, as the trail names them."""
    return Actor(user.id, user.username, user.get_full_name(), roles_of(user))


KNOWN = frozenset(Role)
users, staff, doctors, patients, role_rows = (
    inspect(model).local_table for model in (User, Staff, Doctor, Patient, RoleRow)
)
