"""Rows of a batch to and from the database, many at a time, by the identifier that names each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, Column, bindparam, insert, select
from sqlalchemy.orm import Session

from app.exchange.batch import Row
from app.exchange.fitting import check
from app.exchange.report import Tally
from app.models import Doctor, Entity, Staff

IN_CHUNK = 1000

Ids = dict[str, int]


def add(session: Session, model: type[Entity], rows: list[Row], kind: str) -> dict[str, Row]:
    """Insert the rows whose identifier is not there yet, and answer them by identifier."""
    known = ids_of(session, model, (row["identifier"] for row in rows))
    fresh: dict[str, Row] = {}
    for row in rows:
        if row["identifier"] not in known:
            fresh.setdefault(row["identifier"], row)
    insert_all(session, model, list(fresh.values()), kind)
    return fresh


def insert_all(session: Session, model: type[Entity], rows: list[Row], kind: str) -> None:
    """Insert the rows in one statement, past the ORM; columns that none of them names are left to
    the database. Raises ClinicError for a value that does not fit."""
    if not rows:
        return
    named = {key for row in rows for key in row}
    columns = [column for column in model.__table__.columns if column.key in named]
    for row in rows:
        check(columns, row, kind)
    statement = insert(model.__table__).values({c.key: _parameter(c) for c in columns})
    values = [{column.key: row.get(column.key) for column in columns} for row in rows]
    session.connection().execute(statement, values)


def _parameter(column: Column[Any]) -> Any:
    # None must become NULL, which a plain JSON column would write as the JSON value null
    kind = JSON(none_as_null=True) if isinstance(column.type, JSON) else column.type
    return bindparam(column.key, type_=kind)


def ids_of(session: Session, model: type[Entity], keys: Iterable[str | None]) -> Ids:
    """The primary keys of the rows that are there, by identifier."""
    table = model.__table__
    (number,) = table.primary_key.columns
    return look_up(session, select(table.c.identifier, number), table.c.identifier, keys)


def doctor_ids(session: Session, keys: Iterable[str | None]) -> Ids:
    """The keys of the doctors by the identifier of their member of staff."""
    statement = select(Staff.identifier, Doctor.doctor_id).join(Doctor.staff)
    return look_up(session, statement, Staff.identifier, keys)


def look_up(session: Session, statement: Any, column: Any, keys: Iterable[str | None]) -> Ids:
    """By identifier what the statement answers for it, asked in pieces; what is not there is left
    out."""
    wanted = sorted({key for key in keys if key})
    found: Ids = {}
    for start in range(0, len(wanted), IN_CHUNK):
        chunk = wanted[start : start + IN_CHUNK]
        result = session.execute(statement.where(column.in_(chunk)))
        found.update((identifier, number) for identifier, number in result)
    return found


def tally(rows: list[Row], fresh: dict[str, Row]) -> Tally:
    """How many of the rows are new, and how many were there before."""
    return Tally(new=len(fresh), known=len(rows) - len(fresh))
