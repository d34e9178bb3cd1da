"""How many messages wait, and how many were given up: a count that old messages do not make dearer."""

from __future__ import annotations

from sqlalchemy import func, literal, select, text
from sqlalchemy.orm import Session

from app.models.messages.notification import Notification


def waiting_and_dead(session: Session, most: int) -> tuple[int, int]:
    """How many messages are still to go, and how many were given up; each counted up to `most`,
    along the indexes of the few, so that old messages cost nothing."""
    conditions = ("state IN ('planned', 'failed')", "state = 'claimed'", "state = 'dead'")
    table = Notification.__table__
    few = [
        select(literal(1)).select_from(table).where(text(condition)).limit(most).subquery()
        for condition in conditions
    ]
    counts = [select(func.count()).select_from(some).scalar_subquery() for some in few]
    planned, claimed, dead = session.execute(select(*counts)).one()
    return min(planned + claimed, most), dead
