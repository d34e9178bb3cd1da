"""A backup made while several processes write comes back whole in an empty place: the trail proves
itself, the counts are those of the moment, the clinic boots, and people sign in."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from app.upkeep import archive
from app.upkeep.counting import count_tables
from tests.cast import PASSWORD, Cast
from tests.places import master_keys, new_database
from tests.proof.server import ROOT, Server, serving

pytestmark = pytest.mark.proof

WRITERS = 4
AFTER_RESTORE = {"login_session", "audit_event", "audit_seal", "guess_count", "notification"}
"""Tables to which a restore and a sign-in add rows of their own."""


def clinic(url: str, instance: Path, *words: str) -> str:
    """Run `flask clinic …` as an operator would."""
    environment = os.environ | {
        "DATABASE_URL": url, "CLINIC_INSTANCE": str(instance), "FLASK_APP": "app:create_app()",
        "FIELD_KEYS": ",".join(master_keys()),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "flask", "clinic", *words], cwd=ROOT, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write_on(server: Server, token: str, number: int, stop: threading.Event) -> int:
    """Add patients until told to stop; answers how many the clinic said it kept."""
    kept = 0
    with closing(server.connect()) as connection:
        while not stop.is_set():
            person = {"name": f"Writer {number} Patient {kept}", "dob": "1980-01-01"}
            status, answer = server.call(connection, "POST", "/api/v1/patient/", person, token)
            assert status == 201, answer
            kept += 1
    return kept


def test_a_backup_under_load_comes_back(app: Flask, cast: Cast, tmp_path: Path) -> None:
    url, instance = app.config["SQLALCHEMY_DATABASE_URI"], tmp_path / "here"
    instance.mkdir()
    file, stop = tmp_path / "load.backup", threading.Event()
    clinic(url, instance, "init")  # as every deploy does
    with serving(url, instance) as server:
        token = server.token("rosa", PASSWORD)
        threads = [
            threading.Thread(target=write_on, args=(server, token, n, stop)) for n in range(WRITERS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(2)
        clinic(url, instance, "worker", "--once")  # seals the trail so far, among other things
        before = patients(url)
        clinic(url, instance, "backup", str(file))
        after = patients(url)
        stop.set()
        for thread in threads:
            thread.join()
    manifest = archive.read_manifest(file)
    assert before <= manifest.tables["patient"] <= after
    assert after > before, "nobody wrote while the backup was made"

    with new_database(url, "elsewhere", tmp_path) as place:
        comes_back(file, place, instance / "seals", tmp_path / "elsewhere")


def comes_back(file: Path, place: str, seals: Path, elsewhere: Path) -> None:
    manifest = archive.read_manifest(file)
    elsewhere.mkdir(exist_ok=True)
    (elsewhere / "seals").symlink_to(seals)
    (elsewhere / "seals" / "heads.jsonl").stat()  # the trail was sealed, so there is much to prove
    clinic(place, elsewhere, "restore", str(file))
    assert "The audit trail is whole" in clinic(place, elsewhere, "verify")
    engine = create_engine(place)
    with engine.connect() as connection:
        counted = count_tables(connection)
    engine.dispose()
    assert {k: n for k, n in counted.items() if k not in AFTER_RESTORE} == {
        k: n for k, n in manifest.tables.items() if k not in AFTER_RESTORE
    }
    with serving(place, elsewhere) as server, closing(server.connect()) as connection:
        token = server.token("rosa", PASSWORD)
        status, answer = server.call(connection, "GET", "/api/v1/patient/", None, token)
    assert (status, answer["count"]) == (200, manifest.tables["patient"])


def patients(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM patient"))
    engine.dispose()
    return int(count or 0)
