"""Copying an SQLite database while it is written to, and putting a copy in its place."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine

from app.upkeep.archive import BackupError, sync_folder
from app.upkeep.counting import count_tables, revision_of

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds to wait for whoever has the database open."""


def dump(engine: Engine, target: Path) -> tuple[str, dict[str, int]]:
    """Copy the database as it is at one moment, by SQLite's backup API; those who write go on.
    Answers its revision and the rows of its tables."""
    with closing(sqlite3.connect(path_of(engine))) as source, closing(_new(target)) as copy:
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")  # all in one file
    return _in(target, lambda connection: (revision_of(connection), count_tables(connection)))


def prove(dumped: Path) -> tuple[str, dict[str, int]]:
    """Open a copy as the clinic would, read every page of it, and count. Raises BackupError."""
    with closing(sqlite3.connect(dumped)) as copy:
        try:
            found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            loose = copy.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.DatabaseError as error:
            raise BackupError(f"The copy cannot be read: {error}.") from None
    if found != "ok" or loose:
        raise BackupError(f"The copy is not sound: {found if found != 'ok' else 'loose keys'}.")
    return "restored", _in(dumped, count_tables)


def is_empty(engine: Engine) -> bool:
    """Whether there is no database file yet, or an empty one."""
    path = path_of(engine)
    return not path.exists() or path.stat().st_size == 0


def put_in_place(engine: Engine, dumped: Path, statements: list[str], now: datetime) -> str:
    """Let a copy, changed by `statements`, be the database. What was there before is kept beside
    it; answers its name, or nothing. Raises BackupError where the database is in use."""
    path = path_of(engine)
    with closing(sqlite3.connect(dumped)) as copy:
        for statement in statements:
            copy.execute(statement)
        copy.commit()
    engine.dispose()
    before = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%S.%f}")
    if there := not is_empty(engine):
        _close(path)
        os.link(path, before)
    for leftover in ("-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    os.replace(dumped, path)
    sync_folder(path.parent)
    return before.name if there else ""


def path_of(engine: Engine) -> Path:
    """The file of the database."""
    return Path(engine.url.database or "")


def _close(path: Path) -> None:
    """Bring a database into its one file, which only works when nobody has it open."""
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
        try:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            mode = "in use"
        except sqlite3.DatabaseError:  # it is broken, which may be why it is replaced
            mode = "delete"
    if mode != "delete":
        raise BackupError("The database is in use: stop every process of the clinic first.")


def _new(target: Path) -> sqlite3.Connection:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return sqlite3.connect(target)


def _in(path: Path, ask: Callable[[Connection], T]) -> T:
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            return ask(connection)
    finally:
        engine.dispose()


def keys_in(dumped: Path) -> list[str]:
    """The wrapped data keys of a copy."""
    with closing(sqlite3.connect(dumped)) as copy:
        return [wrapped for (wrapped,) in copy.execute("SELECT wrapped FROM data_key")]
