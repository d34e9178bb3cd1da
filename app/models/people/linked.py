"""Reading one person whose register rows were merged: conditions that cost no statement.

A kept patient may stand for several others; a replaced one for nobody. So all rows of a person are
found in one step from the one that is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    bindparam,
    func,
    inspect,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from app.language import _
from app.models.base.errors import ClinicError
from app.models.people.patient import Patient
from app.models.people.patient_link import PatientLink

STANDING = PatientLink.undone_at.is_(None)


WHOSE = bindparam("patient_id", type_=Integer())
"""The patient of a statement that is made once, and asked with their number."""


def same_person(column: Any, patient_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Whether `column` names this patient or one that this patient replaced; `WHOSE` leaves open
    which one."""
    condition: ColumnElement[bool] = column.in_(numbers(patient_id))
    return condition


def numbers(patient_id: int | ColumnElement[int]) -> Any:
    """The numbers of a kept patient: the own one and those of the replaced."""
    replaced = select(PatientLink.other_id).where(PatientLink.patient_id == patient_id, STANDING)
    own = literal(patient_id) if isinstance(patient_id, int) else patient_id
    return union_all(select(own), replaced)


def kept(column: Any) -> ColumnElement[int]:
    """The number of who is kept for the patient in `column`: mostly the same."""
    link = aliased(PatientLink)
    found = (
        select(link.patient_id)
        .where(link.other_id == column, link.undone_at.is_(None))
        .correlate_except(link)
        .scalar_subquery()
    )
    return func.coalesce(found, column)


def kept_id(session: Session, patient_id: int) -> int:
    """The number of who is kept for this patient: mostly the same."""
    query = select(PatientLink.patient_id).where(PatientLink.other_id == patient_id, STANDING)
    return session.scalar(query) or patient_id


def is_of(session: Session, row_patient_id: int, patient_id: int) -> bool:
    """Whether a row of the one patient is read with the other; asks only where they differ."""
    return row_patient_id == patient_id or kept_id(session, row_patient_id) == patient_id


def replaced(session: Session, patient_id: int) -> list[PatientLink]:
    """The standing merges into a kept patient, oldest first."""
    query = select(PatientLink).where(PatientLink.patient_id == patient_id, STANDING)
    return list(session.scalars(query.order_by(PatientLink.linked_at)))


def all_rows(session: Session, patients: Collection[int]) -> set[int]:
    """The numbers of these patients and of all who are one person with any of them; two statements."""
    found = set(patients)
    for mine, other in (
        (PatientLink.other_id, PatientLink.patient_id),
        (PatientLink.patient_id, PatientLink.other_id),
    ):
        found.update(session.scalars(select(other).where(STANDING, mine.in_(found))))
    return found


def who_are_kept(session: Session, found: Sequence[Patient]) -> list[Patient]:
    """The patients with each who was replaced turned into who is kept, each once; asks only where
    one was."""
    wanted = {row.replaced_by_id for row in found} - {None}
    if not wanted:
        return list(found)
    query = select(Patient).where(Patient.patient_id.in_(wanted))
    kept_rows = {row.patient_id: row for row in session.scalars(query)}
    return list(dict.fromkeys(kept_rows.get(row.replaced_by_id or 0, row) for row in found))


def require_same_person(session: Session, row: Any) -> None:
    """What is kept stays about the person whom it was made about: what hangs on it, who is told of it
    and who may read it follow from them. Only a merge hands a row over. Raises ClinicError."""
    state: Any = inspect(row)
    if not state.persistent or "patient_id" not in state.mapper.column_attrs:
        return
    before = state.attrs.patient_id.history.deleted
    if before and before[0] is not None and row.patient_id != before[0]:
        now = row.patient_id and kept_id(session, row.patient_id)
        if now != kept_id(session, before[0]):
            raise ClinicError(
                _("Whose it is stays as it is. Make a new entry for the other patient."),
                field="patient",
            )
