"""How many messages wait, and how many were given up: a count that old messages do not make dearer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal, select, text
from sqlalchemy.orm import Session

from app.models.base.capped import count_up_to
from app.models.messages.notification import TO_GO, Notification


def waiting_and_dead(session: Session, most: int) -> tuple[int, int]:
    """How many messages are still to go, and how many were given up; each counted up to `most`,
    along the indexes of the few, so that old messages cost nothing."""
    conditions = (TO_GO, "state = 'claimed'", "state = 'dead'")
    table = Notification.__table__
    counts: list[Any] = [
        count_up_to(select(literal(1)).select_from(table).where(text(condition)), most)
        for condition in conditions
    ]
    planned, claimed, dead = session.execute(select(*counts)).one()
    return min(planned + claimed, most), dead
