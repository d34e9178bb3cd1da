"""How connections to either database begin.

SQLite: a transaction that may write takes the write lock when it begins, because one that
starts by reading cannot be promoted after another has written. A request that only reads says
so by `reading()` and shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

_read_only: ContextVar[bool] = ContextVar("read_only", default=False)

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=30000",
    "PRAGMA recursive_triggers=ON",  # else INSERT OR REPLACE passes by the DELETE triggers
)


def prepare(engine: Engine) -> None:
    """Attach the rules above to an engine; PostgreSQL needs none of them."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)


def start_reading() -> None:
    """From here on, transactions of this thread or task begin without the write lock."""
    _read_only.set(True)


def start_writing() -> None:
    """From here on, transactions begin with the write lock: the default."""
    _read_only.set(False)


@contextmanager
def reading() -> Iterator[None]:
    token = _read_only.set(True)
    try:
        yield
    finally:
        _read_only.reset(token)


@contextmanager
def not_waiting(engine: Engine) -> Iterator[Connection]:
    """A connection whose commits return before they are on the disk; they survive the end of any
    process. Only a failure of the machine can undo the last of them, and never breaks the order:
    a later commit that waits makes the earlier ones safe too."""
    sqlite = engine.dialect.name == "sqlite"
    word = "PRAGMA synchronous=NORMAL" if sqlite else "SET synchronous_commit TO off"
    with engine.connect() as connection:
        connection.detach()  # closed at the end: nobody else ever gets it
        driver: Any = connection.connection.dbapi_connection
        driver.execute(word)
        driver.commit()
        yield connection


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing; `_on_begin` does
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _on_begin(connection: Connection) -> None:
    statement = "BEGIN" if _read_only.get() else "BEGIN IMMEDIATE"
    driver: Any = connection.connection.dbapi_connection
    try:
        driver.execute(statement)
    except driver.OperationalError as error:  # another process held the lock for too long
        raise OperationalError(statement, None, error) from None
