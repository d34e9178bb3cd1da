"""The clinic is killed in the middle, again and again: what it said it kept is there, whole."""

from __future__ import annotations

import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from app import create_app
from app.extensions import db
from app.models.base.sealed import keyring
from app.upkeep import archive, backups
from tests.cast import PASSWORD, Cast
from tests.conftest import SETTINGS
from tests.places import master_keys, new_database
from tests.proof.server import ROOT, Server, serving

pytestmark = pytest.mark.proof

KILLS = int(os.environ.get("CLINIC_KILLS", "100"))
WRITERS, EACH = 4, 3
MIGRATION_KILLS, BACKUP_KILLS = 6, 8


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


class Writer(threading.Thread):
    """Adds patients by the API, one after the other; remembers those that the clinic said it kept."""

    def __init__(self, server: Server, token: str, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.server, self.token, self.number, self.stop = server, token, number, stop
        self.kept: list[str] = []
        self.tried = 0

    def run(self) -> None:
        while not self.stop.is_set():
            with (
                suppress(OSError, http.client.HTTPException),
                closing(self.server.connect()) as line,
            ):
                while not self.stop.is_set():
                    self.tried += 1
                    name = f"W{self.number} P{self.tried}"
                    person = {"name": name, "dob": "1980-01-01"}
                    status, _ = self.server.call(
                        line, "POST", "/api/v1/patient/", person, self.token
                    )
                    if status == 201:
                        self.kept.append(name)


def test_no_acknowledged_row_is_lost_by_100_kills(app: Flask, cast: Cast, tmp_path: Path) -> None:
    url, stop = app.config["SQLALCHEMY_DATABASE_URI"], threading.Event()
    chance = random.Random(20260504)
    with serving(url, tmp_path) as server:
        token = server.token("rosa", PASSWORD)
        writers = [Writer(server, token, number, stop) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(KILLS):
            wait_for_more(writers)
            time.sleep(chance.uniform(0, 0.05))
            with suppress(ProcessLookupError):
                os.kill(chance.choice(children_of(server.pid)), signal.SIGKILL)
        wait_for_more(writers)
        stop.set()
        for writer in writers:
            writer.join(130)
    kept = {name for writer in writers for name in writer.kept}
    tried = sum(writer.tried for writer in writers)
    engine = create_engine(url)
    with engine.connect() as connection:
        found = list(connection.scalars(text("SELECT name FROM patient WHERE name LIKE 'W% P%'")))
        noted = connection.scalar(
            text("SELECT count(*) FROM audit_event WHERE action = 'add' AND entity = 'Patient'")
        )
        sound = (
            url.startswith("postgres")
            or connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        )
    engine.dispose()
    assert kept - set(found) == set(), "acknowledged and lost"
    assert len(found) == len(set(found)) == noted, "each row has its event, and each event its row"
    assert sound
    assert len(kept) >= KILLS * EACH, (
        f"only {len(kept)} of {tried} came through: that proves little"
    )


def wait_for_more(writers: list[Writer], most: float = 30.0) -> None:
    """Until the clinic keeps rows again, so that each kill meets it while it writes."""
    before, until = sum(len(writer.kept) for writer in writers), time.monotonic() + most
    while sum(len(writer.kept) for writer in writers) < before + EACH and time.monotonic() < until:
        time.sleep(0.01)


@pytest.fixture
def new_place(request: pytest.FixtureRequest, app: Flask, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of the kind of `app`."""
    with new_database(app.config["SQLALCHEMY_DATABASE_URI"], "killed", tmp_path) as url:
        yield url


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
def test_a_migration_that_is_killed_is_taken_up_again(new_place: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "DATABASE_URL": new_place, "CLINIC_INSTANCE": str(tmp_path), "FLASK_APP": "app:create_app()"
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "clinic", "init"]

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    began = time.monotonic()
    for number in range(MIGRATION_KILLS):
        process = begin()
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.5 + number * 0.7)
        process.kill()
        process.communicate()
    process = begin()
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said.decode()
    assert time.monotonic() - began < 900
    keys = (tmp_path / "field_keys").read_text().split()
    place: dict[str, Any] = {"SQLALCHEMY_DATABASE_URI": new_place, "FIELD_KEYS": keys}
    application = create_app(**place, **SETTINGS)
    with application.app_context():
        flask_migrate.check()
        assert keyring().newest()
        codes = db.session.scalar(text("SELECT count(*) FROM icd_code"))
        db.session.remove()
        db.engine.dispose()
    assert codes > 70_000


def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(
    app: Flask, cast: Cast, tmp_path: Path
) -> None:
    keys = ",".join(master_keys())
    environment = os.environ | {
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"], "CLINIC_INSTANCE": str(tmp_path),
        "FLASK_APP": "app:create_app()", "FIELD_KEYS": keys,
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "clinic", "backup", str(tmp_path / "backups")]
    folder, seen = tmp_path / "backups", set()
    for number in range(BACKUP_KILLS):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None and not list(folder.glob(".making-*")):
            time.sleep(0.002)
        time.sleep(number * 0.04)
        process.kill()
        process.wait()
        seen |= {path.name for path in folder.iterdir()}
        for found in backups.listed(folder):
            archive.unpack(found.path, tmp_path / "opened")
    assert any(name.startswith(".making-") for name in seen), "none was killed in the middle"
