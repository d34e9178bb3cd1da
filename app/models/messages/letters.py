"""A letter is what one rule tells one person of one cause; it becomes a message by each channel that
the rule wants and that reaches the person."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import current_app
from sqlalchemy import insert, inspect, select
from sqlalchemy.orm import Session

from app.models.messages import composing
from app.models.messages.notification import INBOX, Notification
from app.models.messages.notification_rule import NotificationRule, NotificationTemplate
from app.models.messages.reach import Reach
from app.models.messages.visits_told import Told

PUT_DOWN = insert(inspect(Notification).local_table).inline()
EMPTY = dict.fromkeys(
    (
        "patient_id", "staff_id", "user_id", "portal_registration_id", "appointment_id",
        "appointment_version", "visit_start", "reason", "sent_at",
    )
)  # fmt: skip
"""What a message may leave out, so that all are written by one statement."""


@dataclass(frozen=True)
class To:
    """The one person a message goes to: a patient, a member of staff, a login, or somebody who
    asked for the portal."""

    patient_id: int | None = None
    staff_id: int | None = None
    user_id: int | None = None
    portal_registration_id: int | None = None

    def columns(self) -> dict[str, int]:
        """The one column of a message that names its reader, and the key in it."""
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


@dataclass(frozen=True)
class Letter:
    """What one rule tells one person; `doctors` are the names of those whom its visits are with."""

    rule: NotificationRule
    to: To
    person: Reach
    cause: Cause
    doctors: Mapping[int, str]

    @cached_property
    def values(self) -> dict[str, Any]:
        """What the words are filled in with."""
        cause = self.cause
        return composing.values_for(self.person, cause.visits, self.doctors, cause.more or {})


def plan(session: Session, letters: Iterable[Letter]) -> list[Notification]:
    """The messages of these letters; those that are there already are left alone, but one that was
    given up without being sent is planned again. One statement asks for all which are there."""
    rows = [Notification(**columns) for columns in _missing(session, letters)]
    session.add_all(rows)
    return rows


def put_down(session: Session, letters: Iterable[Letter], begun: Collection[int]) -> None:
    """As `plan`, at once and without rows to go on with. Of the visits `begun` in this transaction
    no message can be there yet, so nobody looks for one."""
    if rows := _missing(session, letters, begun):
        session.execute(PUT_DOWN, [EMPTY | columns for columns in rows])


def _missing(
    session: Session, letters: Iterable[Letter], begun: Collection[int] = ()
) -> list[dict[str, Any]]:
    wanted = {
        _once(letter, channel): (letter, template, channel, why_not)
        for letter in letters
        if (template := composing.template_of(letter.rule, letter.person.language)) is not None
        for channel, why_not in _channels(letter.rule, letter.person)
    }
    there = _there(session, [o for o, (letter, *_) in wanted.items() if not _new(letter, begun)])
    rows = []
    for once, (letter, template, channel, why_not) in wanted.items():
        state = _state(channel, why_not or letter.cause.too_late, letter.cause)
        if once in there:
            _again(there[once], state, letter.cause)
        else:
            rows.append(_written(once, letter, template, channel, state))
    return rows


def _new(letter: Letter, begun: Collection[int]) -> bool:
    return any(told.appointment_id in begun for told in letter.cause.visits[:1])


def _there(session: Session, onces: Collection[str]) -> dict[str, Notification]:
    if not onces:
        return {}
    query = select(Notification).where(Notification.once.in_(onces))
    return {row.once: row for row in session.scalars(query)}


def _written(
    once: str, letter: Letter, template: NotificationTemplate, channel: str, state: dict[str, Any]
) -> dict[str, Any]:
    rule, cause = letter.rule, letter.cause
    said = composing.words(template, rule.event, channel, letter.values)
    return dict(
        once=once, rule=rule.event, notification_rule_id=rule.notification_rule_id,
        channel=channel, subject=said.subject, body=said.body, created=cause.now,
        expires=cause.expires, message_id=new_message_id(), **letter.to.columns(),
        **_about(cause), **state,
    )  # fmt: skip


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


def _once(letter: Letter, channel: str) -> str:
    ((who, key),), rule = letter.to.columns().items(), letter.rule
    return f"{rule.event}:{rule.notification_rule_id}:{letter.cause.once}:{who}:{key}:{channel}"


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
