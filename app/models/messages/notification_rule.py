"""When a message is planned, by which channels, and in which words: the admin's to edit."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _, _p
from app.models.base.acting import Acting
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import EDIT, Role
from app.models.base.screen import Screen
from app.models.base.types import choice
from app.models.messages import wording
from app.spelling import word

OUTSIDE = ("email", "sms")
"""The channels that leave the house; a rule names them in the order in which they are tried."""


class NotificationRule(Entity):
    """One kind of message. A reminder says how long before the visit: so many hours, or so many
    days at a time of the clock on the wall; several reminders are several rules."""

    __tablename__ = "notification_rule"
    __table_args__ = (
        CheckConstraint(
            "(event = 'reminder') = ((CASE WHEN hours_before IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN days_before IS NULL THEN 0 ELSE 1 END) = 1)",
            name="notification_rule_timed",
        ),
        CheckConstraint(
            "(days_before IS NULL) = (at_time IS NULL)", name="notification_rule_at_time"
        ),
        CheckConstraint(
            "(hours_before IS NULL OR hours_before BETWEEN 1 AND 720)"
            " AND (days_before IS NULL OR days_before BETWEEN 1 AND 30)",
            name="notification_rule_ahead",
        ),
        CheckConstraint(
            "(quiet_from IS NULL) = (quiet_to IS NULL)", name="notification_rule_quiet"
        ),
    )

    notification_rule_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    event: Mapped[str] = mapped_column(choice("notification_rule_event", *wording.VARIABLES))
    active: Mapped[bool] = mapped_column(default=True, server_default="1")
    hours_before: Mapped[int | None] = mapped_column()
    days_before: Mapped[int | None] = mapped_column()
    at_time: Mapped[time | None] = mapped_column(Time)
    channels: Mapped[str] = mapped_column(String(40), default="email, sms")
    inbox: Mapped[bool] = mapped_column(default=True, server_default="1")
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_to: Mapped[time | None] = mapped_column(Time)
    templates: Mapped[list[NotificationTemplate]] = relationship(
        back_populates="rule", lazy="raise_on_sql"
    )

    __screen__ = Screen(
        title="Message rules",
        one="Message rule",
        menu="Administration",
        icon="fa-bell",
        columns=["name", "event", "active", "channels", "inbox", "hours_before", "days_before"],
        search=["name", "event", "active"],
        form=[
            "name", "event", "active", "hours_before", "days_before", "at_time", "channels",
            "inbox", "quiet_from", "quiet_to",
        ],
        optional=["channels"],
        choices={"channels": ("email, sms", "sms, email", "email", "sms")},
        labels={
            "event": "On what",
            "inbox": "Also in the inbox",
            "at_time": "At",
            "quiet_from": "Quiet from",
            "quiet_to": "Quiet until",
        },
        help={
            "hours_before": "For a reminder: this many hours before the visit.",
            "days_before": "Or this many days before it, at the time below.",
            "channels": "Outside the house: the first that reaches the person is used.",
            "quiet_from": "Within these hours nothing leaves; it waits for the end of them.",
        },
        order="name",
        empty="No rule yet. “flask clinic init” adds those that every clinic starts with.",
        grants={Role.ADMIN: EDIT},
    )  # fmt: skip

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """A reminder leaves some hours before the visit, or at a clinic time some days before it. Raises
        ClinicError."""
        self.channels = ", ".join(_channels(self.channels or ""))
        timed = [self.hours_before is not None, self.days_before is not None]
        if (self.event == "reminder") != (sum(timed) == 1):
            raise ClinicError(
                _("A reminder has hours before the visit, or days before it; nothing else has."),
                field="hours_before",
            )
        if (self.days_before is None) != (self.at_time is None):
            raise ClinicError(
                _("Days before the visit need a time, and only they."), field="at_time"
            )
        if not 1 <= (self.hours_before or 1) <= 720 or not 1 <= (self.days_before or 1) <= 30:
            raise ClinicError(_("A reminder comes at most 30 days before."), field="hours_before")
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ClinicError(_("Quiet hours have a beginning and an end."), field="quiet_to")

    def __str__(self) -> str:
        """Those that every clinic starts with are named in the language of who reads them."""
        return _p("rule", self.name)

    def read(self, name: str) -> Any:
        return str(self) if name == "name" else getattr(self, name)

    @property
    def order(self) -> list[str]:
        """The channels outside the house, in the order in which they are tried."""
        return [name for name in self.channels.split(", ") if name]


class NotificationTemplate(Entity):
    """The words of a rule in one language (Jinja, without anything that could run)."""

    __tablename__ = "notification_template"
    __table_args__ = (
        UniqueConstraint("notification_rule_id", "language", name="notification_template_once"),
    )

    notification_template_id: Mapped[int] = mapped_column(primary_key=True)
    notification_rule_id: Mapped[int] = mapped_column(
        ForeignKey("notification_rule.notification_rule_id", ondelete="CASCADE")
    )
    language: Mapped[str] = mapped_column(
        choice("notification_template_language", *wording.LANGUAGES)
    )
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    sms: Mapped[str] = mapped_column(Text)
    rule: Mapped[NotificationRule] = relationship(back_populates="templates")

    __screen__ = Screen(
        title="Message texts",
        one="Message text",
        menu="Administration",
        icon="fa-pen-nib",
        columns=["rule", "language", "subject"],
        search=["rule", "language", "subject"],
        form=["rule", "language", "subject", "body", "sms"],
        labels={"sms": "Text message", "body": "Words of the e-mail"},
        help={
            "subject": "One line. Words in {{ }} are filled in; the preview lists them.",
            "body": "Buttons to confirm, move and cancel, and the way to stop, are added below it.",
            "sms": "Short: 160 characters are one text message.",
        },
        order="notification_rule_id",
        empty="No text yet. “flask clinic init” adds those that every clinic starts with.",
        grants={Role.ADMIN: EDIT},
    )

    def __str__(self) -> str:
        return f"{self.rule} ({word(self.language)})"

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """Each text holds nothing but words and the variables of its rule's event."""
        rule = session.get(NotificationRule, self.notification_rule_id)
        if rule is None:
            raise ClinicError(_("Choose the rule that speaks these words."), field="rule")
        self.check_words(rule.event)

    def check_words(self, event: str) -> None:
        """Raises ClinicError where a text cannot be said of every `event`."""
        for field in ("subject", "body", "sms"):
            wording.check(field, getattr(self, field) or "", event)


def _channels(said: str) -> list[str]:
    names = [name.strip().lower() for name in said.split(",") if name.strip()]
    if unknown := [name for name in names if name not in OUTSIDE]:
        raise ClinicError(
            _("%(name)s is no channel; write email, sms.", name=unknown[0][:20]),
            field="channels",
        )
    return list(dict.fromkeys(names))
