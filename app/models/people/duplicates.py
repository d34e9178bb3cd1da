"""Who may be registered twice: pairs of patients that agree in what seldom agrees by chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models.people.linked import STANDING
from app.models.people.patient import Patient
from app.models.people.patient_link import PatientLink
from app.models.people.telling_apart import told_apart

MOST = 200
"""Pairs that are looked at for each way of agreeing."""
ALIKE = 0.8
"""From which ratio of equal letters two names are similar."""
NAME_AND_BIRTH, SIMILAR, INSURANCE, EMAIL, PHONE = (
    "name and birth date", "similar name, same birth date", "insurance", "e-mail", "telephone",
)  # fmt: skip
ORDER = (NAME_AND_BIRTH, SIMILAR, INSURANCE, EMAIL, PHONE)


@dataclass
class Pair:
    """Two patients, the one with the lower number first, and in what they agree."""

    one: Patient
    two: Patient
    same: list[str] = field(default_factory=list)


def pairs(session: Session, patient_id: int | None = None, most: int = MOST) -> list[Pair]:
    """Pairs neither merged nor told apart, the likeliest first; of one patient where `patient_id` says so.

    What a family shares (a policy, an address, a telephone) counts last, and only beside the same birth
    date or a name that begins alike.
    """
    one, two = aliased(Patient), aliased(Patient)
    found: dict[tuple[int, int], Pair] = {}
    for why, agree in _ways(one, two).items():
        query = (
            select(one, two)
            .join(two, and_(agree, one.patient_id < two.patient_id))
            .where(_standing(one), _standing(two))
            .where(~told_apart(one.patient_id, two.patient_id))
            .order_by(one.patient_id, two.patient_id)
        )
        if patient_id is not None:
            query = query.where(or_(one.patient_id == patient_id, two.patient_id == patient_id))
        for a, b in session.execute(query.limit(most)).all():
            if why != SIMILAR or _alike(a.name, b.name):
                pair = found.setdefault((a.patient_id, b.patient_id), Pair(a, b))
                pair.same.append(why)
    return sorted(found.values(), key=lambda p: (ORDER.index(p.same[0]), -len(p.same)))[:most]


def much_like(session: Session, patient: Patient) -> list[Patient]:
    """Others of the same birth date and the same or a similar name, neither merged nor told apart; one
    statement, and seldom any row."""
    others = (
        select(Patient)
        .where(Patient.dob == patient.dob, Patient.patient_id != patient.patient_id)
        .where(_standing(Patient))
        .where(~told_apart(patient.patient_id, Patient.patient_id))
        .where(~told_apart(Patient.patient_id, patient.patient_id))
        .order_by(Patient.patient_id)
    )
    return [other for other in session.scalars(others) if _alike(patient.name, other.name)]


def _ways(one: Any, two: Any) -> dict[str, ColumnElement[bool]]:
    """By what two rows agree, the strongest first."""
    same_name = func.lower(one.name) == func.lower(two.name)
    begin = {
        column: func.substr(func.lower(column), 1, 2)
        for column in (one.name, two.name, one.family_name, two.family_name)
    }
    alike = or_(
        begin[one.name] == begin[two.name],
        begin[one.family_name] == begin[two.family_name],
        begin[one.name] == begin[two.family_name],
        begin[one.family_name] == begin[two.name],
    )
    numbered = or_(*(one.insurance_details.contains(digit) for digit in "0123456789"))
    one_person = or_(one.dob == two.dob, begin[one.name] == begin[two.name])
    return {
        NAME_AND_BIRTH: and_(one.dob == two.dob, same_name),
        SIMILAR: and_(one.dob == two.dob, ~same_name, alike),
        INSURANCE: and_(one.insurance_details == two.insurance_details, numbered, one_person),
        EMAIL: and_(func.lower(one.email) == func.lower(two.email), one.email != "", one_person),
        PHONE: and_(one.phone == two.phone, one.phone != "", one_person),
    }


def _standing(patient: Any) -> ColumnElement[bool]:
    return ~exists().where(PatientLink.other_id == patient.patient_id, STANDING)


def _alike(one: str, two: str) -> bool:
    """Whether two names differ by little, or by the order of their words only."""
    first, second = (" ".join(sorted(name.lower().split())) for name in (one, two))
    return SequenceMatcher(None, first, second).ratio() >= ALIKE
