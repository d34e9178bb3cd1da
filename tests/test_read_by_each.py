"""What the program wrote is read by each in their own language; what leaves for programs is not."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime

import pytest

from app.extensions import db
from app.language import in_language
from app.models import AppointmentHistory, Condition, Observation
from app.models.messages import message_defaults
from app.models.record.dosage import told
from app.models.record.readings import Reading
from tests.cast import Cast
from tests.prescribing_steps import add, order, prescribe, requests

SPANISH = {"Accept-Language": "es"}
MAY = datetime(2026, 5, 4, 7, 30, tzinfo=UTC)


def test_a_prescription_is_kept_in_english_and_read_by_each_in_their_own(sqlite_cast: Cast) -> None:
    doctor = sqlite_cast.client("diaz")
    doctor.post("/language/", data={"language": "es"})
    assert prescribe(doctor, sqlite_cast.paula, order(dose_value="1.5")).status_code == 302
    (row,) = requests(sqlite_cast)
    assert row.dosage == "1.5 capsules by mouth three times a day for 7 days"
    spanish = "1,5 cápsulas por vía oral tres veces al día durante 7 días"
    chart = f"/chart/{sqlite_cast.paula}"
    for address in (chart, f"/medication_request/show/{row.pk}"):
        assert spanish in doctor.get(address).text, address
    assert row.dosage in sqlite_cast.client("nora").get(chart).text


def test_a_dosage_that_came_in_as_coded_is_said_in_the_language_of_now() -> None:
    dose = {
        "timing": {"repeat": {"frequency": 2, "period": 8, "periodUnit": "h"}},
        "asNeededBoolean": True, "doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "ml"}}],
    }  # fmt: skip
    assert told([dose, {"text": "Al acostarse"}]) == (
        "dose 0.5 ml; twice every 8 hours; as needed\nAl acostarse"
    )
    with in_language("es"):
        assert told([dose]) == "dosis 0,5 ml; dos veces cada 8 horas; si precisa"


def test_a_reading_is_spelled_in_the_language_of_now() -> None:
    said = [Reading("2026-05-04", (36.6,)).shown, Reading("2026-05-04", (128.0, 78.0)).shown]
    assert said == ["36.6", "128/78"]
    with in_language("es"):
        assert Reading("2026-05-04", (36.6,)).shown == "36,6"


def test_the_chart_names_its_parts_and_spells_its_ranges_in_ones_own_language(
    sqlite_cast: Cast,
) -> None:
    doctor, chart = sqlite_cast.client("diaz"), f"/chart/{sqlite_cast.paula}"
    doctor.post("/language/", data={"language": "es"})
    vital = {"systolic": "150", "diastolic": "80", "temperature": "36.5"}
    doctor.post(f"{chart}/vitals", data=vital)
    page = doctor.get(f"{chart}?section=vitals").text
    assert "Sistólica/diastólica" in page and "36–37,9" in page
    doctor.get(f"{chart}?section=visits")
    openings = doctor.get(f"{chart}/access").text
    assert "· Constantes y hallazgos<" in openings and "· Consultas<" in openings


def test_a_list_spells_a_moment_of_the_standard_as_precisely_as_it_is_known(
    sqlite_cast: Cast,
) -> None:
    facts = {"patient_id": sqlite_cast.paula, "display": "Asthma", "clinical_status": "active"}
    add(sqlite_cast, *(Condition(onset=onset, **facts) for onset in ("2024-05", "2023-02-01")))
    page = sqlite_cast.client("diaz").get("/condition/list/").text
    assert "May 2024" in page and "1 Feb 2023" in page and "2023-02-01" not in page


@pytest.mark.parametrize("onset", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_moment_at_an_end_of_the_calendar_breaks_no_page(sqlite_cast: Cast, onset: str) -> None:
    diaz = sqlite_cast.client("diaz")
    asked = {"patient_id": sqlite_cast.paula, "display": "Asthma", "onset": onset}
    made = diaz.post("/api/v1/condition/", json=asked)
    assert made.status_code == (422 if onset.startswith("9") else 201), made.text
    add(sqlite_cast, Condition(**asked))
    assert diaz.get("/condition/list/").status_code == 200
    assert diaz.get(f"/chart/{sqlite_cast.paula}").status_code == 200


def test_a_list_shows_a_blood_pressure_and_units_as_people_write_them(sqlite_cast: Cast) -> None:
    nurse, vital = sqlite_cast.client("nora"), {"systolic": "128", "diastolic": "78"}
    nurse.post(f"/chart/{sqlite_cast.paula}/vitals", data=vital | {"temperature": "36.6"})
    page = nurse.get("/observation/list/").text
    assert "128/78" in page and "mmHg" in page and "°C" in page
    assert "mm[Hg]" not in page and "Cel<" not in page


def test_a_finding_is_called_as_the_reader_calls_it_and_kept_as_it_came(sqlite_cast: Cast) -> None:
    paula, name = sqlite_cast.paula, "Glucose [Mass/volume] in Blood"
    facts = {"patient_id": paula, "system": "http://loinc.org", "code": "2339-0", "value": 5.4}
    add(sqlite_cast, Observation(display=name, effective="2026-05-04", **facts))
    diaz = sqlite_cast.client("diaz")
    pages = {
        "the list": "/observation/list/", "its own page": "/observation/show/1",
        "the chart": f"/chart/{paula}?section=vitals", "the record": f"/chart/{paula}/record",
        "the search": f"/chart/{paula}?section=search&q=glucosa",
    }  # fmt: skip
    for place, url in pages.items():
        page = diaz.get(url, headers=SPANISH).text
        assert "lucosa en sangre" in page.replace("<mark>", "").replace("</mark>", ""), place
        assert name not in page, place
    assert name in diaz.get("/observation/list/").text
    assert diaz.get("/api/v1/observation/1", headers=SPANISH).json["result"]["display"] == name
    assert ">5,4<" in re.sub(r"[\s\xa0]+", "", diaz.get(pages["the chart"], headers=SPANISH).text)


def test_a_rule_that_every_clinic_has_is_named_in_the_readers_language(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
    amina = sqlite_cast.client("amina")
    assert (
        "Ha quedado libre una hora" in amina.get("/notification_rule/list/", headers=SPANISH).text
    )
    assert "A time has become free" in amina.get("/notification_rule/list/").text


def test_why_a_visit_changed_is_read_in_ones_own_language(sqlite_cast: Cast) -> None:
    history = AppointmentHistory(
        appointment_id=sqlite_cast.visit, recorded=MAY, status_after="booked", start_after=MAY,
        reason="taken back",
    )  # fmt: skip
    add(sqlite_cast, history)
    client = sqlite_cast.client("rosa")
    assert ">deshecho<" in client.get("/appointment_history/list/", headers=SPANISH).text
    assert ">taken back<" in client.get("/appointment_history/list/").text


@pytest.mark.parametrize(
    ("address", "cells"),
    [
        ("/appointment/export", {"When", "2026-05-04T10:00:00+02:00"}),
        ("/patient/export", {"Birth date", "1980-02-29"}),
        ("/analytics/visits-by-status.csv?section=visits&from=2026-05-04&to=2026-05-05",
         {"From", "2026-05-04"}),
    ],
)  # fmt: skip
def test_a_list_leaves_the_same_in_every_language(
    sqlite_cast: Cast, address: str, cells: set[str]
) -> None:
    client = sqlite_cast.client("rosa")
    english = client.get(address, buffered=True).text
    assert client.get(address, headers=SPANISH, buffered=True).text == english
    found = {cell for row in csv.reader(io.StringIO(english)) for cell in row}
    assert cells <= found, found
