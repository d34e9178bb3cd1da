"""What only reads: no transaction, nothing written; and a look-up that reads an index, not a table."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, text

from app import database
from app.extensions import db
from app.models import Patient, Room
from tests.cast import Cast


def test_what_began_by_reading_cannot_write(app: Flask) -> None:
    with app.app_context():
        database.start_reading()
        try:
            with pytest.raises(RuntimeError, match="read only"):
                db.session.execute(insert(Room).values(name="Sneaked in", room_type="exam"))
        finally:
            db.session.remove()
            database.start_writing()
        assert db.session.query(Room).count() == 0
        db.session.remove()


def test_a_transaction_that_began_by_reading_cannot_turn_to_writing(postgresql_app: Flask) -> None:
    with postgresql_app.app_context():
        database.start_reading()
        db.session.execute(text("SELECT 1"))
        database.start_writing()  # without an end of what began before
        with pytest.raises(RuntimeError, match="read only"):
            db.session.execute(insert(Room).values(name="Sneaked in", room_type="exam"))
        db.session.remove()


def test_on_postgresql_reading_begins_no_transaction(postgresql_app: Flask) -> None:
    with postgresql_app.app_context():
        for start, outside in (
            (database.start_reading, True),
            (database.start_streaming, False),
            (database.start_writing, False),
        ):
            start()
            driver: Any = db.session.connection().connection.dbapi_connection
            assert driver.autocommit is outside
            db.session.remove()


def test_a_connection_that_the_server_has_ended_is_replaced(postgresql_app: Flask) -> None:
    with postgresql_app.app_context():
        ended = db.session.scalar(text("SELECT pg_backend_pid()"))
        db.session.remove()
        with db.engine.connect() as other, db.engine.connect() as another:
            pids = {c.scalar(text("SELECT pg_backend_pid()")): c for c in (other, another)}
            killer = next(c for pid, c in pids.items() if pid != ended)
            left = next(c for pid, c in pids.items() if pid == ended)
            left.close()
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": ended})
            killer.execute(text("SELECT pg_sleep(0.2)"))
        assert db.session.scalar(text("SELECT 1")) == 1
        assert db.session.scalar(text("SELECT pg_backend_pid()")) != ended
        db.session.remove()


@pytest.mark.parametrize("words", ["mar", "MAR", "P-0000", "lópez"])
def test_a_patient_is_found_by_index(
    postgresql_app: Flask, cast: Cast, words: str, request: pytest.FixtureRequest
) -> None:
    if cast.app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        pytest.skip("SQLite tells its plans in other words")
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT") and "FROM patient" in statement:
            sent.append((statement, parameters))

    client = cast.client("rosa")
    with cast.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    assert client.get("/search/patients", query_string={"q": words}).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    assert sent
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL enable_seqscan TO off"))  # so few rows are quicker read
        for statement, parameters in sent:
            plan = connection.exec_driver_sql("EXPLAIN " + statement, parameters).scalars().all()
            assert not any("Seq Scan" in line for line in plan), "\n".join(plan)


def test_names_are_found_by_their_beginning_first_and_then_by_a_word(cast: Cast) -> None:
    with cast.app.app_context():
        for number in range(22):
            db.session.add(Patient(name=f"Zoe {number:02d} Zimmer", dob=date(1980, 1, 1)))
        db.session.add(Patient(name="Anna Zoe Quarles", dob=date(1980, 1, 1)))
        db.session.commit()
        db.session.remove()
    client = cast.client("rosa")

    def found(words: str) -> list[str]:
        return [hit["text"] for hit in client.get(f"/search/patients?q={words}").json]

    assert found("zoe") == [f"Zoe {number:02d} Zimmer" for number in range(20)]
    assert found("quarles") == found("anna zoe") == ["Anna Zoe Quarles"]
    assert found("zoe q") == ["Anna Zoe Quarles"]


def test_an_empty_list_tells_only_those_who_may_add_to_it_to_add(sqlite_cast: Cast) -> None:
    asked, told = "Patients are asked nothing before a visit.", "Add a question."
    reader = sqlite_cast.client("nora").get("/visit_question/list/").text
    assert (asked in reader, told in reader) == (True, False)
    assert told in sqlite_cast.client("amina").get("/visit_question/list/").text


def test_a_language_of_an_import_is_read_by_its_name(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        db.session.get_one(Patient, sqlite_cast.paula).language_tag = "vi-VN"
        db.session.commit()
        db.session.remove()
    page = sqlite_cast.client("rosa").get(f"/patient/show/{sqlite_cast.paula}").text
    assert "Vietnamese" in page
    assert "vi-VN" not in page
