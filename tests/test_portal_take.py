"""What patients take along: documents that are shared with them, the record on paper and as FHIR."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import (
    Attachment,
    AuditEvent,
    CorrectionRequest,
    MedicalRecord,
    Notification,
    Patient,
)
from app.models.messages import message_defaults
from tests.cast import Cast
from tests.test_chart_files import PDF, send

FILE = "/portal/record/document/1"


def share(cast: Cast, on: bool = True, who: str = "nora") -> int:
    path = f"/chart/{cast.paula}/files/1/share"
    return cast.client(who).post(path, data={"share": "yes" if on else "no"}).status_code


@pytest.fixture
def letter(cast: Cast) -> Cast:
    """A letter in Paula’s chart that nobody has shared yet; messages have their rules."""
    with cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
        db.session.remove()
    assert send(cast.client("nora"), cast.paula, PDF, "letter.pdf", "Cardiology").status_code == 302
    return cast


def told(cast: Cast) -> list[str]:
    with cast.app.app_context():
        query = select(Notification.body).where(
            Notification.rule == "record_shared", Notification.channel == "inbox"
        )
        return list(db.session.scalars(query))


def test_a_file_is_the_patients_to_read_only_once_it_is_shared(letter: Cast) -> None:
    paula = letter.client("paula")
    assert paula.get(FILE).status_code == 404
    assert "Cardiology" not in paula.get("/portal/record/").text
    assert share(letter) == 302
    assert paula.get(FILE).data == PDF
    assert "Cardiology" in paula.get("/portal/record/").text
    share(letter, on=False)
    assert paula.get(FILE).status_code == 404


def test_a_withdrawn_file_is_shared_no_more(letter: Cast) -> None:
    share(letter)
    letter.client("nora").post(f"/chart/{letter.paula}/files/1/withdraw", data={"why": "wrong"})
    assert letter.client("paula").get(FILE).status_code == 404


def test_the_document_of_another_is_not_there_and_the_try_is_kept(letter: Cast) -> None:
    share(letter)
    assert letter.client("quentin").get(FILE).status_code == 404
    with letter.app.app_context():
        query = select(AuditEvent.agent).where(AuditEvent.outcome == "refused")
        assert db.session.scalars(query).all() == ["quentin"]


@pytest.mark.parametrize("who", ["rosa", "amina", "paula"])
def test_only_who_treats_shares_a_file(letter: Cast, who: str) -> None:
    assert share(letter, who=who) == 403
    with letter.app.app_context():
        assert db.session.scalar(select(Attachment.shared_at)) is None


def test_nobody_is_told_to_sign_in_who_has_no_login_and_the_nurse_hears_of_it(letter: Cast) -> None:
    with letter.app.app_context():
        db.session.get_one(Patient, letter.paula).user_id = None
        db.session.commit()
    nora, files = letter.client("nora"), f"/chart/{letter.paula}/files"
    assert nora.post(f"{files}/1/share", data={"share": "yes"}).status_code == 302
    assert told(letter) == []
    assert "has no login" in nora.get(files).text


def test_a_shared_file_is_told_once_and_what_it_is_is_not(letter: Cast) -> None:
    for on in (True, False, True):
        share(letter, on)
    (body,) = told(letter)
    assert "/portal/record/" in body and "Cardiology" not in body


def test_an_answer_to_a_correction_is_told_to_the_patient(letter: Cast) -> None:
    with letter.app.app_context():
        row = CorrectionRequest(
            patient_id=letter.paula, record_id=letter.record_of_diaz, doctor_id=letter.diaz,
            wish="Left, not right", created=datetime.now(UTC),
        )  # fmt: skip
        db.session.add(row)
        db.session.commit()
        key = row.correction_request_id
        db.session.remove()
    path, answer = (
        f"/api/v1/correction_request/{key}",
        {"state": "declined", "answer": "It was right"},
    )
    assert letter.client("diaz").put(path, json=answer).status_code == 200
    letter.client("diaz").put(path, json={"answer": "It was right all along"})
    (body,) = told(letter)
    assert f"/portal/record/visit/{letter.record_of_diaz}" in body and "right" not in body


def sign(cast: Cast) -> None:
    with cast.app.app_context():
        record = db.session.get_one(MedicalRecord, cast.record_of_diaz)
        record.treatment = "Tea and rest"
        record.status, record.signed_at = "signed", datetime.now(UTC)
        db.session.commit()
        db.session.remove()


def test_the_record_goes_along_as_fhir_with_what_is_shared_and_nothing_else(letter: Cast) -> None:
    paula = letter.client("paula")
    kinds = {
        entry["resource"]["resourceType"]
        for entry in paula.get("/portal/record/fhir").json["entry"]
    }
    assert kinds == {"Patient"}
    sign(letter)
    share(letter)
    answer = paula.get("/portal/record/fhir")
    assert answer.mimetype == "application/fhir+json"
    kinds = {entry["resource"]["resourceType"] for entry in answer.json["entry"]}
    assert {"Patient", "Encounter", "DocumentReference"} <= kinds
    assert "Quentin" not in answer.text


def test_the_sheet_for_paper_has_signed_visits_only_and_taking_it_is_kept(letter: Cast) -> None:
    paula = letter.client("paula")
    assert "Tea and rest" not in paula.get("/portal/record/paper").text
    sign(letter)
    assert "Tea and rest" in paula.get("/portal/record/paper").text
    with letter.app.app_context():
        query = select(AuditEvent.patient_id).where(
            AuditEvent.action == "export", AuditEvent.entity == "Patient"
        )
        assert db.session.scalars(query).all() == [letter.paula] * 2
