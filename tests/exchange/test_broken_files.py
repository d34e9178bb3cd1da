"""A broken file is named with its cause and leaves nothing behind; the others come in."""

from __future__ import annotations

import io
import json
import os
import tarfile

import pytest
from sqlalchemy import func, select

from app.exchange import import_paths, sources
from app.models import Appointment, AuditEvent, Observation, Patient, Staff
from tests.exchange import bundles as b

BROKEN = {
    "not valid JSON": "{",
    "not valid UTF-8": b'{"resourceType": "Patient", "id": "\xff"}',
    "NUL": json.dumps(b.patient(id="a\0b")),
    "valid UTF-8 text": '{"resourceType": "Patient", "id": "\\ud800"}',
    "nested too deeply": '{"resourceType": "Bundle", "entry": ' + "[" * 5000 + "]" * 5000 + "}",
    "number of 5000 digits": '{"resourceType": "Patient", "x": ' + "9" * 5000 + "}",
    "1e999, which is too large": '{"resourceType": "Patient", "x": 1e999}',
    "NaN": '{"resourceType": "Patient", "x": NaN}',
    "resourceType 'Slot'": {"resourceType": "Slot"},
    "no resourceType": {"name": "x"},
    "no FHIR resource": [],
    "entry[0] holds no resource": {"resourceType": "Bundle", "entry": [{"fullUrl": "x"}]},
    "entry must be a list": {"resourceType": "Bundle", "entry": 5},
    "birthDate is missing": b.patient(birthDate=None),
    "birthDate is '1970-02-31', which is not a whole date": b.patient(birthDate="1970-02-31"),
    "has no name": b.patient(name=[]),
    "birth date lies in the future": b.patient(birthDate="2999-01-01"),
    "name must be a list": b.patient(name="Ana"),
    "sex is 'x', which is not known": b.patient(gender="x"),
    "family_name is longer than 100": b.patient(name=[{"family": "x" * 101}]),
    "neither in the file nor in the clinic": b.bundle(b.practitioner(), b.encounter()),
    "names no patient": b.bundle(b.patient(), b.encounter(subject={})),
    "start is missing": b.bundle(b.patient(), b.encounter(period={})),
    "status is 'gone'": b.bundle(b.patient(), b.encounter(status="gone")),
    "lies before 1800 or after 2200": b.bundle(
        b.patient(), b.encounter(period={"start": "1799-12-31T23:00:00Z"})
    ),
    "longer than a hundred years": b.bundle(
        b.patient(), b.encounter(period={"start": "0001-01-01", "end": "9999-12-31"})
    ),
    "which it does not contain": b.visit(b.observation(subject={"reference": "#gone"})),
    "encounter of another patient": b.visit(
        b.patient(id="q"), b.observation(subject={"reference": "urn:uuid:q"})
    ),
    "dosageInstruction[0] is nested too deeply": b.visit(
        b.statement("MedicationRequest", dosageInstruction=[{"x": json.loads("[" * 90 + "]" * 90)}])
    ),
    "value must be a number": b.visit(b.observation(valueQuantity={"value": True})),
}


@pytest.mark.parametrize("cause", BROKEN)
def test_a_broken_file_is_named_with_its_cause_and_leaves_nothing(session, tmp_path, cause):
    document = BROKEN[cause]
    path = tmp_path / "broken.json"
    text = document if isinstance(document, str | bytes) else json.dumps(document)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    report = import_paths(session, [path])
    assert [name for name, _ in report.failed] == [str(path)]
    assert cause in report.failed[0][1]
    assert cause in str(report)
    assert_empty(session)


def test_the_other_files_still_come_in(session, tmp_path):
    b.write(tmp_path, "a.json", "{")
    b.write(tmp_path, "b.json", b.patient())
    report = import_paths(session, [tmp_path, tmp_path / "absent.json"])
    assert report["Patient"].new == 1
    assert [sentence[:12] for _, sentence in report.failed] == ["It is not va", "There is no "]


def test_a_file_refused_by_the_database_leaves_nothing(session, tmp_path):
    import_paths(session, [b.write(tmp_path, "first.json", b.patient(id="first"))])
    first = session.scalars(select(Patient)).one()
    first.record_number = f"P-{first.patient_id + 1:06d}"  # what the next patient would get
    session.commit()
    report = import_paths(session, [b.write(tmp_path, "visit.json", b.visit())])
    assert "It could not be kept" in report.failed[0][1]
    assert session.scalar(select(func.count()).select_from(Patient)) == 1
    assert session.scalar(select(func.count()).select_from(Staff)) == 0


def test_a_file_that_is_too_large_is_refused(session, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "LARGEST_FILE", 10)
    report = import_paths(session, [b.write(tmp_path, "a.json", b.patient())])
    assert "It is larger than" in report.failed[0][1]


def test_a_folder_with_nothing_to_import_says_so(session, tmp_path):
    report = import_paths(session, [tmp_path])
    assert "neither FHIR files nor Synthea CSV" in report.failed[0][1]


@pytest.mark.parametrize("kind", ["gz", "xz"])
def test_an_archive_comes_in_file_by_file(session, tmp_path, kind):
    members = {"one.json": json.dumps(b.patient(id="a")), "in/two.json": "{", "readme.txt": "x"}
    report = import_paths(session, [archive(tmp_path, members, kind)])
    assert report["Patient"].new == 1
    assert [name.rpartition("/in/")[2] for name, _ in report.failed] == ["two.json"]


@pytest.mark.parametrize("name", ["../up.json", "/etc/up.json", "a/../../up.json", "..\\up.json"])
def test_a_name_that_leads_out_of_the_archive_is_refused(session, tmp_path, name):
    report = import_paths(session, [archive(tmp_path, {name: json.dumps(b.patient())})])
    assert "leads out of the archive" in report.failed[0][1]
    assert_empty(session)


def test_a_member_of_absurd_size_ends_the_archive(session, tmp_path):
    member = tarfile.TarInfo("bomb.json")
    member.size = 10**15
    path = tmp_path / "bomb.tar"
    path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024)
    report = import_paths(session, [path])
    assert "It is larger than" in report.failed[0][1]
    assert "The rest of the archive was not read" in report.failed[1][1]


def test_a_header_that_claims_gigabytes_is_not_read_into_memory(session, tmp_path):
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 8 * 2**30
    path = tmp_path / "bomb.tar"
    path.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024)
    report = import_paths(session, [path])
    assert "It is larger than" in report.failed[0][1]


def test_a_truncated_archive_is_reported(session, tmp_path):
    path = archive(tmp_path, {"one.json": json.dumps(b.patient()) + " " * 90000}, "gz")
    os.truncate(path, path.stat().st_size - 20)
    report = import_paths(session, [path])
    assert report.failed
    assert all("archive" in sentence for _, sentence in report.failed)


def archive(folder, members, kind="gz"):
    path = folder / f"some.tar.{kind}"
    with tarfile.open(path, f"w:{kind}") as tar:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def assert_empty(session):
    for model in (Patient, Staff, Appointment, Observation, AuditEvent):
        assert session.scalar(select(func.count()).select_from(model)) == 0
