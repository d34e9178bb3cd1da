"""Where the tests keep things: a folder for each test process, and databases of their own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

PLENTY = 2 * 1024**3


def quick_folder(name: str) -> Path:
    """A folder of this run, in memory where there is plenty, so that no test waits for a disk."""
    memory = Path("/dev/shm")
    plenty = memory.is_dir() and shutil.disk_usage(memory).free > PLENTY
    folder = Path(tempfile.mkdtemp(prefix=f"clinic-{name}-", dir=memory if plenty else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


INSTANCE = quick_folder("instance")
"""The instance folder of this test process, never the one of a clinic that is run from here."""
os.environ["CLINIC_INSTANCE"] = str(INSTANCE)


def master_keys() -> list[str]:
    """The keys with which the tests' rows are sealed."""
    return (INSTANCE / "field_keys").read_text().split()


@contextmanager
def new_database(url: str, purpose: str, folder: Path) -> Iterator[str]:
    """The address of an empty database of the kind of `url`; it is dropped at the end."""
    if url.startswith("sqlite"):
        place = folder / purpose
        place.mkdir(exist_ok=True)
        yield f"sqlite:///{place}/clinic.db"
        return
    server = make_url(url)
    name = f"{server.database}_{purpose}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    engine.dispose()
