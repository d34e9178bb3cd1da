"""The form of a login, new or there already."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from werkzeug.security import generate_password_hash
from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    SelectChoice,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import Email, Length, Optional, ValidationError

from app.extensions import db
from app.language import _l
from app.models import ClinicError, Role
from app.spelling import plain
from app.views.generated.parsing import clean_text
from app.views.login.passwords import LONG_ENOUGH, NEEDED, SAME

FOR_ONCE = _l("Good for one sign-in; then the person must choose their own.")


def clean(_form: DynamicForm, field: Any) -> None:
    """Refuse characters that the databases cannot keep."""
    try:
        clean_text(field.data or "")
    except ClinicError as error:
        raise ValidationError(error.message) from None


class UserForm(DynamicForm):
    """A login. On an existing one the password may stay empty and is then kept."""

    username = StringField(_l("User name"), [NEEDED, Length(max=128), clean])
    first_name = StringField(_l("First name"), [NEEDED, Length(max=64), clean])
    last_name = StringField(_l("Last name"), [NEEDED, Length(max=64), clean])
    email = EmailField(
        _l("E-mail"), [NEEDED, Length(max=320), Email(_l("Write an e-mail address.")), clean]
    )
    active = BooleanField(_l("Active"), default=True)
    roles = SelectMultipleField(
        _l("Roles"),
        [NEEDED],
        choices=[SelectChoice(role.value, _l(plain(role.value))) for role in Role],
        description=_l("What each role may do stands under Administration, Roles."),
    )
    password = PasswordField(
        _l("Password"),
        [Optional(), LONG_ENOUGH],
        description=FOR_ONCE,
    )
    conf_password = PasswordField(_l("Password again"), [SAME])

    def process(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        """Roles are words here, rows in the database."""
        roles = [row.name for row in obj.roles] if obj is not None else []
        super().process(formdata, None, **(_facts(obj) | {"roles": roles} | kwargs))

    def populate_obj(self, obj: Any) -> None:
        """Sets the roles by their names, and a password where one was typed, as its hash."""
        for name in ("username", "first_name", "last_name", "email", "active"):
            setattr(obj, name, self[name].data)
        obj.roles = list(
            db.session.scalars(select(RoleRow).where(RoleRow.name.in_(self.roles.data)))
        )
        if self.password.data:
            obj.password = generate_password_hash(self.password.data)


class NewUserForm(UserForm):
    """A new login needs a password."""

    password = PasswordField(_l("Password"), [NEEDED, LONG_ENOUGH], description=FOR_ONCE)
    conf_password = PasswordField(_l("Password again"), [SAME])  # a field stands where it is made


def _facts(user: User | None) -> dict[str, Any]:
    names = ("username", "first_name", "last_name", "email", "active")
    return {name: getattr(user, name) for name in names} if user is not None else {}
