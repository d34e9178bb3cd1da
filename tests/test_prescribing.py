"""Prescribing in the chart: who may, what is written, what the check keeps, how it ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import (
    AlertAnswer,
    AllergyIntolerance,
    AuditEvent,
    DrugAlert,
    MedicalRecord,
    MedicationEnd,
    MedicationRequest,
)
from app.models.record import chart, drug_lists
from tests.cast import Cast
from tests.prescribing_steps import MADRID, add, order, overridden, prescribe, requests


def penicillin(cast: Cast) -> AllergyIntolerance:
    return AllergyIntolerance(
        patient_id=cast.paula, display="Penicillin", criticality="high", category="medication"
    )


def kept(cast: Cast, model: type[Any]) -> list[Any]:
    with cast.app.app_context():
        rows = list(db.session.scalars(select(model)))
        db.session.expunge_all()
        db.session.remove()
    return rows


def test_a_prescription_is_kept_as_it_was_written(cast: Cast) -> None:
    answer = prescribe(cast.client("diaz"), cast.paula, order())
    assert answer.status_code == 302, answer.text
    (row,) = requests(cast)
    assert (row.display, row.code, row.system) == (
        "Amoxicillin 500 mg capsule", "J01CA04", "http://www.whocc.no/atc",
    )  # fmt: skip
    assert row.dosage == "1 capsule by mouth three times a day for 7 days"
    assert (row.quantity, row.quantity_unit, row.repeats) == (21, "capsule", 0)
    assert (row.doctor_id, row.status, row.intent) == (cast.diaz, "active", "order")
    assert row.instructions == "With a glass of water"
    assert row.until is not None
    assert row.until >= date.today() + timedelta(days=5)
    assert row.dosage_detail is not None
    said = row.dosage_detail[0]
    assert said["timing"]["code"]["coding"][0]["code"] == "TID"
    assert said["timing"]["repeat"]["boundsDuration"]["value"] == 7
    assert said["route"]["coding"][0]["code"] == "26643006"


@pytest.mark.parametrize("who", ["nora", "amina", "rosa", "paula"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "prescribe"), ("POST", "prescribe"), ("POST", "prescribe/check"),
     ("POST", "prescription/1/stop")],
)  # fmt: skip
def test_nobody_but_a_doctor_prescribes(
    sqlite_cast: Cast, who: str, method: str, path: str
) -> None:
    address = f"/chart/{sqlite_cast.paula}/{path}"
    answer = sqlite_cast.client(who).open(address, method=method, data=order())
    assert answer.status_code == 403
    assert requests(sqlite_cast) == []


@pytest.mark.parametrize("way", ["/medication_request/add", "/api/v1/medication_request/"])
def test_neither_grid_nor_api_writes_a_prescription_past_the_check(
    sqlite_cast: Cast, way: str
) -> None:
    body = {"patient_id": sqlite_cast.paula, "display": "Amoxicillin"}
    answer = sqlite_cast.client("diaz").post(way, json=body)
    assert answer.status_code in {403, 404, 405}
    assert requests(sqlite_cast) == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("display", "", "Choose the drug"), ("dose_value", "", "how much"),
        ("dose_value", "0", "more than 0"), ("dose_value", "lots", "Dose: Write a number"),
        ("dose_unit", "", "unit"), ("dose_unit", "spoon", "Choose one of"),
        ("route", "", "how it is taken"), ("route", "by post", "Choose one of"),
        ("timing", "", "how often"), ("duration_days", "0", "at least 1"),
        ("duration_days", "99999", "at most 730"), ("repeats", "100", "at most 99"),
        ("repeats", "-1", "at least 0"), ("quantity", "-5", "more than 0"),
        ("quantity", "nan", "Write a number"), ("display", "x" * 301, "at most 300"),
        ("instructions", "y" * 1001, "at most 1000"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_whole_comes_back_with_what_was_typed(
    sqlite_cast: Cast, field: str, value: str, said: str
) -> None:
    answer = prescribe(sqlite_cast.client("diaz"), sqlite_cast.paula, order(**{field: value}))
    assert answer.status_code == 422
    assert said in answer.text
    if field != "instructions":
        assert "With a glass of water" in answer.text
    assert requests(sqlite_cast) == []


def test_a_form_without_its_key_is_400(sqlite_cast: Cast) -> None:
    answer = prescribe(sqlite_cast.client("diaz"), sqlite_cast.paula, order(attempt="1"))
    assert answer.status_code == 400


def test_against_an_allergy_nothing_is_written_until_a_reason_is_given(cast: Cast) -> None:
    add(cast, penicillin(cast))
    diaz, form = cast.client("diaz"), order()
    answer = prescribe(diaz, cast.paula, form)
    assert answer.status_code == 422
    assert "Allergy to Penicillin" in answer.text
    assert requests(cast) == []
    without_words = overridden(answer.text, comment="")
    answer = prescribe(diaz, cast.paula, form | without_words)
    assert answer.status_code == 422
    assert "in a few words" in answer.text
    answer = prescribe(diaz, cast.paula, form | overridden(answer.text))
    assert answer.status_code == 302
    (row,) = requests(cast)
    (alert,) = kept(cast, DrugAlert)
    (said,) = kept(cast, AlertAnswer)
    assert (alert.kind, alert.level, alert.user_id) == ("allergy", "block", cast.users["diaz"])
    assert (said.alert_id, said.medication_request_id) == (
        alert.alert_id, row.medication_request_id,
    )  # fmt: skip
    assert (said.reason, said.comment) == ("tolerated", "Took it last year")


def test_an_alert_that_was_heeded_is_kept_too(cast: Cast) -> None:
    add(cast, penicillin(cast))
    form = order()
    for _ in range(2):
        page = cast.client("diaz").post(f"/chart/{cast.paula}/prescribe/check", data=form)
        assert "Allergy to Penicillin" in page.text
    assert [row.kind for row in kept(cast, DrugAlert)] == ["allergy"]
    assert kept(cast, AlertAnswer) == []
    page = cast.client("nora").get(f"/chart/{cast.paula}?section=medication").text
    assert "heeded" in page


def test_an_answer_holds_for_its_own_form_only(cast: Cast) -> None:
    add(cast, penicillin(cast))
    diaz = cast.client("diaz")
    answers = overridden(prescribe(diaz, cast.paula, order()).text)
    assert prescribe(diaz, cast.paula, order() | answers).status_code == 422
    assert requests(cast) == []


def test_a_prescription_sent_twice_is_written_once(cast: Cast) -> None:
    diaz, form = cast.client("diaz"), order()
    assert [prescribe(diaz, cast.paula, form).status_code for _ in range(2)] == [302, 302]
    assert len(requests(cast)) == 1


def test_the_form_of_one_patient_writes_nothing_for_another(cast: Cast) -> None:
    diaz, form = cast.client("diaz"), order()
    prescribe(diaz, cast.paula, form)
    assert prescribe(diaz, cast.quentin, form).status_code == 404


def test_what_the_patient_takes_by_import_is_compared(cast: Cast) -> None:
    add(cast, MedicationRequest(patient_id=cast.paula, display="Simvastatin 20 MG Oral Tablet"))
    verapamil = order(display="Verapamil 80 mg tablet", dose_unit="tablet")
    answer = prescribe(cast.client("diaz"), cast.paula, verapamil)
    assert answer.status_code == 422
    assert "risk of muscle damage" in answer.text
    assert "interactions 2026.11" in answer.text


def test_a_missing_list_is_said_and_asks_for_an_answer(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(drug_lists, "FOLDER", tmp_path)
    diaz, form = cast.client("diaz"), order()
    assert "The check is not whole" in diaz.get(f"/chart/{cast.paula}/prescribe").text
    answer = prescribe(diaz, cast.paula, form)
    assert answer.status_code == 422
    assert "NOT checked" in answer.text
    again = form | overridden(answer.text, "elsewhere", "")
    assert prescribe(diaz, cast.paula, again).status_code == 302
    assert {row.kind for row in kept(cast, DrugAlert)} == {"missing", "unknown"}


def test_what_is_renewed_follows_the_old_and_ends_it(cast: Cast) -> None:
    diaz = cast.client("diaz")
    prescribe(diaz, cast.paula, order())
    (old,) = requests(cast)
    page = diaz.get(f"/chart/{cast.paula}/prescribe?renew={old.medication_request_id}").text
    assert 'value="Amoxicillin 500 mg capsule"' in page
    renewal = order(renews=str(old.medication_request_id))
    answer = prescribe(diaz, cast.paula, renewal)
    assert answer.status_code == 302, "the renewed one is no duplicate of itself"
    old, new = requests(cast)
    assert new.renewed_from_id == old.medication_request_id
    (end,) = kept(cast, MedicationEnd)
    assert (end.medication_request_id, end.reason) == (old.medication_request_id, "renewed")
    with cast.app.app_context():
        now = chart.medication(db.session(), cast.paula)
        assert [row.medication_request_id for row in now] == [new.medication_request_id]


def test_stopping_asks_for_a_reason_and_ends_it_once(cast: Cast) -> None:
    diaz = cast.client("diaz")
    prescribe(diaz, cast.paula, order())
    url = f"/chart/{cast.paula}/prescription/{requests(cast)[0].medication_request_id}/stop"
    for reason in ("", "because", "renewed"):
        diaz.post(url, data={"reason": reason})
    assert kept(cast, MedicationEnd) == []
    diaz.post(url, data={"reason": "sintol", "note": "Rash"})
    diaz.post(url, data={"reason": "wish"})
    (end,) = kept(cast, MedicationEnd)
    assert (end.reason, end.note) == ("sintol", "Rash")
    assert requests(cast)[0].status == "active", "the prescription itself is never rewritten"
    page = diaz.get(f"/chart/{cast.paula}?section=medication").text
    assert "Not tolerated" in page
    assert "Nothing is taken now" in page


def test_a_course_that_ran_out_is_no_current_medication(cast: Cast) -> None:
    past = date.today() - timedelta(days=3)
    add(cast, MedicationRequest(patient_id=cast.paula, display="Amoxicillin", until=past))
    assert prescribe(cast.client("diaz"), cast.paula, order()).status_code == 302


def test_it_hangs_on_the_doctors_open_note_of_today(cast: Cast) -> None:
    now = datetime.now(MADRID)
    common = {"patient_id": cast.paula, "visit_date": now.date(), "started_at": now}
    add(cast, MedicalRecord(doctor_id=cast.diaz, **common),
        MedicalRecord(doctor_id=cast.eriksen, **common))  # fmt: skip
    prescribe(cast.client("diaz"), cast.paula, order())
    record_id = requests(cast)[0].record_id
    with cast.app.app_context():
        record = db.session.get_one(MedicalRecord, record_id)
        assert record.doctor_id == cast.diaz


def test_on_a_signed_visit_it_changes_no_more_but_can_be_stopped(cast: Cast) -> None:
    now = datetime.now(MADRID)
    draft = MedicalRecord(
        patient_id=cast.paula, doctor_id=cast.diaz, visit_date=now.date(), started_at=now,
        notes="Cough",
    )  # fmt: skip
    add(cast, draft)
    diaz = cast.client("diaz")
    prescribe(diaz, cast.paula, order())
    key = requests(cast)[0].medication_request_id
    with cast.app.app_context():
        record = db.session.scalars(
            select(MedicalRecord).where(MedicalRecord.started_at.is_not(None))
        ).one()
        record.status, record.signed_at = "signed", now
        db.session.commit()
        for change in ("dose_value = 9", "until = NULL", "instructions = 'x'", "repeats = 5"):
            with pytest.raises(IntegrityError, match="medical_record_signed"):
                db.session.execute(text(f"UPDATE medication_request SET {change}"))
            db.session.rollback()
        with pytest.raises(IntegrityError, match="medical_record_signed"):
            db.session.execute(text("DELETE FROM medication_request"))
        db.session.rollback()
        db.session.remove()
    url = f"/chart/{cast.paula}/prescription/{key}/stop"
    diaz.post(url, data={"reason": "sintol"})
    assert [row.reason for row in kept(cast, MedicationEnd)] == ["sintol"]


@pytest.mark.parametrize("table", ["drug_alert", "alert_answer", "medication_end"])
@pytest.mark.parametrize("change", ["UPDATE {} SET version = 2", "DELETE FROM {}"])
def test_alerts_answers_and_ends_are_kept_for_good(cast: Cast, table: str, change: str) -> None:
    add(cast, penicillin(cast))
    diaz, form = cast.client("diaz"), order()
    form |= overridden(prescribe(diaz, cast.paula, form).text)
    prescribe(diaz, cast.paula, form)
    url = f"/chart/{cast.paula}/prescription/{requests(cast)[0].medication_request_id}/stop"
    diaz.post(url, data={"reason": "wish"})
    with cast.app.app_context():
        assert db.session.scalar(text(f"SELECT count(*) FROM {table}")) == 1
        with pytest.raises(IntegrityError, match=f"{table}_append_only"):
            db.session.execute(text(change.format(table)))
        db.session.rollback()
        db.session.remove()


@pytest.mark.parametrize(
    "column", ["dose_value = 0", "repeats = -1", "duration_days = 0", "route = 'x'", "timing = 'x'"]
)
def test_the_database_refuses_what_no_prescription_can_be(cast: Cast, column: str) -> None:
    add(cast, MedicationRequest(patient_id=cast.paula, display="Amoxicillin"))
    with cast.app.app_context():
        with pytest.raises(IntegrityError):
            db.session.execute(text(f"UPDATE medication_request SET {column}"))
        db.session.rollback()
        db.session.remove()


def test_a_drug_is_found_as_one_types(sqlite_cast: Cast) -> None:
    diaz = sqlite_cast.client("diaz")
    found = diaz.get("/chart/drugs?q=amox 500").json
    assert {"id": "J01CA04", "text": "Amoxicillin 500 mg capsule", "detail": "Penicillins",
            "route": "oral", "unit": "capsule"} in found  # fmt: skip
    assert "Paracetamol 500 mg tablet" in [
        hit["text"] for hit in diaz.get("/chart/drugs?q=tylenol").json
    ]
    assert diaz.get("/chart/drugs?q=").json == []
    assert diaz.get("/chart/drugs?q=zzzz").json == []


def test_the_page_of_medication_and_the_form_cost_few_statements(
    cast: Cast, statements: list[str]
) -> None:
    rows = [MedicationRequest(patient_id=cast.paula, display=f"Drug {n}") for n in range(150)]
    add(cast, *rows)
    diaz = cast.client("diaz")
    for path in ("?section=medication", "/prescribe"):
        diaz.get(f"/chart/{cast.paula}{path}")
        del statements[:]
        assert diaz.get(f"/chart/{cast.paula}{path}").status_code == 200
        assert len(statements) <= 12, statements


def test_a_prescription_and_a_visit_summary_can_be_printed(cast: Cast) -> None:
    diaz = cast.client("diaz")
    prescribe(diaz, cast.paula, order())
    key = requests(cast)[0].medication_request_id
    sheet = cast.client("nora").get(f"/chart/{cast.paula}/prescription/{key}").text
    for words in ("Paula O’Connor", "Amoxicillin 500 mg capsule", "21 capsule", "Dr. Díaz",
                  "With a glass of water"):  # fmt: skip
        assert words in sheet
    assert diaz.get(f"/chart/{cast.quentin}/prescription/{key}").status_code == 404
    summary = diaz.get(f"/chart/{cast.paula}/note/{cast.record_of_diaz}/summary").text
    assert "Paula’s secret diagnosis" in summary
    assert "Draft: not signed yet" in summary
    assert diaz.get(f"/chart/{cast.quentin}/note/{cast.record_of_diaz}/summary").status_code == 404


def test_writing_leaves_an_event_without_clinical_text(cast: Cast) -> None:
    prescribe(cast.client("diaz"), cast.paula, order())
    with cast.app.app_context():
        query = select(AuditEvent).where(AuditEvent.entity == "MedicationRequest")
        (event,) = db.session.scalars(query)
        assert (event.action, event.patient_id) == ("add", cast.paula)
        assert "Amoxicillin" not in str(event.detail)


def test_the_report_counts_overrides_and_names_no_patient(cast: Cast) -> None:
    add(cast, penicillin(cast))
    diaz, form = cast.client("diaz"), order()
    prescribe(diaz, cast.paula, order())
    form |= overridden(prescribe(diaz, cast.paula, form).text)
    prescribe(diaz, cast.paula, form)
    page = cast.client("amina").get("/prescribing/").text
    assert "Allergy&nbsp;· Stop" in page
    assert "50 %" in page
    assert "Dr. Díaz" in page
    assert "Taken before without harm" in page
    for secret in ("Paula", "Penicillin", "moxicillin", "Took it last year"):
        assert secret not in page
    assert cast.client("amina").get("/prescribing/?days=7").status_code == 400


def test_a_larger_list_replaces_or_extends_the_one_that_holds(cast: Cast, tmp_path: Any) -> None:
    path = tmp_path / "more.csv"
    header = "kind,first,second,level,effect,source"
    path.write_text(
        f"# version: ours 7\n{header}\ninteraction,amoxicillin,warfarin,block,INR rises,Us\n"
    )
    run = cast.app.test_cli_runner().invoke
    answer = run(args=["clinic", "import-interactions", str(path), "--extend"])
    assert "more.csv: 1 interactions, version ours 7." in answer.output
    assert "interactions 2026.11 + ours 7" in answer.output
    add(cast, MedicationRequest(patient_id=cast.paula, display="Warfarin 5 mg tablet"))
    page = prescribe(cast.client("diaz"), cast.paula, order()).text
    assert "INR rises" in page
    assert "interactions 2026.11 + ours 7" in page
    answer = run(args=["clinic", "import-interactions", str(path)])
    assert "interactions ours 7" in answer.output
    path.write_text("nonsense")
    answer = run(args=["clinic", "import-interactions", str(path)])
    assert answer.exit_code == 1
    assert "names no version" in answer.output


def test_the_first_look_at_alerts_is_kept_though_the_form_is_refused(cast: Cast) -> None:
    add(cast, penicillin(cast))
    prescribe(cast.client("diaz"), cast.paula, order(attempt=str(uuid4()), timing=""))
    with cast.app.app_context():
        assert db.session.scalar(select(func.count(DrugAlert.alert_id))) == 1
