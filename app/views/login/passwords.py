"""What a new password must be: long, and not one of those that are guessed first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import current_app
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, Length, ValidationError
from zxcvbn import zxcvbn

from app.language import _, _k, _l
from app.models.people import login_setting, login_told
from app.security import audit
from app.security.actor import Actor, roles_of

SHORTEST_PASSWORD = 12
STRENGTH = 3
"""Of zxcvbn's 0 to 4: safely unguessable in an attack on a stolen, slowly hashed list."""
JUDGED = 72
"""How many characters zxcvbn looks at; more would take it long and change nothing."""

SHORT = 2
"""Words of so few letters are in too many passwords to mean anything."""

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


GUESSED = (
    _k("Straight rows of keys are easy to guess"),
    _k("Short keyboard patterns are easy to guess"),
    _k('Repeats like "aaa" are easy to guess'),
    _k('Repeats like "abcabcabc" are only slightly harder to guess than "abc"'),
    _k('Sequences like "abc" or "6543" are easy to guess'),
    _k("Recent years are easy to guess"),
    _k("Dates are often easy to guess"),
    _k("This is a top-10 common password"),
    _k("This is a top-100 common password"),
    _k("This is a very common password"),
    _k("This is similar to a commonly used password"),
    _k("A word by itself is easy to guess"),
    _k("Names and surnames by themselves are easy to guess"),
    _k("Common names and surnames are easy to guess"),
)
"""What the judge of passwords says, without the point."""


def weakness(password: str, about: Iterable[str | None]) -> str | None:
    """A sentence that says why a password would be guessed, or None. `about` are words that those
    who know the person try first."""
    known = [*_words(*about, current_app.config["CLINIC_NAME"]), "clinic"]
    judged = zxcvbn(_without(password[:JUDGED], known), user_inputs=known)
    if judged["score"] >= STRENGTH:
        return None
    why = judged["feedback"]["warning"].rstrip(".") or _k("It would be guessed soon")
    return _(
        "%(why)s. Choose several words that have nothing to do with each other.",
        why=_(why),  # of the library's words, those without a translation stay English
    )


def _words(*about: str | None) -> list[str]:
    parts = [part.lower() for text in about for part in re.split(r"[\W_]+", text or "")]
    return [part for part in parts if len(part) > SHORT]


def _without(password: str, known: Iterable[str]) -> str:
    """Each known word counts as one letter, wherever it stands."""
    for word in known:
        password = re.sub(re.escape(word), word[0], password, flags=re.IGNORECASE)
    return password


def set_password(session: Session, user: User, password: str, now: datetime) -> None:
    """The person's own choice. The database ends every session of the login. The caller commits."""
    user.password = generate_password_hash(password)
    setting = login_setting.of_login(session, user.id)
    if setting is not None:
        setting.must_change = False
    who = Actor(user.id, user.username, user.get_full_name(), roles_of(user))
    session.add(audit.event(who, "password", "User", key=user.id))
    login_told.password_changed(session, user.id, now)
    session.flush()
