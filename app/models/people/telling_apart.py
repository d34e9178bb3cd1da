"""That two patients who are much alike are two people: decided, withdrawn, asked for.

A decision names two rows of the register and is about persons: who is merged into a third takes it
along, and has it back when the merge is undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from app.language import _
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Conflict
from app.models.people import linked
from app.models.people.patient import Patient
from app.models.people.patient_apart import PatientApart

STANDING = PatientApart.withdrawn_at.is_(None)
SHORTEST_REASON = 3


def told_apart(one: Any, two: Any) -> ColumnElement[bool]:
    """Whether a pair, the lower number first and neither replaced, stands as two people."""
    named = (
        select(
            linked.kept(PatientApart.patient_id).label("one"),
            linked.kept(PatientApart.other_id).label("two"),
        )
        .where(STANDING)
        .subquery()
    )
    low, high = (case((order, named.c.one), else_=named.c.two) for order in (
        named.c.one < named.c.two, named.c.one > named.c.two
    ))  # fmt: skip
    return tuple_(one, two).in_(select(low, high))


def between(session: Session, one: Patient, two: Patient) -> Sequence[PatientApart]:
    """The standing decisions about these two persons, oldest first."""

    def names(first: Patient, second: Patient) -> ColumnElement[bool]:
        return and_(
            linked.same_person(PatientApart.patient_id, first.patient_id),
            linked.same_person(PatientApart.other_id, second.patient_id),
        )

    query = select(PatientApart).where(STANDING, or_(names(one, two), names(two, one)))
    return session.scalars(query.order_by(PatientApart.decided_at)).all()


def of_patient(session: Session, patient_id: int) -> list[tuple[PatientApart, Patient]]:
    """The standing decisions about this person, newest first, each with the other of its two."""
    mine = linked.all_rows(session, [patient_id])
    named = or_(PatientApart.patient_id.in_(mine), PatientApart.other_id.in_(mine))
    query = select(PatientApart).where(named, STANDING).order_by(PatientApart.decided_at.desc())
    both = joinedload(PatientApart.patient), joinedload(PatientApart.other)
    found = session.scalars(query.options(*both, joinedload(PatientApart.decided_by))).all()
    return [(row, row.other if row.patient_id in mine else row.patient) for row in found]


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
