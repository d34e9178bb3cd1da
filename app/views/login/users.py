"""The framework's users and roles, for the admin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import inspect
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _, _k, _l
from app.models import MANAGE, READ, Action, ClinicError, LoginSession, LoginSetting, Role
from app.models.base import guesses
from app.models.people import login_session, login_setting, login_told, logins
from app.security import audit
from app.security.guessing import login_subject
from app.security.policy import of_the_application
from app.security.scope import load
from app.security.weakness import weakness
from app.spelling import word
from app.views.generated.filters import ClinicInterface
from app.views.generated.grid import GridView
from app.views.generated.guard import actor
from app.views.generated.pages import Act, Cell
from app.views.generated.values import show
from app.views.login import rights
from app.views.login.user_forms import NewUserForm, UserForm

GRANTS = {User: ("User", {Role.ADMIN: MANAGE}), RoleRow: ("Role", {Role.ADMIN: READ})}
"""Who may do what with the framework's own tables."""


class UserView(GridView):
    """Logins: who may sign in, and with which roles."""

    datamodel = ClinicInterface(User)
    route_base = "/users"
    class_permission_name = "User"
    list_title = _l("Users")
    one = _l("User")
    icon = "fa-users"
    empty = _l("No login yet.")
    base_order = ("username", "asc")
    list_columns = ("username", "first_name", "last_name", "email", "active", "last_login")
    order_columns = list_columns
    search_columns = ("username", "first_name", "last_name", "email", "active")
    show_columns = (*list_columns, "roles", "login_count")
    add_columns = (
        "username", "first_name", "last_name", "email", "active", "roles", "password",
        "conf_password",
    )  # fmt: skip
    edit_columns = add_columns
    label_columns: ClassVar[dict[str, Any]] = {
        "username": _l("User name"),
        "active": _l("Active"),
        "first_name": _l("First name"),
        "last_name": _l("Last name"),
        "email": _l("E-mail"),
        "last_login": _l("Last sign-in"),
        "login_count": _l("Sign-ins"),
    }
    add_form, edit_form = NewUserForm, UserForm

    def cell(self, row: User, name: str) -> Cell:
        if name == "roles":
            return Cell(", ".join(sorted(word(role.name) for role in row.roles)))
        return super().cell(row, name)

    def pre_add(self, item: User) -> None:
        """The first password is for one use. Raises ClinicError for a name that is taken, or a weak
        password."""
        logins.check_name(db.session(), item.username)
        _refuse_weak(item)
        db.session.add(LoginSetting(user=item, must_change=True))

    def pre_update(self, item: User) -> None:
        """A password that the admin sets is good for one sign-in, at which the person chooses."""
        if inspect(item).attrs.username.history.has_changes():
            logins.check_name(db.session(), item.username, item.id)
        logins.keep_an_admin(db.session(), item)
        if not inspect(item).attrs.password.history.has_changes():
            return
        if item.id == actor().user_id:
            raise ClinicError(_("Change your own password under “My account”."), field="password")
        _refuse_weak(item)
        login_setting.made_for(db.session(), item.id).must_change = True
        guesses.release(db.session(), login_subject(item.id))

    @expose("/unlock/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def unlock(self, pk: str) -> Response:
        """Let someone sign in again at once who tried too often."""
        user = load(db.session(), actor(), User, pk, Action.EDIT)
        guesses.release(db.session(), login_subject(user.id))
        return self._done(user, "unlock", _("The tries are forgotten; signing in is open again."))

    @expose("/reset-factor/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def reset_factor(self, pk: str) -> Response:
        """Take away the second factor of someone who lost theirs, and end their sessions."""
        user, session, now = (
            load(db.session(), actor(), User, pk, Action.EDIT),
            db.session(),
            _now(),
        )
        setting = login_setting.of_login(session, user.id)
        if setting is None or setting.totp_since is None:
            raise ClinicError(_("This login has no second factor."))
        login_setting.remove(session, setting)
        login_session.end(session, now, "ended by admin", LoginSession.user_id == user.id)
        login_told.factor_changed(session, user.id, _k("The administrator took it away."), now)
        return self._done(user, "second-factor", _("The second factor is taken away."))

    def _done(self, user: User, action: str, said: str) -> Response:
        audit.note(db.session(), actor(), action, "User", key=user.id)
        db.session.commit()
        flash(said, "success")
        return redirect(url_for("UserView.show", pk=user.id))

    def facts(self, row: User) -> Sequence[tuple[str, Cell]]:
        """The row, and what signing in asks or holds up now."""
        session, now = db.session(), _now()
        setting = login_setting.of_login(session, row.id)
        pause = guesses.wait(session, login_subject(row.id), guesses.ACCOUNT, now)
        return [
            *super().facts(row),
            (_("Second factor"), Cell(show(setting.totp_since) if setting else "", "instant")),
            (
                _("Must choose a password"),
                Cell(_("Yes") if setting and setting.must_change else _("No")),
            ),
            (_("Signing in"), Cell(_paused(pause))),
        ]

    def acts(self, row: User) -> Sequence[Act]:
        """What stands between this person and signing in, where anything does."""
        session, subject = db.session(), login_subject(row.id)
        setting, found = login_setting.of_login(session, row.id), []
        if guesses.wait(session, subject, guesses.ACCOUNT, _now()):
            url = url_for("UserView.unlock", pk=row.id)
            asks = _("Let %(name)s try again at once?", name=self.title_of(row))
            found.append(Act(_("Let them try again"), url, "fa-lock-open", asks))
        if setting and setting.totp_since:
            url = url_for("UserView.reset_factor", pk=row.id)
            asks = _(
                "Take away the second factor of %(title)s? Every session of theirs ends.",
                title=self.title_of(row),
            )
            found.append(Act(_("Reset the second factor"), url, "fa-mobile-screen", asks))
        return found

    def pre_delete(self, item: User) -> None:
        """Raises ClinicError for one's own login, and for the last admin's."""
        if item.id == actor().user_id:
            raise ClinicError(_("You cannot delete the login you are signed in with."))
        logins.keep_an_admin(db.session(), item, goes=True)


class RoleView(GridView):
    """The five roles and what each may do, as the declarations say."""

    datamodel = ClinicInterface(RoleRow)
    route_base = "/roles"
    class_permission_name = "Role"
    exclude_route_methods = GridView.exclude_route_methods | {"add", "edit", "delete"}
    list_title = _l("Roles")
    one = _l("Role")
    icon = "fa-user-shield"
    base_order = ("name", "asc")
    list_columns = order_columns = search_columns = show_columns = ("name",)
    label_columns: ClassVar[dict[str, Any]] = {"name": _l("Name")}
    add_columns = edit_columns = ("name",)
    add_form = edit_form = DynamicForm

    def title_of(self, row: RoleRow) -> str:
        return word(row.name)

    def cell(self, row: RoleRow, name: str) -> Cell:
        return Cell(word(row.name))

    def facts(self, row: RoleRow) -> Sequence[tuple[str, Cell]]:
        """What a built-in role may, in words, as its grants say; a role of the framework has none."""
        if row.name not in list(Role):
            return []
        views = self.appbuilder.baseviews
        found = rights.lines(of_the_application(), Role(row.name), views)
        return [(title, Cell(may)) for title, may in found]


def _refuse_weak(user: User) -> None:
    """Raises ClinicError where the password in the form would be guessed soon."""
    about = (user.username, user.first_name, user.last_name, user.email)
    weak = weakness(request.form.get("password", ""), about)
    if weak:
        raise ClinicError(weak, field="password")


def _paused(pause: timedelta) -> str:
    minutes = -(-int(pause.total_seconds()) // 60)
    return (
        _("Paused for %(minutes)s min after too many tries", minutes=minutes)
        if minutes
        else _("Not paused")
    )


def _now() -> datetime:
    return datetime.now(UTC)
