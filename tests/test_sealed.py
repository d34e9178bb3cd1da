"""What is written of a patient is encrypted in the database, and its keys can be changed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

import config
from app import create_app
from app.exchange import demo
from app.exchange.demo.cases import CHRONIC
from app.extensions import db
from app.models import (
    AllergyIntolerance,
    Appointment,
    DataKey,
    DeclarationError,
    MedicalRecord,
    MedicationRequest,
    RecordAmendment,
)
from app.models.base.keyring import Unreadable
from app.models.base.sealed import SealedBytes, SealedText, keyring
from app.models.record.amendment import intact
from app.models.record.chart_search import search
from tests.cast import Cast
from tests.conftest import SETTINGS
from tests.note_steps import amend, signed

NOON = datetime(2026, 6, 4, 12, tzinfo=UTC)
SECRET = "Melancholia after the loss of a brother"


def raw(session: Session, table: str, column: str) -> str:
    """What stands in the database itself."""
    return str(session.scalar(text(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")))


def own_app(tmp_path: Path, **overrides: Any) -> Flask:
    return create_app(
        **SETTINGS
        | {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/own.db", "INSTANCE": tmp_path}
        | overrides
    )


def close(application: Flask) -> None:
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_text_reads_as_written_and_is_not_to_be_found_in_the_database(
    cast: Cast, session: Session
) -> None:
    row = session.get_one(MedicalRecord, cast.record_of_diaz)
    row.notes = SECRET
    session.commit()
    assert (
        session.scalar(select(MedicalRecord.notes).where(MedicalRecord.notes.is_not(None)))
        == SECRET
    )
    assert "Melancholia" not in raw(session, "medical_record", "notes")


def test_the_same_text_is_never_sealed_alike(cast: Cast, session: Session) -> None:
    for key in (cast.record_of_diaz, cast.record_of_eriksen):
        session.get_one(MedicalRecord, key).notes = SECRET
    session.commit()
    assert len(set(session.scalars(text("SELECT notes FROM medical_record")))) == 2


def test_a_text_that_was_moved_to_another_column_does_not_open(
    cast: Cast, session: Session
) -> None:
    session.execute(text("UPDATE medical_record SET notes = diagnosis"))
    session.commit()
    with pytest.raises(Unreadable, match="changed outside"):
        session.get(MedicalRecord, cast.record_of_diaz)


@pytest.mark.parametrize("written", ["plain", "s1:plain", "s1:", "s1:AAAAAQ=="])
def test_a_text_that_was_written_past_the_clinic_does_not_open(
    cast: Cast, session: Session, written: str
) -> None:
    session.execute(text("UPDATE medical_record SET notes = :it"), {"it": written})
    session.commit()
    with pytest.raises(Unreadable):
        session.get(MedicalRecord, cast.record_of_diaz)


def test_a_file_is_sealed_too(cast: Cast, session: Session) -> None:
    kind, dialect = SealedBytes("attachment.content"), session.get_bind().dialect
    kept = kind.process_bind_param(b"%PDF-1.7 report", dialect)
    assert kept is not None and b"report" not in kept
    assert kind.process_result_value(memoryview(kept), dialect) == b"%PDF-1.7 report"


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c == "x", lambda c: c.like("x%"), lambda c: c.icontains("x"),
        lambda c: c.in_(["x"]), lambda c: c.desc(), lambda c: c < "x",
    ],
)  # fmt: skip
def test_sql_can_neither_compare_nor_sort_a_sealed_column(ask: Any) -> None:
    with pytest.raises(TypeError, match="is sealed"):
        ask(MedicalRecord.notes)


@pytest.mark.parametrize("changes", [{"search": ["notes"]}, {"order": "-notes"}])
def test_a_declaration_that_searches_or_sorts_by_it_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    monkeypatch.setattr(MedicalRecord, "__screen__", replace(MedicalRecord.__screen__, **changes))
    with pytest.raises(DeclarationError, match="'notes': it is encrypted"):
        create_app(**SETTINGS, SQLALCHEMY_DATABASE_URI="sqlite://")


def test_a_column_that_is_sealed_for_another_place_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    column = MedicalRecord.__table__.c.notes
    monkeypatch.setattr(column, "type", SealedText("medical_record.diagnosis"))
    with pytest.raises(DeclarationError, match=r"sealed for medical_record\.diagnosis"):
        create_app(**SETTINGS, SQLALCHEMY_DATABASE_URI="sqlite://")


def test_the_grid_offers_no_sorting_by_a_sealed_column(cast: Cast) -> None:
    page = cast.client("diaz").get("/medical_record/list/").text
    assert "_oc_MedicalRecordView=visit_date" in page
    assert "_oc_MedicalRecordView=reason_display" not in page


def test_the_chart_is_searched_all_the_same(cast: Cast, session: Session) -> None:
    session.get_one(MedicalRecord, cast.record_of_diaz).notes = SECRET
    session.add(AllergyIntolerance(patient_id=cast.paula, display="Nuts", reaction="Swollen lips"))
    session.add(MedicationRequest(patient_id=cast.paula, display="Pill", dosage="One at night"))
    session.commit()
    for words in ("melancholia", "swollen", "at night"):
        assert len(search(session, cast.paula, words)) == 1, words


def test_what_is_searched_for_in_a_chart_is_not_on_the_trail(cast: Cast, session: Session) -> None:
    cast.client("diaz").get(f"/chart/{cast.paula}?q=melancholia")
    assert "melancholia" not in str(session.execute(text("SELECT * FROM audit_event")).all())


def sentences() -> list[str]:
    """What a demo clinic's records say."""
    return [said for chronic in CHRONIC for said in (chronic.case.notes, chronic.case.treatment)]


def test_no_clinical_sentence_is_in_the_file_of_a_demo_clinic(tmp_path: Path) -> None:
    application = own_app(tmp_path)
    runner = application.test_cli_runner()
    assert (
        runner.invoke(args=["clinic", "demo", "--patients", "100", "--years", "1"]).exit_code == 0
    )
    files = [path for path in tmp_path.iterdir() if path.name.startswith("own.db")]
    kept = b"".join(path.read_bytes() for path in files)
    assert b"Dr. " in kept
    found = [said for said in sentences() if said.encode() in kept]
    with application.app_context():
        written = db.session.scalars(select(MedicalRecord.notes)).all()
        assert len(set(written) & set(sentences())) > 5
        assert demo.is_there(db.session())
    close(application)
    assert found == []


def test_what_was_there_before_is_encrypted_and_signed_rows_stay_provable(tmp_path: Path) -> None:
    application = own_app(tmp_path)
    with application.app_context():
        flask_migrate.upgrade()
        application.extensions["appbuilder"].sm.sync_roles()
    cast = Cast.on(application)
    amend(cast.client("diaz"), signed(cast), reason="Typo", notes="Cough, dry and barking.")
    with application.app_context():
        session = db.session()
        session.add(Appointment(patient_id=cast.paula, doctor_id=cast.diaz, reason=SECRET,
                                appointment_datetime=NOON))  # fmt: skip
        session.commit()
        db.session.remove()
        flask_migrate.downgrade(revision=before_sealing())
        assert SECRET in raw(db.session(), "appointment", "reason")
        db.session.remove()
        flask_migrate.upgrade()
        db.session.remove()
    application.test_cli_runner().invoke(args=["clinic", "init"])
    with application.app_context():
        record = db.session.get_one(MedicalRecord, cast.record_of_diaz)
        later = db.session.scalars(select(RecordAmendment)).all()
        assert later[0].notes == "Cough, dry and barking."
        assert intact(record, later) == [True, True]
        with pytest.raises(DBAPIError, match="medical_record_signed"):
            db.session.execute(text("UPDATE medical_record SET notes = NULL"))
        db.session.rollback()
    close(application)
    kept = b"".join(p.read_bytes() for p in tmp_path.iterdir() if p.name.startswith("own.db"))
    assert not [said for said in (SECRET, "dry and barking") if said.encode() in kept]


def before_sealing() -> str:
    """The revision before the one that encrypts."""
    (file,) = (config.ROOT / "migrations" / "versions").glob("*_sealed_text.py")
    return re.search(r'^down_revision = "(\d+)"', file.read_text(), re.M)[1]  # type: ignore[index]


def test_rotated_keys_leave_every_row_as_it_is_and_all_reads_as_before(tmp_path: Path) -> None:
    application = own_app(tmp_path)
    runner = application.test_cli_runner()
    runner.invoke(args=["clinic", "init"])
    cast = Cast.on(application)
    signed(cast)
    with application.app_context():
        before = db.session.execute(text("SELECT * FROM medical_record")).all()
        db.session.remove()
    old = (tmp_path / "field_keys").read_text().split()
    answer = runner.invoke(args=["clinic", "rotate-keys"])
    assert "2 keys are wrapped" in answer.output
    assert (tmp_path / "field_keys").read_text().split()[1:] == old
    assert (tmp_path / "field_keys").stat().st_mode & 0o077 == 0
    with application.app_context():
        assert db.session.execute(text("SELECT * FROM medical_record")).all() == before
        keyring()._open.clear()
        assert db.session.get_one(MedicalRecord, cast.record_of_diaz).notes == "Cough."
    close(application)
    (tmp_path / "field_keys").write_text(old[0])  # the new key is lost
    with pytest.raises(config.ConfigError, match="do not open with this master key"):
        own_app(tmp_path)


def test_a_key_of_the_environment_is_rotated_by_putting_a_new_one_first(tmp_path: Path) -> None:
    first, second = (Fernet.generate_key().decode() for _ in range(2))
    application = own_app(tmp_path, FIELD_KEYS=[first])
    runner = application.test_cli_runner()
    runner.invoke(args=["clinic", "init"])
    refused = runner.invoke(args=["clinic", "rotate-keys"])
    assert refused.exit_code == 1 and "Put a new one before it" in refused.output
    close(application)
    application = own_app(tmp_path, FIELD_KEYS=[second, first])
    assert application.test_cli_runner().invoke(args=["clinic", "rotate-keys"]).exit_code == 0
    close(application)
    application = own_app(tmp_path, FIELD_KEYS=[second])
    with application.app_context():
        assert len(db.session.scalars(select(DataKey)).all()) == 2
        assert keyring().newest()
    close(application)
    assert not (tmp_path / "field_keys").exists()


def test_a_setting_that_is_no_key_stops_the_start() -> None:
    with pytest.raises(config.ConfigError, match="FIELD_KEYS"):
        config.load({"FIELD_KEYS": "short", "SECRET_KEY": "x"})


def test_a_data_key_is_never_removed_nor_numbered_anew(session: Session) -> None:
    ways = ["DELETE FROM data_key", "UPDATE data_key SET key_id = key_id + 1"]
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA recursive_triggers = OFF"))
        ways.append("INSERT OR REPLACE INTO data_key SELECT * FROM data_key")
    for way in ways:
        with pytest.raises(DBAPIError, match="data_key_kept"):
            session.execute(text(way))
        session.rollback()
    assert session.scalars(select(DataKey.key_id)).all()


def test_a_process_that_runs_on_reads_what_another_sealed_with_a_newer_key(
    cast: Cast, session: Session
) -> None:
    ring, known = keyring(), dict(keyring()._open)
    ring.rewrap(session, datetime.now(UTC))
    session.commit()
    session.get_one(MedicalRecord, cast.record_of_diaz).notes = SECRET
    session.commit()
    ring._open = known
    assert session.get_one(MedicalRecord, cast.record_of_diaz).notes == SECRET


def test_a_value_that_cannot_be_sealed_is_refused(session: Session) -> None:
    row = MedicalRecord(patient_id=1, doctor_id=1, visit_date=NOON.date(), notes=5)
    session.add(row)
    with pytest.raises(StatementError):
        session.flush()
    session.rollback()
