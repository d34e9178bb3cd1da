"""How the databases are opened and migrated, what an instant is, and how a list is exported."""

from __future__ import annotations

import csv
import io
import sqlite3
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import OperationalError, StatementError

from app import cli, create_app, database
from app.extensions import db
from app.models import Appointment, Patient
from app.models.base.types import FhirDateTime
from app.views.generated.export import safe
from tests.cast import Cast
from tests.conftest import SETTINGS
from tests.places import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database of its own without tables."""
    kind = "sqlite:"
    if request.param == "postgresql":
        kind = request.getfixturevalue("postgresql_url")
    with new_database(kind, "empty", tmp_path) as url:
        application = create_app(SQLALCHEMY_DATABASE_URI=url, **SETTINGS)
        yield application
        close(application)


def close(application: Flask) -> None:
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


def tables(application: Flask) -> set[str]:
    with application.app_context():
        return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_the_migrations_say_what_the_models_say(empty_app: Flask) -> None:
    with empty_app.app_context():
        flask_migrate.upgrade()
        flask_migrate.check()
        assert cli.is_as_declared()


def test_the_migrations_lead_down_and_up_again(empty_app: Flask) -> None:
    with empty_app.app_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # reflecting an index over lower(name) on the way down
        flask_migrate.upgrade()
        before = tables(empty_app)
        flask_migrate.downgrade(revision="base")
        assert tables(empty_app) == set()
        flask_migrate.upgrade()
        assert tables(empty_app) == before


def test_what_was_written_as_a_language_becomes_one_that_is_spoken(empty_app: Flask) -> None:
    said = {"es-ES": ("es", "es-ES"), "en_US": ("en", "en_US"), "Spanish": ("es", None),
            "fr": (None, "fr"), "est": (None, "est"), "": (None, None)}  # fmt: skip
    with empty_app.app_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flask_migrate.upgrade(revision="0030")
        row = text(
            "INSERT INTO patient (name, dob, language, version) VALUES (:name, '1980-01-01', :tag, 1)"
        )
        for tag in said:
            db.session.execute(row, {"name": tag or "", "tag": tag or None})
        db.session.commit()
        db.session.remove()
        flask_migrate.upgrade()
        found = db.session.execute(text("SELECT name, language, language_tag FROM patient"))
        assert {name: (spoken, tag) for name, spoken, tag in found} == said


def test_the_framework_creates_no_table_by_itself(empty_app: Flask) -> None:
    assert empty_app.test_client().get("/health").status_code == 200
    assert tables(empty_app) == set()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30000),
        ("recursive_triggers", 1),
    ],
)  # fmt: skip
def test_an_sqlite_connection_begins_with(sqlite_app: Flask, pragma: str, value: Any) -> None:
    with sqlite_app.app_context(), db.engine.connect() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


@pytest.fixture
def begun(sqlite_app: Flask) -> Iterator[list[str]]:
    """How the transactions of SQLite begin."""
    seen: list[str] = []

    def note(connection: Any, _record: Any = None, _proxy: Any = None) -> None:
        connection.set_trace_callback(lambda s: seen.append(s) if s.startswith("BEGIN") else None)

    with sqlite_app.app_context():
        engine = db.engine
    engine.dispose()
    event.listen(engine, "connect", note)
    yield seen
    event.remove(engine, "connect", note)
    engine.dispose()


def test_a_write_begins_with_the_lock(sqlite_app: Flask, begun: list[str]) -> None:
    with sqlite_app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.remove()
    assert begun == ["BEGIN IMMEDIATE"]


def test_a_post_begins_with_the_lock(sqlite_cast: Cast, begun: list[str]) -> None:
    client, room = sqlite_cast.client("amina"), {"name": "R", "room_type": "exam"}
    begun.clear()
    assert client.post("/api/v1/room/", json=room).status_code == 201
    assert set(begun) == {"BEGIN IMMEDIATE"}


def test_a_get_begins_without_the_lock(sqlite_cast: Cast, begun: list[str]) -> None:
    client = sqlite_cast.client("nora")
    begun.clear()
    assert client.get("/room/list/").status_code == 200
    assert set(begun) == {"BEGIN"}


def test_what_comes_after_a_get_begins_with_the_lock_again(
    sqlite_app: Flask, begun: list[str]
) -> None:
    sqlite_app.test_client().get("/ready")
    begun.clear()
    test_a_write_begins_with_the_lock(sqlite_app, begun)


@pytest.fixture
def held(sqlite_app: Flask) -> Iterator[sqlite3.Connection]:
    """Another process that holds the write lock."""
    with sqlite_app.app_context():
        path = db.engine.url.database
    other = sqlite3.connect(str(path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.rollback()
    other.close()


@pytest.mark.parametrize("url", ["/login/", "/ready", "/room/list/"])
def test_a_get_answers_while_another_holds_the_lock(
    sqlite_cast: Cast, request: pytest.FixtureRequest, url: str
) -> None:
    client = sqlite_cast.client("anonymous" if url in ("/login/", "/ready") else "nora")
    request.getfixturevalue("held")
    assert client.get(url).status_code == 200


def test_a_write_that_waits_too_long_is_a_503_in_words(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    short = tuple(p.replace("30000", "50") for p in database.PRAGMAS)
    monkeypatch.setattr(database, "PRAGMAS", short)
    client = sqlite_cast.client("amina")
    with sqlite_cast.app.app_context():
        db.engine.dispose()
    request.getfixturevalue("held")
    answer = client.post("/room/add", data={"name": "x", "room_type": "y"})
    with sqlite_cast.app.app_context():
        db.engine.dispose()
    assert answer.status_code == 503
    assert "try again" in answer.text


def test_the_lock_that_does_not_come_is_an_operational_error(
    sqlite_app: Flask, held: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_app.app_context(), database.reading(), db.engine.connect() as connection:
        connection.execute(text("PRAGMA busy_timeout=50"))
        connection.rollback()
        database.start_writing()
        with pytest.raises(OperationalError, match="BEGIN IMMEDIATE"):
            connection.execute(text("SELECT 1"))


def test_a_naive_time_is_no_instant(app: Flask, cast: Cast) -> None:
    with app.app_context():
        db.session.get_one(Appointment, cast.visit).appointment_datetime = datetime(2026, 5, 4, 8)
        with pytest.raises(StatementError, match="has no time zone"):
            db.session.commit()
        db.session.rollback()


def test_an_instant_comes_back_as_the_same_instant_in_utc(app: Flask, cast: Cast) -> None:
    moment = datetime(2026, 10, 25, 2, 30, 15, 123456, timezone(timedelta(hours=2)))
    with app.app_context():
        db.session.get_one(Appointment, cast.visit).appointment_datetime = moment
        db.session.commit()
        db.session.expire_all()
        kept = db.session.get_one(Appointment, cast.visit).appointment_datetime
    assert kept == moment
    assert kept.tzinfo is UTC


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("2024", "2024"), ("2024-02", "2024-02"), ("2024-02-29", "2024-02-29"),
        ("2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"),
        ("2024-02-29T10:00:00+02:00", "2024-02-29T08:00:00Z"),
        ("2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00Z"),
    ],
)  # fmt: skip
def test_a_fhir_date_has_one_spelling(given: str, normal: str) -> None:
    assert FhirDateTime.normal(given) == normal


@pytest.mark.parametrize("given", ["", "24", "2024-13", "2023-02-29", "2024-02-29T10:00:00", "x"])
def test_what_is_no_fhir_date_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        FhirDateTime.normal(given)


NAMES = [
    'Comma, "quoted"',
    "Line\r\nbreak",
    "Émile",
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "\tTab",
    "\rCR",
]


@pytest.fixture
def exported(cast: Cast) -> str:
    with cast.app.app_context():
        db.session.add_all(Patient(name=name, dob=date(1990, 1, 1)) for name in NAMES)
        db.session.commit()
        db.session.remove()
    answer = cast.client("rosa").get("/patient/export")
    assert answer.mimetype == "text/csv"
    return answer.get_data(as_text=True)


def test_an_export_is_rfc_4180(exported: str) -> None:
    rows = list(csv.reader(io.StringIO(exported, newline="")))
    assert rows[0][0] == "Name"
    assert {len(row) for row in rows} == {5}
    assert {'Comma, "quoted"', "Line\r\nbreak", "Émile"} <= {row[0] for row in rows}
    assert exported.endswith("\r\n")


def test_no_cell_of_an_export_is_a_formula(exported: str) -> None:
    rows = list(csv.reader(io.StringIO(exported, newline="")))
    assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert "'=1+1" in {row[0] for row in rows}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_formula_is_shown_not_run(text: str) -> None:
    assert safe(text) == f"'{text}"


def test_an_export_holds_what_the_list_was_filtered_to(cast: Cast) -> None:
    answer = cast.client("rosa").get("/patient/export?_flt_0_name=Paula").text
    assert "Paula" in answer
    assert "Quentin" not in answer


def test_an_export_is_streamed(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        db.session.add_all(Patient(name=f"P {n}", dob=date(1990, 1, 1)) for n in range(2500))
        db.session.commit()
        db.session.remove()
    answer = sqlite_cast.client("rosa").get("/patient/export", buffered=False)
    assert answer.is_streamed
    assert sum(1 for _ in answer.response) > 2500
