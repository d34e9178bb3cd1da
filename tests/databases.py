"""The tests' databases: emptied before each test, and filled with what many tests begin with.

What filled one is kept, as a file of SQLite or as the rows of PostgreSQL, because thousands of tests
begin with the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask, current_app
from sqlalchemy import text, update

from app.extensions import db
from app.models import LoginSession
from app.models.base.sealed import keyring
from tests.cast import Cast

TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public'
AND tablename NOT IN ('alembic_version', 'ab_role', 'data_key')
"""
RUNNING = """
SELECT sequencename, last_value FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename <> 'ab_role_id_seq'
"""
EMPTY_ALL = f"""
DO $$ DECLARE found record; BEGIN
    FOR found IN {TABLES}
    LOOP EXECUTE format('DELETE FROM %I', found.tablename); END LOOP;
    FOR found IN {RUNNING}
    LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', found.sequencename); END LOOP;
END $$
"""
"""Deleting beats truncating where there is little in many tables."""

_kept: dict[tuple[str, str], Any] = {}
"""What filled a database, by its address and the name of the copy."""
_rows: dict[tuple[str, str], dict[str, bytes]] = {}
"""What PostgreSQL's COPY told of each table, and how far the sequences were, by the same."""

Answer = TypeVar("Answer")


def remember_empty(application: Flask) -> None:
    """Keep the empty SQLite file, to be put back before each test."""
    with application.app_context():
        if _is_sqlite():
            with db.engine.begin() as connection:
                connection.execute(text("SELECT 1"))
            _keep_file(".empty")


def empty(application: Flask) -> None:
    with application.app_context():
        db.session.remove()
        if _is_sqlite():
            _put_file(".empty")
        else:
            _empty_postgresql()


def with_cast(application: Flask) -> Cast:
    """The cast on a database that is empty; signed in just now."""
    cast = filled(application, "cast", lambda: Cast.on(application))
    with application.app_context(), db.engine.begin() as connection:
        now = datetime.now(UTC)
        times = {"created": now, "seen": now, "expires": now + timedelta(hours=8)}
        connection.execute(update(LoginSession).values(**times))
    return replace(cast, users=dict(cast.users), secrets=dict(cast.secrets))


def filled(application: Flask, name: str, fill: Callable[[], Answer]) -> Answer:
    """A database that is empty as `fill` leaves it, which is called and must commit the first time
    only; answers what it answered."""
    with application.app_context():
        key = (str(db.engine.url), name)
        if key not in _kept:
            _kept[key] = fill()
            db.session.remove()
            _keep_file(f".{name}") if _is_sqlite() else _keep_rows(key)
        elif _is_sqlite():
            _put_file(f".{name}")
        else:
            _put_rows(key)
        answer: Answer = _kept[key]
        return answer


def _is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def _keep_file(suffix: str) -> None:
    db.engine.dispose()
    path = Path(str(db.engine.url.database))
    shutil.copy(path, path.with_suffix(suffix))


def _put_file(suffix: str) -> None:
    db.engine.dispose()
    path = Path(str(db.engine.url.database))
    for leftover in path.parent.glob(f"{path.name}-*"):
        leftover.unlink()
    shutil.copy(path.with_suffix(suffix), path)
    keyring().forget()  # the file has the keys that it had then
    keyring().newest()  # read now, so that no test counts the statement


def _keep_rows(key: tuple[str, str]) -> None:
    with db.engine.begin() as connection:
        cursor = connection.connection.cursor()
        kept: dict[str, bytes] = {}
        for table in connection.scalars(text(TABLES)):
            with cursor.copy(f'COPY public."{table}" TO STDOUT') as copy:
                kept[f'COPY public."{table}" FROM STDIN'] = b"".join(map(bytes, copy))
        _rows[key] = {copy: rows for copy, rows in kept.items() if rows}
        for sequence, value in connection.execute(text(RUNNING)):
            _rows[key][f"SELECT setval('public.\"{sequence}\"', {value})"] = b""


def _put_rows(key: tuple[str, str]) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # without guards
        cursor = connection.connection.cursor()
        for statement, rows in _rows[key].items():
            if rows:
                with cursor.copy(statement) as copy:
                    copy.write(rows)
            else:
                cursor.execute(statement)


def _empty_postgresql() -> None:
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # without guards
        connection.execute(text(EMPTY_ALL))
        roles = connection.scalar(text("SELECT count(*) FROM ab_role"))
    if not roles:
        _kept.clear()  # the people in the copies have roles of other numbers
        current_app.extensions["appbuilder"].sm.sync_roles()
