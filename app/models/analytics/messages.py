"""Reminders: what became of them, and whether those who were reminded come."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.analytics.figure import Column, Figure, Total, Value, at_least_five, percent
from app.models.analytics.missed import BECAME, WAS_DUE
from app.models.analytics.people import instants
from app.models.analytics.scope import Asked, Scope
from app.models.analytics.tables import VisitFact
from app.models.messages.notification import INBOX, PENDING, Notification
from app.models.visits.history import AppointmentHistory

REMINDER = "reminder"
OUTCOMES = (
    (_l("Sent"), ("sent",)),
    (_l("Waiting"), PENDING),
    (_l("Not sent"), ("skipped",)),
    (_l("Given up"), ("dead",)),
)
CHANNELS = {"email": _l("E-mail"), "sms": _l("Text message")}

SENT_MEANING = _l(
    "Reminders of visits by e-mail or text message that were due in the period, by their "
    "state now: waiting are planned or tried again, not sent were skipped for a reason, "
    "such as a visit that was cancelled or a patient without an address. Confirmed by "
    "link is how often a patient said so that they will come."
)
EFFECT_MEANING = _l(
    "Of the visits that were due in the period (seen, not come, or cancelled less than "
    "24 hours before by or for the patient), the shares with a reminder that was sent, "
    "and without."
)


def reminders(session: Session, start: datetime, end: datetime) -> Counter[tuple[str, str]]:
    """How many reminders by channel and state, due from `start` up to `end`."""
    query = (
        select(Notification.channel, Notification.state, func.count().label("messages"))
        .where(
            Notification.rule == REMINDER,
            Notification.channel != INBOX,
            Notification.not_before >= start,
            Notification.not_before < end,
        )
        .group_by(Notification.channel, Notification.state)
    )
    return Counter({(r.channel, r.state): r.messages for r in session.execute(query)})


def confirmed(session: Session, start: datetime, end: datetime) -> int:
    """How often a patient said by a message's link that they will come; half-open."""
    past = AppointmentHistory
    query = select(func.count()).where(
        past.agent == "link",
        past.status_before == "booked",
        past.status_after == "booked",
        past.start_before.is_(None),
        past.recorded >= start,
        past.recorded < end,
    )
    return session.scalar(query) or 0


def effect(session: Session, scope: Scope) -> dict[bool, tuple[int, int, int]]:
    """Visits of the period that were seen, missed, cancelled late; by whether the patient was
    reminded of them."""
    was_reminded = exists().where(
        Notification.appointment_id == VisitFact.appointment_id,
        Notification.rule == REMINDER,
        Notification.channel != INBOX,
        Notification.state == "sent",
    )
    reminded = case((was_reminded, 1), else_=0).label("reminded")
    query = (
        select(
            reminded,
            *BECAME,
        )
        .where(*scope.visits(), VisitFact.day >= scope.first)
        .where(WAS_DUE)
        .group_by(reminded)
    )
    return {bool(r.reminded): (r.seen, r.missed, r.late) for r in session.execute(query)}


def figures(asked: Asked) -> list[Figure]:
    """What became of the reminders, and of the visits with and without one."""
    return [_sent(asked), _effect(asked)]


def _sent(asked: Asked) -> Figure:
    span = instants(asked)
    found = asked.once(reminders, *span)
    rows: list[tuple[str, list[Value]]] = [
        (str(words), [sum(found[channel, state] for state in states) for name, states in OUTCOMES])
        for channel, words in CHANNELS.items()
    ]
    totals = [
        Total(name, sum(n for (channel, state), n in found.items() if state in states), None)
        for name, states in OUTCOMES
    ]
    totals.append(Total(_("Confirmed by link"), asked.once(confirmed, *span), None))
    return Figure(
        "reminders", _("Reminders"), SENT_MEANING, "stacked", _("By"), [Column(name) for name, states in OUTCOMES],
        rows, totals, empty=_("No reminder was due in this period. Rules for them are under Set-up."),
    )  # fmt: skip


def _effect(asked: Asked) -> Figure:
    found = asked.once(effect, asked.scope)
    rows: list[tuple[str, list[Value]]] = []
    for key, name in ((True, _("Reminded")), (False, _("Not reminded"))):
        seen, missed, late = found.get(key, (0, 0, 0))
        due = seen + missed + late
        rows.append((name, [percent(missed, due), percent(late, due), at_least_five(due)]))
    columns = [
        Column(_("Missed"), "%"),
        Column(_("Cancelled late"), "%"),
        Column(_("Visits due"), drawn=False),
    ]
    return Figure(
        "effect-of-reminders", _("Effect of reminders"), EFFECT_MEANING, "columns", _("Patients"), columns, rows,
        empty=_("No visit was due in this period."),
    )  # fmt: skip
