"""The waitlist acts: a freed time is offered to the best match by a timed hold, then to the next.

The best match has the highest priority, then has waited longest; the time fits their doctor or
specialization, their window and the length of their visit, and they are free themselves.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.language import _, _k
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Conflict
from app.models.base.itself import CLINIC
from app.models.messages import outbox
from app.models.messages.visits_told import Known, Told
from app.models.visits import booking, freed, holds, life
from app.models.visits.appointment import Appointment
from app.models.visits.freed import Freed
from app.models.visits.matching import Match, best_matches
from app.models.visits.waitlist import WaitlistOffer
from app.spelling import said

log = logging.getLogger(__name__)

OFFER = timedelta(minutes=30)
TRIES = 5
"""Of how many matches one after the other a lost race is survived."""

AT_ONCE = 200


def offer_next(session: Session, time: Freed, now: datetime) -> WaitlistOffer | None:
    """Offer a freed time to who comes first; None where nobody waits for it or it is gone."""
    for match in islice(best_matches(session, time, now), TRIES):
        savepoint = session.begin_nested()
        try:
            offer = _offer(session, match, now)
            savepoint.commit()
        except (DBAPIError, ClinicError):  # taken meanwhile, by another booking
            savepoint.rollback()
            continue
        return offer
    return None


def accept(session: Session, actor: Acting, offer: WaitlistOffer, now: datetime) -> Appointment:
    """Book what was offered; a second click finds it booked and changes nothing."""
    session.refresh(offer, with_for_update=True)
    visit = session.get_one(Appointment, offer.appointment_id, populate_existing=True)
    if offer.state == "taken":
        return visit
    if offer.state != "offered" or offer.expires_at <= now or visit.status != "pending":
        raise Conflict(_("This offer has run out; the time was passed on."), state=offer.state)
    holds.confirm(session, actor, visit, now)
    offer.state, offer.entry.state = "taken", "booked"
    return visit


def decline(session: Session, actor: Acting, offer: WaitlistOffer, now: datetime) -> None:
    """Give the time on; the entry keeps its place for other times."""
    session.refresh(offer, with_for_update=True)
    if offer.state == "declined":
        return
    if offer.state != "offered":
        raise Conflict(_("This offer is %(state)s.", state=said(offer.state)), state=offer.state)
    visit = session.get_one(Appointment, offer.appointment_id, populate_existing=True)
    offer.state = "declined"
    if visit.status == "pending":
        visit.cancellation_reason = "patient"
        life.move_status(session, actor, visit, "cancelled", now, _k("declined"))


def expire(session: Session, now: datetime) -> int:
    """The job: end the offers that ran out or whose hold is gone, which passes the time on."""
    query = (
        select(WaitlistOffer, Appointment)
        .join(Appointment, Appointment.appointment_id == WaitlistOffer.appointment_id)
        .where(
            WaitlistOffer.state == "offered",
            (WaitlistOffer.expires_at <= now) | (Appointment.status != "pending"),
        )
        .order_by(WaitlistOffer.expires_at)
        .limit(AT_ONCE)
        .with_for_update(of=WaitlistOffer, skip_locked=True)
    )
    found = session.execute(query).all()
    for offer, visit in found:
        _settle(session, offer, visit, now)
    session.flush()
    return len(found)


def _settle(session: Session, offer: WaitlistOffer, visit: Appointment, now: datetime) -> None:
    if visit.status == "pending":
        offer.state = "expired"
        visit.cancellation_reason = "other"
        life.move_status(session, CLINIC, visit, "cancelled", now, holds.RAN_OUT)
    elif visit.status == "cancelled":
        offer.state = "expired"
    else:  # the desk booked it by hand
        offer.state, offer.entry.state = "taken", "booked"


def _offer(session: Session, match: Match, now: datetime) -> WaitlistOffer:
    entry, slot = match.entry, match.slot
    until = min(now + OFFER, slot.start)
    visit = Appointment(
        patient_id=entry.patient_id,
        doctor_id=slot.doctor_id,
        visit_type_id=entry.visit_type_id,
        appointment_datetime=slot.start,
    )
    with session.no_autoflush:
        holds.hold(visit, now, until - now)
        booking.prepare(session, CLINIC, visit, now)
    offer = WaitlistOffer(
        entry=entry,
        patient_id=entry.patient_id,
        appointment=visit,
        offered_at=now,
        expires_at=until,
    )
    session.add(offer)
    session.flush()
    _tell(session, offer, now)
    return offer


def _tell(session: Session, offer: WaitlistOffer, now: datetime) -> None:
    """The patient hears of the offer; a message after its end is of no use."""
    visit = offer.appointment
    told = Told(visit.appointment_id, Known(visit.appointment_datetime, visit.doctor_id))
    outbox.announce(
        session, "waitlist_offer", f"offer:{offer.waitlist_offer_id}", now,
        patient_id=offer.patient_id, context={"until": offer.expires_at}, visits=[told],
        expires=offer.expires_at,
    )  # fmt: skip


@event.listens_for(Session, "before_commit")
def _offer_what_was_freed(session: Session) -> None:
    """In the transaction that frees a time, whichever way it came: form, API, job or portal."""
    if session.in_nested_transaction() or not session.info.get(freed.KEY):
        return
    session.flush()
    for time in freed.take(session):
        try:
            with session.begin_nested():
                offer_next(session, time, time.now)
        except (DBAPIError, ClinicError):  # an offer must never undo what freed the time
            log.exception("A freed time could not be offered.")
