"""5,000 malformed files of every kind that comes in: each is taken or refused with a sentence, as a
whole, soon, and in little memory."""

from __future__ import annotations

import io
import os
import resource
import tarfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.exchange import import_paths
from app.extensions import db
from app.models import (
    Appointment,
    ClinicError,
    Condition,
    MedicalRecord,
    MedicationRequest,
    Observation,
    Patient,
)
from app.models.record import drug_lists
from app.models.record.drug_files import VERSION
from tests.exchange import bundles as b
from tests.proof.mutations import spoil_bytes, spoil_json

pytestmark = pytest.mark.proof

FILES = int(os.environ.get("CLINIC_FUZZ", "5000"))
LONGEST, MOST_MEMORY = 5.0, 400 * 1024
"""Seconds for one file, and kilobytes by which the process may grow over all of them."""

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
COUNTED = {
    "Patient": Patient, "Observation": Observation, "Condition": Condition,
    "MedicationRequest": MedicationRequest,
}  # fmt: skip
LISTS = sorted((Path(drug_lists.__file__).parent / "data").glob("*.csv"))


def whole_visit(chance: Random) -> dict[str, Any]:
    """A bundle of a patient with a visit and what was found in it."""
    document = b.visit(
        b.observation(valueQuantity={"value": 120, "unit": "mmHg"}),
        b.statement("Condition"),
        b.statement("MedicationRequest"),
        b.statement("AllergyIntolerance"),
    )
    for entry in document["entry"]:
        entry["resource"]["id"] = f"{entry['resource'].get('id', 'x')}"
    return document


def as_json(folder: Path, chance: Random) -> Path:
    path = folder / f"{chance.randrange(10**9)}.json"
    document = whole_visit(chance)
    if chance.random() < 0.6:
        path.write_bytes(spoil_json(document, chance))
    else:
        path.write_bytes(spoil_bytes(spoil_json(document, chance), chance))
    return path


def as_archive(folder: Path, chance: Random) -> Path:
    kind = chance.choice(("xz", "gz", ""))
    path = folder / f"{chance.randrange(10**9)}.tar{'.' + kind if kind else ''}"
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=f"w:{kind}") as tar:
        for name in ("one.json", chance.choice(("two.json", "../up.json", "a/b.json", "x.txt"))):
            content = spoil_json(whole_visit(chance), chance)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    content = made.getvalue()
    path.write_bytes(spoil_bytes(content, chance) if chance.random() < 0.8 else content)
    return path


def as_csv(folder: Path, chance: Random) -> Path:
    place = folder / f"csv-{chance.randrange(10**9)}"
    place.mkdir()
    b.csv_folder(place)
    for path in chance.sample(sorted(place.iterdir()), chance.randint(1, 3)):
        path.write_bytes(spoil_bytes(path.read_bytes(), chance))
    return place


def rows(session: Session) -> dict[str, int]:
    models = {**COUNTED, "visit": Appointment, "record": MedicalRecord}
    found = {n: session.scalar(select(func.count()).select_from(m)) or 0 for n, m in models.items()}
    session.rollback()
    return found


WAYS: dict[str, tuple[Callable[[Path, Random], Path], float]] = {
    "FHIR": (as_json, 0.5), "archive": (as_archive, 0.15), "CSV": (as_csv, 0.15),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_malformed_file_comes_in_whole_or_not_at_all(
    sqlite_app: Flask, tmp_path: Path, way: str
) -> None:
    make, share = WAYS[way]
    chance, refused = Random(way), 0
    with sqlite_app.app_context():
        session, memory = db.session(), _memory()
        before = rows(session)
        for number in range(int(FILES * share)):
            path = make(tmp_path, chance)
            began = time.monotonic()
            report = import_paths(session, [path], now=NOW)
            assert time.monotonic() - began < LONGEST, path
            after = rows(session)
            grown = {name: after[name] - before[name] for name in COUNTED}
            assert grown == {name: report[name].new for name in COUNTED}, (number, path)
            if report.files == 0:
                assert after == before, (number, path)
            assert all(sentence for _, sentence in report.failed), path
            refused += bool(report.failed)
            before = after
        assert _memory() - memory < MOST_MEMORY
    assert refused > FILES * share / 10, "most of it was not malformed at all"


def test_a_malformed_list_of_drugs_is_refused_with_a_sentence(
    sqlite_app: Flask, tmp_path: Path
) -> None:
    chance, refused = Random("lists"), 0
    samples = [path.read_bytes()[:4000].rpartition(b"\n")[0] for path in LISTS]
    assert all(sample.startswith(VERSION.encode()) for sample in samples)
    with sqlite_app.app_context():
        session = db.session()
        for _ in range(int(FILES * 0.2)):
            content = spoil_bytes(chance.choice(samples), chance)
            began = time.monotonic()
            try:
                drug_lists.import_list(session, content.decode("utf-8", "replace"), NOW)
                session.flush()
                drug_lists.current(session)
            except ClinicError as error:
                refused += bool(error.message)
            session.rollback()
            assert time.monotonic() - began < LONGEST
    assert refused > FILES * 0.02


def _memory() -> int:
    """The most that this process has held, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
