"""What a new password must be: long, and not one of those that are guessed first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, Length, ValidationError

from app.language import _, _l
from app.models.people import login_setting, login_told
from app.security import audit
from app.security.actor import actor_for
from app.security.weakness import SHORTEST_PASSWORD, weakness

LONG_ENOUGH = Length(
    min=SHORTEST_PASSWORD,
    max=1000,
    message=_l("At least %(least)s characters.", least=SHORTEST_PASSWORD),
)
SAME = EqualTo("password", _l("The two passwords differ."))
NEEDED = InputRequired(_l("This is needed."))
HELP = _l("At least 12 characters; several words that have nothing to do with each other are best.")


class NewPasswordForm(DynamicForm):
    """A new password, twice."""

    password = PasswordField(_l("New password"), [NEEDED, LONG_ENOUGH], description=HELP)
    conf_password = PasswordField(_l("New password again"), [NEEDED, SAME])


def unguessed(_form: Any, field: Any) -> None:
    """A validator for where nothing is known of the person but the password."""
    if weak := weakness(field.data or "", ()):
        raise ValidationError(weak)


def fault_of(form: Any, user: User) -> str | None:
    """What is wrong with the form, the password's weakness beside its field; None where all is
    well."""
    if not form.validate():
        return _("Nothing was changed yet.")
    about = (user.username, user.first_name, user.last_name, user.email)
    weak = weakness(form.password.data, about)
    if weak:
        form.password.errors = [*form.password.errors, weak]
    return _("Nothing was changed yet.") if weak else None


def set_password(session: Session, user: User, password: str, now: datetime) -> None:
    """The person's own choice. The database ends every session of the login. The caller commits."""
    user.password = generate_password_hash(password)
    setting = login_setting.of_login(session, user.id)
    if setting is not None:
        setting.must_change = False
    audit.note(session, actor_for(user), "password", "User", key=user.id)
    login_told.password_changed(session, user.id, now)
    session.flush()
