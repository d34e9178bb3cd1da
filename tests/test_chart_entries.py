"""Problems and allergies in the chart: the search for codes, and what follows a signed entry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from app.exchange import icd_load
from app.extensions import db
from app.models import AllergyIntolerance, Condition, MedicalRecord, Observation, ReferenceList
from app.models.record import icd
from tests.cast import Cast
from tests.prescribing_steps import MADRID, add

CODES = [
    ("I10", "Essential (primary) hypertension", "high blood pressure"),
    ("I15.0", "Renovascular hypertension", ""),
    ("J45.909", "Unspecified asthma, uncomplicated", "Asthma NOS"),
    ("J45.20", "Mild intermittent asthma, uncomplicated", ""),
    ("H81.09", "Ménière's disease, unspecified ear", ""),
]
PROBLEM = {"display": "Unspecified asthma, uncomplicated", "code": "J45.909",
           "clinical_status": "active", "verification_status": "confirmed", "onset": "2024-03",
           "abatement": ""}  # fmt: skip
ALLERGY = {"display": "Penicillin", "category": "medication", "criticality": "high",
           "reaction": "Hives", "clinical_status": "active", "verification_status": ""}  # fmt: skip


def fill(cast: Cast) -> None:
    with cast.app.app_context():
        icd_load.fill(db.session(), CODES)
        db.session.commit()
        db.session.remove()


def rows(cast: Cast, model: type[Any]) -> list[Any]:
    with cast.app.app_context():
        found = list(db.session.scalars(select(model).order_by(model.pk_name())))
        db.session.expunge_all()
        db.session.remove()
    return found


def signed_visit(cast: Cast, entry: Any) -> None:
    """The entry, on a visit that is signed."""
    now = datetime.now(MADRID)
    record = MedicalRecord(
        patient_id=cast.paula, doctor_id=cast.diaz, visit_date=now.date(), started_at=now
    )
    entry.record = record
    add(cast, entry)
    with cast.app.app_context():
        kept = db.session.scalars(
            select(MedicalRecord).where(MedicalRecord.started_at == now)
        ).one()
        kept.status, kept.signed_at = "signed", now
        db.session.commit()
        db.session.remove()


@pytest.mark.parametrize(
    ("typed", "first"),
    [("asth", "J45.909"), ("j45", "J45.909"), ("J45.2", "J45.20"), ("i10", "I10"), ("J4590", "J45.909"),
     ("high blood", "I10"), ("hyper ess", "I10"), ("meniere", "H81.09"), ("Ménière", "H81.09")],
)  # fmt: skip
def test_a_code_is_found_by_number_name_and_terms(cast: Cast, typed: str, first: str) -> None:
    fill(cast)
    found = cast.client("nora").get("/chart/icd", query_string={"q": typed}).json
    assert found[0]["id"] == first


@pytest.mark.parametrize("typed", ["", " ", "zzz", '"', "* OR", "a:b & !c", "'); --", "µ", "NEAR("])
def test_whatever_is_typed_is_words_and_no_query(cast: Cast, typed: str) -> None:
    fill(cast)
    answer = cast.client("nora").get("/chart/icd", query_string={"q": typed})
    assert answer.status_code == 200


def test_what_the_clinic_uses_comes_first(cast: Cast) -> None:
    fill(cast)
    add(cast, *(Condition(patient_id=cast.paula, display="Asthma", code="J45.20") for _ in "ab"))
    found = cast.client("nora").get("/chart/icd?q=asthma").json
    assert [hit["id"] for hit in found] == ["J45.20", "J45.909"]


def test_the_whole_list_is_loaded_once_a_release(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        count = icd_load.load_once(session, now)
        assert count > 70_000
        assert icd_load.load_once(session, now) == 0
        kept = session.scalars(select(ReferenceList)).one()
        assert (kept.kind, kept.entries) == ("icd-10-cm", count)
        assert len(set(session.scalars(text("SELECT code FROM icd_code")))) == count
        assert icd.name_of(session, "I10") == "Essential (primary) hypertension"
        assert icd.search(session, "high blood pressure")[0].code == "I10"
        session.rollback()


def test_a_problem_is_kept_with_its_code(cast: Cast) -> None:
    fill(cast)
    answer = cast.client("nora").post(f"/chart/{cast.paula}/problem/new", data=PROBLEM)
    assert answer.status_code == 302, answer.text
    (row,) = rows(cast, Condition)
    assert (row.display, row.code, row.system) == (
        "Unspecified asthma, uncomplicated", "J45.909", "http://hl7.org/fhir/sid/icd-10-cm",
    )  # fmt: skip
    assert (row.onset, row.verification_status) == ("2024-03", "confirmed")


def test_an_allergy_is_kept_with_its_danger(cast: Cast) -> None:
    answer = cast.client("nora").post(f"/chart/{cast.paula}/allergy/new", data=ALLERGY)
    assert answer.status_code == 302, answer.text
    (row,) = rows(cast, AllergyIntolerance)
    assert (row.display, row.category, row.criticality, row.reaction) == (
        "Penicillin", "medication", "high", "Hives",
    )  # fmt: skip
    page = cast.client("nora").get(f"/chart/{cast.paula}").text
    assert "Penicillin</strong> – high risk (Hives)" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"display": ""}, "Say what it is"), ({"onset": "soon"}, "Since"),
        ({"onset": "2999-01-01"}, "future"),
        ({"abatement": "2023", "clinical_status": "resolved"}, "before it began"),
        ({"abatement": "2024-06"}, "inactive, in remission or resolved"),
        ({"clinical_status": "fine"}, "Choose one of"),
        ({"verification_status": "x"}, "Choose one"),
        ({"display": "x" * 301}, "at most 300"),
    ],
)  # fmt: skip
def test_a_problem_that_cannot_be_comes_back_with_what_was_typed(
    sqlite_cast: Cast, change: dict[str, str], said: str
) -> None:
    form = PROBLEM | change
    answer = sqlite_cast.client("nora").post(f"/chart/{sqlite_cast.paula}/problem/new", data=form)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{form["onset"]}"' in answer.text
    assert rows(sqlite_cast, Condition) == []


@pytest.mark.parametrize("who", ["amina", "rosa", "paula"])
@pytest.mark.parametrize("kind", ["problem", "allergy"])
def test_only_nurses_and_doctors_keep_the_lists(sqlite_cast: Cast, who: str, kind: str) -> None:
    client = sqlite_cast.client(who)
    address = f"/chart/{sqlite_cast.paula}/{kind}/new"
    assert client.get(address).status_code == 403
    assert client.post(address, data=ALLERGY).status_code == 403


def test_an_entry_outside_a_signed_visit_is_changed_in_place(cast: Cast) -> None:
    add(cast, Condition(patient_id=cast.paula, display="Asthma"))
    form = PROBLEM | {"clinical_status": "resolved", "version": "1"}
    cast.client("diaz").post(f"/chart/{cast.paula}/problem/1", data=form)
    (row,) = rows(cast, Condition)
    assert (row.clinical_status, row.version) == ("resolved", 2)
    again = cast.client("nora").post(f"/chart/{cast.paula}/problem/1", data=form)
    assert again.status_code == 412


def test_a_signed_entry_stays_and_another_takes_its_place(cast: Cast) -> None:
    signed_visit(cast, Condition(patient_id=cast.paula, display="Asthma", onset="2020"))
    diaz, form = cast.client("diaz"), PROBLEM | {"clinical_status": "resolved", "version": "1"}
    assert "belongs to a signed visit" in diaz.get(f"/chart/{cast.paula}/problem/1").text
    assert diaz.post(f"/chart/{cast.paula}/problem/1", data=form).status_code == 302
    old, new = rows(cast, Condition)
    assert (old.clinical_status, old.display) == ("active", "Asthma")
    assert (new.replaces_id, new.clinical_status, new.record_id) == (
        old.condition_id, "resolved", None,
    )  # fmt: skip
    page = diaz.get(f"/chart/{cast.paula}").text
    assert "1 resolved or inactive" in page
    assert "No current problem" in page
    assert diaz.post(f"/chart/{cast.paula}/problem/1", data=form).status_code == 412


def test_a_signed_allergy_that_was_refuted_warns_no_more(cast: Cast) -> None:
    signed_visit(cast, AllergyIntolerance(patient_id=cast.paula, display="Penicillin"))
    form = ALLERGY | {"clinical_status": "inactive", "verification_status": "refuted"}
    cast.client("diaz").post(f"/chart/{cast.paula}/allergy/1", data=form)
    page = cast.client("diaz").get(f"/chart/{cast.paula}").text
    assert "not asked yet" in page
    assert "inactive · refuted" in page


def test_that_no_allergy_is_known_is_an_answer_with_its_day_until_one_is_found(cast: Cast) -> None:
    nora, chart = cast.client("nora"), f"/chart/{cast.paula}"
    assert "Nobody has asked yet" in nora.get(chart).text
    for _ in range(2):  # asked again, the new answer takes the place of the old
        assert nora.post(f"{chart}/allergy/none").status_code == 302
    old, new = rows(cast, AllergyIntolerance)
    assert (new.code, new.replaces_id, new.patient_id) == ("716186003", old.pk, cast.paula)
    assert "none known (asked" in nora.get(chart).text
    nora.post(f"{chart}/allergy/new", data=ALLERGY)
    assert "none known" not in nora.get(chart).text
    assert [row.clinical_status for row in rows(cast, AllergyIntolerance)][1:] == [
        "inactive", "active",
    ]  # fmt: skip
    nora.post(f"{chart}/allergy/none")
    assert len(rows(cast, AllergyIntolerance)) == 3, "not beside an allergy that stands"
    assert "Change that entry first" in nora.get(chart).text


def test_an_answer_from_before_a_later_finding_says_nothing(sqlite_cast: Cast) -> None:
    paula = sqlite_cast.paula
    none = {"patient_id": paula, "display": "No known allergy", "code": "716186003"}
    add(sqlite_cast, AllergyIntolerance(**none, recorded="2020-05-01"),
        AllergyIntolerance(patient_id=paula, display="Latex", recorded="2021",
                           clinical_status="resolved"))  # fmt: skip
    assert "not asked yet" in sqlite_cast.client("diaz").get(f"/chart/{paula}").text


def test_the_answer_that_none_is_known_written_over_is_an_allergy(sqlite_cast: Cast) -> None:
    diaz, chart = sqlite_cast.client("diaz"), f"/chart/{sqlite_cast.paula}"
    diaz.post(f"{chart}/allergy/none")
    diaz.post(f"{chart}/allergy/1", data=ALLERGY | {"version": "1"})
    assert "Penicillin</strong>" in diaz.get(chart).text
    assert rows(sqlite_cast, AllergyIntolerance)[0].code is None


@pytest.mark.parametrize("url", ["/api/v1/allergy_intolerance/1", "/allergy_intolerance/edit/1"])
def test_an_allergy_written_over_that_answer_outside_the_chart_stands(
    sqlite_cast: Cast, url: str
) -> None:
    diaz, chart = sqlite_cast.client("diaz"), f"/chart/{sqlite_cast.paula}"
    diaz.post(f"{chart}/allergy/none")
    said = {"display": "Penicillin", "code": "716186003", "clinical_status": "active"}
    if url.startswith("/api"):
        assert diaz.put(url, json=said).status_code == 200
    else:
        form = said | {"patient": sqlite_cast.paula, "version": "1"}
        assert diaz.post(url, data=form).status_code == 302
    assert "Penicillin</strong>" in diaz.get(chart).text


def test_an_allergy_added_outside_the_chart_ends_that_answer_too(cast: Cast) -> None:
    diaz, chart = cast.client("diaz"), f"/chart/{cast.paula}"
    diaz.post(f"{chart}/allergy/none")
    said = {"patient_id": cast.paula, "display": "Penicillin"}
    assert diaz.post("/api/v1/allergy_intolerance/", json=said).status_code == 201
    assert diaz.get("/api/v1/allergy_intolerance/1").json["result"]["clinical_status"] == "inactive"


def answer(cast: Cast, code: str, display: str, **more: str) -> AllergyIntolerance:
    return AllergyIntolerance(patient_id=cast.paula, code=code, display=display, **more)


def test_no_known_drug_allergy_is_an_answer_for_drugs_until_one_is_found(cast: Cast) -> None:
    nora, chart = cast.client("nora"), f"/chart/{cast.paula}"
    add(cast, answer(cast, "409137002", "No known drug allergy (situation)", recorded="2024-05-01"),
        answer(cast, "429625007", "No known food allergy", recorded="2024-06-01"))  # fmt: skip
    page = nora.get(chart).text
    assert "No known drug allergy (asked" in page and "; No known food allergy" in page
    assert "none known" not in page.split("Asked:")[0]
    nora.post(f"{chart}/allergy/new", data=ALLERGY)
    assert "No known" not in nora.get(chart).text, "nothing is denied beside an allergy"
    drug, food, _allergy = rows(cast, AllergyIntolerance)
    assert (drug.clinical_status, food.clinical_status) == ("inactive", "active")


def test_the_older_code_says_none_and_wins_over_an_answer_of_a_kind(sqlite_cast: Cast) -> None:
    add(sqlite_cast, answer(sqlite_cast, "160244002", "No Known Allergies", recorded="2020-01-01"),
        answer(sqlite_cast, "409137002", "No known drug allergy", recorded="2024-05-01"))  # fmt: skip
    page = sqlite_cast.client("diaz").get(f"/chart/{sqlite_cast.paula}").text
    assert "none known (asked" in page and "No known drug allergy" not in page


def test_a_signed_answer_that_an_allergy_overtook_is_told_as_inactive(cast: Cast) -> None:
    diaz, chart = cast.client("diaz"), f"/chart/{cast.paula}"
    signed_visit(cast, answer(cast, "716186003", "No known allergy", recorded="2020-05-01"))

    def told() -> tuple[str, str]:
        bundle = diaz.get(f"{chart}/fhir").json["entry"]
        of_kind = [one["resource"] for one in bundle if "criticality" not in one["resource"]]
        (none,) = [one for one in of_kind if one["resourceType"] == "AllergyIntolerance"]
        line = diaz.get(f"{chart}/record").text.split("No known allergies</td>")[1]
        return none["clinicalStatus"]["coding"][0]["code"], line.split("</tr>")[0][-20:]

    assert told()[0] == "active"
    diaz.post(f"{chart}/allergy/new", data=ALLERGY)
    code, line = told()
    assert code == "inactive" and "inactive" in line.lower()
    diaz.post(f"{chart}/allergy/2", data=ALLERGY | {"version": "1", "verification_status": "refuted",
                                                    "clinical_status": "inactive"})  # fmt: skip
    assert "not asked yet" in diaz.get(chart).text, "asked before it was thought of"


def test_what_names_a_reaction_is_an_allergy_whatever_its_code(sqlite_cast: Cast) -> None:
    paula = sqlite_cast.paula
    add(sqlite_cast, AllergyIntolerance(patient_id=paula, display="Nuts", code="716186003",
                                        reaction="Swelling"))  # fmt: skip
    assert "Nuts</strong>" in sqlite_cast.client("diaz").get(f"/chart/{paula}").text


def test_that_answer_saved_as_it_is_stays_one_also_in_other_words(sqlite_cast: Cast) -> None:
    paula, chart = sqlite_cast.paula, f"/chart/{sqlite_cast.paula}"
    none = {"patient_id": paula, "code": "716186003", "display": "No Known Allergies (situation)"}
    signed_visit(sqlite_cast, AllergyIntolerance(**none, recorded="2024-05-01"))
    diaz = sqlite_cast.client("diaz")
    for key in (1, 2):  # the signed one, and the one that takes its place
        form = {"display": none["display"], "clinical_status": "active", "version": "1",
                "category": "", "criticality": "", "reaction": "", "verification_status": ""}  # fmt: skip
        assert diaz.post(f"{chart}/allergy/{key}", data=form).status_code == 302
        assert "none known (asked" in diaz.get(chart).text


def test_an_allergy_found_without_a_day_outlasts_the_answer_before_it(sqlite_cast: Cast) -> None:
    diaz, chart = sqlite_cast.client("diaz"), f"/chart/{sqlite_cast.paula}"
    diaz.post(f"{chart}/allergy/none")
    add(sqlite_cast, AllergyIntolerance(patient_id=sqlite_cast.paula, display="Latex",
                                        clinical_status="resolved"))  # fmt: skip
    assert "not asked yet" in diaz.get(chart).text
    diaz.post(f"{chart}/allergy/none")
    assert "none known (asked" in diaz.get(chart).text


def test_a_diagnosis_made_while_the_note_is_open_belongs_to_the_visit(cast: Cast) -> None:
    now = datetime.now(MADRID)
    add(cast, MedicalRecord(patient_id=cast.paula, doctor_id=cast.diaz, visit_date=now.date(),
                            started_at=now))  # fmt: skip
    cast.client("diaz").post(f"/chart/{cast.paula}/problem/new", data=PROBLEM)
    cast.client("nora").post(f"/chart/{cast.paula}/problem/new", data=PROBLEM)
    mine, hers = rows(cast, Condition)
    assert mine.record_id is not None
    assert hers.record_id is None, "a nurse makes no diagnosis of a visit"


def test_the_entry_of_another_patient_is_404(sqlite_cast: Cast) -> None:
    add(sqlite_cast, Condition(patient_id=sqlite_cast.paula, display="Asthma"))
    address = f"/chart/{sqlite_cast.quentin}/problem/1"
    diaz = sqlite_cast.client("diaz")
    assert diaz.get(address).status_code == 404
    assert diaz.post(address, data=PROBLEM).status_code == 404
    assert diaz.get(f"/chart/{sqlite_cast.paula}/problem/99").status_code == 404


def test_substances_are_found_among_drugs_classes_and_the_rest(sqlite_cast: Cast) -> None:
    nora = sqlite_cast.client("nora")
    assert nora.get("/chart/substances?q=peni").json[0] == {
        "id": "medication", "text": "Penicillins", "detail": "Drug",
    }  # fmt: skip
    assert {"id": "food", "text": "Peanuts", "detail": "Food"} in nora.get(
        "/chart/substances?q=pean"
    ).json
    assert nora.get("/chart/substances?q=").json == []


def test_a_moment_is_typed_on_the_clock_of_the_clinic(cast: Cast) -> None:
    cast.app.config["CLINIC_TIMEZONE"] = "Europe/Madrid"
    diaz, paula = cast.client("diaz"), cast.paula
    add(cast, Condition(patient_id=paula, display="Asthma", onset="2024-03-01T09:30:00Z"),
        Observation(patient_id=paula, display="Weight", effective="2024-10-27T01:30:00Z"))  # fmt: skip
    page = diaz.get(f"/chart/{paula}/problem/1").text
    assert 'value="2024-03-01 10:30"' in page
    form = PROBLEM | {"display": "Asthma", "code": "", "onset": "2024-03-01 10:31", "version": "1"}
    assert diaz.post(f"/chart/{paula}/problem/1", data=form).status_code == 302
    assert rows(cast, Condition)[0].onset == "2024-03-01T09:31:00Z"
    twice = diaz.get("/observation/edit/1").text
    assert 'value="2024-10-27T01:30:00Z"' in twice, "02:30 is shown twice that night"
