"""`/analytics/`: who sees what, in how many statements, and as CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.extensions import db
from app.models import Appointment
from app.models.analytics import rollup
from app.models.analytics.scope import Asked, Scope, names
from app.models.analytics.sections import SECTIONS
from app.models.base.clock import clinic_zone
from tests.cast import Cast

METRICS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
SEEN = {
    "amina": [
        "visits",
        "missed",
        "use",
        "times",
        "access",
        "people",
        "codes",
        "messages",
        "system",
    ],
    "diaz": ["visits", "missed", "use", "times", "access", "people", "codes", "messages"],
    "nora": ["visits", "missed", "use", "times", "access", "codes", "messages"],
    "rosa": ["visits", "missed", "use", "times", "access", "messages"],
}


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """Ten visits of each doctor in the past days, counted."""
    with cast.app.app_context():
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        for number in range(10):
            for place, doctor in enumerate((cast.diaz, cast.eriksen)):
                start = now - timedelta(days=1 + number, hours=place)
                patient = (cast.paula, cast.quentin)[place]
                visit = Appointment(
                    patient_id=patient, doctor_id=doctor, appointment_datetime=start
                )
                visit.status, visit.minutes_duration = "fulfilled", 30
                db.session.add(visit)
        db.session.flush()
        rollup.refresh(db.session(), now)
        db.session.commit()
        db.session.remove()
    return cast


@pytest.mark.parametrize("name", SEEN)
def test_a_role_has_its_sections_and_no_other(sqlite_cast: Cast, name: str) -> None:
    client = sqlite_cast.client(name)
    opened = [
        section.key
        for section in SECTIONS
        if client.get(f"/analytics/?section={section.key}").status_code == 200
    ]
    assert opened == SEEN[name]


def test_a_section_that_is_not_ones_own_is_not_there(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("rosa")
    assert client.get("/analytics/?section=codes").status_code == 404
    assert client.get("/analytics/top-drugs.csv?section=codes").status_code == 404
    assert sqlite_cast.client("paula").get("/analytics/").status_code == 403


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize("section", [section.key for section in SECTIONS])
def test_a_section_costs_under_10_statements(
    busy: Cast, statements: list[str], name: str, section: str
) -> None:
    if section in SEEN[name]:
        client = busy.client(name)
        statements.clear()
        assert client.get(f"/analytics/?section={section}&days=730").status_code == 200
        assert len(statements) < 10, statements


@pytest.mark.parametrize(
    ("name", "names"), [("amina", {"Dr. Díaz", "Dr. Eriksen"}), ("diaz", {"Dr. Díaz"})]
)
def test_a_doctor_sees_no_other_doctors_productivity(
    busy: Cast, name: str, names: set[str]
) -> None:
    answer = busy.client(name).get("/analytics/visits-by-doctor.csv?section=people")
    table = list(csv.reader(io.StringIO(answer.text)))
    assert table[0] == ["Doctor", "Visits seen", "Period before", "Planned (h)"]
    assert {row[0] for row in table[1:]} == names


@pytest.mark.parametrize(
    ("name", "status"), [("amina", 200), ("diaz", 404), ("nora", 404), ("rosa", 404)]
)
def test_only_the_admin_narrows_to_a_doctor_that_is_somebody_else(
    busy: Cast, name: str, status: int
) -> None:
    path = f"/analytics/?section=visits&doctor={busy.eriksen}"
    assert busy.client(name).get(path).status_code == status


def test_a_doctor_narrows_to_oneself(busy: Cast) -> None:
    page = busy.client("diaz").get(f"/analytics/?doctor={busy.diaz}").text
    assert re.search(r"All visits.*?tile-number\">10<", page, re.S)


def test_a_nurse_sees_the_utilisation_of_all_doctors_only_together(busy: Cast) -> None:
    page = busy.client("nora").get("/analytics/?section=use").text
    assert "Dr. Díaz" not in page


@pytest.mark.parametrize(
    "query",
    ["days=7", "from=yesterday", "from=2026-03-02&to=2026-03-01", "from=1990-01-01", "doctor=x", "room=9e9"],
)  # fmt: skip
def test_a_question_that_cannot_be_meant_is_refused(sqlite_cast: Cast, query: str) -> None:
    assert sqlite_cast.client("amina").get(f"/analytics/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["section=none", "doctor=99", "type=99", "room=99"])
def test_what_is_not_there_is_not_found(sqlite_cast: Cast, query: str) -> None:
    assert sqlite_cast.client("amina").get(f"/analytics/?{query}").status_code == 404


def test_the_plot_is_drawn_from_the_numbers_of_the_table(busy: Cast) -> None:
    page = busy.client("amina").get("/analytics/?days=30").text
    found = re.search(r'id="d-visits-by-status">(.*?)</script>', page, re.S)
    assert found
    told = json.loads(found[1])
    assert told["series"][0]["name"] == "Seen"
    assert sum(told["series"][0]["values"]) == 20


def test_numbers_that_are_behind_say_so(busy: Cast) -> None:
    client, said = busy.client("amina"), "not counted yet"
    assert said not in client.get("/analytics/").text
    with busy.app.app_context():
        visit = db.session.get_one(Appointment, busy.visit)
        visit.status = "noshow"
        db.session.commit()
        db.session.remove()
    assert said in client.get("/analytics/").text


def test_every_figure_is_defined_in_the_documents(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        scope = Scope(now.date(), now.date())
        asked = Asked(session, scope, names(session), clinic_zone(), now)
        figures = [figure for section in SECTIONS for figure in section.build(asked)]
    told = METRICS.read_text()
    assert [f.key for f in figures if f"### {f.title}\n" not in told] == []
    assert [f.key for f in figures if f"`{f.key}`" not in told] == []
    assert [f.key for f in figures if str(f.meaning) not in told] == []


def test_the_tables_of_the_first_page_are_had_from_its_own_links(busy: Cast) -> None:
    client = busy.client("amina")
    links = re.findall(r'href="([^"]*\.csv[^"]*)"', client.get("/analytics/").text)
    assert links
    assert {client.get(link.replace("&amp;", "&")).status_code for link in links} == {200}
