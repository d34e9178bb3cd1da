"""Writing to the outbox, in the transaction of what is told.

`announce` is for whoever has something to tell: it finds the rules, the channels that the person
can and wants to be reached by, and the words. What is told of visits that were booked, moved or
cancelled is written by `models.messages.planning`, whichever way the change came.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from app.language import _, _k
from app.models.base.errors import ClinicError, NotFound
from app.models.messages import composing, reach, visits_told
from app.models.messages.notification import INBOX, Notification
from app.models.messages.notification_rule import NotificationRule
from app.models.messages.reach import Reach
from app.models.messages.visits_told import Told
from app.spelling import said

KEPT_FOR = timedelta(days=3)
"""How long a message that is about no visit is tried."""

UNSENT = ("planned", "failed")


@dataclass(frozen=True)
class To:
    """The one person a message goes to: a patient, a member of staff, a login, or somebody who
    asked for the portal."""

    patient_id: int | None = None
    staff_id: int | None = None
    user_id: int | None = None
    portal_registration_id: int | None = None

    def columns(self) -> dict[str, int]:
        return {name: key for name, key in vars(self).items() if key is not None}


@dataclass(frozen=True)
class Cause:
    """Why a message is planned: `once` names it, so that the same cause never tells twice;
    `visits` are those it speaks of, `more` fills in the other variables of its words."""

    once: str
    now: datetime
    visits: Sequence[Told] = ()
    more: composing.Values | None = None
    not_before: datetime | None = None
    expires: datetime | None = None
    version: int | None = None
    too_late: str | None = None


def announce(
    session: Session,
    event: str,
    cause: str,
    now: datetime,
    *,
    patient_id: int | None = None,
    staff_id: int | None = None,
    user_id: int | None = None,
    portal_registration_id: int | None = None,
    context: composing.Values | None = None,
    visits: Sequence[Told] = (),
    not_before: datetime | None = None,
    expires: datetime | None = None,
) -> list[Notification]:
    """Plan what every active rule for `event` says about `cause`, in this transaction.

    `event` is a key of `wording.VARIABLES`, which lists what `context` must fill in: text, lists
    of lines, aware datetimes, texts by language (`{"en": …, "es": …}`), and paths of the clinic
    (`/portal/`). `cause` names what happened (`share:12`); announced again, it plans nothing more.
    Exactly one of the four keys says to whom. Answers the new messages: one in the inbox where
    the rule wants that, and one by the first channel that reaches the person (`skipped`, with the
    reason, where none does). Raises nothing for a person who cannot be reached.
    """
    to = To(patient_id, staff_id, user_id, portal_registration_id)
    why = Cause(
        cause, now, visits, composing.dump(context or {}), not_before, expires or now + KEPT_FOR
    )
    to = reach.to_who_is_kept(session, to)
    person = reach_of(session, to)
    doctors = visits_told.doctors_of(session, visits) if visits else {}
    planned: list[Notification] = []
    for rule in rules_of(session, event):
        planned += plan(session, rule, to, person, why, doctors)
    session.flush()
    return planned


def reach_of(session: Session, to: To) -> Reach:
    """By what this person can be reached."""
    if to.patient_id is not None:
        return reach.of_patients(session, [to.patient_id])[to.patient_id]
    if to.staff_id is not None:
        return reach.of_staff(session, to.staff_id)
    if to.user_id is not None:
        return reach.of_user(session, to.user_id)
    if to.portal_registration_id is not None:
        return reach.of_registration(session, to.portal_registration_id)
    raise ValueError("A message goes to one person; name one.")


def rules_of(session: Session, *events: str) -> Sequence[NotificationRule]:
    """The active rules about these events with their words, in one statement."""
    query = (
        select(NotificationRule)
        .outerjoin(NotificationRule.templates)
        .options(contains_eager(NotificationRule.templates))
        .where(NotificationRule.active, NotificationRule.event.in_(events))
        .order_by(NotificationRule.notification_rule_id)
    )
    return session.scalars(query).unique().all()


def plan(
    session: Session,
    rule: NotificationRule,
    to: To,
    person: Reach,
    cause: Cause,
    doctors: dict[int, str],
) -> list[Notification]:
    """The messages of one rule to one person; those that are there already are left alone, but
    one that was given up without being sent is planned again."""
    template = composing.template_of(rule, person.language)
    wanted = _channels(rule, person)
    if template is None or not wanted:
        return []
    onces = {_once(rule, cause, to, channel): channel for channel, _ in wanted}
    query = select(Notification).where(Notification.once.in_(onces))
    there = {row.once: row for row in session.scalars(query)}
    values = composing.values_for(person, cause.visits, doctors, cause.more or {})
    rows = []
    for channel, why_not in wanted:
        once = _once(rule, cause, to, channel)
        state = _state(channel, why_not or cause.too_late, cause)
        if once in there:
            _again(there[once], state, cause)
            continue
        said = composing.words(template, rule.event, channel, values)
        rows.append(
            Notification(
                once=once, rule=rule.event, notification_rule_id=rule.notification_rule_id,
                channel=channel, subject=said.subject, body=said.body, created=cause.now,
                expires=cause.expires, message_id=new_message_id(), **to.columns(),
                **_about(cause), **state,
            )
        )  # fmt: skip
    session.add_all(rows)
    return rows


def put(
    session: Session, rule: str, once: str, subject: str, body: str, now: datetime, **columns: Any
) -> Notification:
    """Plan one message in words of its own, by no rule of the admin's. `once` names the cause,
    e.g. `shift:12:3`; with the rule and the channel it is unique. A message in the inbox counts
    as sent when its time has come.

    `columns` name the one person it goes to (`staff_id`, `patient_id` or `user_id`).
    """
    channel = columns.setdefault("channel", INBOX)
    not_before = columns.setdefault("not_before", now)
    if channel == INBOX and not_before <= now:
        columns |= {"state": "sent", "sent_at": now}
    row = Notification(
        rule=rule,
        once=f"{rule}:{once}:{channel}",
        subject=subject,
        body=body,
        created=now,
        message_id=new_message_id(),
        **columns,
    )
    session.add(row)
    return row


TAKEN_OFF = _k("It was taken off by hand.")
SWITCHED_OFF = _k("The rule of this message was switched off.")


def resend(session: Session, notification_id: int, now: datetime) -> Notification:
    """Try a message again that was given up or not sent; its Message-ID stays, so that a reader's
    mail program knows it. What is stale by now is skipped again, with the reason. Raises
    ClinicError where it was sent, or is being sent."""
    row = _held_still(session, notification_id)
    if not may_resend(row):
        raise ClinicError(
            _("This message is %(state)s; it is not sent a second time.", state=said(row.state))
        )
    row.state, row.reason, row.attempts, row.not_before = "planned", None, 0, now
    return row


def take_off(session: Session, notification_id: int) -> Notification:
    """Never send a message that waits or was given up. Raises ClinicError where it is too late."""
    row = _held_still(session, notification_id)
    if not may_take_off(row):
        raise ClinicError(
            _("This message is %(state)s; it cannot be taken off.", state=said(row.state))
        )
    void(row, TAKEN_OFF)
    return row


def may_resend(row: Notification) -> bool:
    return row.state in ("dead", "failed", "skipped")


def may_take_off(row: Notification) -> bool:
    return row.state in (*UNSENT, "dead")


def _held_still(session: Session, notification_id: int) -> Notification:
    """The row as it is now, which no worker claims until this transaction ends."""
    row = session.get(
        Notification, notification_id, with_for_update={"of": Notification}, populate_existing=True
    )
    if row is None:
        raise NotFound(_("There is no such message."))
    return row


def void(row: Notification, reason: str) -> None:
    """Give up a message that was not sent."""
    row.state, row.reason = "skipped", reason


def new_message_id() -> str:
    """An identifier for the header of that name (RFC 5322, 3.6.4)."""
    domain = str(current_app.config["MAIL_DEFAULT_SENDER"]).rpartition("@")[2].strip("> ")
    return f"<{secrets.token_hex(16)}@{domain}>"


def _channels(rule: NotificationRule, person: Reach) -> list[tuple[str, str | None]]:
    """Channels to plan, each with the reason where it is only noted that nothing can go out."""
    wanted: list[tuple[str, str | None]] = []
    if rule.inbox:
        wanted.append((INBOX, person.why_not(INBOX)))
    if rule.order:
        first = person.first_of(rule.order)
        channel = first or rule.order[0]
        wanted.append((channel, None if first else person.why_not(channel)))
    return wanted


def _once(rule: NotificationRule, cause: Cause, to: To, channel: str) -> str:
    ((who, key),) = to.columns().items()
    return f"{rule.event}:{rule.notification_rule_id}:{cause.once}:{who}:{key}:{channel}"


def _state(channel: str, why_not: str | None, cause: Cause) -> dict[str, Any]:
    not_before = cause.not_before or cause.now
    if why_not:
        return {"state": "skipped", "reason": why_not, "not_before": not_before}
    if channel == INBOX and not_before <= cause.now:
        return {"state": "sent", "sent_at": cause.now, "not_before": not_before}
    return {"state": "planned", "not_before": not_before}


def _again(row: Notification, state: dict[str, Any], cause: Cause) -> None:
    if row.state == "skipped" and state["state"] != "skipped":
        row.reason, row.attempts, row.expires = None, 0, cause.expires
        for name, value in state.items():
            setattr(row, name, value)


def _about(cause: Cause) -> dict[str, Any]:
    visits = [told.dump() for told in cause.visits]
    columns: dict[str, Any] = {"context": {"visits": visits, "more": dict(cause.more or {})}}
    if cause.visits:
        first = cause.visits[0]
        columns |= {"appointment_id": first.appointment_id, "visit_start": first.now.start}
    if cause.version is not None:
        columns["appointment_version"] = cause.version
    return columns
