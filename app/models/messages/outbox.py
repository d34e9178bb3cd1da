"""Writing to the outbox, in the transaction of what is told.

`announce` is for whoever has something to tell: it finds the rules, the channels that the person
can and wants to be reached by, and the words. What is told of visits that were booked, moved or
cancelled is written by `models.messages.planning`, whichever way the change came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager

from app.language import _k
from app.models.messages import composing, reach, visits_told
from app.models.messages.letters import Cause, Letter, To, new_message_id, plan
from app.models.messages.notification import INBOX, Notification
from app.models.messages.notification_rule import NotificationRule
from app.models.messages.reach import Reach
from app.models.messages.visits_told import Told

KEPT_FOR = timedelta(days=3)
"""How long a message that is about no visit is tried."""


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
    planned = plan(
        session, [Letter(rule, to, person, why, doctors) for rule in rules_of(session, event)]
    )
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


_RULES = (
    select(NotificationRule)
    .outerjoin(NotificationRule.templates)
    .options(contains_eager(NotificationRule.templates))
    .where(NotificationRule.active, NotificationRule.event.in_(bindparam("events", expanding=True)))
    .order_by(NotificationRule.notification_rule_id)
)


def rules_of(session: Session, *events: str) -> Sequence[NotificationRule]:
    """The active rules about these events with their words, in one statement."""
    return session.scalars(_RULES, {"events": list(events)}).unique().all()


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


SWITCHED_OFF = _k("The rule of this message was switched off.")


def void(row: Notification, reason: str) -> None:
    """Give up a message that was not sent."""
    row.state, row.reason = "skipped", reason
