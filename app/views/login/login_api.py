"""`/api/v1/security/`: tokens for programs, and their end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import current_app, request
from flask_appbuilder import expose
from flask_appbuilder.security.api import SecurityApi
from flask_jwt_extended import (
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)

from app.extensions import db
from app.language import _
from app.models import ClinicError
from app.security import sessions
from app.security.sign_in import WRONG, Known, check_code
from app.views.login.login import end_session, password_of


class NeedsMore(ClinicError):
    """The password was right, and something else is asked for."""

    status = 401
    code = "second_factor"


class LoginApi(SecurityApi):
    """Bearer tokens. Each carries the secret of its session and ends with it."""

    @expose("/login", methods=["POST"])
    def login(self) -> Any:
        body = request.get_json(silent=True)
        names = ("username", "password")
        if not isinstance(body, dict) or not all(isinstance(body.get(n), str) for n in names):
            return self.response_400(message=_("Send username and password as a JSON object."))
        known = password_of(body["username"], body["password"])
        if known is None:
            return self.response(401, message=WRONG)
        db.session.commit()  # the password was right, whatever is asked for yet
        _ask_the_rest(known, body.get("code"))
        sid = sessions.open_for_program(db.session(), known.person, datetime.now(UTC))
        identity = str(known.user_id)
        db.session.commit()
        return self.response(200, **self._tokens(identity, sid, refresh=bool(body.get("refresh"))))

    @expose("/refresh", methods=["POST"])
    @jwt_required(refresh=True)
    def refresh(self) -> Any:
        return self.response(200, **self._tokens(get_jwt_identity(), get_jwt()["sid"], fresh=False))

    @expose("/logout", methods=["POST"])
    @jwt_required(verify_type=False)
    def logout(self) -> Any:
        """Ends the session of the token, an access or a refresh one
        ---
        post:
          description: >-
            End the session: none of its access and refresh tokens is taken from then on
          responses:
            200:
              description: The session is over
            401:
              $ref: '#/components/responses/401'
          security:
            - jwt: []
        """
        end_session()
        return self.response(200, message=_("The session is over."))

    @staticmethod
    def _tokens(
        identity: str, sid: str, *, fresh: bool = True, refresh: bool = False
    ) -> dict[str, str]:
        claims = {"sid": sid}
        access = create_access_token(identity, fresh=fresh, additional_claims=claims)
        if not refresh:
            return {"access_token": access}
        again = create_refresh_token(identity, additional_claims=claims)
        return {"access_token": access, "refresh_token": again}


def _ask_the_rest(known: Known, code: Any) -> None:
    """What a person is asked after the password, a program sends at once. Raises NeedsMore."""
    if known.has_factor:
        if not isinstance(code, str) or not code:
            raise NeedsMore(_("Send the code of your second factor as `code` too."))
        if not check_code(db.session(), known, code, datetime.now(UTC)):
            raise NeedsMore(_("That code is not good, or was used before."))
    if known.must_enrol(current_app.config["SECOND_FACTOR_ROLES"]):
        raise NeedsMore(_("Your role needs a second factor: sign in on the web page to set it up."))
    if known.must_change:
        raise NeedsMore(_("Your password must be changed: sign in on the web page to do it."))


LoginApi.login.__doc__ = SecurityApi.login.__doc__
LoginApi.refresh.__doc__ = SecurityApi.refresh.__doc__
