"""What a patient reads of their record, tells before a visit, and sees of others’ looks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import (
    AllergyIntolerance,
    Appointment,
    Condition,
    ContactPreference,
    CorrectionRequest,
    MedicalRecord,
    Notification,
    Observation,
    PatientReport,
    VisitAnswer,
    VisitQuestion,
    WaitlistEntry,
    WaitlistOffer,
)
from app.models.messages import message_defaults
from tests.cast import Cast


def keep(cast: Cast, *rows: Any) -> list[Any]:
    with cast.app.app_context():
        db.session.add_all(rows)
        db.session.commit()
        keys = [row.pk for row in rows]
        db.session.remove()
    return keys


def signed(cast: Cast) -> int:
    """A signed visit of Paula’s with Dr. Díaz."""
    record = MedicalRecord(
        patient_id=cast.paula, doctor_id=cast.diaz, visit_date=date(2026, 5, 5), status="signed",
        signed_at=datetime(2026, 5, 5, 12, tzinfo=UTC), diagnosis="Sprained ankle",
    )  # fmt: skip
    return int(keep(cast, record)[0])


def visit_at(cast: Cast, start: datetime) -> int:
    visit = Appointment(
        patient_id=cast.paula, doctor_id=cast.diaz, visit_type_id=cast.visit_type,
        appointment_datetime=start, status="booked",
    )  # fmt: skip
    return int(keep(cast, visit)[0])


def all_of(cast: Cast, model: Any) -> list[Any]:
    with cast.app.app_context():
        rows = list(db.session.scalars(select(model)))
        db.session.expunge_all()
        return rows


def test_a_signed_visit_is_shared_and_a_draft_is_not(cast: Cast) -> None:
    key, paula = signed(cast), cast.client("paula")
    assert "Sprained ankle" in paula.get(f"/portal/record/visit/{key}").text
    assert paula.get(f"/portal/record/visit/{cast.record_of_diaz}").status_code == 404


@pytest.mark.parametrize("model", [Condition, Observation])
def test_what_hangs_on_a_draft_is_not_shared(cast: Cast, model: Any) -> None:
    facts = {
        "patient_id": cast.paula,
        "record_id": cast.record_of_diaz,
        "display": "Secret finding",
    }
    if model is Observation:
        facts |= {"code": "8867-4", "value": 77.0, "unit": "/min", "effective": "2026-05-04"}
    keep(cast, model(**facts))
    paula = cast.client("paula")
    page = paula.get("/portal/record/").text + paula.get("/portal/record/measurements").text
    assert "Secret finding" not in page and 'data-values="77' not in page


def test_measurements_are_a_table_too(cast: Cast) -> None:
    row = Observation(
        patient_id=cast.paula, display="Heart rate", code="8867-4", value=71.0, unit="/min",
        effective="2026-05-04",
    )  # fmt: skip
    keep(cast, row)
    page = cast.client("paula").get("/portal/record/measurements").text
    assert 'data-values="71.0"' in page and "Heart rate" in page


def test_a_correction_goes_to_the_list_and_inbox_of_the_visits_doctor(cast: Cast) -> None:
    key, paula = signed(cast), cast.client("paula")
    with cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
    paula.post(f"/portal/record/visit/{key}/correct", data={"wish": "It was the left one"})
    (asked,) = all_of(cast, CorrectionRequest)
    assert (asked.doctor_id, asked.state, asked.wish) == (cast.diaz, "open", "It was the left one")
    told = [
        row
        for row in all_of(cast, Notification)
        if row.rule == "correction_asked" and row.channel == "inbox"
    ]
    assert len(told) == 1 and "left" not in told[0].body + told[0].subject
    for page in ("show", "edit"):  # who answers reads the question beside the answer
        assert "left one" in cast.client("diaz").get(f"/correction_request/{page}/{asked.pk}").text


def test_only_the_visits_doctor_answers_a_correction(cast: Cast) -> None:
    key = signed(cast)
    cast.client("paula").post(f"/portal/record/visit/{key}/correct", data={"wish": "Left"})
    (asked,) = all_of(cast, CorrectionRequest)
    path = f"/api/v1/correction_request/{asked.pk}"
    assert cast.client("eriksen").put(path, json={"state": "corrected"}).status_code == 403
    assert cast.client("diaz").put(path, json={"state": "declined"}).status_code == 422
    said = {"state": "declined", "answer": "The picture shows the right one."}
    assert cast.client("diaz").put(path, json=said).status_code == 200
    assert said["answer"] in cast.client("paula").get(f"/portal/record/visit/{key}").text


def test_an_empty_correction_is_refused(cast: Cast) -> None:
    key = signed(cast)
    answer = cast.client("paula").post(f"/portal/record/visit/{key}/correct", data={"wish": " "})
    assert answer.status_code == 422 and all_of(cast, CorrectionRequest) == []


def test_a_reported_allergy_stands_as_reported_until_it_is_checked(cast: Cast) -> None:
    paula = cast.client("paula")
    data = {"kind": "allergy", "display": "Penicillin", "detail": "A rash"}
    assert paula.post("/portal/record/report", data=data).status_code == 302
    assert "You told us; to be checked" in paula.get("/portal/record/").text
    (row,) = all_of(cast, PatientReport)
    path = f"/api/v1/patient_report/{row.pk}"
    assert cast.client("nora").put(path, json={"state": "confirmed"}).status_code == 200
    assert "to be checked" not in paula.get("/portal/record/").text


def test_a_report_without_a_name_keeps_what_was_typed(cast: Cast) -> None:
    data = {"kind": "medication", "display": "", "detail": "one in the morning"}
    answer = cast.client("paula").post("/portal/record/report", data=data)
    assert answer.status_code == 422 and "one in the morning" in answer.text


def test_questions_are_those_of_the_visit_type_and_are_answered_once(cast: Cast) -> None:
    key = visit_at(cast, datetime.now(UTC) + timedelta(days=3))
    (question,) = keep(
        cast, VisitQuestion(question="Are you pregnant?", kind="yes or no", required=True,
                            visit_type_id=cast.visit_type),
    )  # fmt: skip
    paula, path = cast.client("paula"), f"/portal/visit/{key}/form"
    assert "Are you pregnant?" in paula.get(path).text
    assert paula.post(path, data={f"q{question}": "Maybe"}).status_code == 422
    assert paula.post(path, data={}).status_code == 422
    for said in ("Yes", "No"):
        assert paula.post(path, data={f"q{question}": said}).status_code == 302
    assert [row.answer for row in all_of(cast, VisitAnswer)] == ["No"]
    spanish = {"Accept-Language": "es"}
    assert [f">{word}</label>" in paula.get(path, headers=spanish).text for word in ("Sí", "Yes")] == [
        True, False,
    ]  # fmt: skip
    assert paula.post(path, data={f"q{question}": "Yes"}).status_code == 302
    assert "Sí" in cast.client("nora").get("/visit_answer/list/", headers=spanish).text


@pytest.mark.parametrize(("minutes", "status"), [(30, "arrived"), (90, "booked"), (-40, "booked")])
def test_a_patient_checks_in_by_phone_from_an_hour_before_until_the_end(
    cast: Cast, minutes: int, status: str
) -> None:
    key = visit_at(cast, datetime.now(UTC) + timedelta(minutes=minutes))
    cast.client("paula").post(f"/portal/visit/{key}/check-in")
    with cast.app.app_context():
        assert db.session.get_one(Appointment, key).status == status


def test_a_patient_waits_for_an_earlier_time_once_and_leaves_again(cast: Cast) -> None:
    paula = cast.client("paula")
    assert paula.post(f"/portal/wait/{cast.visit_type}").status_code == 302
    assert paula.post(f"/portal/wait/{cast.visit_type}").status_code == 422
    (row,) = all_of(cast, WaitlistEntry)
    assert cast.client("quentin").post(f"/portal/wait/{row.pk}/end").status_code == 404
    assert paula.post(f"/portal/wait/{row.pk}/end").status_code == 302
    assert [entry.state for entry in all_of(cast, WaitlistEntry)] == ["withdrawn"]


def test_who_answers_an_offer_too_late_reads_so_on_the_home(sqlite_cast: Cast) -> None:
    cast, now = sqlite_cast, datetime.now(UTC)
    facts = {"patient_id": cast.paula, "visit_type_id": cast.visit_type, "created": now}
    wish = WaitlistEntry(earliest=now, latest=now + timedelta(days=9), **facts)
    times = {"offered_at": now, "expires_at": now, "patient_id": cast.paula}
    visit = visit_at(cast, now + timedelta(days=1))
    offer = WaitlistOffer(entry=wish, appointment_id=visit, state="expired", **times)
    key = keep(cast, offer)[0]
    answer = cast.client("paula").post(f"/portal/offer/{key}", data={"answer": "take"})
    assert answer.status_code == 409
    assert "This offer has run out" in answer.text and "Book a visit" in answer.text


def test_a_patient_chooses_how_they_are_reached(cast: Cast) -> None:
    cast.client("paula").post("/portal/more/reach", data={"language": "es", "sms": "y"})
    (row,) = all_of(cast, ContactPreference)
    assert (row.language, row.email, row.sms, row.stopped_at) == ("es", False, True, None)


def test_a_patient_sees_who_opened_their_record(cast: Cast) -> None:
    cast.client("nora").get(f"/chart/{cast.paula}")
    cast.client("eriksen").get(f"/chart/{cast.quentin}")
    page = cast.client("paula").get("/portal/more/privacy").text
    assert "Nora Novak</strong> opened your record" in page and "Eriksen" not in page


def test_what_one_person_did_again_and_again_is_one_line_with_how_often(sqlite_cast: Cast) -> None:
    for _ in range(3):
        sqlite_cast.client("nora").get(f"/chart/{sqlite_cast.paula}")
    page = sqlite_cast.client("paula").get("/portal/more/privacy").text
    assert page.count("Nora Novak</strong> opened your record") == 1 and "3 times" in page


@pytest.mark.parametrize(
    "path", ["more/", "more/messages", "more/reach", "for/", "record/report", "record/measurements"]
)
def test_every_page_of_the_portal_opens(cast: Cast, path: str) -> None:
    assert cast.client("paula").get(f"/portal/{path}").status_code == 200


def test_that_none_is_known_is_no_news_once_an_allergy_was_found(cast: Cast) -> None:
    none = {"display": "No known allergy", "code": "716186003", "recorded": "2020-05-01"}
    keep(cast, AllergyIntolerance(patient_id=cast.paula, **none))
    assert "you know of no allergy" in cast.client("paula").get("/portal/record/").text
    latex = {"display": "Latex", "recorded": "2021", "clinical_status": "resolved"}
    keep(cast, AllergyIntolerance(patient_id=cast.paula, **latex))
    assert "you know of no allergy" not in cast.client("paula").get("/portal/record/").text
