"""Raw SQL that is written to get at a signed record: nothing of it comes out changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import (
    AlertAnswer,
    Attachment,
    AuditEvent,
    Condition,
    DrugAlert,
    MedicalRecord,
    MedicationEnd,
    MedicationRequest,
)
from tests.cast import Cast
from tests.note_steps import HANGING, amend, signed
from tests.prescribing_steps import add

KEYS = {
    "medical_record": "record_id",
    "observation": "observation_id",
    "condition": "condition_id",
    "medication_request": "medication_request_id",
    "allergy_intolerance": "allergy_id",
    "record_amendment": "amendment_id",
    "medication_end": "end_id",
    "drug_alert": "alert_id",
    "alert_answer": "answer_id",
    "attachment": "attachment_id",
    "audit_event": "audit_id",
}
"""Tables of which row 1 is signed, hangs on a signed visit, or is kept for good. Row 2 of the first
five is of a draft."""
DRAFTS = ("medical_record", *HANGING)


def all_signed(cast: Cast) -> None:
    """A signed and amended visit of Paula with a row in each table; a draft of Quentin with a row
    of each kind that hangs on it."""
    amend(cast.client("diaz"), signed(cast), reason="Typo", notes="Cough, dry.")
    now = datetime.now(UTC)
    on_paula: dict[str, Any] = {"patient_id": cast.paula}
    alert = DrugAlert(
        **on_paula, attempt="a", user_id=cast.users["diaz"], at=now, kind="allergy", level="warn",
        drug="Amoxicillin", against="Penicillin", sentence="Allergic", source="s", release="1",
    )  # fmt: skip
    file = Attachment(
        **on_paula, title="Letter", filename="letter.txt", media_type="text/plain", size=6,
        digest="d", content=b"Letter", uploaded_at=now,
    )  # fmt: skip
    draft = {"patient_id": cast.quentin, "record_id": cast.record_of_eriksen, "display": "Draft"}
    loose = [model(**draft) for model in HANGING.values()]
    ended = MedicationRequest(**on_paula, display="Ended")
    add(cast, alert, file, *loose, ended)
    end = MedicationEnd(**on_paula, medication_request_id=1, reason="wish", at=now)
    answer = AlertAnswer(
        **on_paula, alert_id=1, medication_request_id=1, reason="benefit", at=now,
        user_id=cast.users["diaz"],
    )  # fmt: skip
    add(cast, end, answer)


@pytest.fixture
def attacked(cast: Cast) -> Cast:
    all_signed(cast)
    return cast


def plain(app: Flask) -> sqlite3.Connection:
    """A connection as another program opens it: no foreign keys, no recursive triggers."""
    with app.app_context():
        return sqlite3.connect(str(db.engine.url.database), isolation_level=None)


def any_driver(app: Flask) -> Iterator[Any]:
    """Connections of the driver itself, each as the clinic sets it up and as it comes."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            connection = plain(app)
            yield connection
            connection.close()
        connection = db.engine.raw_connection()
        yield connection.driver_connection
        connection.close()


def kept(driver: Any) -> dict[str, Any]:
    """Row 1 of each table."""
    cursor = driver.cursor()
    found = {}
    for table, key in KEYS.items():
        cursor.execute(f"SELECT * FROM {table} WHERE {key} = 1")
        found[table] = cursor.fetchone()
    return found


def attacks(dialect: str) -> Iterator[str]:
    """Ways to change, move, replace or remove a row that stays."""
    for table, key in KEYS.items():
        column = "size" if table == "attachment" else "version"  # a file may be withdrawn
        yield f"UPDATE {table} SET {column} = {column} + 1 WHERE {key} = 1"
        yield f"UPDATE {table} SET {key} = 99 WHERE {key} = 1"
        yield f"DELETE FROM {table} WHERE {key} = 1"
        yield f"DELETE FROM {table}"
        copy = f"INTO {table} SELECT * FROM {table} WHERE {key} = 1"
        if dialect == "sqlite":
            for name in ("rowid", "_rowid_", "oid"):
                yield f"UPDATE {table} SET {name} = 98 WHERE {key} = 1"
                yield f"UPDATE OR IGNORE {table} SET {name} = 98 WHERE {key} = 1"
            yield f"UPDATE OR IGNORE {table} SET {column} = 7"
            yield f"UPDATE OR REPLACE {table} SET {column} = 7 WHERE {key} = 1"
            yield f"UPDATE OR REPLACE {table} SET {key} = 1 WHERE {key} = 2"
            yield f"INSERT OR REPLACE {copy}"
            yield f"REPLACE {copy}"
        else:
            yield f"TRUNCATE {table} CASCADE"
            yield f"TRUNCATE {table} RESTART IDENTITY CASCADE"
            yield (
                f"MERGE INTO {table} t USING (SELECT 1 AS k) s ON t.{key} = s.k "
                f"WHEN MATCHED THEN UPDATE SET {column} = 9"
            )
        yield f"INSERT {copy} ON CONFLICT ({key}) DO UPDATE SET {column} = 9"
    for table in HANGING:
        yield f"UPDATE {table} SET record_id = NULL"
        yield f"UPDATE {table} SET record_id = 2 WHERE record_id = 1"
        yield f"UPDATE {table} SET patient_id = 2 WHERE record_id = 1"
        if dialect == "sqlite":
            yield (
                f"UPDATE OR REPLACE {table} SET identifier = (SELECT identifier FROM {table} "
                f"WHERE {KEYS[table]} = 1) WHERE {KEYS[table]} = 2"
            )
    yield "UPDATE medical_record SET patient_id = 2, doctor_id = 2 WHERE record_id = 1"
    yield "DELETE FROM appointment"
    for parent in ("patient", "doctor", "staff"):
        yield f"UPDATE {parent} SET {parent}_id = 77 WHERE {parent}_id = 1"
        yield f"DELETE FROM {parent}"
        if dialect == "postgresql":
            yield f"TRUNCATE {parent} CASCADE"
    if dialect == "sqlite":
        yield (
            "UPDATE OR REPLACE medical_record SET identifier = (SELECT identifier FROM "
            "medical_record WHERE record_id = 1) WHERE record_id = 2"
        )
        yield (
            "INSERT OR REPLACE INTO medical_record (patient_id, doctor_id, visit_date, identifier) "
            "SELECT patient_id, doctor_id, visit_date, identifier FROM medical_record "
            "WHERE record_id = 1"
        )
        yield (
            "INSERT OR REPLACE INTO record_amendment (record_id, patient_id, number, author_id, at, "
            "reason, content_hash) SELECT record_id, patient_id, number, author_id, at, 'x', 'x' "
            "FROM record_amendment"
        )


def test_no_statement_changes_a_row_that_is_signed(attacked: Cast) -> None:
    with attacked.app.app_context():
        dialect = db.engine.dialect.name
    tried = 0
    for driver in any_driver(attacked.app):
        before = kept(driver)
        assert None not in before.values()
        for statement in attacks(dialect):
            cursor = driver.cursor()
            cursor.execute("BEGIN")
            try:
                cursor.execute(statement)
            except Exception:  # refused; and what is not refused must change nothing that stays
                cursor.execute("ROLLBACK")
                tried += 1
                continue
            assert kept(driver) == before, statement
            cursor.execute("ROLLBACK")
            tried += 1
    assert tried > 60


@pytest.mark.parametrize("table", HANGING)
def test_a_row_of_a_draft_is_not_moved_onto_a_signed_visit(attacked: Cast, table: str) -> None:
    count = f"SELECT count(*) FROM {table} WHERE record_id = 1"
    for driver in any_driver(attacked.app):
        cursor = driver.cursor()
        before = cursor.execute(count).fetchone()
        for statement in (
            f"UPDATE {table} SET record_id = 1 WHERE record_id = 2",
            f"INSERT INTO {table} (patient_id, record_id, display) VALUES (1, 1, 'Late')",
            "UPDATE medical_record SET record_id = 1 WHERE record_id = 2",
        ):
            cursor.execute("BEGIN")
            with pytest.raises(
                Exception, match=r"signed|of_another|UNIQUE|duplicate|foreign|FOREIGN"
            ):
                cursor.execute(statement)
            cursor.execute("ROLLBACK")
            assert cursor.execute(count).fetchone() == before


def test_the_drafts_beside_it_still_change(attacked: Cast) -> None:
    for driver in any_driver(attacked.app):
        cursor = driver.cursor()
        for table in DRAFTS:
            cursor.execute(f"UPDATE {table} SET version = version + 1 WHERE {KEYS[table]} = 2")
            assert cursor.rowcount == 1
        if hasattr(driver, "rollback"):
            driver.rollback()


def test_the_clinic_itself_may_still_add_what_follows(attacked: Cast) -> None:
    later = Condition(patient_id=attacked.paula, display="Later", replaces_id=1)
    event = AuditEvent(recorded=datetime.now(UTC), action="x", entity="x")
    add(attacked, later, event)
    with attacked.app.app_context():
        assert db.session.get(MedicalRecord, attacked.record_of_diaz).status == "signed"
