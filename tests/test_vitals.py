"""Vital signs: what is plausible, how they are kept, to which visit they belong, what is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import ClinicError, Forbidden, MedicalRecord, Observation, Role
from app.models.record import readings
from app.models.record.measures import BY_CODE, ENTERED, VITALS
from app.models.record.vitals import record_vitals
from app.security.actor import Actor
from tests.cast import Cast

NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
NORA = Actor(6, "nora", "Nora Novak", frozenset({Role.NURSE}), staff_id=1)
ROSA = Actor(7, "rosa", "Rosa Ricci", frozenset({Role.RECEPTIONIST}), staff_id=2)

IMPLAUSIBLE = [
    ({"temperature": 98.6}, "temperature", "Fahrenheit"),
    ({"temperature": 24.9}, "temperature", "25 to 45"),
    ({"height": 1.78}, "height", "metres"),
    ({"weight": 651}, "weight", "not plausible"),
    ({"pulse": 19}, "pulse", "not plausible"),
    ({"oxygen": 101}, "oxygen", "40 to 100"),
    ({"pain": 11}, "pain", "0 to 10"),
    ({"pain": 2.5}, "pain", "whole number"),
    ({"systolic": 120}, "diastolic", "two numbers"),
    ({"diastolic": 80}, "systolic", "two numbers"),
    ({"systolic": 80, "diastolic": 80}, "diastolic", "below"),
    ({"systolic": 301, "diastolic": 80}, "systolic", "not plausible"),
]


def kept(session: Session) -> dict[str, Observation]:
    return {str(row.code): row for row in session.scalars(select(Observation))}


@pytest.mark.parametrize(("values", "field", "words"), IMPLAUSIBLE)
def test_an_implausible_value_names_its_field_and_keeps_nothing(
    cast: Cast, session: Session, values: dict[str, float], field: str, words: str
) -> None:
    with pytest.raises(ClinicError, match=words) as refused:
        record_vitals(session, NORA, cast.paula, values, NOW)
    assert refused.value.details["field"] == field
    assert kept(session) == {}


@pytest.mark.parametrize("measure", ENTERED, ids=lambda measure: measure.key)
def test_the_limits_themselves_are_plausible(cast: Cast, session: Session, measure: Any) -> None:
    for value in (measure.least, measure.most):
        pair = {"systolic": 120.0, "diastolic": 20.0} | {measure.key: value}
        pair["diastolic"] = min(pair["diastolic"], pair["systolic"] - 1)
        if measure.key == "diastolic":
            pair["systolic"] = 300.0
        assert record_vitals(session, NORA, cast.paula, pair, NOW)


def test_nothing_measured_is_refused(cast: Cast, session: Session) -> None:
    with pytest.raises(ClinicError, match="at least one"):
        record_vitals(session, NORA, cast.paula, {}, NOW)


def test_reception_measures_nothing(cast: Cast, session: Session) -> None:
    with pytest.raises(Forbidden):
        record_vitals(session, ROSA, cast.paula, {"pulse": 70}, NOW)


def test_a_pressure_is_one_observation_with_two_components(cast: Cast, session: Session) -> None:
    record_vitals(session, NORA, cast.paula, {"systolic": 128, "diastolic": 78}, NOW)
    session.flush()
    (row,) = kept(session).values()
    assert (row.code, row.value, row.unit) == ("85354-9", None, "mm[Hg]")
    assert [(c["code"], c["value"], c["unit"]) for c in row.components or []] == [
        ("8480-6", 128, "mm[Hg]"), ("8462-4", 78, "mm[Hg]"),
    ]  # fmt: skip


def test_values_are_kept_with_code_unit_category_and_time(cast: Cast, session: Session) -> None:
    record_vitals(session, NORA, cast.paula, {"temperature": 36.8}, NOW)
    session.flush()
    row = kept(session)["8310-5"]
    assert (row.system, row.unit, row.category) == ("http://loinc.org", "Cel", "vital-signs")
    assert (row.value, row.effective, row.status) == (36.8, "2026-05-04T08:30:00Z", "final")


@pytest.mark.parametrize("earlier", [False, True], ids=["now", "last year"])
def test_the_body_mass_index_is_computed_from_the_last_height(
    cast: Cast, session: Session, earlier: bool
) -> None:
    values: dict[str, float] = {"weight": 81}
    if earlier:
        record_vitals(session, NORA, cast.paula, {"height": 180}, datetime(2025, 5, 4, tzinfo=UTC))
        session.flush()
    else:
        values["height"] = 180
    record_vitals(session, NORA, cast.paula, values, NOW)
    session.flush()
    assert kept(session)["39156-5"].value == 25.0


def test_a_height_of_long_ago_makes_no_body_mass_index(cast: Cast, session: Session) -> None:
    record_vitals(session, NORA, cast.paula, {"height": 180}, datetime(2020, 5, 4, tzinfo=UTC))
    session.flush()
    record_vitals(session, NORA, cast.paula, {"weight": 81}, NOW)
    session.flush()
    assert "39156-5" not in kept(session)


def test_vitals_belong_to_no_visit_of_another_patient(cast: Cast, session: Session) -> None:
    with pytest.raises(ClinicError, match="not one of this patient"):
        record_vitals(session, NORA, cast.paula, {"pulse": 70}, NOW, cast.record_of_eriksen)


def test_readings_come_newest_first_and_at_most_as_many_as_asked(
    cast: Cast, session: Session
) -> None:
    for day in range(1, 6):
        moment = NOW.replace(day=day)
        record_vitals(session, NORA, cast.paula, {"pulse": 60 + day}, moment)
    session.flush()
    (course,) = readings.vitals(session, cast.paula, most=3)
    assert [reading.values for reading in course.readings] == [(65,), (64,), (63,)]


def test_another_unit_a_mistake_and_half_a_pressure_are_not_drawn(
    cast: Cast, session: Session
) -> None:
    common = {"patient_id": cast.paula, "effective": "2026-05-04", "display": "x"}
    session.add_all(
        [
            Observation(**common, code="29463-7", value=180, unit="[lb_av]"),
            Observation(**common, code="8867-4", value=70, unit="/min", status="entered-in-error"),
            Observation(**common, code="85354-9", components=[{"code": "8480-6", "value": 120}]),
        ]
    )
    session.flush()
    assert readings.vitals(session, cast.paula) == []


@pytest.mark.parametrize(
    ("key", "value", "flag"),
    [("pulse", 59, "low"), ("pulse", 60, ""), ("pulse", 100, ""), ("pulse", 101, "high"),
     ("oxygen", 93, "low"), ("oxygen", 100, ""), ("weight", 300, ""), ("systolic", 140, "high")],
)  # fmt: skip
def test_a_value_outside_the_normal_range_is_flagged(key: str, value: float, flag: str) -> None:
    (measure,) = (m for m in ENTERED if m.key == key)
    assert measure.flag(value) == flag


def test_each_vital_sign_has_one_code() -> None:
    assert len(BY_CODE) == len(VITALS)


def test_the_nurse_enters_vitals_and_sees_them(cast: Cast) -> None:
    nora = cast.client("nora")
    form = {"systolic": "145", "diastolic": "85", "temperature": "36,8", "weight": ""}
    answer = nora.post(f"/chart/{cast.paula}/vitals", data=form, follow_redirects=True)
    assert answer.status_code == 200
    assert "145/85" in answer.text
    assert "36.8" in answer.text
    assert "High" in answer.text


def test_what_was_measured_is_said_in_the_readers_language_and_one_mark_is_enough(
    sqlite_cast: Cast,
) -> None:
    nora, chart = sqlite_cast.client("nora"), f"/chart/{sqlite_cast.paula}"
    page = nora.post(
        f"{chart}/vitals", data={"systolic": "212", "diastolic": "128"}, follow_redirects=True,
        headers={"Accept-Language": "es"},
    )  # fmt: skip
    assert "Registrado: presión arterial." in page.text
    head = nora.get(f"{chart}?section=vitals").text.split('id="t-systolic"')[1].split("</div>")[0]
    assert head.count("High") == 1 and "systolic" not in head.split("High")[1]
    nora.post(f"{chart}/vitals", data={"systolic": "150", "diastolic": "70"})
    head = nora.get(f"{chart}?section=vitals").text.split('id="t-systolic"')[1].split("</div>")[0]
    assert "systolic" in head.split("High")[1]


def test_a_refused_value_comes_back_in_the_form(cast: Cast) -> None:
    form = {"temperature": "98.6", "pulse": "72"}
    answer = cast.client("nora").post(f"/chart/{cast.paula}/vitals", data=form)
    assert answer.status_code == 422
    assert 'value="98.6"' in answer.text
    assert 'value="72"' in answer.text
    assert "Fahrenheit" in answer.text


@pytest.mark.parametrize("typed", ["nan", "inf", "abc", "1e999", "--1"])
def test_what_is_no_number_is_refused(cast: Cast, typed: str) -> None:
    answer = cast.client("nora").post(f"/chart/{cast.paula}/vitals", data={"pulse": typed})
    assert answer.status_code == 422
    assert "is not a number" in answer.text


def test_what_is_measured_after_the_note_was_begun_belongs_to_it(cast: Cast) -> None:
    nora, diaz = cast.client("nora"), cast.client("diaz")
    nora.post(f"/chart/{cast.paula}/vitals", data={"pulse": "70"})
    place = diaz.post(f"/chart/{cast.paula}/note/new", data={}).location
    nora.post(f"/chart/{cast.paula}/vitals", data={"temperature": "37"})
    with cast.app.app_context():
        belongs = db.session.scalars(select(Observation.record_id)).all()
        record = db.session.get(MedicalRecord, int(place.rsplit("/", 1)[1]))
        assert record is not None
        assert belongs == [record.record_id, record.record_id]


UNKEPT = [
    ("observation", {"code": "8867-4", "value": 1e300}, "value", "not plausible"),
    ("observation", {"code": "8867-4", "value": -5, "unit": "/min"}, "value", "not plausible"),
    ("observation", {"code": "718-7", "value": 1e300}, "value", "this large"),
    ("observation", {"code": "718-7", "value": 10**400}, "value", "Write a number"),
    ("observation", {"effective": "2199-01-01"}, "effective", "future"),
    ("condition", {"onset": "2199"}, "onset", "future"),
    ("condition", {"onset": "2020", "abatement": "2019-05", "clinical_status": "resolved"},
     "abatement", "before it began"),
    ("condition", {"onset": "2019", "abatement": "2020"}, "clinical_status", "has ended"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "values", "field", "words"), UNKEPT)
def test_a_program_keeps_nothing_that_the_chart_would_refuse(
    sqlite_cast: Cast, table: str, values: dict[str, Any], field: str, words: str
) -> None:
    body = {"patient": sqlite_cast.paula, "display": "Found"} | values
    answer = sqlite_cast.client("diaz").post(
        f"/api/v1/{table}/", json=body, headers=sqlite_cast.token("diaz")
    )
    assert answer.status_code in {400, 422}
    assert field in str(answer.json), answer.json
    assert words in answer.text


def test_a_number_in_another_unit_is_not_held_to_the_limits_of_the_chart(sqlite_cast: Cast) -> None:
    body = {"patient": sqlite_cast.paula, "display": "T", "code": "8310-5", "value": 98.6}
    answer = sqlite_cast.client("diaz").post(
        "/api/v1/observation/", json=body | {"unit": "[degF]"}, headers=sqlite_cast.token("diaz")
    )
    assert answer.status_code == 201


def test_a_chart_opens_whatever_number_was_once_kept_in_it(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        for code in ("8867-4", "718-7"):
            db.session.add(
                Observation(
                    patient_id=sqlite_cast.paula, code=code, display=code, category="vital-signs",
                    effective="2026-05-04", issued=NOW, value=1.5e300,
                )
            )  # fmt: skip
        db.session.commit()
    doctor, paula = sqlite_cast.client("diaz"), sqlite_cast.client("paula")
    chart = f"/chart/{sqlite_cast.paula}"
    for path in (chart, f"{chart}?section=vitals", f"{chart}/record"):
        assert doctor.get(path).status_code == 200, path
    assert "1.5E300" in doctor.get(f"{chart}?section=vitals").text
    assert paula.get("/portal/record/measurements").status_code == 200
    assert doctor.get("/observation/list/").status_code == 200
