"""Files of a chart: taken by what they are, given out by number, kept as they came."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import Attachment, MedicalRecord
from app.models.record import attachment
from app.models.record.attachment import LARGEST, kind_of
from tests.cast import Cast
from tests.prescribing_steps import MADRID, add

PNG = b"\x89PNG\r\n\x1a\n" + b"picture of a wound"
PDF = b"%PDF-1.7\nA letter about Paula"


def send(
    client: FlaskClient, patient_id: int, content: bytes, name: str = "scan.png", title: str = ""
) -> TestResponse:
    data: dict[str, Any] = {"file": (BytesIO(content), name), "title": title}
    return client.post(f"/chart/{patient_id}/files", data=data)


def files(cast: Cast) -> list[Attachment]:
    with cast.app.app_context():
        found = list(db.session.scalars(select(Attachment)))
        db.session.expunge_all()
        db.session.remove()
    return found


def test_a_file_comes_back_as_it_was_sent(cast: Cast) -> None:
    assert send(cast.client("nora"), cast.paula, PDF, "letter.pdf", "Cardiology").status_code == 302
    answer = cast.client("diaz").get(f"/chart/{cast.paula}/files/1")
    assert answer.data == PDF
    assert answer.mimetype == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''letter.pdf"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Cardiology" in cast.client("diaz").get(f"/chart/{cast.paula}/files").text


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PNG, "image/png"), (PDF, "application/pdf"), (b"\xff\xd8\xff\xe0", "image/jpeg"),
     (b"GIF89a", "image/gif"), (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
     ("Größe: 5 µg\n".encode(), "text/plain")],
)  # fmt: skip
def test_what_a_file_is_its_content_says(content: bytes, kind: str) -> None:
    found = kind_of(content)
    assert found is not None
    assert found[0] == kind


@pytest.mark.parametrize(
    "content",
    [b"MZ\x90\x00", b"PK\x03\x04", b"<html><script>alert(1)</script>", b"\n <svg onload=x>",
     b"\xef\xbb\xbf<!doctype html>", b"\x7fELF", b"XXXX\x00\x00\x00\x00WEBP", b"a\x00b"],
)  # fmt: skip
def test_what_could_run_is_refused_whatever_its_name(sqlite_cast: Cast, content: bytes) -> None:
    answer = send(sqlite_cast.client("nora"), sqlite_cast.paula, content, "holiday.png", "Wound")
    assert answer.status_code == 422
    assert "is not taken" in answer.text
    assert 'value="Wound"' in answer.text
    assert files(sqlite_cast) == []


@pytest.mark.parametrize(("content", "said"), [(b"", "not empty"), (PNG + b"x" * 1000, "has more")])
def test_an_empty_file_and_one_too_large_are_refused(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    assert LARGEST == 10 * 1024 * 1024
    monkeypatch.setattr(attachment, "LARGEST", 500)
    answer = send(sqlite_cast.client("nora"), sqlite_cast.paula, content)
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("../../etc/passwd", "passwd.png"), ("C:\\Windows\\x.exe", "x.png"), ("", "file.png"),
     ('a"\r\nSet-Cookie: x.png', 'aSet-Cookie x.png'), ("Größe.png", "Größe.png")],
)  # fmt: skip
def test_a_name_is_only_a_name(sqlite_cast: Cast, sent: str, kept: str) -> None:
    assert attachment._tidy(sent, "png") == kept


def test_the_file_of_another_patient_is_404(sqlite_cast: Cast) -> None:
    nora = sqlite_cast.client("nora")
    send(nora, sqlite_cast.paula, PNG)
    assert nora.get(f"/chart/{sqlite_cast.quentin}/files/1").status_code == 404
    for key in ("99", "x", "..%2f..%2fetc", "0"):
        assert nora.get(f"/chart/{sqlite_cast.paula}/files/{key}").status_code == 404


@pytest.mark.parametrize("who", ["amina", "rosa", "paula"])
def test_only_nurses_and_doctors_see_files(sqlite_cast: Cast, who: str) -> None:
    send(sqlite_cast.client("nora"), sqlite_cast.paula, PNG)
    client = sqlite_cast.client(who)
    assert client.get(f"/chart/{sqlite_cast.paula}/files/1").status_code == 403
    assert client.get(f"/chart/{sqlite_cast.paula}/files").status_code == 403
    assert send(client, sqlite_cast.paula, PNG).status_code == 403


def test_neither_content_nor_name_can_be_read_in_the_database(cast: Cast) -> None:
    send(cast.client("nora"), cast.paula, PDF, "hiv-result.pdf", "HIV")
    with cast.app.app_context():
        row = db.session.execute(text("SELECT title, filename, content FROM attachment")).one()
        raw = f"{row.title}{row.filename}".encode() + bytes(row.content)
        db.session.remove()
    assert b"Paula" not in raw
    assert b"hiv" not in raw.lower()


@pytest.mark.parametrize(
    "change",
    ["UPDATE attachment SET size = 1", "UPDATE attachment SET content = title",
     "UPDATE attachment SET patient_id = 2", "DELETE FROM attachment"],
)  # fmt: skip
def test_a_file_is_kept_as_it_came(cast: Cast, change: str) -> None:
    if "content" in change and cast.app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgres"):
        change = "UPDATE attachment SET content = 'x'::bytea"
    send(cast.client("nora"), cast.paula, PNG)
    with cast.app.app_context():
        with pytest.raises(IntegrityError, match="attachment_kept"):
            db.session.execute(text(change))
        db.session.rollback()
        db.session.remove()


def test_a_file_is_withdrawn_with_a_reason_and_for_good(cast: Cast) -> None:
    nora = cast.client("nora")
    send(nora, cast.paula, PNG)
    address = f"/chart/{cast.paula}/files/1"
    nora.post(f"{address}/withdraw", data={"why": " "})
    assert nora.get(address).status_code == 200
    nora.post(f"{address}/withdraw", data={"why": "Another patient’s"})
    assert nora.get(address).status_code == 404
    assert "No file yet" in nora.get(f"/chart/{cast.paula}/files").text
    with cast.app.app_context():
        with pytest.raises(IntegrityError, match="attachment_kept"):
            db.session.execute(
                text("UPDATE attachment SET withdrawn_at = NULL, withdrawn_why = NULL")
            )
        db.session.rollback()
        db.session.remove()


def test_no_file_is_added_to_a_signed_visit(cast: Cast) -> None:
    now = datetime.now(MADRID)
    add(cast, MedicalRecord(patient_id=cast.paula, doctor_id=cast.diaz, visit_date=now.date(),
                            started_at=now))  # fmt: skip
    send(cast.client("diaz"), cast.paula, PNG)
    (row,) = files(cast)
    assert row.record_id is not None
    with cast.app.app_context():
        record = db.session.get_one(MedicalRecord, row.record_id)
        record.status, record.signed_at = "signed", now
        db.session.commit()
        late = (
            "INSERT INTO attachment (patient_id, record_id, title, filename, media_type, size, "
            "digest, content, uploaded_at) SELECT patient_id, record_id, title, filename, "
            "media_type, size, digest, content, uploaded_at FROM attachment"
        )
        with pytest.raises(IntegrityError, match="medical_record_signed"):
            db.session.execute(text(late))
        db.session.rollback()
        db.session.remove()
