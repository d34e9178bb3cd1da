"""The patient's side of the waitlist: waiting, and what was offered to them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.language import _
from app.models.base.errors import ClinicError
from app.models.clinic.visit_type import VisitType
from app.models.people.linked import same_person
from app.models.portal.portal_times import Terms
from app.models.visits.waitlist import WaitlistEntry, WaitlistOffer


def wait(
    session: Session, patient_id: int, kind: VisitType, doctor_id: int | None, now: datetime,
    terms: Terms,
) -> WaitlistEntry:  # fmt: skip
    """Put the patient on the waitlist, for a time within the horizon; a freed time is offered to
    them by itself. Raises ClinicError where they wait for this already."""
    query = select(WaitlistEntry).where(
        WaitlistEntry.patient_id == patient_id,
        WaitlistEntry.visit_type_id == kind.visit_type_id,
        WaitlistEntry.state == "waiting",
        WaitlistEntry.latest > now,
    )
    if session.scalars(query).first() is not None:
        raise ClinicError(_("You are on the waiting list for this kind of visit already."))
    row = WaitlistEntry(
        patient_id=patient_id, visit_type_id=kind.visit_type_id, doctor_id=doctor_id,
        earliest=terms.first(now), latest=now + timedelta(days=terms.horizon), created=now,
    )  # fmt: skip
    session.add(row)
    return row


def waiting(session: Session, patient_id: int, now: datetime) -> list[WaitlistEntry]:
    """What the patient waits for."""
    query = select(WaitlistEntry).where(
        same_person(WaitlistEntry.patient_id, patient_id),
        WaitlistEntry.state == "waiting",
        WaitlistEntry.latest > now,
    )
    links = joinedload(WaitlistEntry.visit_type), joinedload(WaitlistEntry.doctor)
    return list(session.scalars(query.options(*links).order_by(WaitlistEntry.created)))


def offers(session: Session, patient_id: int, now: datetime) -> list[WaitlistOffer]:
    """Freed times that wait for the patient's answer."""
    query = select(WaitlistOffer).where(
        same_person(WaitlistOffer.patient_id, patient_id),
        WaitlistOffer.state == "offered",
        WaitlistOffer.expires_at > now,
    )
    return list(session.scalars(query.order_by(WaitlistOffer.expires_at)))
