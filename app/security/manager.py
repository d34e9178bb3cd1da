"""The framework's security manager, answering from the compiled grants without SQL."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import User
from flask_limiter import Limiter
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.extensions import limiter
from app.models import Role
from app.security.actor import signed_in_roles
from app.security.policy import of_the_application
from app.security.scope import LARGEST_KEY


class ClinicSecurityManager(SecurityManager):
    """Roles are those of `app.models`; what they may do is compiled from the declarations.

    A role row that an administrator adds by other means grants nothing.
    """

    def register_views(self) -> None:
        """None of the framework's: the views layer registers those that the clinic has."""

    @staticmethod
    def create_builtin_roles() -> dict[str, Any]:
        roles: dict[str, Any] = current_app.config["FAB_ROLES"]
        return roles

    def create_limiter(self, app: Flask) -> Limiter:
        limiter.init_app(app)
        return limiter

    def has_access(self, permission_name: str, view_name: str) -> bool:
        return of_the_application().allows(signed_in_roles(), permission_name, view_name)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        return False

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        return {
            name for name in menu_names or () if self._menu_open(self.appbuilder.menu.find(name))
        }

    def _menu_open(self, item: Any) -> bool:
        if item.childs:
            return any(self._menu_open(child) for child in item.childs)
        view = item.baseview
        permission = f"can_{view.get_method_permission(view.default_view)}"
        return self.has_access(permission, view.class_permission_name)

    def load_user(self, pk: int | str) -> User | None:
        """The active login with its roles, in one statement."""
        key = str(pk)
        if not key.isdecimal() or int(key) > LARGEST_KEY:
            return None
        statement = select(User).where(User.id == int(key)).options(joinedload(User.roles))
        user: User | None = self.session.scalars(statement).unique().one_or_none()
        return user if user and user.is_active else None

    @property
    def session(self) -> Any:
        return self.appbuilder.session

    def sync_roles(self) -> list[str]:
        """Add the role rows that are missing; answers their names. Idempotent."""
        missing = [role.value for role in Role if self.find_role(role.value) is None]
        for name in missing:
            self.session.add(self.role_model(name=name))
        self.session.commit()
        return missing
