"""Backups: made while the clinic works, proven before they get their name, and brought back whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text

from app import create_app
from app.extensions import db
from app.models import AuditEvent, LoginSession, Notification, Patient
from app.models.base.sealed import keyring
from app.models.trail.seal_folder import SealFolder
from app.models.trail.trail_sealing import seal_trail
from app.models.trail.verifying import verify
from app.upkeep import archive, backups, postgresql_tools
from app.upkeep.archive import BackupError
from app.upkeep.backups import make
from app.upkeep.restoring import restore
from tests.cast import Cast
from tests.conftest import SETTINGS
from tests.places import master_keys, new_database

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@pytest.fixture
def empty_place(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """The clinic on a database that holds nothing, with the keys of the other."""
    keys = {"FIELD_KEYS": master_keys(), "INSTANCE": tmp_path / "elsewhere"}
    with new_database(app.config["SQLALCHEMY_DATABASE_URI"], "elsewhere", tmp_path) as url:
        yield create_app(SQLALCHEMY_DATABASE_URI=url, **SETTINGS, **keys)


@pytest.fixture
def file(app: Flask, cast: Cast, tmp_path: Path) -> Path:
    """A backup of the cast's clinic."""
    target = tmp_path / "backups" / "cast.backup"
    with app.app_context():
        make(db.engine, target, NOW)
    return target


def bring_back(app: Flask, file: Path, *, overwrite: bool = False) -> None:
    with app.app_context():
        restore(db.engine, keyring(), file, datetime.now(UTC), overwrite=overwrite)


def test_a_backup_comes_back_in_an_empty_place(empty_place: Flask, file: Path) -> None:
    bring_back(empty_place, file)
    with empty_place.app_context():
        names = db.session.scalars(select(Patient.name).order_by(Patient.name)).all()
        db.session.remove()
        db.engine.dispose()
    assert names == ["Paula O’Connor", "Quentin Quist"]


def test_a_manifest_says_how_many_rows_were_restored_to_prove_it(file: Path) -> None:
    manifest = archive.read_manifest(file)
    assert (manifest.moment, manifest.proven, manifest.tables["patient"]) == (NOW, "restored", 2)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir() if path.name != ".lock"] == [file.name]


def test_what_is_there_is_not_overwritten_without_being_told(
    app: Flask, cast: Cast, file: Path
) -> None:
    with pytest.raises(BackupError, match="not empty"):
        bring_back(app, file)


def test_a_restore_puts_back_what_was_lost_and_drops_what_came_later(
    app: Flask, cast: Cast, file: Path
) -> None:
    with app.app_context():
        db.session.execute(text("UPDATE patient SET name = 'Lost' WHERE name LIKE 'Paula%'"))
        db.session.add(Patient(name="Came later", dob=NOW.date()))
        db.session.commit()
        db.session.remove()
    bring_back(app, file, overwrite=True)
    with app.app_context():
        names = set(db.session.scalars(select(Patient.name)))
        events = db.session.scalars(select(AuditEvent.action)).all()
        db.session.remove()
    assert names == {"Paula O’Connor", "Quentin Quist"}
    assert events[-1] == "restore"


def test_nobody_is_signed_in_and_nothing_is_sent_twice_after_a_restore(
    app: Flask, cast: Cast, tmp_path: Path
) -> None:
    facts = {"rule": "reminder", "patient_id": cast.paula, "subject": "x", "body": "y"}
    with app.app_context():
        for number, (channel, due) in enumerate(
            [("email", NOW), ("email", datetime.now(UTC) + timedelta(days=9)), ("inbox", NOW)]
        ):
            db.session.add(
                Notification(
                    once=str(number), message_id=str(number), channel=channel, created=NOW,
                    not_before=due, **facts,
                )
            )  # fmt: skip
        db.session.commit()
        db.session.remove()
        make(db.engine, tmp_path / "a.backup", NOW)
    bring_back(app, tmp_path / "a.backup", overwrite=True)
    with app.app_context():
        alive = db.session.scalars(
            select(LoginSession).where(LoginSession.ended_at.is_(None))
        ).all()
        states = db.session.scalars(select(Notification.state).order_by(Notification.once)).all()
        db.session.remove()
    assert (alive, states) == ([], ["dead", "planned", "planned"])
    assert cast.client("amina").get("/room/list/").status_code == 302


def test_the_trail_is_whole_after_an_older_backup_came_back_twice_in_one_second(
    app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "CLINIC_SEALS", tmp_path / "seals")
    later = NOW + timedelta(hours=1)
    with app.app_context():
        for number in range(3):
            db.session.add(AuditEvent(recorded=NOW, action="show", entity="Patient"))
            db.session.commit()
            seal_trail(db.session(), NOW + timedelta(minutes=number))
            if not number:
                make(db.engine, tmp_path / "a.backup", NOW)
                continue
            moment = later + timedelta(microseconds=number)
            restored = restore(db.engine, keyring(), tmp_path / "a.backup", moment, overwrite=True)
            assert restored.aside
        verdict = verify(db.session(), SealFolder(tmp_path / "seals"), later)
        db.session.remove()
    assert (verdict.fault, verdict.seals, verdict.waiting) == (None, 1, 1)
    assert {path.name for path in (tmp_path / "seals").glob("heads-until-*")} == {
        f"heads-until-20260504T090000.00000{number}.jsonl" for number in (1, 2)
    }


def test_wherever_a_sector_is_overwritten_a_backup_is_unreadable_in_words(
    file: Path, tmp_path: Path
) -> None:
    whole, database = file.read_bytes(), tmp_path / "database"
    for at in range(512, len(whole) - 1024, len(whole) // 12):
        file.write_bytes(whole[:at] + b"\xff" * 512 + whole[at + 512 :])
        with pytest.raises(BackupError):
            archive.unpack(file, database)
        assert not database.exists()


@pytest.mark.parametrize("kind", ["cut short", "a lost sector", "no backup"])
def test_a_damaged_backup_is_refused_and_changes_nothing(
    app: Flask, cast: Cast, file: Path, kind: str
) -> None:
    content = bytearray(file.read_bytes())
    if kind == "cut short":
        content = content[: len(content) // 2]
    elif kind == "a lost sector":
        middle = len(content) // 2
        content[middle : middle + 512] = bytes(512)
    else:
        content = bytearray(b"something else")
    file.write_bytes(content)
    with pytest.raises(BackupError, match=r"damaged|cannot be read|no backup"):
        bring_back(app, file, overwrite=True)
    assert cast.client("amina").get("/room/list/").status_code == 200


def test_a_backup_under_other_master_keys_is_refused(
    empty_place: Flask, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography.fernet import Fernet

    from app.models.base.keyring import Keyring

    other = Keyring(lambda: db.engine, lambda: [Fernet.generate_key().decode()])
    monkeypatch.setitem(empty_place.extensions, "clinic_keyring", other)
    with pytest.raises(BackupError, match="other master keys"):
        bring_back(empty_place, file)


def test_a_backup_of_a_later_version_is_refused(app: Flask, cast: Cast, tmp_path: Path) -> None:
    with app.app_context():
        with db.engine.begin() as connection:
            before = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        make(db.engine, tmp_path / "a.backup", NOW)
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": before})
    with pytest.raises(BackupError, match="later version"):
        bring_back(app, tmp_path / "a.backup", overwrite=True)


def test_a_database_in_use_is_not_replaced(
    app: Flask, cast: Cast, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.upkeep import postgresql_copy, sqlite_copy

    monkeypatch.setattr(sqlite_copy, "PATIENCE", 0.1)
    monkeypatch.setattr(postgresql_copy, "PATIENCE", "-c lock_timeout=200ms")
    other = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        connection.execute(text("SELECT count(*) FROM patient"))
        with pytest.raises(BackupError, match="in use: stop every process"):
            bring_back(app, file, overwrite=True)
    other.dispose()


def test_a_full_disk_leaves_nothing_that_looks_like_a_backup(
    app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with app.app_context(), pytest.raises(BackupError, match="No space left"):
        make(db.engine, tmp_path / "backups", NOW)
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".lock"]


def test_what_a_killed_backup_left_is_cleared_by_the_next(
    sqlite_app: Flask, tmp_path: Path
) -> None:
    (tmp_path / ".making-x").mkdir()
    (tmp_path / "clinic-20260101T000000Z.backup.unfinished").write_text("half")
    with sqlite_app.app_context():
        assert backups.listed(tmp_path) == []
        make(db.engine, tmp_path, NOW)
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "clinic-20260504T080000Z.backup"}


def test_a_backup_is_never_written_over(sqlite_app: Flask, tmp_path: Path) -> None:
    with sqlite_app.app_context():
        make(db.engine, tmp_path, NOW)
        with pytest.raises(BackupError, match="there already"):
            make(db.engine, tmp_path, NOW)


def test_the_timetable_backs_up_once_a_day_and_keeps_some(
    app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"CLINIC_BACKUPS": tmp_path, "BACKUP_HOURS": 24, "BACKUP_KEEP": 2}
    for name, value in settings.items():
        monkeypatch.setitem(app.config, name, value)
    made = []
    with app.app_context():
        for hour in (0, 1, 24, 47, 48):
            moment = NOW + timedelta(hours=hour)
            made.append(backups.back_up_when_due(db.session(), moment))
            db.session.commit()
        there = [found.manifest.moment.day for found in backups.listed(tmp_path) if found.manifest]
        noted = db.session.scalars(select(AuditEvent.action)).all()
        db.session.remove()
    assert (made, there, noted) == ([1, 0, 1, 0, 1], [6, 5], ["backup"] * 3)


def test_no_program_that_is_older_than_the_server_copies_it(
    make_app: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app("postgresql")  # type: ignore[operator]
    monkeypatch.setattr(postgresql_tools, "_version", lambda _path: 9)
    with (
        app.app_context(),
        pytest.raises(BackupError, match="install the package postgresql-client"),
    ):
        make(db.engine, tmp_path, NOW)


def test_the_commands_back_up_and_restore(sqlite_cast: Cast, tmp_path: Path) -> None:
    runner = sqlite_cast.app.test_cli_runner()
    made = runner.invoke(args=["clinic", "backup", str(tmp_path / "daily")])
    (file,) = (tmp_path / "daily").glob("*.backup")
    assert f"tables are in {file}, and" in made.output
    refused = runner.invoke(args=["clinic", "restore", str(file)])
    nothing = runner.invoke(args=["clinic", "restore", str(tmp_path)])
    done = runner.invoke(args=["clinic", "restore", "--overwrite", str(tmp_path / "daily")])
    assert (made.exit_code, "restored from there to prove it" in made.output) == (0, True)
    assert (refused.exit_code, "--overwrite" in refused.output) == (1, True)
    assert (nothing.exit_code, "no backup in" in nothing.output) == (1, True)
    assert done.exit_code == 0, done.output
    shutil.rmtree(tmp_path / "daily")


def test_a_database_at_a_migration_that_is_gone_is_left_alone_and_named(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = '40b5f73dbcf4'"))
        db.session.commit()
    said = sqlite_cast.app.test_cli_runner().invoke(args=["clinic", "init"])
    assert said.exit_code == 1
    assert "at migration 40b5f73dbcf4, which is not in migrations/versions" in said.output


def test_two_migrations_that_nothing_follows_are_named_with_the_way_to_join_them(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.heads", lambda: ["0044", "1f9330c3fce6"])
    said = sqlite_cast.app.test_cli_runner().invoke(args=["clinic", "init"])
    assert said.exit_code == 1
    assert "No migration follows 0044 or 1f9330c3fce6" in said.output
