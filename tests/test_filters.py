"""A filter means what it says, on the grid and through the API; a page repeats no row."""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.extensions import db
from app.models import Appointment, Patient, Shift, WaitlistEntry
from app.views.generated import listing
from tests.cast import Cast

NAMES = ["Ada 100%", "Ada 100x", "ada_b", "adaxb", "Back\\slash", "Bea", "Émile Zola"]


def keep(cast: Cast, *rows: Any) -> None:
    """Add rows outside of any request, so that no request shares this one's context."""
    with cast.app.app_context():
        db.session.add_all(rows)
        db.session.commit()
        db.session.remove()


@pytest.fixture
def patients(cast: Cast) -> FlaskClient:
    """The reception, before a register of `NAMES` beside Paula and Quentin; Bea has a phone."""
    for number, name in enumerate(NAMES):
        born = date(1990, 1, 1 + number)
        phone = "555-7" if name == "Bea" else None
        sex = "female" if number % 2 else "male"
        keep(cast, Patient(name=name, dob=born, phone=phone, sex=sex))
    return cast.client("rosa")


def by_api(
    client: FlaskClient, column: str, operator: str, value: Any, table: str = "patient"
) -> Any:
    asked = {"filters": [{"col": column, "opr": operator, "value": value}], "page_size": 100}
    answer = client.get(f"/api/v1/{table}/", query_string={"q": json.dumps(asked)})
    assert answer.status_code == 200, answer.text
    return answer.json


def names(answer: Any) -> set[str]:
    return {row["name"] for row in answer["result"]} - {"Paula O’Connor", "Quentin Quist"}


def by_grid(client: FlaskClient, table: str, **arguments: Any) -> set[int]:
    """The keys of the rows that the list shows."""
    page = client.get(f"/{table}/list/", query_string=arguments)
    assert page.status_code == 200, page.text
    return {int(key) for key in re.findall(rf'href="/{table}/show/(\d+)"', page.text)}


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("sw", "ada", {"Ada 100%", "Ada 100x", "ada_b", "adaxb"}),
        ("ew", "LA", {"Émile Zola"}),
        ("ct", "100", {"Ada 100%", "Ada 100x"}),
        ("ct", "100%", {"Ada 100%"}),
        ("ct", "a_b", {"ada_b"}),
        ("sw", "%", set()),
        ("ew", "\\slash", {"Back\\slash"}),
        ("ew", "\\", set()),
        ("eq", "Bea", {"Bea"}),
        ("neq", "Bea", set(NAMES) - {"Bea"}),
        ("nsw", "ada", {"Back\\slash", "Bea", "Émile Zola"}),
        ("nct", "100%", set(NAMES) - {"Ada 100%"}),
        ("new", "_b", set(NAMES) - {"ada_b"}),
        ("in", ["Bea", "adaxb"], {"Bea", "adaxb"}),
        ("in", "Bea", {"Bea"}),
        ("not_in", ["Bea", "adaxb"], set(NAMES) - {"Bea", "adaxb"}),
    ],
)
def test_a_text_filter_means_the_text(
    patients: FlaskClient, operator: str, value: Any, found: set[str]
) -> None:
    assert names(by_api(patients, "name", operator, value)) == found


@pytest.mark.parametrize(
    ("operator", "value"), [("neq", "555-7"), ("nct", "7"), ("not_in", ["555-7"])]
)
def test_a_row_without_a_value_does_not_have_that_value(
    patients: FlaskClient, operator: str, value: Any
) -> None:
    assert names(by_api(patients, "phone", operator, value)) == set(NAMES) - {"Bea"}


@pytest.mark.parametrize(
    ("operator", "value", "days"),
    [
        ("eq", "1990-01-03", {3}),
        ("neq", "1990-01-03", {1, 2, 4, 5, 6, 7}),
        ("gt", "1990-01-03", {4, 5, 6, 7}),
        ("lt", "1990-01-03", {1, 2}),
    ],
)
def test_a_date_filter_means_the_day(
    patients: FlaskClient, operator: str, value: str, days: set[int]
) -> None:
    assert names(by_api(patients, "dob", operator, value)) == {NAMES[day - 1] for day in days}


def test_a_choice_filter_means_the_choice(patients: FlaskClient) -> None:
    assert names(by_api(patients, "sex", "eq", "female")) == set(NAMES[1::2])
    assert names(by_api(patients, "sex", "neq", "female")) == set(NAMES[0::2])


def test_the_grid_filters_like_the_api(patients: FlaskClient) -> None:
    page = patients.get(
        "/patient/list/", query_string={"_flt_2_name": "100%", "_flt_0_sex": "male"}
    )
    assert "Ada 100%" in page.text
    assert not any(name in page.text for name in ("Ada 100x", "Bea", "Paula"))


def test_the_words_of_a_grid_are_no_wildcards(patients: FlaskClient) -> None:
    assert len(by_grid(patients, "patient", q="100%")) == 1
    assert len(by_grid(patients, "patient", q="a_b")) == 1


@pytest.mark.parametrize("path", ["/patient/pick", "/search/patients"])
def test_a_look_up_finds_a_name_as_it_is_written(patients: FlaskClient, path: str) -> None:
    found = patients.get(path, query_string={"q": "Émile"}).json
    assert [hit["text"] for hit in found] == ["Émile Zola"]


def test_a_grid_finds_a_name_as_it_is_written(patients: FlaskClient) -> None:
    assert len(by_grid(patients, "patient", q="Émile")) == 1


def test_several_filters_all_hold(patients: FlaskClient) -> None:
    both = by_grid(
        patients, "patient", _flt_1_dob="1990-01-02", _flt_0_sex="male", _flt_0_name="ada"
    )
    assert len(both) == 1


# The clock of Madrid is set forward on 29 March 2026 and back on 25 October 2026.
MOMENTS = {
    "before": "2026-03-28T22:59:00+00:00",
    "first": "2026-03-28T23:00:00+00:00",
    "last": "2026-03-29T21:59:59+00:00",
    "after": "2026-03-29T22:00:00+00:00",
    "back-first": "2026-10-24T22:00:00+00:00",
    "back-last": "2026-10-25T22:59:00+00:00",
    "back-after": "2026-10-25T23:00:00+00:00",
}


@pytest.fixture
def visits(cast: Cast) -> Cast:
    """Visits at the edges of the two days on which the clock changes; one has a room."""
    for reason, moment in MOMENTS.items():
        keep(cast,
            Appointment(
                patient_id=cast.quentin, doctor_id=cast.eriksen, reason=reason, status="proposed",
                appointment_datetime=datetime.fromisoformat(moment),
                room_id=cast.room if reason == "first" else None,
            )
        )  # fmt: skip
    return cast


def reasons(answer: Any) -> set[str]:
    return {row["reason"] for row in answer["result"]} - {None}


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("on", "2026-03-29", {"first", "last"}),
        ("on", "2026-10-25", {"back-first", "back-last"}),
        ("gt", "2026-03-29", {"after", "back-first", "back-last", "back-after"}),
        ("lt", "2026-03-29", {"before"}),
        ("gt", "2026-03-29T23:59:58", {"last", "after", "back-first", "back-last", "back-after"}),
        ("lt", "2026-03-28T23:00:00Z", {"before"}),
    ],
)
def test_an_instant_is_filtered_by_the_day_of_the_clinic(
    visits: Cast, operator: str, value: str, found: set[str]
) -> None:
    answer = by_api(visits.client("amina"), "appointment_datetime", operator, value, "appointment")
    assert reasons(answer) == found


def test_the_grid_filters_an_instant_by_the_day_of_the_clinic(visits: Cast) -> None:
    client = visits.client("amina")
    on_day = by_grid(client, "appointment", _flt_0_appointment_datetime="2026-03-29")
    assert on_day == {visits.visit + 2, visits.visit + 3}


def test_a_time_that_the_clock_skips_is_refused(visits: Cast) -> None:
    answer = visits.client("amina").get(
        "/appointment/list/", query_string={"_flt_1_appointment_datetime": "2026-03-29T02:30"}
    )
    assert answer.status_code == 400
    assert "does not exist" in answer.text


def test_a_link_filter_means_the_row(visits: Cast) -> None:
    client = visits.client("amina")
    assert by_grid(client, "appointment", _flt_0_patient=visits.paula) == {visits.visit}
    assert by_grid(client, "appointment", _flt_0_room=visits.room) == {visits.visit + 2}


def test_what_has_no_room_is_not_in_that_room(visits: Cast) -> None:
    elsewhere = by_grid(visits.client("amina"), "appointment", _flt_1_room=visits.room)
    assert elsewhere == {visits.visit + n for n in range(8)} - {visits.visit + 2}


def test_a_link_can_be_filtered_by_its_column(visits: Cast) -> None:
    answer = by_api(visits.client("amina"), "patient_id", "eq", visits.paula, "appointment")
    assert answer["ids"] == [visits.visit]


@pytest.mark.parametrize(
    ("value", "published"), [("yes", True), ("no", False), (True, True), (False, False)]
)
def test_a_yes_or_no_filter_means_it(cast: Cast, value: Any, published: bool) -> None:
    for flag in (True, False):
        keep(cast,
            Shift(
                staff_id=1, shift_date=date(2026, 5, 4 + flag), start_time=time(8), end_time=time(16),
                published=flag,
            )
        )  # fmt: skip
    client = cast.client("nora")
    assert [
        r["published"] for r in by_api(client, "published", "eq", value, "shift")["result"]
    ] == [published]
    assert [
        r["published"] for r in by_api(client, "published", "neq", value, "shift")["result"]
    ] == [not published]


@pytest.mark.parametrize(
    ("operator", "found"), [("eq", {7}), ("gt", {8, 30}), ("lt", {5}), ("neq", {5, 8, 30})]
)
def test_a_number_filter_means_the_number(cast: Cast, operator: str, found: set[int]) -> None:
    for number in (5, 7, 8, 30):
        now = datetime.now(UTC)
        keep(
            cast,
            WaitlistEntry(
                patient_id=cast.paula, visit_type_id=cast.visit_type, priority=number,
                created=now, earliest=now, latest=now + timedelta(days=1),
            ),
        )  # fmt: skip
    answer = by_api(cast.client("amina"), "priority", operator, 7, "waitlist_entry")
    assert {row["priority"] for row in answer["result"]} == found


@pytest.mark.parametrize(
    "argument", ["_flt_0_nothing=1", "_flt_77_name=1", "_flt_0_user=1", "_flt_name=1"]
)
def test_an_unknown_filter_of_a_grid_is_a_400(sqlite_cast: Cast, argument: str) -> None:
    answer = sqlite_cast.client("rosa").get(f"/patient/list/?{argument}")
    assert answer.status_code == 400
    assert "Paula" not in answer.text


@pytest.mark.parametrize(
    ("column", "operator"),
    [
        ("name", "like"),
        ("name", "rel_o_m"),
        ("user_id", "eq"),
        ("insurance_details", "sw"),
        ("user", "rel_o_m"),
    ],
)
def test_an_unknown_filter_of_the_api_is_a_400(
    sqlite_cast: Cast, column: str, operator: str
) -> None:
    asked = {"filters": [{"col": column, "opr": operator, "value": "1"}]}
    answer = sqlite_cast.client("rosa").get(
        "/api/v1/patient/", query_string={"q": json.dumps(asked)}
    )
    assert answer.status_code == 400
    assert "Paula" not in answer.text


def test_a_list_can_be_asked_for_nothing_unknown(sqlite_cast: Cast) -> None:
    answer = sqlite_cast.client("rosa").get("/api/v1/patient/?q=(filter:!())")
    assert answer.status_code == 400
    assert answer.json["message"] == "A list cannot be asked for filter."


def test_no_more_filters_than_twenty(sqlite_cast: Cast) -> None:
    asked = {"filters": [{"col": "name", "opr": "ct", "value": "a"}] * 21}
    answer = sqlite_cast.client("rosa").get(
        "/api/v1/patient/", query_string={"q": json.dumps(asked)}
    )
    assert answer.status_code == 400


@pytest.fixture
def sixty(cast: Cast) -> Cast:
    """Sixty patients of one name, so that the sort by name says nothing."""
    keep(cast, *(Patient(name="Same Name", dob=date(1990, 1, 1)) for _ in range(60)))
    return cast


@pytest.mark.parametrize(
    "order",
    [{}, {"_oc_PatientView": "name"}, {"_oc_PatientView": "dob", "_od_PatientView": "desc"}],
)
def test_no_row_stands_on_two_pages_of_a_grid(sixty: Cast, order: dict[str, str]) -> None:
    client = sixty.client("rosa")
    pages = [by_grid(client, "patient", page_PatientView=number, **order) for number in range(3)]
    assert [len(page) for page in pages] == [25, 25, 12]
    assert len(set().union(*pages)) == 62


def test_no_row_stands_on_two_pages_of_the_api(sixty: Cast) -> None:
    client = sixty.client("rosa")
    question = "(order_column:name,order_direction:desc,page:{},page_size:20)"
    pages = [client.get(f"/api/v1/patient/?q={question.format(n)}").json["ids"] for n in range(4)]
    assert sorted(key for page in pages for key in page) == list(range(1, 63))


@pytest.mark.parametrize("url", ["/patient/list/", "/patient/export", "/api/v1/patient/"])
def test_the_key_decides_between_rows_that_sort_alike(
    sqlite_app: Flask, sqlite_cast: Cast, url: str
) -> None:
    """Either database may answer equal rows in any order; small tables do not show it."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    with sqlite_app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    sqlite_cast.client("rosa").get(url).get_data()
    event.remove(engine, "before_cursor_execute", note)
    assert any("ORDER BY patient.name ASC, patient.patient_id ASC" in s for s in sent)


def test_a_sort_is_the_asked_one(sixty: Cast) -> None:
    client = sixty.client("rosa")
    rising = client.get("/api/v1/patient/?q=(order_column:dob,order_direction:asc,page_size:100)")
    born = [row["dob"] for row in rising.json["result"]]
    assert born == sorted(born)
    falling = client.get("/patient/list/?_oc_PatientView=dob&_od_PatientView=desc").text
    assert "Quentin" not in falling


def test_a_long_list_is_not_counted_to_its_end(
    sixty: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNTED", 30)
    client = sixty.client("rosa")
    first, second, last = (
        client.get(f"/patient/list/?page_PatientView={n}").text for n in range(3)
    )
    assert "30+ in all" in first and "1–25 of 30+" in first
    assert "26–50 of 55+" in second
    assert "51–62 of 62" in last and "62 in all" in last


def test_a_page_past_the_end_is_empty(sixty: Cast) -> None:
    client = sixty.client("rosa")
    assert by_grid(client, "patient", page_PatientView=99) == set()
    page = client.get("/patient/list/?q=Same&page_PatientView=99").text
    assert "The list ends before this page." in page and "Nothing matches" not in page
    last = re.search(r'href="([^"]+)">To its last page', page)
    assert last and "51–60 of 60" in client.get(html.unescape(last[1])).text


@pytest.mark.parametrize(
    ("query", "status"), [("psize_PatientView=100", 200), ("psize_PatientView=101", 400)]
)
def test_a_page_has_at_most_100_rows(sqlite_cast: Cast, query: str, status: int) -> None:
    assert sqlite_cast.client("rosa").get(f"/patient/list/?{query}").status_code == status


@pytest.fixture
def tight_switch() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("threads", [2, 8])
def test_no_request_sees_the_filter_of_another(
    sqlite_cast: Cast, tight_switch: None, threads: int
) -> None:
    keys = {"Paula": sqlite_cast.paula, "Quentin": sqlite_cast.quentin}

    def foreign_rows(number: int) -> int:
        name = ("Paula", "Quentin")[number % 2]
        client = sqlite_cast.client("rosa")
        if number % 3:
            found = set(by_api(client, "name", "sw", name)["ids"])
        else:
            found = by_grid(client, "patient", _flt_0_name=name)
        return len(found - {keys[name]}) + (keys[name] not in found)

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(foreign_rows, range(200))) == 0


def test_each_request_has_filters_of_its_own(sqlite_cast: Cast) -> None:
    view = next(
        v
        for v in sqlite_cast.app.extensions["appbuilder"].baseviews
        if type(v).__name__ == "PatientView"
    )
    with sqlite_cast.app.test_request_context():
        first = view._filters
        assert view._filters is first
    with sqlite_cast.app.test_request_context():
        assert view._filters is not first


def test_an_empty_table_offers_no_search_and_one_that_is_searched_in_vain_does(
    sqlite_cast: Cast,
) -> None:
    admin = sqlite_cast.client("amina")
    empty, in_vain = admin.get("/blocking/list/").text, admin.get("/patient/list/?q=nobody").text
    assert [said in empty for said in ('class="toolbar"', "Export CSV")] == [False, False]
    assert 'class="toolbar"' in in_vain
    assert 'value="nobody"' in in_vain
