"""`flask clinic check` and the console name what is misconfigured, in sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import update
from werkzeug.security import generate_password_hash

from app.exchange import demo
from app.extensions import db
from app.jobs import worker
from app.models import AuditEvent, JobRun, Notification, VisitFact
from app.models.analytics import rollup
from app.upkeep import checks
from app.upkeep.backups import make
from tests.cast import Cast

PRODUCTION: dict[str, Any] = {
    "SECRET_KEY": "x" * 48,
    "SESSION_COOKIE_SECURE": True,
    "TRUSTED_HOSTS": ["localhost", "clinic.example.org"],
    "CLINIC_URL": "https://clinic.example.org",
    "CLINIC_TIMEZONE": "Europe/Madrid",
    "MAIL_SERVER": "mail.example.org",
    "REDIS_URL": None,
}
WRONG = [
    ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter"),
    ({"SESSION_COOKIE_SECURE": False}, "CLINIC_HTTPS=yes"),
    ({"TRUSTED_HOSTS": ["localhost"]}, "CLINIC_HOSTS names nothing but this machine"),
    ({"CLINIC_URL": "http://127.0.0.1:8000"}, "CLINIC_URL is http://127.0.0.1:8000"),
    ({"CLINIC_TIMEZONE": "UTC"}, "CLINIC_TIMEZONE is UTC"),
    ({"MAIL_SERVER": None}, "MAIL_SERVER is not set"),
    ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "REDIS_URL has no password"),
    ({"REDIS_URL": "redis://:secret@127.0.0.1:1/0"}, "Redis does not answer"),
    ({"DEBUG": True}, "debug mode"),
]


@pytest.fixture
def well(app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """A clinic in which nothing is to be found fault with."""
    for name in ("CLINIC_BACKUPS", "CLINIC_SEALS"):
        monkeypatch.setitem(app.config, name, tmp_path / name)
    monkeypatch.setitem(app.config, "INSTANCE", tmp_path / "instance")
    for name, value in PRODUCTION.items():
        monkeypatch.setitem(app.config, name, value)
    worker._noted.clear()
    with app.app_context():
        now = datetime.now(UTC)
        worker.run_one(db.session(), "keep figures", now)
        worker.run_one(db.session(), "seal the audit trail", now)
        make(db.engine, tmp_path / "CLINIC_BACKUPS", now)
        db.session.remove()
    return cast


def said(cast: Cast, now: datetime | None = None, *, slow: bool = True) -> list[str]:
    with cast.app.app_context():
        try:
            return checks.faults(checks.look(db.session(), now or datetime.now(UTC), slow=slow))
        finally:
            db.session.remove()


def test_a_clinic_that_is_well_hears_so(well: Cast) -> None:
    result = well.app.test_cli_runner().invoke(args=["clinic", "check"])
    assert (result.exit_code, result.output) == (0, "All is well: 23 things were looked at.\n")
    assert "All is well" in well.client("amina").get("/ops/health/").text


def test_each_setting_that_is_wrong_is_named(well: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for change, sentence in WRONG:
        with monkeypatch.context() as patch:
            for name, value in change.items():
                patch.setitem(well.app.config, name, value)
            found[sentence] = said(well, slow=False)
    assert {s: [s in one for one in lines] for s, lines in found.items()} == {
        sentence: [True] for _, sentence in WRONG
    }


def test_a_key_that_others_can_read_is_named(well: Cast) -> None:
    instance, seals = well.app.config["INSTANCE"], well.app.config["CLINIC_SEALS"]
    instance.mkdir()
    seals.mkdir(exist_ok=True)
    for path in (instance / "field_keys", instance / "secret_key", seals / "key.pem"):
        path.touch()
        path.chmod(0o640)
    assert [line.rpartition("chmod 600 ")[2].rpartition("/")[2] for line in said(well)] == [
        "secret_key", "field_keys", "key.pem",
    ]  # fmt: skip


def test_backups_and_seals_beside_the_database_are_named(
    well: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(well.app.config, "INSTANCE", tmp_path)
    assert [line.split(" lie in")[0] for line in said(well)] == [
        "The backups", "The seals of the audit trail",
    ]  # fmt: skip


def test_what_waits_too_long_is_named(well: Cast) -> None:
    with well.app.app_context():
        db.session.add(AuditEvent(recorded=datetime.now(UTC), action="show", entity="Patient"))
        for number, state in enumerate(("planned", "dead")):
            db.session.add(
                Notification(
                    once=str(number), message_id=str(number), rule="x", channel="email", state=state,
                    patient_id=well.paula, subject="x", body="x", created=datetime.now(UTC),
                    not_before=datetime.now(UTC),
                )
            )  # fmt: skip
        db.session.commit()
        db.session.remove()
    later = said(well, datetime.now(UTC) + timedelta(hours=27))
    beginnings = (
        "The newest backup is 27",
        "The audit trail has not been sealed",
        "No job has run",
    )
    beginnings += ("1 message should have", "1 message was given up")
    assert [line[: len(begin)] for line, begin in zip(later, beginnings, strict=True)] == list(
        beginnings
    )


def test_a_job_that_fails_and_figures_that_are_wrong_are_named(
    well: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> int:
        raise LookupError

    monkeypatch.setattr(worker, "TIMETABLE", [("mark no-shows", 1, fail)])
    with well.app.app_context():
        worker.run_due(db.session(), datetime.now(UTC), {})
        assert db.session.query(JobRun).filter_by(name="mark no-shows").one().succeeded is None
        db.session.execute(update(VisitFact).values(day=datetime(2020, 1, 1).date()))
        db.session.commit()
        assert not rollup.pending(db.session())
        db.session.remove()
    job, figures = said(well)
    assert job == "The last run failed of “mark no-shows” (LookupError); the log says why."
    assert "visit_fact" in figures


def test_the_demos_password_is_named_as_long_as_it_opens(well: Cast) -> None:
    with well.app.app_context():
        hashed = generate_password_hash(demo.PASSWORD, method="pbkdf2:sha256:1")
        user = db.session.query(User).filter_by(username="rosa").one()
        user.username, user.password = "receptionist", hashed
        db.session.commit()
        db.session.remove()
    assert said(well)[0] == "The demo's password still opens: receptionist. Everyone knows it."


def test_behind_a_migration_the_command_says_so_and_nothing_fails(well: Cast) -> None:
    with well.app.app_context(), db.engine.begin() as connection:
        before = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    result = well.app.test_cli_runner().invoke(args=["clinic", "check"])
    with well.app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{before}'")
    assert result.exit_code == 1
    assert result.output.startswith("- The database is at migration 0001, not ")


def test_the_console_shows_backups_and_jobs_and_the_same_sentences(
    well: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(well.app.config, "MAIL_SERVER", None)
    client = well.client("amina")
    assert "MAIL_SERVER is not set" in client.get("/ops/health/").text
    assert "restored and counted" in client.get("/ops/backups/").text
    assert "Seal the audit trail" in client.get("/ops/jobs/").text


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_a_database_that_others_can_read_is_found(
    well: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"other.db{ending}"
    path.touch(mode=0o644)
    path.chmod(0o644)
    url = f"sqlite:///{tmp_path / 'other.db'}"
    monkeypatch.setitem(well.app.config, "SQLALCHEMY_DATABASE_URI", url)
    assert said(well, slow=False) == [
        f"{path} can be read by others on this machine: chmod 600 {path}"
    ]
