"""When each job of the timetable ran last, and how it went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.models.base.entity import Entity
from app.models.base.types import Instant

OFTEN = timedelta(minutes=1)
"""A run that found nothing to do is noted at most this often."""


class JobRun(Entity):
    """The last run of one job. `seconds` is how long it took, `rows` how many it touched; `failure`
    is what kind of exception ended it, or nothing."""

    __tablename__ = "job_run"
    __screen__ = None  # it is read on the operations console

    job_run_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    began: Mapped[datetime] = mapped_column(Instant)
    seconds: Mapped[float] = mapped_column()
    rows: Mapped[int] = mapped_column()
    worker: Mapped[str] = mapped_column(String(100))
    failure: Mapped[str | None] = mapped_column(String(100))
    succeeded: Mapped[datetime | None] = mapped_column(Instant)


def failing(session: Session) -> int:
    """How many jobs ended by an exception when they ran last."""
    return session.scalar(select(func.count()).where(JobRun.failure.is_not(None))) or 0


def note(session: Session, name: str, began: datetime, **facts: Any) -> None:
    """Note a run in place of the one before; the caller commits."""
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[
        session.get_bind().dialect.name
    ]
    facts |= {"began": began}
    if not facts["failure"]:
        facts["succeeded"] = began
    statement = insert(JobRun).values(name=name, **facts)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=facts))
