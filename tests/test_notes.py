"""A note: drafted, saved as one types, and signed once, by its doctor."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.extensions import db
from app.models import Appointment, MedicalRecord
from app.models.record.amendment import intact
from tests.cast import Cast
from tests.note_steps import JSON, amend, begun, note, save, sign, signed


@pytest.fixture
def row(cast: Cast) -> Callable[[int], MedicalRecord]:
    """The record as it stands now."""

    def read(record_id: int) -> MedicalRecord:
        with cast.app.app_context():
            found = db.session.get(MedicalRecord, record_id)
            assert found is not None
            db.session.expunge(found)
            db.session.remove()
            return found

    return read


# -- drafts -------------------------------------------------------------------------------


def test_a_note_starts_from_a_checked_in_visit_and_takes_over_its_facts(
    cast: Cast, row: Callable[[int], MedicalRecord]
) -> None:
    with cast.app.app_context():
        visit = db.session.get(Appointment, cast.visit)
        assert visit is not None
        visit.status, visit.reason = "checked-in", "Cough"
        db.session.commit()
        db.session.remove()
    record = row(begun(cast, cast.client("diaz"), appointment_id=cast.visit))
    assert (record.status, record.reason_display) == ("draft", "Cough")
    assert (record.appointment_id, record.doctor_id) == (cast.visit, cast.diaz)


def test_a_visit_has_one_note_whoever_begins_it(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.get_one(Appointment, cast.visit).status = "in-room"
        db.session.commit()
        db.session.remove()
    first = begun(cast, cast.client("nora"), appointment_id=cast.visit)
    assert begun(cast, cast.client("diaz"), appointment_id=cast.visit) == first


def test_a_visit_that_has_not_begun_has_no_note(cast: Cast) -> None:
    answer = cast.client("diaz").post(
        f"/chart/{cast.paula}/note/new", data={"appointment_id": cast.visit}
    )
    assert answer.status_code == 422
    assert "check the patient in first" in answer.text


def test_a_visit_of_another_patient_is_not_there(cast: Cast) -> None:
    answer = cast.client("diaz").post(
        f"/chart/{cast.quentin}/note/new", data={"appointment_id": cast.visit}
    )
    assert answer.status_code == 404


def test_a_nurse_names_the_doctor_who_is_to_sign(
    cast: Cast, row: Callable[[int], MedicalRecord]
) -> None:
    nora = cast.client("nora")
    assert nora.post(f"/chart/{cast.paula}/note/new", data={}).status_code == 422
    record = row(begun(cast, nora, doctor_id=cast.diaz))
    assert (record.doctor_id, record.status) == (cast.diaz, "draft")
    assert record.author_id is not None


def test_a_doctor_writes_in_their_own_name_only(
    cast: Cast, row: Callable[[int], MedicalRecord]
) -> None:
    record = row(begun(cast, cast.client("diaz"), doctor_id=cast.eriksen))
    assert record.doctor_id == cast.diaz


def test_what_is_typed_is_saved_with_the_next_version(
    cast: Cast, row: Callable[[int], MedicalRecord]
) -> None:
    answer = save(cast.client("diaz"), note(cast), 1, notes="Coughs\r\nsince Monday. ")
    assert answer.json["version"] == 2
    record = row(cast.record_of_diaz)
    assert (record.notes, record.diagnosis) == ("Coughs\nsince Monday.", None)


def test_saving_the_same_text_writes_nothing(cast: Cast) -> None:
    diaz = cast.client("diaz")
    version = save(diaz, note(cast), 1, notes="Same").json["version"]
    assert save(diaz, note(cast), version, notes="Same").json["version"] == version


@pytest.mark.parametrize("as_json", [True, False], ids=["while typing", "by the button"])
def test_the_second_of_two_editors_gets_412_and_both_texts(cast: Cast, as_json: bool) -> None:
    record_id = begun(cast, cast.client("nora"), doctor_id=cast.diaz)
    url = note(cast, record_id)
    assert save(cast.client("nora"), url, 1, notes="Nora was first").status_code == 200
    mine = {"version": 1, "notes": "Díaz was second"}
    if as_json:
        answer = cast.client("diaz").post(f"{url}/draft", json=mine, headers=JSON)
        assert answer.json["current"]["notes"] == "Nora was first"
        assert answer.json["yours"]["notes"] == "Díaz was second"
        assert (answer.json["version"], answer.json["code"]) == (2, "stale")
    else:
        answer = cast.client("diaz").post(f"{url}/draft", data=mine)
        assert "Nora was first" in answer.text
        assert "Díaz was second" in answer.text
    assert answer.status_code == 412


def test_what_a_nurse_types_after_the_signature_is_shown_not_lost(cast: Cast) -> None:
    record_id = begun(cast, cast.client("nora"), doctor_id=cast.diaz)
    url = note(cast, record_id)
    sign(cast.client("diaz"), url, 1, notes="Signed text")
    answer = save(cast.client("nora"), url, 1, notes="Still typing")
    assert answer.status_code == 412
    assert answer.json["signed"] is True
    by_button = cast.client("nora").post(f"{url}/draft", data={"version": 1, "notes": "Typing"})
    assert by_button.status_code == 412
    assert "Typing" in by_button.text
    assert "Signed text" in by_button.text


def test_a_doctor_does_not_write_in_the_draft_of_another(cast: Cast) -> None:
    assert save(cast.client("eriksen"), note(cast), 1, notes="x").status_code == 403
    page = cast.client("eriksen").get(note(cast))
    assert page.status_code == 200
    assert "<textarea" not in page.text


@pytest.mark.parametrize("body", ["[]", "3", '"x"', "{", '{"version": 1, "notes": 5}'])
def test_a_body_that_is_no_note_is_refused(cast: Cast, body: str) -> None:
    answer = cast.client("diaz").post(
        f"{note(cast)}/draft", data=body, content_type="application/json", headers=JSON
    )
    assert answer.status_code in (400, 422)


def test_a_note_is_found_under_its_own_patient_only(cast: Cast) -> None:
    diaz = cast.client("diaz")
    assert diaz.get(f"/chart/{cast.quentin}/note/{cast.record_of_diaz}").status_code == 404
    assert diaz.get(f"/chart/note/{cast.record_of_diaz}").location == note(cast)


# -- signing ------------------------------------------------------------------------------


def test_the_doctor_signs_with_name_time_and_hash(
    cast: Cast, row: Callable[[int], MedicalRecord]
) -> None:
    signed(cast)
    record = row(cast.record_of_diaz)
    assert (record.status, record.encounter_status) == ("signed", "finished")
    assert record.signed_by is not None
    assert record.signed_at is not None
    assert intact(record, []) == [True]


@pytest.mark.parametrize("column", ["diagnosis", "treatment", "notes", "signed_by", "signed_at"])
def test_the_hash_changes_with_any_word_the_signer_and_the_time(
    cast: Cast, row: Callable[[int], MedicalRecord], column: str
) -> None:
    signed(cast)
    record, other = row(cast.record_of_diaz), row(cast.record_of_eriksen)
    value = other.started_at if column == "signed_at" else 99 if column == "signed_by" else "Cold."
    setattr(record, column, value)
    assert intact(record, []) == [False]


def test_a_nurse_cannot_sign_and_her_draft_waits_for_the_doctor(cast: Cast) -> None:
    url = note(cast, begun(cast, cast.client("nora"), doctor_id=cast.diaz))
    assert sign(cast.client("nora"), url, 1, notes="Signed?").status_code == 403
    assert "Waits for the signature of Dr. Díaz" in cast.client("nora").get(url).text
    assert sign(cast.client("eriksen"), url, 1, notes="Not mine").status_code == 403
    assert sign(cast.client("diaz"), url, 1, notes="Mine").status_code == 302


def test_an_empty_note_is_not_signed(cast: Cast) -> None:
    answer = sign(cast.client("diaz"), note(cast), 1)
    assert answer.status_code == 422
    assert "An empty note is not signed" in answer.text


def test_signing_what_someone_else_changed_shows_both_texts(
    cast: Cast, row: Callable[[int], MedicalRecord]
) -> None:
    record_id = begun(cast, cast.client("nora"), doctor_id=cast.diaz)
    save(cast.client("nora"), note(cast, record_id), 1, notes="Nora’s line")
    answer = sign(cast.client("diaz"), note(cast, record_id), 1, notes="Díaz’s line")
    assert answer.status_code == 412
    assert "Nora’s line" in answer.text
    assert "Díaz’s line" in answer.text
    assert row(record_id).status == "draft"


def test_every_step_leaves_its_event(cast: Cast) -> None:
    url = signed(cast)
    amend(cast.client("diaz"), url, reason="Typo", notes="Cough, dry.")
    with cast.app.app_context():
        query = text(
            "SELECT action, entity FROM audit_event WHERE action <> 'open' ORDER BY audit_id"
        )
        steps = [tuple(step) for step in db.session.execute(query)]
    assert steps == [
        ("edit", "MedicalRecord"), ("sign", "MedicalRecord"), ("amend", "RecordAmendment"),
    ]  # fmt: skip
