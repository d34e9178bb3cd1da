"""Two patients who are one person: what stands in the way, the merge, and how it is undone.

The one is kept, the other replaced. What is signed or over stays on its row and is read with the kept
patient by the link; visits that are not over, series and waiting-list entries go over, with their
history, so that nobody is booked twice and reminders reach the kept patient. An undo takes them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Conflict
from app.models.messages import outbox
from app.models.messages.notification import UNSENT, Notification
from app.models.people import linked, telling_apart
from app.models.people.patient import Patient
from app.models.people.patient_apart import PatientApart
from app.models.people.patient_link import PatientLink
from app.models.portal.portal_access import PortalAccess
from app.models.record.attachment import Attachment
from app.models.record.clinical import AllergyIntolerance, Condition
from app.models.record.medical_record import MedicalRecord
from app.models.record.medication_request import MedicationRequest
from app.models.record.observation import Observation
from app.models.visits import life
from app.models.visits.appointment import ACTIVE, HERE, NOT_BEGUN, Appointment
from app.models.visits.appointment_series import AppointmentSeries
from app.models.visits.waitlist import WaitlistEntry

CHART = (MedicalRecord, Condition, AllergyIntolerance, MedicationRequest, Observation)
SHORTEST_REASON = 3
Done = list[tuple[str, Any]]
"""The rows that were written, each with what was done to it."""


def counts(session: Session, patient_id: int) -> dict[str, int]:
    """How much there is of a patient, by what becomes of it; numbers only, in one statement."""

    def rows(model: Any, *more: Any) -> Any:
        count = select(func.count()).select_from(model)
        return count.where(model.patient_id == patient_id, *more).scalar_subquery()

    chart: Any = sum((rows(model) for model in CHART[1:]), rows(CHART[0]))
    asked = {
        "to come": rows(Appointment, Appointment.status.in_(NOT_BEGUN)),
        "over": rows(Appointment, Appointment.status.not_in(NOT_BEGUN)),
        "waiting": rows(WaitlistEntry, WaitlistEntry.state == "waiting"),
        "chart": chart,
        "files": rows(Attachment, Attachment.withdrawn_at.is_(None)),
        "messages": rows(Notification),
        "guardians": rows(PortalAccess, PortalAccess.ended_at.is_(None)),
    }
    row = session.execute(select(*(value.label(name) for name, value in asked.items()))).one()
    return dict(row._mapping)


def obstacles(session: Session, kept: Patient, other: Patient) -> list[str]:
    """Why these two cannot be merged now, in sentences."""
    if kept.patient_id == other.patient_id:
        return [_("A patient cannot be merged with themself.")]
    if kept.replaced_by_id or other.replaced_by_id or linked.replaced(session, other.patient_id):
        return [_("One of the two was merged with somebody already. Undo that first.")]
    found = []
    mine = Appointment.patient_id == other.patient_id
    if session.scalar(select(exists().where(mine, Appointment.status.in_(HERE)))):
        found.append(_("%(name)s is here for a visit. Merge when it is over.", name=other.name))
    draft = MedicalRecord.patient_id == other.patient_id, MedicalRecord.status == "draft"
    if session.scalar(select(exists().where(*draft))):
        found.append(
            _("A note of %(name)s is not signed yet. Merge when it is, or keep this patient.",
              name=other.name)
        )  # fmt: skip
    for visit in _clashes(session, kept, other):
        found.append(
            _("Both have a visit on %(day)s at the same time. Move or cancel one first.",
              day=f"{visit.appointment_datetime:%Y-%m-%d}")
        )  # fmt: skip
    return found


def merge(
    session: Session,
    actor: Acting,
    kept: Patient,
    other: Patient,
    reason: str,
    now: datetime,
    *,
    after_all: bool = False,
) -> Done:
    """Replace `other` by `kept`. That they were told apart is taken back where `after_all` says so.
    The caller commits. Raises ClinicError, and Conflict where something stands in the way."""
    _require_reason(reason)
    _lock(session, kept, other)
    if found := obstacles(session, kept, other):
        raise Conflict(found[0])
    decisions = telling_apart.between(session, kept, other)
    if decisions and not after_all:
        said = _("These two were told apart. Say that they are one person after all, and why.")
        raise Conflict(said, field="after_all")
    for decision in decisions:
        telling_apart.withdraw(session, actor, decision, now)
    said = f"{other.record_number} → {kept.record_number}"
    visits = _rows(session, Appointment, other.patient_id, Appointment.status.in_(NOT_BEGUN))
    visits = [row for row in visits if not _has_record(session, row)]
    series = _rows(session, AppointmentSeries, other.patient_id)
    waits = _rows(session, WaitlistEntry, other.patient_id, WaitlistEntry.state == "waiting")
    _hand_over(session, actor, visits, [*series, *waits], kept.patient_id, said, now)
    link = PatientLink(
        patient_id=kept.patient_id, other_id=other.patient_id, reason=reason.strip(),
        linked_at=now, linked_by_id=actor.user_id,
        moved={
            "appointment": [row.appointment_id for row in visits],
            "appointment_series": [row.series_id for row in series],
            "waitlist_entry": [row.waitlist_entry_id for row in waits],
            "patient_apart": [row.patient_apart_id for row in decisions],
        },
    )  # fmt: skip
    session.add(link)
    return [("merge", link), *_each("unapart", decisions), *_each("edit", visits)]


def undo(session: Session, actor: Acting, link: PatientLink, reason: str, now: datetime) -> Done:
    """Part the two again. What was entered for the kept patient since stays there, as does a visit
    that came to pass. That they were told apart before holds again. The caller commits. Raises
    ClinicError."""
    _require_reason(reason)
    if link.undone_at is not None:
        raise Conflict(_("This merge was undone already."))
    link.undone_at, link.undone_by_id, link.undone_reason = now, actor.user_id, reason.strip()
    session.flush()  # from here on the other patient takes rows again
    moved, kept_id = link.moved, link.patient_id
    visits = [
        row for row in _named(session, Appointment, moved, kept_id)
        if row.status in NOT_BEGUN and not _has_record(session, row)
    ]  # fmt: skip
    series = _named(session, AppointmentSeries, moved, kept_id)
    waits = [r for r in _named(session, WaitlistEntry, moved, kept_id) if r.state == "waiting"]
    said = f"{link.patient.record_number} → {link.other.record_number}"
    _hand_over(session, actor, visits, [*series, *waits], link.other_id, said, now)
    session.flush()
    decisions = _decided_again(session, actor, link, now)
    return [("unmerge", link), *_each("apart", decisions), *_each("edit", visits)]


def _lock(session: Session, *patients: Patient) -> None:
    """Hold these against another merge, and read them as they are."""
    keys = Patient.patient_id.in_([patient.patient_id for patient in patients])
    query = select(Patient.patient_id).where(keys).order_by(Patient.patient_id)
    session.execute(query.with_for_update()).all()
    for patient in patients:
        session.refresh(patient)


def _each(action: str, rows: Iterable[Any]) -> Done:
    return [(action, row) for row in rows]


def _decided_again(
    session: Session, actor: Acting, link: PatientLink, now: datetime
) -> list[PatientApart]:
    """Anew the decisions that the merge took back, but for those that somebody else has made since."""
    keys = link.moved.get("patient_apart", [])
    earlier = session.scalars(select(PatientApart).where(PatientApart.patient_apart_id.in_(keys)))
    return [
        telling_apart.tell_apart(session, actor, row.patient, row.other, row.reason, now)
        for row in earlier
        if not telling_apart.between(session, row.patient, row.other)
    ]


def _hand_over(
    session: Session,
    actor: Acting,
    visits: Iterable[Appointment],
    others: Iterable[Any],
    patient_id: int,
    said: str,
    now: datetime,
) -> None:
    """Rows get another patient; visits with their history, and the reminders to the earlier
    patient that have not left are given up, since others are planned."""
    for row in others:
        row.patient_id = patient_id
    for visit in visits:
        earlier = visit.patient_id
        visit.patient_id = patient_id
        life.remember(session, actor, visit, now, said)
        unsent = select(Notification).where(
            Notification.appointment_id == visit.appointment_id,
            Notification.patient_id == earlier,
            Notification.rule == "reminder",
            Notification.state.in_(UNSENT),
        )
        with session.no_autoflush:
            for message in session.scalars(unsent):
                outbox.void(message, _("The patient was merged with another."))
    session.flush()


def _clashes(session: Session, kept: Patient, other: Patient) -> list[Appointment]:
    """Visits of `other` that would go over into a time at which `kept` is booked."""
    query = select(Appointment).where(
        Appointment.patient_id.in_((kept.patient_id, other.patient_id)),
        Appointment.status.in_(ACTIVE),
    )
    rows = list(session.scalars(query))
    going = [r for r in rows if r.patient_id == other.patient_id and r.status in NOT_BEGUN]
    there = [r for r in rows if r.patient_id == kept.patient_id]
    return [
        row for row in going
        if any(r.appointment_datetime < row.end and row.appointment_datetime < r.end for r in there)
    ]  # fmt: skip


def _rows(session: Session, model: Any, patient_id: int, *more: Any) -> list[Any]:
    key = getattr(model, model.pk_name())
    query = select(model).where(model.patient_id == patient_id, *more).order_by(key)
    return list(session.scalars(query))


def _named(session: Session, model: Any, moved: dict[str, list[int]], patient_id: int) -> list[Any]:
    """Rows that a merge moved and that are the kept patient's still."""
    keys = moved.get(model.__tablename__, [])
    return _rows(session, model, patient_id, getattr(model, model.pk_name()).in_(keys))


def _has_record(session: Session, visit: Appointment) -> bool:
    key = MedicalRecord.appointment_id == visit.appointment_id
    return bool(session.scalar(select(exists().where(key))))


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise ClinicError(_("Say why in a few words."), field="reason")
