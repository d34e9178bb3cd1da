"""What a patient may do by themselves: the times that are offered, booking, moving, cancelling.

The rules of the house hold without exception here: a patient overrules nothing. That no doctor,
room or patient is booked twice is the database's to refuse.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from app.language import _, _k, _l, _n
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone, day_at, midnight
from app.models.base.errors import ClinicError, Conflict
from app.models.clinic.visit_type import VisitType
from app.models.people.linked import same_person
from app.models.people.patient import Patient
from app.models.portal import portal_times
from app.models.portal.portal_times import Ask, Terms
from app.models.visits import booking, holds, life
from app.models.visits.appointment import HERE, NOT_BEGUN, Appointment

TO_COME = (*NOT_BEGUN, *HERE)
PAST_SHOWN = 50
CHECK_IN = timedelta(hours=1)
GONE = _l("This time was taken a moment ago. These are still free.")


def enough(terms: Terms) -> str:
    """What is said to a patient who may book no further visit."""
    return _n(
        "No more than one visit to come can be booked here. "
        "Please call the clinic for another one.",
        "No more than %(num)s visits to come can be booked here. "
        "Please call the clinic for another one.",
        terms.most_open,
    )


def hold(session: Session, actor: Acting, visit: Appointment, now: datetime, terms: Terms) -> None:
    """Keep a time for some minutes while the patient confirms; it replaces a time that they kept
    before. Raises Conflict where it is not to be had, ClinicError where they have enough."""
    _one_choice_at_a_time(session, visit.patient_id)
    _give_back_holds(session, actor, visit.patient_id, now)
    ask = Ask(visit.patient_id, _kind_of(session, visit))
    if portal_times.is_full(session, ask, now, terms):
        raise ClinicError(enough(terms))
    _require_offered(session, ask, visit, now, terms)
    holds.hold(visit, now)
    booking.prepare(session, actor, visit, now)


def move(
    session: Session, actor: Acting, visit: Appointment, start: datetime, doctor_id: int,
    now: datetime, terms: Terms,
) -> None:  # fmt: skip
    """Give a visit another time, in place. Raises Conflict where it is not to be had."""
    _require_open(visit, now, terms)
    visit.appointment_datetime, visit.doctor_id, visit.room_id = start, doctor_id, None
    ask = Ask(visit.patient_id, _kind_of(session, visit), visit)
    _require_offered(session, ask, visit, now, terms)
    booking.prepare(session, actor, visit, now)


def cancel(
    session: Session, actor: Acting, visit: Appointment, now: datetime, terms: Terms
) -> None:
    """Cancel on the patient's wish. Raises ClinicError after the cut-off."""
    held = visit.status == "pending" and visit.hold_until is not None
    if not held:
        _require_open(visit, now, terms)
    visit.cancellation_reason = "patient"
    life.move_status(session, actor, visit, "cancelled", now, _k("by the patient"))


def can_check_in(visit: Appointment, now: datetime) -> bool:
    """Whether the patient may say that they are here: on the day, from an hour before the visit
    until it would end."""
    return visit.status == "booked" and visit.appointment_datetime - CHECK_IN <= now < visit.end


def check_in(session: Session, actor: Acting, visit: Appointment, now: datetime) -> None:
    """The patient says by phone that they are here; the board shows it. Raises ClinicError."""
    if not can_check_in(visit, now):
        raise ClinicError(
            _("You can check in from an hour before your visit. Please ask at the desk.")
        )
    life.move_status(session, actor, visit, "arrived", now, _k("by phone"))


def to_come(session: Session, patient_id: int, now: datetime) -> list[Appointment]:
    """The patient's visits of today that are not over, and all later ones; soonest first."""
    query = _of(patient_id).where(
        Appointment.appointment_datetime >= midnight(day_at(now), clinic_zone()),
        Appointment.status.in_(TO_COME),
        not_(holds.expired(now)),
    )
    return list(session.scalars(query.order_by(Appointment.appointment_datetime)))


def past(session: Session, patient_id: int, now: datetime) -> list[Appointment]:
    """The patient's earlier and cancelled visits, latest first, at most `PAST_SHOWN`."""
    query = _of(patient_id).where(
        or_(Appointment.appointment_datetime < now, Appointment.status == "cancelled"),
        Appointment.status.in_(("fulfilled", "noshow", "cancelled")),
        Appointment.hold_until.is_(None),
    )
    latest = query.order_by(Appointment.appointment_datetime.desc()).limit(PAST_SHOWN)
    return list(session.scalars(latest))


def visit_of(session: Session, patient_id: int, key: int) -> Appointment | None:
    """The visit of this key where it is the patient's own, else None."""
    return session.scalars(_of(patient_id).where(Appointment.appointment_id == key)).one_or_none()


def _of(patient_id: int) -> Select[Appointment]:
    links = (Appointment.doctor, Appointment.visit_type, Appointment.room)
    return (
        select(Appointment)
        .where(same_person(Appointment.patient_id, patient_id))
        .options(*(joinedload(link) for link in links))
    )


def _require_offered(
    session: Session, ask: Ask, visit: Appointment, now: datetime, terms: Terms
) -> None:
    start, doctor_id = visit.appointment_datetime, visit.doctor_id
    if not portal_times.is_offered(session, ask, start, doctor_id, now, terms):
        raise Conflict(GONE)


def _require_open(visit: Appointment, now: datetime, terms: Terms) -> None:
    if not terms.open_to_change(visit, now):
        raise ClinicError(_("It is too late to change this visit here. Please call the clinic."))


def _kind_of(session: Session, visit: Appointment) -> VisitType | None:
    return session.get(VisitType, visit.visit_type_id) if visit.visit_type_id else None


def _one_choice_at_a_time(session: Session, patient_id: int) -> None:
    """Two choices of one patient are written one after the other, so that the second sees the
    first; the lock lets others write rows that name the patient."""
    query = select(Patient.patient_id).where(Patient.patient_id == patient_id)
    session.execute(query.with_for_update(key_share=True))


def _give_back_holds(session: Session, actor: Acting, patient_id: int, now: datetime) -> None:
    query = select(Appointment).where(Appointment.patient_id == patient_id, portal_times.choosing())
    for kept in session.scalars(query):
        kept.cancellation_reason = "patient"
        life.move_status(session, actor, kept, "cancelled", now, _k("another time was chosen"))
    session.flush()  # before the new visit is written, which may overlap them
