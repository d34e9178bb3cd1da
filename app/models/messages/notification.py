"""The outbox: one row for each message, rule and channel, from its planning to its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base.entity import Entity
from app.models.base.grants import READ, STAFF
from app.models.base.screen import Screen
from app.models.base.types import Instant, choice, only
from app.models.messages.notification_rule import NotificationRule
from app.models.people.patient import Patient
from app.models.people.staff import Staff
from app.models.portal.portal_registration import PortalRegistration
from app.models.visits.appointment import Appointment

INBOX = "inbox"
CHANNELS = (INBOX, "email", "sms")
STATES = ("planned", "claimed", "sent", "skipped", "failed", "dead")
"""`planned` waits for its time, `claimed` is being sent, `failed` is tried again, `dead` is not;
`skipped` was not sent for the reason beside it."""
UNSENT = ("planned", "failed")
PENDING = (*UNSENT, "claimed")
"""Those and what is being sent right now: whose end is not known yet."""
TO_GO = "state IN ('planned', 'failed')"
"""`UNSENT` in the letters of its index, so that SQLite takes it: old ones cost nothing."""


class Notification(Entity):
    """One message to one person by one channel (FHIR R4 Communication).

    It is written in the transaction of what caused it; `once` names that cause, so that the same
    cause never writes it twice. A message in the inbox is there as soon as its time has come.
    """

    __tablename__ = "notification"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN staff_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN patient_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN user_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN portal_registration_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="notification_to_one",
        ),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="notification_sent_when"),
        CheckConstraint(
            "(state = 'claimed') = (lease_until IS NOT NULL)", name="notification_lease"
        ),
        Index("ix_notification_due", "not_before", **only(TO_GO)),
        Index("ix_notification_held", "lease_until", **only("state = 'claimed'")),
        Index("ix_notification_dead", "created", **only("state = 'dead'")),
        Index("ix_notification_staff", "staff_id", "channel", "read_at"),
        Index("ix_notification_patient", "patient_id", "channel", "sent_at"),
        Index("ix_notification_user", "user_id", "channel", "read_at"),
        Index("ix_notification_appointment", "appointment_id", "not_before"),
    )

    notification_id: Mapped[int] = mapped_column(primary_key=True)
    once: Mapped[str] = mapped_column(String(200), unique=True)
    rule: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(choice("notification_channel", *CHANNELS), default=INBOX)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.staff_id"))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.patient_id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    portal_registration_id: Mapped[int | None] = mapped_column(
        ForeignKey("portal_registration.portal_registration_id")
    )
    appointment_id: Mapped[int | None] = mapped_column(
        ForeignKey("appointment.appointment_id", ondelete="CASCADE")
    )
    appointment_version: Mapped[int | None] = mapped_column()
    visit_start: Mapped[datetime | None] = mapped_column(Instant)
    notification_rule_id: Mapped[int | None] = mapped_column(
        ForeignKey("notification_rule.notification_rule_id")
    )
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    context: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(
        choice("notification_state", *STATES), default="planned", server_default="planned"
    )
    reason: Mapped[str | None] = mapped_column(String(300))
    created: Mapped[datetime] = mapped_column(Instant)
    not_before: Mapped[datetime] = mapped_column(Instant)
    expires: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    claimed_by: Mapped[str | None] = mapped_column(String(100))
    address: Mapped[str | None] = mapped_column(String(254))
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    provider_id: Mapped[str | None] = mapped_column(String(200))
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    staff: Mapped[Staff | None] = relationship()
    patient: Mapped[Patient | None] = relationship()
    user: Mapped[User | None] = relationship()
    portal_registration: Mapped[PortalRegistration | None] = relationship()
    appointment: Mapped[Appointment | None] = relationship()
    notification_rule: Mapped[NotificationRule | None] = relationship()

    __screen__ = Screen(
        title="Messages",
        one="Message",
        icon="fa-inbox",
        columns=["created", "subject", "read_at"],
        search=["created", "subject", "read_at"],
        detail=["created", "subject", "body", "read_at"],
        labels={"created": "When", "read_at": "Read"},
        order="-created",
        empty="No message for you. When the rota is published, yours comes here.",
        grants=dict.fromkeys(STAFF, READ.own("staff_id")),
    )

    def __str__(self) -> str:
        return self.subject
