"""How connections to either database begin.

SQLite: a transaction that may write takes the write lock when it begins, because one that
starts by reading cannot be promoted after another has written. A request that only reads says
so by `reading()` and shares.

PostgreSQL: what only reads sends each statement by itself. Each sees what is committed, as it would
within a transaction (READ COMMITTED), without a BEGIN before and a ROLLBACK after them, which would
also make the driver forget the statements that it has prepared.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import Session

_read_only: ContextVar[bool] = ContextVar("read_only", default=False)
_piecewise: ContextVar[bool] = ContextVar("piecewise", default=False)
_by_itself: ContextVar[bool] = ContextVar("by_itself", default=False)

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=30000",
    "PRAGMA recursive_triggers=ON",  # else INSERT OR REPLACE passes by the DELETE triggers
)


WRITING = ("INSERT", "UPDATE", "DELETE")


def prepare(engine: Engine) -> None:
    """Attach the rules above to an engine."""
    event.listen(engine, "before_cursor_execute", _refuse_writing)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _make_own)
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    else:
        event.listen(engine, "connect", _on_connect_postgresql)
        event.listen(engine, "checkout", _on_checkout_postgresql)
        event.listen(engine, "begin", _on_begin_postgresql)


def start_reading() -> None:
    """From here on, transactions of this thread or task begin without the write lock."""
    _read_only.set(True)
    _piecewise.set(False)


def start_streaming() -> None:
    """As `start_reading`, for a result that is read piece by piece: it lives in one transaction."""
    _read_only.set(True)
    _piecewise.set(True)


def start_writing() -> None:
    """From here on, transactions begin with the write lock: the default."""
    _read_only.set(False)
    _piecewise.set(False)


@contextmanager
def reading() -> Iterator[None]:
    """Within the block a transaction is begun for reading, so that it waits for no writer."""
    token = _read_only.set(True)
    try:
        yield
    finally:
        _read_only.reset(token)


@contextmanager
def one_statement(session: Session) -> Iterator[Connection]:
    """A connection for one statement that writes, which is a transaction by itself: PostgreSQL is
    asked once, not for a BEGIN and a COMMIT besides, on the connection that the request has read
    from. It is kept, on the disk, when it has returned."""
    alone, reads = _by_itself.set(True), _read_only.set(False)
    try:
        if _is_piecemeal(session):
            yield session.connection()
            session.close()  # what had begun by reading has ended
        else:
            session.close()
            with session.get_bind().engine.begin() as connection:
                yield connection
    finally:
        _read_only.reset(reads)
        _by_itself.reset(alone)


def _is_piecemeal(session: Session) -> bool:
    """Whether each statement of what the session has begun is sent by itself."""
    if not session.in_transaction() or session.get_bind().dialect.name == "sqlite":
        return False
    driver: Any = session.connection().connection.dbapi_connection
    return driver.autocommit is True


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


def file_of(database: str | None) -> Path | None:
    """The file of an SQLite database, by what its address names; None where it is in memory."""
    named = database and database != ":memory:" and not database.startswith("file:")
    return Path(database) if database and named else None


def _make_own(_dialect: Any, _record: Any, arguments: Any, _options: Any) -> None:
    """A new file is nobody else's to read; SQLite gives those beside it the same rights."""
    path = file_of(arguments[0])
    if path is not None and path.parent.is_dir():
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


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


def _refuse_writing(
    connection: Connection, _cursor: Any, statement: str, _params: Any, _context: Any, _many: bool
) -> None:
    """What began by reading must not write: on SQLite it has no lock, and on PostgreSQL each
    statement would be kept by itself."""
    if not statement.startswith(WRITING):
        return
    driver: Any = connection.connection.dbapi_connection
    autocommit = getattr(driver, "autocommit", None) is True and not _by_itself.get()
    if _read_only.get() or autocommit:
        raise RuntimeError("This was to read only: say database.start_writing() before.")


def _on_connect_postgresql(connection: Any, _record: Any) -> None:
    """A page that is read by an index costs about what the next page does: on a solid-state disk, or
    from memory. The default of 4 is a turning disk's, and prefers scans. To compile a statement (JIT)
    takes longer than any statement here."""
    connection.autocommit = True
    connection.execute("SET random_page_cost TO 1.1; SET jit TO off")
    connection.autocommit = False


def _on_checkout_postgresql(connection: Any, _record: Any, _proxy: Any) -> None:
    """A server that has gone, or has ended the connection, has said so on its socket: costs nothing,
    where asking it would cost a statement a request."""
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    if watch.poll(0):
        raise DisconnectionError


def _on_begin_postgresql(connection: Connection) -> None:
    if "isolation_level" in connection.get_execution_options():
        return
    alone = _by_itself.get() or (_read_only.get() and not _piecewise.get())
    driver: Any = connection.connection.dbapi_connection
    if driver.autocommit != alone:
        driver.autocommit = alone
