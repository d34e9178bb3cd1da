"""The last look at a message, right before it goes: whether it is still true and still wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.language import _k
from app.models.messages import composing, outbox, visits_told
from app.models.messages.composing import Words
from app.models.messages.letters import To
from app.models.messages.notification import Notification
from app.models.messages.notification_rule import NotificationRule
from app.models.messages.reach import Reach
from app.models.messages.visits_told import Told

TOO_LATE = _k("It was too late to send this.")


@dataclass(frozen=True)
class Ready:
    """A message as it goes out: to which address, in which words, about which visits."""

    person: Reach
    address: str
    words: Words
    visits: Sequence[Told] = ()


def look(
    session: Session, row: Notification, rule: NotificationRule | None, now: datetime
) -> Ready | str:
    """The message as it is to be sent at `now`, or the sentence why it is not. Visits of it that
    were changed meanwhile are left out; where none is left, it is stale. `rule` is that of the row, None
    where it has none or it is not active."""
    if row.expires is not None and row.expires <= now:
        return TOO_LATE
    if row.notification_rule_id is not None and rule is None:
        return outbox.SWITCHED_OFF
    person = outbox.reach_of(
        session, To(row.patient_id, row.staff_id, row.user_id, row.portal_registration_id)
    )
    why_not = person.why_not(row.channel)
    if why_not:
        return why_not
    told = visits_told.told_in(row.context)
    found = visits_told.current(session, (one.appointment_id for one in told)) if told else {}
    stale = [
        visits_told.still_true(row.rule, one, found.get(one.appointment_id), now) for one in told
    ]
    if told and all(stale):
        return next(filter(None, stale))
    left = [one for one, why in zip(told, stale, strict=True) if not why]
    doctors = visits_told.doctors_of(session, left, found.values()) if left else {}
    words = _words(row, rule, person, left, doctors)
    return Ready(person, person.addresses.get(row.channel, ""), words, left)


def _words(
    row: Notification,
    rule: NotificationRule | None,
    person: Reach,
    told: Sequence[Told],
    doctors: dict[int, str],
) -> Words:
    """In the language and the words of now; what was put without a rule stays as it was put."""
    template = composing.template_of(rule, person.language) if rule else None
    if rule is None or template is None:
        return Words(row.subject, row.body)
    values = composing.values_for(person, told, doctors, (row.context or {}).get("more", {}))
    return composing.words(template, rule.event, row.channel, values)
