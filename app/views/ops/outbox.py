"""Messages on their way and those that were given up; never what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.models import Notification
from app.models.notification import CHANNELS, STATES
from app.views.ops.filters import From, Is, IsNumber, Until, words
from app.views.ops.table import OpsTable


class OutboxTable(OpsTable):
    """One row for each message, rule and channel."""

    icon = "fa-paper-plane"
    one = "Message"
    empty = "No message yet. What the clinic tells people by itself passes through here."
    column_list: Sequence[str] = (
        "created", "rule", "channel", "state", "attempts", "not_before", "sent_at", "reason",
    )  # fmt: skip
    column_sortable_list = ("created", "rule", "channel", "state", "attempts", "not_before")
    column_default_sort = ("created", True)
    column_details_list = (
        "created", "rule", "once", "channel", "state", "reason", "attempts", "not_before",
        "expires", "lease_until", "claimed_by", "sent_at", "read_at", "staff_id", "patient_id",
        "user_id", "appointment_id", "address", "message_id", "provider_id",
    )  # fmt: skip
    column_labels = {
        "created": "When",
        "once": "Cause",
        "not_before": "Not before",
        "sent_at": "Sent",
        "read_at": "Read",
        "lease_until": "Claimed until",
        "claimed_by": "Claimed by",
        "message_id": "Message-ID",
        "provider_id": "Number at the provider",
        "staff_id": "To the member of staff",
        "patient_id": "To the patient",
        "user_id": "To the login",
        "appointment_id": "About the visit",
    }
    column_filters: Sequence[Any] = (
        Is(Notification.rule, "Rule"),
        Is(Notification.state, "State", options=words(*STATES)),
        Is(Notification.channel, "Channel", options=words(*CHANNELS)),
        IsNumber(Notification.patient_id, "Patient number", data_type="number"),
        From(Notification.created, "From"),
        Until(Notification.created, "Until"),
    )

    def show_page(self, row: Any) -> Any:
        page = super().show_page(row)
        page.title = f"Message {row.notification_id}"
        return page


class DeadLetterTable(OutboxTable):
    """Messages that are not tried again unless a person says so."""

    icon = "fa-envelope-circle-check"
    one = "Dead letter"
    empty = "No message was given up. One that fails for good waits here to be sent again."
    column_list = ("created", "rule", "channel", "attempts", "reason")
    column_filters = (
        Is(Notification.rule, "Rule"),
        Is(Notification.channel, "Channel", options=words(*CHANNELS)),
    )

    def get_query(self) -> Any:
        return super().get_query().filter(Notification.state == "dead")
