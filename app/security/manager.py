"""The framework's security manager, answering from the compiled grants without SQL."""

from __future__ import annotations

from typing import Any

import click
from flask import Flask, current_app, g
from flask_appbuilder.security.sqla.manager import SecurityManager

from app.models import ClinicError, Role
from app.models.people import logins
from app.security import sessions
from app.security.actor import Actor, signed_in_roles
from app.security.policy import of_the_application
from app.security.token_keys import use_fallbacks
from app.security.weakness import SHORTEST_PASSWORD, weakness


class ClinicSecurityManager(SecurityManager):
    """Roles are those of `app.models`; what they may do is compiled from the declarations.

    A role row that an administrator adds by other means grants nothing.
    """

    def __init__(self, appbuilder: Any) -> None:
        super().__init__(appbuilder)
        self._open_menus: dict[tuple[frozenset[Role], frozenset[str]], set[str]] = {}

    def register_views(self) -> None:
        """None of the framework's: the views layer registers those that the clinic has."""

    @staticmethod
    def create_builtin_roles() -> dict[str, Any]:
        """The roles as they were compiled from the grants at start."""
        roles: dict[str, Any] = current_app.config["FAB_ROLES"]
        return roles

    def create_limiter(self, app: Flask) -> None:
        """None: guesses are counted in the database, by `app.security.guessing`."""

    def create_jwt_manager(self, app: Flask) -> Any:
        """The framework's, whose tokens live as long as their key is known."""
        manager = super().create_jwt_manager(app)
        use_fallbacks(manager)
        return manager

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether the person of the request holds the permission; no SQL is sent for it."""
        return of_the_application().allows(signed_in_roles(), permission_name, view_name)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing is open to who is not signed in by the rows of a role."""
        return False

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """The entries that are open to the person. Menu and grants stand once the clinic has
        started, so each set of roles is asked once."""
        asked = signed_in_roles(), frozenset(menu_names or ())
        if asked not in self._open_menus:
            menu = self.appbuilder.menu
            self._open_menus[asked] = {n for n in asked[1] if self._menu_open(menu.find(n))}
        return self._open_menus[asked]

    def _menu_open(self, item: Any) -> bool:
        if item.childs:
            return any(self._menu_open(child) for child in item.childs)
        view = item.baseview
        permission = f"can_{view.get_method_permission(view.default_view)}"
        return self.has_access(permission, view.class_permission_name)

    def load_user(self, pk: int | str) -> Actor | None:
        """Whose living session has the secret that the cookie holds."""
        return sessions.person_of(self.session, pk)

    def load_user_jwt(self, _header: dict[str, Any], claims: dict[str, Any]) -> Actor | None:
        """Whose living session has the secret that a token holds as `sid`."""
        person = sessions.person_of(self.session, claims.get("sid"))
        if person is None or str(person.user_id) != claims["sub"]:
            return None
        g.user = person
        return person

    def add_user(
        self, username: str, first_name: str, last_name: str, email: str, *rest: Any, **more: Any
    ) -> Any:
        """For “flask fab create-admin”. Raises ClickException where the password is weak, or the
        name could be taken for another."""
        try:
            logins.check_name(self.session, username)
        except ClinicError as error:
            raise click.ClickException(error.message) from None
        password = more.get("password") or (rest[1] if len(rest) > 1 else "")
        _refuse_weak(password, username, first_name, last_name, email)
        return super().add_user(username, first_name, last_name, email, *rest, **more)

    def reset_password(self, userid: int, password: str) -> bool:
        """For “flask fab reset-password”. Raises ClickException where the password is weak."""
        user = self.get_user_by_id(userid)
        _refuse_weak(password, user.username, user.first_name, user.last_name, user.email)
        done: bool = super().reset_password(userid, password)
        return done

    @property
    def session(self) -> Any:
        """The session of the request."""
        return self.appbuilder.session

    def sync_roles(self) -> list[str]:
        """Add the role rows that are missing; answers their names. Idempotent."""
        missing = [role.value for role in Role if self.find_role(role.value) is None]
        for name in missing:
            self.session.add(self.role_model(name=name))
        self.session.commit()
        return missing


def _refuse_weak(password: str, *about: str) -> None:
    """A password that comes by the shell is as good as one that comes by a page."""
    if len(password) < SHORTEST_PASSWORD:
        raise click.ClickException(f"At least {SHORTEST_PASSWORD} characters.")
    if weak := weakness(password, about):
        raise click.ClickException(weak)
