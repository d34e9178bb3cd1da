"""What patients are told of their visits, planned in the transaction that changes the visit.

The session itself is listened to, so that no way to a visit can forget it: form, API, calendar,
series, sick day, waitlist, portal, job. What follows is decided once, before the commit, from what
the patient knew before and what is true then: a visit that was moved twice is told once, and one
that went back to where it was is not told at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session, SessionTransaction

from app.language import _k
from app.models.base.changes import was
from app.models.base.clock import clinic_zone
from app.models.messages import moments, outbox, reach, visits_told
from app.models.messages.letters import Cause, Letter, To, plan, put_down
from app.models.messages.notification import UNSENT, Notification
from app.models.messages.notification_rule import NotificationRule
from app.models.messages.visits_told import Known, Told
from app.models.visits.appointment import Appointment
from app.models.visits.history import AppointmentHistory

GRACE = timedelta(seconds=60)
"""How long a change waits, so that one taken back at once tells nobody."""

TOUCHED, MOMENT, SILENT = "clinic_touched", "clinic_moment", "clinic_silent"
CHANGES = ("booked", "moved", "cancelled")
BOOKED_LATER = _k("It was booked after the time of this reminder.")


@dataclass(frozen=True)
class Before:
    """A visit as the transaction found it."""

    status: str
    known: Known


Touched = dict[Appointment, Before | None]


def silence(session: Session, visit: Appointment) -> None:
    """In this transaction tell the patient of no change of this visit; its reminders follow it
    all the same. For who tells them otherwise, or was asked not to."""
    session.info.setdefault(SILENT, set()).add(visit)


def plan_changes(
    session: Session, touched: Touched, silent: set[Appointment], now: datetime
) -> None:
    """Void what is not true any more and plan what has to be told instead, and the reminders."""
    changes = CHANGES if any(touched.values()) else CHANGES[:1]  # what is new can only be booked
    rules = outbox.rules_of(session, *changes, "reminder")
    # of a visit that begins in this transaction no message can have been written before it
    unsent = _unsent(session, [visit.appointment_id for visit in touched if touched[visit]])
    if not rules and not unsent:
        return
    told: dict[tuple[str, int], list[Told]] = {}
    letters: list[Letter] = []
    there = sorted((v for v in touched if v in session), key=attrgetter("appointment_datetime"))
    visits = {visit.appointment_id: visit for visit in there}
    people = reach.of_patients(session, {visit.patient_id for visit in visits.values()})
    for key, visit in visits.items():
        known = _void_stale(visit, unsent.get(key, []), touched[visit], now)
        found = _change(visit, known) if visit not in silent else None
        if found and visit.appointment_datetime > now:
            told.setdefault((found, visit.patient_id), []).append(_told(visit, known))
        reminders = [rule for rule in rules if rule.event == "reminder"]
        letters += _reminders(reminders, visit, people[visit.patient_id], now)
    for (what, patient_id), entries in told.items():
        about = [rule for rule in rules if rule.event == what]
        versions = {entry.appointment_id: visits[entry.appointment_id].version for entry in entries}
        doctors = {visit.doctor_id: visit.doctor.name for visit in visits.values()}
        if not visits_told.doctors_in(entries) <= doctors.keys():
            doctors |= visits_told.doctors_of(session, entries)
        letters += _news(about, patient_id, people[patient_id], entries, versions, doctors, now)
    put_down(session, letters, {visit.appointment_id for visit in there if touched[visit] is None})


def remind(
    session: Session,
    rules: Iterable[NotificationRule],
    visit: Appointment,
    person: reach.Reach,
    now: datetime,
    *,
    catch_up: bool = False,
) -> list[Notification]:
    """Plan the reminders of a visit that is booked and to come. One whose time has passed is
    noted as too late, or sent at once where it is to `catch_up`."""
    return plan(session, _reminders(rules, visit, person, now, catch_up=catch_up))


def _reminders(
    rules: Iterable[NotificationRule],
    visit: Appointment,
    person: reach.Reach,
    now: datetime,
    *,
    catch_up: bool = False,
) -> Iterator[Letter]:
    start, zone = visit.appointment_datetime, clinic_zone()
    if visit.status != "booked" or start <= now:
        return
    entries = [_told(visit, None)]
    for rule in rules:
        due = moments.outside_quiet(rule, moments.due(rule, start, zone), start, zone)
        late = due <= now and not catch_up
        cause = Cause(
            f"visit:{visit.appointment_id}:{start:%Y%m%dT%H%M}:{visit.doctor_id}", now, entries,
            not_before=due, expires=start, version=visit.version,
            too_late=BOOKED_LATER if late else None,
        )  # fmt: skip
        doctors = {visit.doctor_id: visit.doctor.name}
        yield Letter(rule, To(patient_id=visit.patient_id), person, cause, doctors)


def _news(
    rules: Iterable[NotificationRule],
    patient_id: int,
    person: reach.Reach,
    entries: list[Told],
    versions: dict[int, int],
    doctors: dict[int, str],
    now: datetime,
) -> Iterator[Letter]:
    """One message to a patient, whatever the number of their visits that changed together."""
    entries.sort(key=lambda entry: entry.now.start)
    first, zone = entries[0], clinic_zone()
    for rule in rules:
        version = versions[first.appointment_id]
        leaves = moments.outside_quiet(rule, now + GRACE, first.now.start, zone)
        cause = Cause(
            f"visit:{first.appointment_id}:{version}", now, entries,
            not_before=max(leaves, now), expires=max(entry.now.start for entry in entries),
            version=version,
        )  # fmt: skip
        yield Letter(rule, To(patient_id=patient_id), person, cause, doctors)


def _void_stale(
    visit: Appointment, unsent: list[Notification], before: Before | None, now: datetime
) -> Known | None:
    """Give up what is not true any more; answers what the patient knows of the visit by what was
    sent: what they knew before the first message that they did not get."""
    knew = before.known if before and before.status in ("booked", "arrived") else None
    found = visits_told.Current(_known(visit), visit.status)
    changes = sorted(
        (row for row in unsent if row.rule in CHANGES), key=lambda row: row.notification_id
    )
    if changes:
        knew = visits_told.told_in(changes[0].context)[0].before
    for row in unsent:
        why = visits_told.still_true(row.rule, visits_told.told_in(row.context)[0], found, now)
        if row in changes or why:
            outbox.void(row, why or _k("The visit was changed again."))
    return knew


def _change(visit: Appointment, known: Known | None) -> str | None:
    """What there is to tell of a visit, given what the patient knows."""
    if visit.status == "booked":
        if known is None:
            return "booked"
        return "moved" if known != _known(visit) else None
    return "cancelled" if visit.status == "cancelled" and known is not None else None


def _told(visit: Appointment, before: Known | None) -> Told:
    return Told(visit.appointment_id, _known(visit), before)


def _known(visit: Appointment) -> Known:
    return Known(visit.appointment_datetime, visit.doctor_id)


def _unsent(session: Session, keys: list[int]) -> dict[int, list[Notification]]:
    """Messages about just one of these visits that have not gone out."""
    if not keys:
        return {}
    query = select(Notification).where(
        Notification.appointment_id.in_(keys), Notification.state.in_(UNSENT)
    )
    found: dict[int, list[Notification]] = {}
    for row in session.scalars(query):
        if row.appointment_id is not None and len(visits_told.told_in(row.context)) == 1:
            found.setdefault(row.appointment_id, []).append(row)
    return found


@event.listens_for(Session, "after_flush")
def _note(session: Session, _context: Any) -> None:
    """Remember each visit that is written, as it was before the first write of the transaction."""
    for row in chain(session.new, session.dirty):
        if isinstance(row, Appointment) and _is_touched(row):
            touched: Touched = session.info.setdefault(TOUCHED, {})
            touched.setdefault(row, _before(row))
        elif isinstance(row, AppointmentHistory):
            session.info[MOMENT] = row.recorded


def _is_touched(visit: Appointment) -> bool:
    state: Any = inspect(visit).attrs
    watched = (state.status, state.appointment_datetime, state.doctor_id, state.patient_id)
    return any(attribute.history.has_changes() for attribute in watched)


def _before(visit: Appointment) -> Before | None:
    if inspect(visit).key is None:
        return None
    known = Known(was(visit, "appointment_datetime"), was(visit, "doctor_id"))
    return Before(was(visit, "status"), known)


@event.listens_for(Session, "before_commit")
def _plan(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    touched = session.info.pop(TOUCHED, None)
    silent = session.info.pop(SILENT, set())
    now = session.info.pop(MOMENT, None) or datetime.now(UTC)
    if touched:
        plan_changes(session, touched, silent, now)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        for key in (TOUCHED, MOMENT, SILENT):
            session.info.pop(key, None)
