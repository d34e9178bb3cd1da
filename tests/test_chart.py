"""The chart: who opens it, what it costs, what it shows, what its search finds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from app.extensions import db
from app.models import (
    AllergyIntolerance,
    Appointment,
    AuditEvent,
    Condition,
    MedicalRecord,
    MedicationRequest,
    Observation,
    Patient,
)
from app.models.record import chart
from app.models.record.chart_search import around
from app.models.record.measures import BY_CODE
from app.views.chart.chart_page import when
from tests.cast import Cast

MOST_STATEMENTS = 12
CODES = [code for code, vital in BY_CODE.items() if len(vital.measures) == 1]


def add(cast: Cast, *rows: Any) -> None:
    with cast.app.app_context():
        db.session.add_all(rows)
        db.session.commit()
        db.session.remove()


def fill(cast: Cast, observations: int = 2000, records: int = 300) -> None:
    """A long life in the clinic."""
    start = datetime(2020, 1, 1, 8, tzinfo=UTC)
    measured = [
        {
            "patient_id": cast.paula,
            "code": CODES[n % len(CODES)],
            "display": "Measured",
            "value": 50.0 + n % 40,
            "unit": BY_CODE[CODES[n % len(CODES)]].measures[0].unit,
            "effective": (start + timedelta(days=n)).isoformat(),
        }
        for n in range(observations)
    ]
    visits = [
        {
            "patient_id": cast.paula,
            "doctor_id": cast.diaz,
            "visit_date": date(2020, 1, 1) + timedelta(days=n),
            "diagnosis": f"Diagnosis {n}.",
            "status": "signed",
        }
        for n in range(records)
    ]
    with cast.app.app_context():
        db.session.execute(insert(Observation), measured)
        db.session.execute(insert(MedicalRecord), visits)
        for model in (Condition, AllergyIntolerance, MedicationRequest):
            common = {"patient_id": cast.paula}
            db.session.execute(
                insert(model), [common | {"display": f"{model.__name__} {n}"} for n in range(40)]
            )
        db.session.commit()
        db.session.remove()


@pytest.mark.parametrize(
    "address", ["", "?section=vitals", "?section=visits&page=3", "?q=diagnosis"]
)
def test_a_chart_of_a_long_life_opens_in_twelve_statements(
    cast: Cast, statements: list[str], address: str
) -> None:
    fill(cast)
    nora = cast.client("nora")
    del statements[:]
    answer = nora.get(f"/chart/{cast.paula}{address}")
    assert answer.status_code == 200
    assert len(statements) <= MOST_STATEMENTS, statements


def test_a_long_chart_shows_the_latest_and_pages_the_rest(cast: Cast) -> None:
    fill(cast)
    nora = cast.client("nora")
    first = nora.get(f"/chart/{cast.paula}").text
    assert "Diagnosis 299." in first
    assert "Diagnosis 280." not in first
    assert "Diagnosis 280." in nora.get(f"/chart/{cast.paula}?section=visits&page=2").text
    last = nora.get(f"/chart/{cast.paula}?section=visits&page=16").text
    assert "Diagnosis 0." in last
    assert 'rel="next"' not in last
    trends = nora.get(f"/chart/{cast.paula}?section=vitals").text
    assert trends.count("data-at=") <= 60 * len(BY_CODE)


def test_a_page_beyond_the_last_is_empty_and_leads_back(cast: Cast) -> None:
    answer = cast.client("nora").get(f"/chart/{cast.paula}?section=visits&page=9")
    assert answer.status_code == 200
    assert "No visit on this page" in answer.text


@pytest.mark.parametrize(
    "query", ["section=nothing", "section=visits&page=0", "section=visits&page=x",
              "section=visits&page=²", "section=visits&page=99999999999999999999"],
)  # fmt: skip
def test_an_address_that_cannot_be_meant_is_400(sqlite_cast: Cast, query: str) -> None:
    assert sqlite_cast.client("nora").get(f"/chart/1?{query}").status_code == 400


ROUTES = [
    ("get", "/chart/{0}"), ("post", "/chart/{0}/vitals"), ("get", "/chart/{0}/note/new"),
    ("post", "/chart/{0}/note/new"), ("get", "/chart/{0}/note/{1}"), ("get", "/chart/note/{1}"),
    ("post", "/chart/{0}/note/{1}/draft"), ("post", "/chart/{0}/note/{1}/sign"),
    ("post", "/chart/{0}/note/{1}/amend"),
]  # fmt: skip


@pytest.mark.parametrize("who", ["amina", "rosa", "paula"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_admin_reception_and_patients_get_403(
    sqlite_cast: Cast, who: str, method: str, path: str
) -> None:
    address = path.format(sqlite_cast.paula, sqlite_cast.record_of_diaz)
    answer = sqlite_cast.client(who).open(address, method=method.upper())
    assert answer.status_code == 403
    assert "secret diagnosis" not in answer.text


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_who_is_not_signed_in_is_led_to_the_login(
    sqlite_cast: Cast, method: str, path: str
) -> None:
    address = path.format(sqlite_cast.paula, sqlite_cast.record_of_diaz)
    answer = sqlite_cast.client("anonymous").open(address, method=method.upper())
    assert answer.status_code == 302
    assert answer.location.startswith("/login/")


@pytest.mark.parametrize("key", ["99", "0", "-1", "x", "²", "99999999999999"])
def test_a_patient_who_is_not_there_is_404(sqlite_cast: Cast, key: str) -> None:
    assert sqlite_cast.client("diaz").get(f"/chart/{key}").status_code == 404


def test_every_opening_is_an_event_of_the_patient(cast: Cast) -> None:
    diaz = cast.client("diaz")
    for path in ("", "?section=vitals", "?q=flu", f"/note/{cast.record_of_diaz}"):
        assert diaz.get(f"/chart/{cast.paula}{path}").status_code == 200
    with cast.app.app_context():
        events = db.session.scalars(select(AuditEvent).order_by(AuditEvent.audit_id)).all()
        assert {(e.action, e.patient_id, e.agent) for e in events} == {("open", cast.paula, "diaz")}
        assert [e.detail["section"] for e in events if e.detail] == [
            "overview", "vitals", "search", "note",
        ]  # fmt: skip


def test_a_refused_form_that_shows_the_chart_leaves_its_event_too(cast: Cast) -> None:
    cast.client("nora").post(f"/chart/{cast.paula}/vitals", data={"pulse": "1"})
    with cast.app.app_context():
        assert db.session.scalars(select(AuditEvent.action)).all() == ["open"]


def test_who_opened_a_chart_is_told_by_name_newest_first(cast: Cast) -> None:
    cast.client("diaz").get(f"/chart/{cast.paula}")
    cast.client("nora").get(f"/chart/{cast.paula}")
    cast.client("nora").get(f"/chart/{cast.quentin}")
    with cast.app.app_context():
        seen = chart.openings(db.session(), cast.paula)
    assert [(row.first_name, row.last_name) for row in seen] == [
        ("Nora", "Novak"), ("Dolores", "Díaz"),
    ]  # fmt: skip


def test_the_banner_says_allergies_in_words(cast: Cast) -> None:
    nora = cast.client("nora")
    assert "not asked yet" in nora.get(f"/chart/{cast.paula}").text
    add(
        cast,
        AllergyIntolerance(
            patient_id=cast.paula, display="Penicillin", criticality="high", reaction="Rash"
        ),
        AllergyIntolerance(patient_id=cast.paula, display="Latex", clinical_status="resolved"),
    )
    page = nora.get(f"/chart/{cast.paula}").text
    assert "Penicillin</strong> – high risk (Rash)" in page
    assert "Latex</strong>" not in page
    assert "not asked yet" not in page


def test_the_chart_shows_problems_medication_and_who_it_is(cast: Cast) -> None:
    add(
        cast,
        Condition(patient_id=cast.paula, display="Asthma", onset="2019-03"),
        Condition(patient_id=cast.paula, display="Flu", clinical_status="resolved"),
        MedicationRequest(patient_id=cast.paula, display="Salbutamol", dosage="2 puffs"),
        MedicationRequest(patient_id=cast.paula, display="Old drug", status="stopped"),
    )
    page = cast.client("diaz").get(f"/chart/{cast.paula}").text
    for words in ("Paula O’Connor", "29 Feb 1980", "P-000001", "Asthma", "since Mar 2019",
                  "1 resolved or inactive", "Salbutamol", "2 puffs"):  # fmt: skip
        assert words in page
    assert "Old drug" not in page


def test_of_many_problems_the_first_stand_open_and_all_are_counted(sqlite_cast: Cast) -> None:
    paula = sqlite_cast.paula
    add(sqlite_cast, *(Condition(patient_id=paula, display=f"Problem {i}") for i in range(12)))
    page = sqlite_cast.client("diaz").get(f"/chart/{paula}").text
    shown, folded = page.split("4 more that are going on")
    assert shown.count(">Problem ") == 8 and folded.count(">Problem ") == 4


def test_nothing_of_one_patient_stands_in_the_chart_of_another(cast: Cast) -> None:
    for path in ("", "?section=visits", "?section=vitals", "?q=secret"):
        page = cast.client("diaz").get(f"/chart/{cast.paula}{path}")
        assert page.status_code == 200 and "Paula" in page.text
        assert "Quentin" not in page.text


@pytest.mark.parametrize(
    ("words", "kind"),
    [("secret", "Visit"), ("ASTHMA", "Problem"), ("anaphyl", "Allergy"), ("puffs", "Medication"),
     ("ferritin", "Measurement")],
)  # fmt: skip
def test_one_search_finds_every_kind_of_text(cast: Cast, words: str, kind: str) -> None:
    add(
        cast,
        Condition(patient_id=cast.paula, display="Asthma"),
        AllergyIntolerance(patient_id=cast.paula, display="Nuts", reaction="Anaphylaxis"),
        MedicationRequest(patient_id=cast.paula, display="Salbutamol", dosage="2 puffs"),
        Observation(patient_id=cast.paula, display="Ferritin", effective="2026-05-04", value=30),
    )
    page = cast.client("nora").get("/chart/1", query_string={"q": words}).text
    assert f'<span class="badge">{kind}</span>' in page


@pytest.mark.parametrize("words", ["%", "_", "\\", "(", "<b>", "zebra"])
def test_a_search_means_what_is_typed(cast: Cast, words: str) -> None:
    add(cast, Observation(patient_id=cast.paula, display="Ferritin", effective="2026-05-04"))
    page = cast.client("nora").get("/chart/1", query_string={"q": words})
    assert page.status_code == 200
    assert "Nothing in this chart" in page.text
    assert "<b>" not in page.text


def test_a_find_is_shown_with_what_stands_around_it() -> None:
    assert around("It was a\ncold  day", "COLD") == ("It was a ", "cold", " day")
    before, found, after = around("x" * 200 + "needle" + "y" * 200, "needle") or ("", "", "")
    assert (len(before), found, len(after)) == (72, "needle", 72)
    assert around("nothing", "needle") is None


def test_a_visit_of_today_offers_its_note_once_it_has_begun(cast: Cast) -> None:
    zone = ZoneInfo(cast.app.config["CLINIC_TIMEZONE"])
    noon = datetime.now(zone).replace(hour=12, minute=0, second=0, microsecond=0)
    visit = Appointment(
        patient_id=cast.quentin, doctor_id=cast.diaz, appointment_datetime=noon, reason="Cough"
    )
    add(cast, visit)
    diaz = cast.client("diaz")
    page = diaz.get(f"/chart/{cast.quentin}").text
    assert "Cough" in page
    assert "Start note" not in page
    with cast.app.app_context():
        found = db.session.scalars(select(Appointment).where(Appointment.reason.is_not(None))).one()
        found.status = "checked-in"
        db.session.commit()
        db.session.remove()
    assert "Start note" in diaz.get(f"/chart/{cast.quentin}").text


def test_a_child_is_not_measured_by_the_ranges_of_adults(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.get_one(Patient, cast.paula).dob = date.today() - timedelta(days=400)
        db.session.commit()
        db.session.remove()
    nora = cast.client("nora")
    nora.post(f"/chart/{cast.paula}/vitals", data={"pulse": "125"})
    page = nora.get(f"/chart/{cast.paula}").text
    assert "13 months" in page
    assert ">High" not in page


@pytest.mark.parametrize(
    ("value", "words"),
    [("2024", "2024"), ("2024-05", "May 2024"), ("2024-05-31", "31 May 2024"),
     ("2024-05-31T22:30:00Z", "1 Jun 2024 00:30"), (None, "")],
)  # fmt: skip
def test_a_fhir_date_is_shown_as_precise_as_it_is(
    sqlite_cast: Cast, value: str | None, words: str
) -> None:
    with sqlite_cast.app.app_context():
        assert when(value) == words


@pytest.mark.parametrize(
    ("who", "address"), [("diaz", "/chart/1"), ("nora", "/chart/1"), ("rosa", "/patient/show/1")]
)
def test_the_patient_search_leads_to_the_chart_or_the_register(
    sqlite_cast: Cast, who: str, address: str
) -> None:
    (hit,) = sqlite_cast.client(who).get("/search/patients?q=paula").json
    assert hit["url"] == address


def test_the_home_of_a_doctor_leads_to_their_unsigned_notes(sqlite_cast: Cast) -> None:
    home = sqlite_cast.client("diaz").get("/").text
    assert f'href="/chart/note/{sqlite_cast.record_of_diaz}"' in home
