"""Messages on their way and those that were given up; never what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _, _l
from app.models import Notification
from app.models.messages import by_hand
from app.models.messages.notification import CHANNELS, STATES
from app.models.messages.reasons import retold
from app.views.generated import writing
from app.views.generated.guard import actor
from app.views.generated.pages import Act, Cell
from app.views.ops.filters import From, Is, IsNumber, Until, words
from app.views.ops.table import OpsTable


class OutboxTable(OpsTable):
    """One row for each message, rule and channel."""

    icon = "fa-paper-plane"
    one = _l("Message")
    empty = _l("No message yet. What the clinic tells people by itself passes through here.")
    column_list: Sequence[str] = (
        "created", "rule", "channel", "state", "attempts", "not_before", "reason",
    )  # fmt: skip
    column_sortable_list = ("created", "rule", "channel", "state", "attempts", "not_before")
    column_default_sort = ("created", True)
    column_details_list = (
        "created", "rule", "channel", "state", "reason", "attempts", "not_before",
        "expires", "lease_until", "claimed_by", "sent_at", "read_at", "staff_id", "patient_id",
        "user_id", "portal_registration_id", "appointment_id", "address", "message_id", "provider_id", "once",
    )  # fmt: skip
    column_labels = {
        "created": _l("When"),
        "rule": _l("Rule"),
        "channel": _l("Channel"),
        "state": _l("State"),
        "attempts": _l("Attempts"),
        "reason": _l("Reason"),
        "expires": _l("Expires"),
        "address": _l("Address"),
        "once": _l("Key of the message"),
        "not_before": _l("Not before"),
        "sent_at": _l("Sent"),
        "read_at": _l("Read"),
        "lease_until": _l("Claimed until"),
        "claimed_by": _l("Claimed by"),
        "message_id": "Message-ID",
        "provider_id": _l("Number at the provider"),
        "staff_id": _l("To the member of staff"),
        "patient_id": _l("To the patient"),
        "user_id": _l("To the login"),
        "portal_registration_id": _l("To the request for the portal"),
        "appointment_id": _l("About the visit"),
    }
    leads = {
        "patient_id": "PatientView.show",
        "staff_id": "StaffView.show",
        "user_id": "UserView.show",
        "appointment_id": "AppointmentView.show",
        "portal_registration_id": "PortalRegistrationView.show",
    }
    spoken = ("rule", "channel", "state")
    column_filters: Sequence[Any] = (
        Is(Notification.rule, _l("Rule")),
        Is(Notification.state, _l("State"), options=words(*STATES)),
        Is(Notification.channel, _l("Channel"), options=words(*CHANNELS)),
        IsNumber(Notification.patient_id, _l("Patient number"), data_type="number"),
        From(Notification.created, _l("From")),
        Until(Notification.created, _l("Until")),
    )

    actions: ClassVar[Mapping[str, str]] = {"resend": "resend", "take_off": "resend"}

    @expose("/resend/<key>", methods=["POST"])
    def resend(self, key: str) -> Response:
        """Send a message anew that was given up, or not sent."""
        row = self.get_one(key)
        self._kept("resend", lambda: by_hand.resend(db.session(), row.pk, datetime.now(UTC)))
        flash(_("It goes out again within seconds, unless it is stale by now."), "success")
        return redirect(url_for("ops_outbox.details_view", id=row.pk))

    @expose("/take-off/<key>", methods=["POST"])
    def take_off(self, key: str) -> Response:
        """Never send a message that waits, or was given up."""
        row = self.get_one(key)
        self._kept("take-off", lambda: by_hand.take_off(db.session(), row.pk))
        flash(_("It will not be sent."), "success")
        return redirect(url_for("ops_outbox.details_view", id=row.pk))

    def cell(self, row: Any, name: str) -> Cell:
        if name == "reason" and row.reason:
            return Cell(retold(row.reason), "text")
        return super().cell(row, name)

    def _kept(self, action: str, work: Callable[[], Notification]) -> None:
        writing.keep(db.session(), actor(), work, lambda row: [(action, row)])

    def acts(self, row: Any) -> list[Act]:
        """To send it again or not at all, where its state allows that."""
        found = []
        if by_hand.may_resend(row):
            found.append(
                Act(_("Send again"), url_for(".resend", key=row.pk), "fa-paper-plane",
                    _("Send this message again? Where it is not true any more, it is skipped."))
            )  # fmt: skip
        if by_hand.may_take_off(row):
            found.append(
                Act(_("Do not send"), url_for(".take_off", key=row.pk), "fa-ban",
                    _("Take this message off? The person is not told."))
            )  # fmt: skip
        return found

    def show_page(self, row: Any) -> Any:
        """Without the empty leads: a message is about one thing, and goes to one person."""
        page = super().show_page(row)
        page.title = _("Message %(number)s", number=row.notification_id)
        about = {str(self.column_labels[name]) for name in self.leads}  # it goes to one of them
        page.facts = [f for f in page.facts if f[0] not in about or f[1].kind != "empty"]
        return page


class DeadLetterTable(OutboxTable):
    """Messages that are not tried again unless a person says so."""

    icon = "fa-envelope-circle-check"
    one = _l("Dead letter")
    empty = _l("No message was given up. One that fails for good waits here to be sent again.")
    column_list = ("created", "rule", "channel", "attempts", "reason")
    column_filters = (
        Is(Notification.rule, _l("Rule")),
        Is(Notification.channel, _l("Channel"), options=words(*CHANNELS)),
    )

    def get_query(self) -> Any:
        """Only those that were given up."""
        return super().get_query().filter(Notification.state == "dead")
