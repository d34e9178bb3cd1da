"""`/api/v1/waitlist/offer/<id>/accept` and `…/decline`: the answer to an offered time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask_appbuilder.api import BaseApi, expose, protect, safe
from flask_appbuilder.security.decorators import permission_name

from app.extensions import db
from app.models import Action, WaitlistOffer
from app.models.base.grants import DESK
from app.models.visits import offering
from app.security.scope import load
from app.views.generated import writing
from app.views.generated.api import in_words
from app.views.generated.guard import actor
from app.views.generated.values import encode


class WaitlistApi(BaseApi):
    """What a patient answers to an offer, as the desk was told."""

    resource_name = "waitlist"
    class_permission_name = "Waitlist"
    allow_browser_login = True
    csrf_exempt = (
        True  # by the framework's check; `views.frame.csrf` asks for the token of a cookie
    )
    openapi_spec_tag = "Waitlist"
    may = {"answer": DESK}

    @expose("/offer/<pk>/accept", methods=["POST"])
    @protect()
    @safe
    @permission_name("answer")
    def accept(self, pk: str) -> Any:
        """Book what was offered; twice is once
        ---
        post:
          responses:
            200:
              description: The offer, taken, and its visit
            409:
              description: The offer has run out
        """
        return self._accept(pk)

    @expose("/offer/<pk>/decline", methods=["POST"])
    @protect()
    @safe
    @permission_name("answer")
    def decline(self, pk: str) -> Any:
        """Pass the time on to the next in line
        ---
        post:
          responses:
            200:
              description: The offer, declined
        """
        return self._decline(pk)

    @in_words
    def _accept(self, pk: str) -> Any:
        session = db.session()
        offer = load(session, actor(), WaitlistOffer, pk, Action.SHOW)

        def take(row: WaitlistOffer) -> None:
            offering.accept(session, actor(), row, datetime.now(UTC))

        return self._keep(offer, take)

    @in_words
    def _decline(self, pk: str) -> Any:
        session = db.session()
        offer = load(session, actor(), WaitlistOffer, pk, Action.SHOW)

        def pass_on(row: WaitlistOffer) -> None:
            offering.decline(session, actor(), row, datetime.now(UTC))

        return self._keep(offer, pass_on)

    def _keep(self, offer: WaitlistOffer, step: Callable[[WaitlistOffer], None]) -> Any:
        session = db.session()
        writing.keep(session, actor(), lambda: step(offer), lambda _: [(Action.EDIT, offer)])
        result = {
            "waitlist_offer_id": offer.waitlist_offer_id,
            "appointment_id": offer.appointment_id,
            "state": offer.state,
            "expires_at": encode(offer.expires_at),
        }
        return self.response(200, id=offer.waitlist_offer_id, result=result)
