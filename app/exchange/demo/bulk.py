"""Many rows at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.models import Entity, MedicalRecord

CHUNK = 5_000


def insert_all(session: Session, model: type[Entity], rows: Iterable[dict[str, Any]]) -> int:
    """Insert rows that all name the same columns; answers how many."""
    remaining, count = iter(rows), 0
    while chunk := list(islice(remaining, CHUNK)):
        session.execute(insert(model), chunk)
        count += len(chunk)
    return count


def sign_all(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    """Sign drafts: each row names the record's `key`, `at` what time and `by` which staff."""
    record: Any = MedicalRecord.__table__
    signed = (
        update(record)
        .where(record.c.record_id == bindparam("key"))
        .values(status="signed", signed_at=bindparam("at"), signed_by=bindparam("by"))
    )
    if found := list(rows):
        session.connection().execute(signed, found)


def next_id(session: Session, model: type[Entity]) -> int:
    """The first primary key above all that there are."""
    key = getattr(model, model.pk_name())
    return (session.scalar(select(func.max(key))) or 0) + 1


def hand_on_numbering(session: Session, *models: type[Entity]) -> None:
    """Let PostgreSQL number on after rows that were inserted with a key of their own."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for model in models:
        table, key = model.__tablename__, model.pk_name()
        last = select(func.max(model.__table__.c[key])).scalar_subquery()
        session.execute(select(func.setval(func.pg_get_serial_sequence(table, key), last)))
