"""Copying a PostgreSQL database while it is written to, and putting a copy in its place."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, inspect, text

from app.upkeep.archive import BackupError
from app.upkeep.counting import count_tables, revision_of
from app.upkeep.postgresql_tools import run, run_on, tool

WITHOUT_OWNERS = ("--no-owner", "--no-privileges")
KEYS = re.compile(r"COPY public\.data_key \((.*?)\) FROM stdin;\n(.*?)\\\.\n", re.DOTALL)
EMPTY = r"""
DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT nspname FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
    LOOP EXECUTE format('DROP SCHEMA %I CASCADE', found.nspname); END LOOP;
END $$
"""
PATIENCE = "-c lock_timeout=10s -c client_min_messages=warning"


def dump(engine: Engine, target: Path) -> tuple[str, dict[str, int]]:
    """Copy the database as it is at one moment, by `pg_dump -Fc`, while others write. Answers its
    revision and the rows of its tables, counted at the same moment."""
    with _connected(engine.url, "REPEATABLE READ") as connection:
        program = tool(connection, "pg_dump")
        moment = connection.scalar(text("SELECT pg_export_snapshot()"))
        command = [program, "--format=custom", f"--file={target}", f"--snapshot={moment}"]
        run_on(engine.url, [*command, *WITHOUT_OWNERS])
        return revision_of(connection), count_tables(connection)


def prove(engine: Engine, dumped: Path) -> tuple[str, dict[str, int] | None]:
    """Restore a copy into an empty database beside the clinic's, count, and drop it. Where the role
    may make no database the copy is read to its end only, and nothing is counted."""
    with _connected(engine.url, "AUTOCOMMIT") as connection:
        program = tool(connection, "pg_restore")
        may = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        if not connection.scalar(text(may)):
            _read(program, dumped)
            return "read", None
        name = f"clinic_proof_{secrets.token_hex(6)}"
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        try:
            place = engine.url.set(database=name)
            run_on(place, [program, "--exit-on-error", *WITHOUT_OWNERS, str(dumped)])
            with _connected(place) as empty:
                return "restored", count_tables(empty)
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def is_empty(engine: Engine) -> bool:
    """Whether the database has no table at all."""
    with _connected(engine.url) as connection:
        return not inspect(connection).get_table_names()


def put_in_place(engine: Engine, dumped: Path, statements: list[str]) -> None:
    """Replace every schema of the database by those of a copy, changed by `statements`: in one
    transaction, so that it is the old one or the new one. Raises BackupError where others use it."""
    engine.dispose()
    script = dumped.with_suffix(".sql")
    script.touch(mode=0o600)
    with _connected(engine.url) as connection:
        restore, shell = tool(connection, "pg_restore"), tool(connection, "psql")
        owner = connection.scalar(text("SELECT quote_ident(current_user)"))
    _read(restore, dumped, script)
    command = [shell, "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    command += [f"--command={EMPTY}"]
    command += [f"--command=CREATE SCHEMA public AUTHORIZATION {owner}", f"--file={script}"]
    command += [f"--command={line}" for line in ("SET search_path TO public", *statements)]
    try:
        run_on(engine.url, command, PGOPTIONS=PATIENCE)
    except BackupError as error:
        if "lock timeout" not in error.message:
            raise
        raise BackupError(
            "The database is in use: stop every process of the clinic first."
        ) from None
    finally:
        script.unlink()


def keys_in(dumped: Path, engine: Engine) -> list[str]:
    """The wrapped data keys of a copy, read out of it without a database."""
    with _connected(engine.url) as connection:
        program = tool(connection, "pg_restore")
    script = dumped.with_suffix(".keys")
    script.touch(mode=0o600)
    try:
        _read(program, dumped, script, "--data-only", "--table=data_key")
        found = KEYS.search(script.read_text())
    finally:
        script.unlink()
    if found is None:
        return []
    place = found.group(1).split(", ").index("wrapped")
    return [line.split("\t")[place] for line in found.group(2).splitlines()]


def _read(program: str, dumped: Path, into: Path = Path("/dev/null"), *more: str) -> None:
    """Turn a copy into SQL, which reads all of it. Raises BackupError."""
    run([program, *WITHOUT_OWNERS, *more, f"--file={into}", str(dumped)])


@contextmanager
def _connected(url: URL, isolation: str = "READ COMMITTED") -> Iterator[Connection]:
    """A connection outside the pool, which is gone afterwards."""
    engine = create_engine(url, isolation_level=isolation, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
