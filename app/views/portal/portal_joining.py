"""`/portal/join/…`, `/portal/forgot`, `/portal/register`: before one is signed in.

What each of them answers tells nobody who is a patient here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.sqla.models import User
from werkzeug.security import generate_password_hash
from wtforms import DateField, EmailField, PasswordField, StringField
from wtforms.validators import Email, Length, Optional

from app.extensions import db
from app.language import _, _l
from app.models import ClinicError, NotFound, PortalRegistration, PortalToken, Role
from app.models.base.guesses import TooMany
from app.models.portal import joining, portal_links
from app.security import audit, sessions
from app.security.actor import actor_for, current_actor
from app.security.guessing import guessing
from app.security.weakness import SHORTEST_PASSWORD
from app.views.generated import writing
from app.views.login.passwords import LONG_ENOUGH, NEEDED, SAME, unguessed
from app.views.login.user_forms import clean
from app.views.portal.portal_sending import send_or_pretend
from app.views.portal.portal_shell import clinic

SENT = _l(
    "If we know this login, a link is on its way to the address that we have. It works for an hour."
)
ASKED = _l("Thank you. The front desk looks at it; then a link comes to your e-mail address.")


class BirthForm(DynamicForm):
    """Someone who is signed in proves to know a patient."""

    dob = DateField(_l("Birth date"), [NEEDED], render_kw={"autocomplete": "bday"})


class JoinForm(BirthForm):
    """The birth date, and a password of one's own."""

    password = PasswordField(
        _l("Choose a password"), [NEEDED, LONG_ENOUGH, unguessed],
        description=_l("At least %(least)s characters; three or four words are good.", least=SHORTEST_PASSWORD),
    )  # fmt: skip
    conf_password = PasswordField(_l("The password again"), [SAME])


class ForgotForm(DynamicForm):
    """Who wants a new password."""

    login = StringField(
        _l("E-mail address or user name"), [NEEDED, Length(max=254), clean],
        render_kw={"autocomplete": "username", "autocapitalize": "none"},
    )  # fmt: skip


class RegisterForm(DynamicForm):
    """Who asks to use the portal."""

    name = StringField(
        _l("Your name"), [NEEDED, Length(max=129), clean], render_kw={"autocomplete": "name"}
    )
    dob = DateField(_l("Birth date"), [NEEDED], render_kw={"autocomplete": "bday"})
    email = EmailField(
        _l("E-mail"), [NEEDED, Length(max=254), Email(_l("Write an e-mail address.")), clean]
    )
    phone = StringField(
        _l("Phone"), [Optional(), Length(max=40), clean], render_kw={"autocomplete": "tel"}
    )


class PortalJoinView(BaseView):
    """The ways into the portal."""

    route_base = "/portal"
    default_view = "register"

    @expose("/join/<secret>", methods=["GET", "POST"])
    def join(self, secret: str) -> Any:
        """Use a link: prove the birth date, choose a password. Opening it changes nothing."""
        session, moment = db.session(), datetime.now(UTC)
        try:
            row = portal_links.find(session, secret, moment)
        except NotFound as error:
            return _gone(error)
        user = _patients_login()
        adds = user is not None and row.purpose == "invitation"
        form = BirthForm() if adds else JoinForm()
        facts: dict[str, Any] = {
            "form": form,
            "adds": adds,
            "purpose": row.purpose,
            "relation": row.relation,
        }
        if request.method == "GET":
            return _page("join", **facts)
        if not form.validate():
            return _page("join", 422, **facts)
        try:
            with guessing(session, f"link:{row.portal_token_id}") as guess:
                _require_proof(row, form.dob.data)
                guess.right()
            session.commit()
            return _add(row, user, moment) if adds and user else _activate(row, form, moment)
        except ClinicError as error:
            writing.point_at(form, error)
            if error.status == 404:
                return _gone(error)
            return _page("join", error.status, problem=error.message, **facts)

    @expose("/forgot", methods=["GET", "POST"])
    def forgot(self) -> Any:
        """Ask for a link to set a new password; the answer is the same for every name."""
        form = ForgotForm()
        if request.method == "GET":
            return _page("forgot", form=form)
        if not form.validate():
            return _page("forgot", 422, form=form)
        session, moment = db.session(), datetime.now(UTC)
        said = form.login.data.strip()
        try:
            with guessing(
                session, f"forgot:{said.lower()}"
            ):  # each counts: none tells if it was right
                pass
        except TooMany as error:
            return _page("forgot", error.status, form=form, problem=error.message)
        with writing.transaction(session):
            send_or_pretend(said, moment)
        return _page("said", title=_("Look into your mail"), text=SENT, waits=True)

    @expose("/register", methods=["GET", "POST"])
    def register(self) -> Any:
        """Ask to use the portal, where the clinic lets people ask; the desk answers."""
        if not current_app.config["PORTAL_REGISTRATION"]:
            abort(404)
        form = RegisterForm()
        if request.method == "GET":
            return _page("register", form=form)
        if not form.validate():
            return _page("register", 422, form=form)
        session, moment = db.session(), datetime.now(UTC)
        asked = PortalRegistration(
            name=form.name.data.strip(), dob=form.dob.data, email=form.email.data.strip(),
            phone=form.phone.data or None, created=moment,
        )  # fmt: skip
        try:
            with guessing(session, None):
                pass
            asked.check(session, None, moment)
        except ClinicError as error:
            writing.point_at(form, error)
            return _page("register", 422, form=form, problem=error.message)
        with writing.transaction(session):
            session.add(asked)
            audit.written(session, None, "add", asked)
        return _page("said", title=_("We have your request"), text=ASKED)


def _gone(error: ClinicError) -> Any:
    return _page("said", error.status, title=_("This link no longer works"), text=error.message)


def _require_proof(row: PortalToken, dob: Any) -> None:
    session = db.session()
    if portal_links.proves(session, row, dob):
        return
    _note_use(row, None, "failure")
    session.commit()
    raise portal_links.wrong(row)


def _activate(row: PortalToken, form: Any, moment: datetime) -> Any:
    session = db.session()
    secret_hash = generate_password_hash(form.password.data)
    with writing.transaction(session):
        user = joining.activate(session, row, secret_hash, moment)
        session.flush()
        _note_use(row, user)
        name = user.username
        if row.purpose == "invitation":
            sessions.open_for_browser(session, actor_for(user), moment)
    if row.purpose == "reset":
        flash(_("Your new password is set. Sign in with it as %(name)s.", name=name), "success")
        return redirect(url_for("LoginView.login"))
    flash(_("Welcome. This is your portal. You sign in as %(name)s.", name=name), "success")
    return redirect(url_for("PortalView.home"))


def _add(row: PortalToken, user: User, moment: datetime) -> Any:
    session = db.session()
    with writing.transaction(session):
        joining.add_to(session, row, user, moment)
        _note_use(row, user)
    flash(_("%(name)s is added to your login.", name=row.patient.name), "success")
    return redirect(url_for("PortalView.home"))


def _note_use(row: PortalToken, user: User | None, outcome: str = "success") -> None:
    audit.note(
        db.session(), actor_for(user) if user else None, f"{row.purpose}-use", "PortalToken",
        key=row.portal_token_id, patient_id=row.patient_id, outcome=outcome,
    )  # fmt: skip


def _patients_login() -> User | None:
    """Who is signed in, where that is a patient's or a guardian's login and nothing else."""
    session = db.session()
    person = current_actor()
    ours = person is not None and person.roles == {Role.PATIENT}
    return session.get(User, person.user_id) if person and ours else None


def _page(template: str, status: int = 200, **facts: Any) -> tuple[str, int]:
    return render_template(f"portal/{template}.html", clinic=clinic(), **facts), status
