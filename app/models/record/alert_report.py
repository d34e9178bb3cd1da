"""How often alerts of the check are overridden: numbers only, no patient and no clinical text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.people.staff import Staff
from app.models.record.prescription_tables import LEVELS, AlertAnswer, DrugAlert


@dataclass(frozen=True)
class Rate:
    """Alerts that asked for an answer, and those that were overridden."""

    name: str
    shown: int
    overridden: int

    @property
    def percent(self) -> int:
        """The share that was overridden, in whole percent; 0 where none was shown."""
        return round(100 * self.overridden / self.shown) if self.shown else 0


def by_kind(session: Session, since: datetime) -> list[Rate]:
    """One rate a kind and level, e.g. `allergy, block`; what only notifies is not counted."""
    rows = _rates(session, since, DrugAlert.kind, DrugAlert.level)
    rows.sort(key=lambda row: (-LEVELS.index(row[1]), row[0]))
    return [Rate(f"{kind}, {level}", shown, gone_on) for kind, level, shown, gone_on in rows]


def by_doctor(session: Session, since: datetime) -> list[Rate]:
    """One rate a prescriber, by name."""
    rows = _rates(session, since, Staff.name)
    return [Rate(name or "–", shown, gone_on) for name, shown, gone_on in rows]


def reasons(session: Session, since: datetime) -> Sequence[Any]:
    """How often each reason was given, the most frequent first."""
    query = (
        select(AlertAnswer.reason, func.count().label("times"))
        .where(AlertAnswer.at >= since)
        .group_by(AlertAnswer.reason)
        .order_by(func.count().desc(), AlertAnswer.reason)
    )
    return session.execute(query).all()


def _rates(session: Session, since: datetime, *by: Any) -> list[Any]:
    query = (
        select(*by, func.count(DrugAlert.alert_id), func.count(AlertAnswer.answer_id))
        .select_from(DrugAlert)
        .outerjoin(AlertAnswer, AlertAnswer.alert_id == DrugAlert.alert_id)
        .outerjoin(Staff, Staff.staff_id == DrugAlert.staff_id)
        .where(DrugAlert.at >= since, DrugAlert.level != "notify")
        .group_by(*by)
        .order_by(*by)
    )
    return list(session.execute(query).all())
