"""A message text as one patient would read it, with a real visit and made-up other values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.base.clock import clinic_zone
from app.models.messages import composing, links, reach, visits_told, wording
from app.models.messages.composing import Words
from app.models.messages.notification_rule import NotificationRule, NotificationTemplate
from app.models.messages.reach import Reach
from app.models.messages.visits_told import Known, Told
from app.models.visits.appointment import Appointment

MADE_UP = Reach("Alex Example")
NO_LINK = "/visit/…"
"""Nobody acts by a preview: a link of a message opens the visit to whoever has it."""


@dataclass(frozen=True)
class Preview:
    """What goes out by e-mail and by text message, and about which visit."""

    email: Words
    sms: Words
    visit: Appointment | None


def next_visit(session: Session, now: datetime) -> Appointment | None:
    """The visit that a preview speaks of where none was chosen: the next that is booked."""
    query = select(Appointment).where(
        Appointment.status == "booked", Appointment.appointment_datetime > now
    )
    return session.scalars(query.order_by(Appointment.appointment_datetime).limit(1)).first()


def of(
    session: Session,
    rule: NotificationRule,
    template: NotificationTemplate,
    visit: Appointment | None,
    now: datetime,
) -> Preview:
    """Fill in the words of a template, in its own language. `visit` is used where the rule speaks
    of visits. Raises jinja2.TemplateError where the words cannot be filled in."""
    about = visit if "when" in wording.VARIABLES[rule.event] else None
    person, told = MADE_UP, []
    if about is not None:
        person = reach.of_patients(session, [about.patient_id])[about.patient_id]
        known = Known(about.appointment_datetime, about.doctor_id)
        before = Known(known.start - timedelta(days=1), known.doctor_id)
        told = [Told(about.appointment_id, known, before if rule.event == "moved" else None)]
    person = replace(person, language=template.language)
    doctors = visits_told.doctors_of(session, told)
    wanted = set(wording.known(rule.event))
    more = {name: value for name, value in _made_up(now, bool(told)).items() if name in wanted}
    values = composing.values_for(person, told, doctors, composing.dump(more))
    return Preview(
        composing.words(template, rule.event, "email", values),
        composing.words(template, rule.event, "sms", values),
        about,
    )


def _made_up(now: datetime, has_visit: bool) -> dict[str, Any]:
    others = {
        "link": links.url(NO_LINK),
        "until": now + timedelta(hours=2),
        "moment": now,
        "minutes": "25",
        "device": "Firefox",
        "lines": ["…", "…"],
        "week": _each_day(now),
        "first": _each_day(now),
        "last": _each_day(now + timedelta(days=1)),
        "who": "Maria Example",
        "shift": wording.in_each(lambda code: f"{_each_day(now)[code]}, 08:00–16:00"),
        "other": wording.in_each(lambda code: f"{_each_day(now)[code]}, 14:00–22:00"),
    }
    if has_visit:
        return others
    visit = dict.fromkeys(("when", "date", "time", "doctor", "before"), "…")
    return visit | others


def _each_day(moment: datetime) -> dict[str, str]:
    return wording.in_each(lambda code: wording.day(moment, code, clinic_zone()))
