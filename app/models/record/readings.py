"""What was measured of a patient, as the chart shows it: plain SELECT functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.models.people.linked import WHOSE, same_person
from app.models.record.clinical import MISTAKE
from app.models.record.measures import BY_CODE, Measure, Vital
from app.models.record.observation import Observation
from app.spelling import measured

TREND = 60
"""Readings of a vital sign that are fetched, newest first; a plot shows no more."""
FINDINGS = 60

OBSERVED = (
    Observation.code, Observation.effective, Observation.value, Observation.unit,
    Observation.components,
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """One measurement; a blood pressure has two values."""

    effective: str
    values: tuple[float, ...]

    @property
    def shown(self) -> str:
        """The values as a chart spells them, in the language of now: `36.8`, `128/78`."""
        return "/".join(measured(float(f"{value:.4g}")) for value in self.values)


@dataclass
class Course:
    """A vital sign with what was read of it, newest first."""

    vital: Vital
    readings: list[Reading] = field(default_factory=list)

    @property
    def latest(self) -> Reading | None:
        """The newest reading; None where there is none."""
        return self.readings[0] if self.readings else None

    def flags(self, reading: Reading) -> list[tuple[Measure, str]]:
        """The measures of a reading that lie outside an adult's normal range, each with where."""
        pairs = zip(self.vital.measures, reading.values, strict=True)
        return [(m, flag) for m, value in pairs if (flag := m.flag(value))]


def vitals(session: Session, patient_id: int, most: int = TREND) -> list[Course]:
    """Every vital sign that was ever read, with its last `most` readings."""
    return courses(session.execute(_vitals(), {"patient_id": patient_id, "most": most}))


@cache
def _vitals() -> Select[Any]:
    rank = func.row_number().over(
        partition_by=Observation.code,
        order_by=(Observation.effective.desc(), Observation.observation_id.desc()),
    )
    ranked = (
        observed(WHOSE)
        .add_columns(rank.label("rank"))
        .where(Observation.code.in_(BY_CODE))
        .subquery()
    )
    query = select(ranked).where(ranked.c.rank <= bindparam("most", type_=Integer()))
    return query.order_by(ranked.c.code, ranked.c.rank)


def vitals_of(session: Session, record_id: int) -> list[Course]:
    """What was measured at one visit."""
    query = select(*OBSERVED).where(
        Observation.record_id == record_id, Observation.code.in_(BY_CODE), *_sound()
    )
    return courses(session.execute(query.order_by(Observation.effective.desc())))


def findings(session: Session, patient_id: int) -> Sequence[Any]:
    """The latest of every other finding, such as a laboratory value, newest first."""
    rank = func.row_number().over(
        partition_by=Observation.display,
        order_by=(Observation.effective.desc(), Observation.observation_id.desc()),
    )
    ranked = (
        observed(patient_id)
        .add_columns(Observation.display, Observation.value_text, rank.label("rank"))
        .where(Observation.code.is_(None) | Observation.code.not_in(BY_CODE))
        .subquery()
    )
    query = select(ranked).where(ranked.c.rank == 1).order_by(ranked.c.effective.desc())
    return session.execute(query.limit(FINDINGS)).all()


def courses(rows: Iterable[Any]) -> list[Course]:
    """Readings put in the order in which a chart shows the vital signs."""
    found = {code: Course(vital) for code, vital in BY_CODE.items()}
    for row in rows:
        if reading := _reading(found[row.code].vital, row):
            found[row.code].readings.append(reading)
    return [course for course in found.values() if course.readings]


def observed(patient_id: int | ColumnElement[int]) -> Select[Any]:
    """The readings of a patient that are no mistake."""
    return select(*OBSERVED).where(same_person(Observation.patient_id, patient_id), *_sound())


def _sound() -> tuple[Any, ...]:
    return (Observation.status != MISTAKE, Observation.effective.is_not(None))


def _reading(vital: Vital, row: Any) -> Reading | None:
    """The values in the unit of the chart, or nothing where one is missing or in another unit."""
    parts = {part.get("code"): part for part in row.components or ()}
    parts[vital.code] = {"value": row.value, "unit": row.unit}
    values = [_number(parts.get(measure.code, {}), measure) for measure in vital.measures]
    whole = [value for value in values if value is not None]
    return Reading(row.effective, tuple(whole)) if len(whole) == len(values) else None


def _number(part: dict[str, Any], measure: Measure) -> float | None:
    value, unit = part.get("value"), part.get("unit")
    return float(value) if measure.is_in(unit) and isinstance(value, (int, float)) else None
