"""That two patients who are much alike are two people: decided, withdrawn, asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from app.language import _
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Conflict
from app.models.people.patient import Patient
from app.models.people.patient_apart import PatientApart

STANDING = PatientApart.withdrawn_at.is_(None)
SHORTEST_REASON = 3


def told_apart(one: Any, two: Any) -> ColumnElement[bool]:
    """Whether a pair, the lower number first, stands as two people."""
    condition: ColumnElement[bool] = exists().where(
        PatientApart.patient_id == one, PatientApart.other_id == two, STANDING
    )
    return condition


def of_pair(session: Session, one: Patient, two: Patient) -> PatientApart | None:
    """The standing decision about these two."""
    low, high = sorted((one.patient_id, two.patient_id))
    query = select(PatientApart).where(
        PatientApart.patient_id == low, PatientApart.other_id == high, STANDING
    )
    return session.scalar(query)


def of_patient(session: Session, patient_id: int) -> Sequence[PatientApart]:
    """The standing decisions that name this patient, newest first."""
    named = or_(PatientApart.patient_id == patient_id, PatientApart.other_id == patient_id)
    query = select(PatientApart).where(named, STANDING).order_by(PatientApart.decided_at.desc())
    both = joinedload(PatientApart.patient), joinedload(PatientApart.other)
    return session.scalars(query.options(*both, joinedload(PatientApart.decided_by))).all()


def tell_apart(
    session: Session, actor: Acting, one: Patient, two: Patient, reason: str, now: datetime
) -> PatientApart:
    """Decide that these are two people. The caller commits. Raises ClinicError; of two who decide
    at once the database refuses the second."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise ClinicError(_("Say why in a few words."), field="apart")
    if one.patient_id == two.patient_id:
        raise Conflict(_("These are not two entries of the register."))
    low, high = sorted((one.patient_id, two.patient_id))
    row = PatientApart(
        patient_id=low, other_id=high, reason=reason.strip(), decided_at=now,
        decided_by_id=actor.user_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def withdraw(session: Session, actor: Acting, row: PatientApart, now: datetime) -> None:
    """Take a decision back; the pair is looked at again. The caller commits. Raises Conflict."""
    if row.withdrawn_at is not None:
        raise Conflict(_("This was taken back already."))
    row.withdrawn_at, row.withdrawn_by_id = now, actor.user_id
    session.flush()
