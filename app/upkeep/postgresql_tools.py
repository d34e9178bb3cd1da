"""PostgreSQL's own programs: found, and run without a password on their command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import URL, Connection, text

from app.upkeep.archive import BackupError

DEBIAN = Path("/usr/lib/postgresql")
LINES = 3


def tool(connection: Connection, name: str) -> str:
    """The path of a program that is as new as the server, which an older one cannot copy. Raises
    BackupError."""
    needed = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    for path in _candidates(connection, name):
        if _version(path) >= needed:
            return path
    raise BackupError(
        f"There is no {name} of PostgreSQL {needed} or later on this machine; install the package "
        f"postgresql-client-{needed}, or put its folder on the PATH."
    )


def run_on(url: URL, command: Sequence[str], **environment: str) -> str:
    """Run a program on a database; answers what it printed. Raises BackupError with its words."""
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    return run([*command, f"--dbname={plain}"], PGPASSWORD=url.password or "", **environment)


def run(command: Sequence[str], **environment: str) -> str:
    """Run a program; answers what it printed. Raises BackupError with what it complained of."""
    done = subprocess.run(  # noqa: S603  (a program of PostgreSQL, found by `tool`)
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = " ".join(done.stderr.strip().splitlines()[:LINES])
        raise BackupError(f"{Path(command[0]).name} failed: {said}")
    return done.stdout


def _candidates(connection: Connection, name: str) -> Iterator[str]:
    """On the PATH, beside the server where it is on this machine, and where Debian keeps them."""
    if found := shutil.which(name):
        yield found
    folders = sorted(DEBIAN.glob("*/bin"), reverse=True)
    if beside := _folder_of_server(connection):
        folders.insert(0, Path(beside))
    yield from (str(folder / name) for folder in folders if (folder / name).is_file())


def _folder_of_server(connection: Connection) -> str | None:
    """Only a superuser is told."""
    if not connection.scalar(text("SELECT has_function_privilege('pg_config()', 'execute')")):
        return None
    folder: str | None = connection.scalar(
        text("SELECT setting FROM pg_config() WHERE name = 'BINDIR'")
    )
    return folder


def _version(path: str) -> int:
    said = subprocess.run(  # noqa: S603
        [path, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"(\d+)(\.\d+)?", said)
    return int(found.group(1)) if found else 0
