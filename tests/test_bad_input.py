"""What nobody should send gets a 4xx and a sentence; what can be kept comes back unchanged."""

from __future__ import annotations

import html
import json
import os
from datetime import date, time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import ALL, Condition, Patient, Shift
from tests.cast import Cast

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("CLINIC_SHARED") or ROOT.parent / "shared")
BLNS = SHARED / "data/hostile/blns.json"

STAFF = ("amina", "diaz", "nora", "rosa")
TABLES = [table.__tablename__ for table in ALL if table.__screen__]
GRIDS = [*TABLES, "users", "roles"]
INSIDES = ("sqlalchemy", "traceback", "psycopg", "sqlite3", "[sql:", 'file "', "fatal error")
OTHERS_VALUES = ("Quentin", "secret diagnosis", "Policy of", "pbkdf2")

OWN_NAUGHTY = [
    "Robert'); DROP TABLE patient;--", '"><script>alert(1)</script>', "{{ 7 * 7 }}${7*7}%(x)s",
    "O’Connor \\ % _ ' \" ` <b>", "‮gnirts desrever", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤a̴l̷g̶o̷", "👩‍👩‍👧‍👦 𝒳 ﷽",
    "../../etc/passwd%2e%2e", "=HYPERLINK(1)", "NULL None undefined true", "\u200b\ufeffx",
    "line\r\nbreak\tand tab", "x" * 200, "İıSsẞ",
]  # fmt: skip

BAD_ARGUMENTS = [
    "_flt_0_nothing=1", "_flt_0_user_id=1", "_flt_0_password=p", "_flt_9_patient=1", "_flt_99_name=1",
    "_flt_x_name=1", "_flt_0_=1", "_flt_=1", "_flt_-1_name=1", "_flt_0_version=1", "_flt_0_name__class__=1",
    "_oc_{view}=nothing", "_oc_{view}=password", "_oc_{view}=name%27--", "_oc_{view}={column}&_od_{view}=up",
    "page_{view}=-1", "page_{view}=two", "page_{view}=12345678901234567890123", "page_{view}=%D9%A1",
    "psize_{view}=1000000", "psize_{view}=-5", "psize_{view}=1e2", "psize_{view}=12345678901234567890123",
    "q=%00", "q=%ED%A0%80%00", "_flt_0_name=%00", "q=" + "x" * 9000,
]  # fmt: skip

ARABIC_ONE = "%D9%A1"  # a 1 to the router of the API
BAD_KEYS = [
    "12345678901234567890123", "2147483648", "-1", "0", "1e3", "0x1", "1.0", "%D9%A1", "%00",
    "%ED%A0%80", "null", "1;DROP TABLE patient", "%201", "..%2f1", "9" * 5000,
]  # fmt: skip

BAD_QUESTIONS = [
    "(", ")", "!", "'", "!(", "(a:", "-", "(page_size:1000000)", "(page_size:-1)", "(page:-1)",
    "(page:12345678901234567890123)", "(page:!t)", "(page:x)", "(page:1e400)", "(page:1.5)",
    "(order_column:nothing)", "(order_column:password)", "(order_column:!(name))",
    "(order_column:version,order_direction:up)", "(columns:!(password))", "(columns:name)",
    "(select_columns:!(__table__))", "(columns:!(__class__))", "!(1,2)", "1", "text", "!t", "!n",
    "(filters:1)", "(filters:name)", "(filters:(col:version,opr:eq,value:1))", "(filters:!(1))",
    "(filters:!((col:version)))", "(filters:!((col:nothing,opr:eq,value:1)))",
    "(filters:!((col:secret_hash,opr:eq,value:1)))", "(filters:!((col:!(),opr:eq,value:1)))",
    "(filters:!((col:patient_id,opr:like,value:1)))", "(filters:!((col:name,opr:!(),value:1)))",
    "(filters:!((col:name,opr:eq,value:(a:1))))", "(nonsense:1)", "(" * 2000, "!(" * 1000,
    "(a:" * 900, '{"page":', "[" * 2000, '{"page":NaN}', '{"page":1e400}', '{"filters":[null]}',
    "(filters:!(" + ",".join(["(col:name,opr:ct,value:a)"] * 40) + "))",
]  # fmt: skip

WRONG_BODIES = [
    b"", b"[]", b'"text"', b"1", b"null", b"{", b"\xff\xfe{}", b"1e400", b"[" * 100_000,
    b'{"a":' * 100_000, b"{}", b'{"__class__": 1}', b'{"version": 1}', b'{"password": "p"}',
    b'{"": ""}', b'{"name": ' + b"9" * 5000 + b"}", b'{"\\ud800": "\\ud800"}', b'{"\\u0000": 1}',
]  # fmt: skip

WRONG_VALUES: list[Any] = [
    0, -1, 1, 10**30, 1.5, float("inf"), float("nan"), True, None, "", " ", [], [1], {}, {"a": [1]},
    "\x00", "a\x00b", "\ud800", "'", "9" * 5000, "x" * 100_000, "12345678901234567890123",
    "0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "0001-01-01T00:00", "9999-12-31T23:59:59Z",
    "2026-03-29T02:30", "2026-05-31T10:00+99:00", "24:00", "25:61", "14:30+02:00", "y", "NaN", "1_0",
]  # fmt: skip

FILTER_VALUES: list[Any] = [
    0, -1, 10**30, 1.5, float("inf"), True, None, "", [], [1], {}, "a\x00", "\ud800", "9" * 5000,
    "9999-12-31", "0001-01-01", "2026-03-29T02:30", "\\", ["\\", "%"],
]  # fmt: skip

EDITABLE = {
    "patient": "rosa", "appointment": "amina", "shift": "amina", "doctor": "amina", "staff": "amina",
    "room": "amina", "visit_type": "amina", "medical_record": "diaz", "condition": "diaz",
}  # fmt: skip


REST = [pytest.param(t, marks=pytest.mark.proof) for t in EDITABLE if t != "patient"]
EVERY_TABLE = ["patient", *REST]
XX = [
    "patient",
    *(pytest.param(t, marks=pytest.mark.proof) for t in EDITABLE if t != "patient"),
]
SOME_OR_ALL = pytest.mark.parametrize(
    ("name", "tables"),
    [
        pytest.param("amina", ["patient", "users"], id="amina"),
        *(pytest.param(name, GRIDS, id=f"{name}-all", marks=pytest.mark.proof) for name in STAFF),
    ],
)
"""A part with each change, the whole with the long proofs."""


def blns() -> list[str]:
    found: list[str] = json.loads(BLNS.read_text())
    return [text for text in found if text.strip()]


def refused(answer: TestResponse, *allowed: int) -> bool:
    """A 4xx (or one of `allowed`) that tells nothing of the inside or of another person."""
    text = answer.get_data(as_text=True)
    silent = not any(word in text.lower() for word in INSIDES)
    private = not any(value in text for value in OTHERS_VALUES)
    return (400 <= answer.status_code < 500 and silent and private) or answer.status_code in allowed


def view_of(table: str) -> tuple[str, str]:
    """The name of a grid's view and of a column that it sorts by."""
    if table in ("users", "roles"):
        return {"users": ("UserView", "username"), "roles": ("RoleView", "name")}[table]
    model = next(t for t in ALL if t.__tablename__ == table)
    return f"{model.__name__}View", next(
        (c for c in model.__screen__.columns if c in model.columns()), model.pk_name()
    )


def still_shows(client: FlaskClient, table: str) -> bool:
    """Nothing kept in the table breaks its pages."""
    pages = (f"/{table}/list/", f"/{table}/show/1", f"/api/v1/{table}/1")
    return all(client.get(page).status_code == 200 for page in pages)


@pytest.fixture
def one_of_each(cast: Cast) -> Cast:
    """The cast, and a row in every table that `EDITABLE` names."""
    add_the_missing(cast)
    return cast


def add_the_missing(cast: Cast) -> None:
    with cast.app.app_context():
        day = date(2026, 5, 4)
        db.session.add(Shift(staff_id=1, shift_date=day, start_time=time(8), end_time=time(16)))
        db.session.add(Condition(patient_id=cast.paula, display="Asthma"))
        db.session.commit()
        db.session.remove()


@SOME_OR_ALL
def test_a_grid_refuses_arguments_that_cannot_be_meant(
    sqlite_cast: Cast, name: str, tables: list[str]
) -> None:
    client = sqlite_cast.client(name)
    passed = []
    for table in tables:
        if client.get(f"/{table}/list/").status_code == 403:
            continue
        view, column = view_of(table)
        for argument in BAD_ARGUMENTS:
            url = f"/{table}/list/?{argument.format(view=view, column=column)}"
            if not refused(client.get(url)):
                passed.append(url[:120])
    assert [url for url in passed if not harmless(url)] == []


def harmless(url: str) -> bool:
    """Where the argument is one that this table does have."""
    table, argument = url.split("/")[1], url.split("?")[1].split("=")[0]
    return (table, argument) in {("users", "_flt_0_name"), ("patient", "_flt_9_name")}


@pytest.mark.parametrize("argument", ["_flt_0_nothing=1", "page_PatientView=-1", "q=%00"])
@pytest.mark.parametrize("page", ["list/", "export"])
def test_a_refused_argument_is_a_400_or_422_with_a_sentence(
    cast: Cast, argument: str, page: str
) -> None:
    if page == "export" and argument.startswith("page"):
        pytest.skip("an export has no pages")
    answer = cast.client("rosa").get(f"/patient/{page}?{argument}")
    assert answer.status_code in (400, 422)
    assert refused(answer)


@pytest.mark.parametrize("name", STAFF[:1])
def test_a_key_that_cannot_be_one_names_no_row(sqlite_cast: Cast, name: str) -> None:
    client = sqlite_cast.client(name)
    for table in ("patient", "appointment", "medical_record", "users"):
        for key in BAD_KEYS:
            assert refused(client.get(f"/{table}/show/{key}")), key
            assert refused(client.get(f"/{table}/edit/{key}")), key
            assert refused(client.post(f"/{table}/delete/{key}")), key


def test_a_key_that_cannot_be_one_names_no_row_of_the_api(cast: Cast) -> None:
    client = cast.client("amina")
    for key in BAD_KEYS:
        assert key == ARABIC_ONE or refused(client.get(f"/api/v1/patient/{key}")), key
        assert refused(client.put(f"/api/v1/patient/{key}", json={"name": "x"})), key
        assert refused(client.delete(f"/api/v1/patient/{key}")), key


@SOME_OR_ALL
def test_an_api_refuses_questions_that_cannot_be_meant(
    sqlite_cast: Cast, name: str, tables: list[str]
) -> None:
    client = sqlite_cast.client(name)
    wrong = []
    for table in set(TABLES) & set(tables):
        if client.get(f"/api/v1/{table}/").status_code == 403:
            continue
        for question in BAD_QUESTIONS[::2]:
            answer = client.get(f"/api/v1/{table}/?q={quote(question)}")
            if not refused(answer):
                wrong.append((table, question[:60], answer.status_code))
    assert wrong == []


def test_a_refused_question_is_a_400_on_either_database(cast: Cast) -> None:
    client = cast.client("amina")
    for question in BAD_QUESTIONS:
        answer = client.get(f"/api/v1/patient/?q={quote(question)}")
        assert answer.status_code in (400, 422), question
        assert refused(answer), question


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_no_value_of_a_filter_breaks_the_answer(one_of_each: Cast, table: str) -> None:
    client = one_of_each.client(EDITABLE[table])
    offered = client.get(f"/api/v1/{table}/_info").json["filters"]
    one_a_kind = {tuple(c["operator"] for c in found): name for name, found in offered.items()}
    assert one_a_kind
    broken = []
    for operators, column in one_a_kind.items():
        for operator in operators:
            for value in FILTER_VALUES:
                asked = {"filters": [{"col": column, "opr": operator, "value": value}]}
                answer = client.get(f"/api/v1/{table}/", query_string={"q": json.dumps(asked)})
                if not refused(answer, 200):
                    broken.append((column, operator, repr(value)[:40], answer.status_code))
    assert broken == []


@pytest.mark.proof
@pytest.mark.parametrize("table", ["patient", "appointment", "shift"])
def test_no_value_of_a_grid_filter_breaks_the_page(one_of_each: Cast, table: str) -> None:
    client = one_of_each.client("amina")
    model = next(t for t in ALL if t.__tablename__ == table)
    values = ["\\", "%", "'", "-1", "x", "9" * 23, "9999-12-31", "0001-01-01", "2026-03-29T02:30"]
    broken = [
        (column, index, value)
        for column in model.__screen__.search
        for index in (0, 1, 2, 9)
        for value in values
        if not refused(
            client.get(f"/{table}/list/", query_string={f"_flt_{index}_{column}": value}), 200
        )
    ]
    assert broken == []


@pytest.mark.parametrize("table", ["patient", "appointment", "room", "shift"])
def test_a_body_of_the_wrong_shape_adds_nothing(cast: Cast, table: str) -> None:
    client = cast.client("amina")
    before = client.get(f"/api/v1/{table}/").json["count"]
    for body in WRONG_BODIES:
        answer = client.post(f"/api/v1/{table}/", data=body, content_type="application/json")
        assert refused(answer), (body[:40], answer.status_code)
    assert client.get(f"/api/v1/{table}/").json["count"] == before


def test_a_login_of_the_wrong_shape_is_refused(sqlite_cast: Cast) -> None:
    client = sqlite_cast.app.test_client()
    for body in WRONG_BODIES:
        answer = client.post("/api/v1/security/login", data=body, content_type="application/json")
        assert refused(answer), body[:40]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_another_content_type_is_refused(sqlite_cast: Cast, kind: str) -> None:
    client = sqlite_cast.client("amina")
    assert refused(client.post("/api/v1/room/", data=b"name=x", content_type=kind))
    assert refused(client.post("/room/add", data=b'{"name": "x"}', content_type=kind))
    assert client.get("/api/v1/room/").json["count"] == 1


def broken_by_json(client: FlaskClient, table: str) -> list[Any]:
    """Every field and value of `WRONG_VALUES` that the table does not stand."""
    fields = [f["name"] for f in client.get(f"/api/v1/{table}/_info").json["edit_columns"]]
    broken = []
    for field in fields:
        for value in WRONG_VALUES:
            answer = client.put(f"/api/v1/{table}/1", json={field: value})
            if not refused(answer, 200) or (
                answer.status_code == 200 and not still_shows(client, table)
            ):
                broken.append((field, repr(value)[:40], answer.status_code))
    return broken


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_no_json_value_breaks_a_table(sqlite_cast: Cast, table: str) -> None:
    add_the_missing(sqlite_cast)
    assert broken_by_json(sqlite_cast.client(EDITABLE[table]), table) == []


@pytest.mark.proof
@pytest.mark.parametrize("table", ["patient", "appointment", "shift"])
def test_no_json_value_breaks_a_table_of_either_database(one_of_each: Cast, table: str) -> None:
    assert broken_by_json(one_of_each.client(EDITABLE[table]), table) == []


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_no_typed_value_breaks_a_table(sqlite_cast: Cast, table: str) -> None:
    add_the_missing(sqlite_cast)
    client = sqlite_cast.client(EDITABLE[table])
    broken = []
    model = next(t for t in ALL if t.__tablename__ == table)
    fields = model.__screen__.form or [
        c for c in model.columns() if c not in ("version", model.pk_name())
    ]
    for field in fields:
        for value in (v for v in WRONG_VALUES if isinstance(v, str) and v.isprintable()):
            answer = client.post(f"/{table}/edit/1", data={field: value})
            kept = answer.status_code == 302
            if not form_refused(answer) or (kept and not still_shows(client, table)):
                broken.append((field, value[:40], answer.status_code))
    assert broken == []


def form_refused(answer: TestResponse) -> bool:
    inside = any(word in answer.text.lower() for word in INSIDES)
    return answer.status_code in (302, 409, 412, 422) and not inside


@pytest.mark.parametrize("day", ["0001-01-01", "1799-12-31", "2201-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_refused(sqlite_cast: Cast, day: str) -> None:
    """A night's shift on the last day would end on a day that is none, on every page of the rota."""
    add_the_missing(sqlite_cast)
    answer = sqlite_cast.client("amina").put("/api/v1/shift/1", json={"shift_date": day})
    assert answer.status_code == 422
    assert "between 1800 and 2200" in answer.json["message"]


def test_a_question_nested_without_end_is_not_even_read(sqlite_cast: Cast) -> None:
    answer = sqlite_cast.client("rosa").get("/api/v1/patient/?q=" + quote("(a:" * 500))
    assert answer.json["message"] == "The question is nested too deeply."


def test_invalid_utf_8_in_an_address_is_no_error_of_ours(cast: Cast) -> None:
    client = cast.client("rosa")
    raw = {"QUERY_STRING": "q=\xff\xfe&\xff=1"}
    assert client.get("/patient/list/", environ_overrides=raw).status_code == 400
    assert client.get("/api/v1/patient/", environ_overrides=raw).status_code == 400
    assert refused(client.get("/patient/show/%ff%fe"))


def test_invalid_utf_8_in_a_form_is_no_error_of_ours(cast: Cast) -> None:
    client = cast.client("rosa")
    body = b"name=\xff\xfe\xed\xa0\x80&dob=1980-01-01&sex=\xff"
    answer = client.post(
        "/patient/add", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert refused(answer)


def test_a_number_is_not_written_as_in_a_program(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("rosa")
    answer = client.put(
        f"/api/v1/appointment/{sqlite_cast.visit}", json={"minutes_duration": "1_0"}
    )
    assert (answer.status_code, answer.json["field"]) == (422, "minutes_duration")


def test_a_body_of_20_megabytes_is_too_large(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("rosa")
    large = b'{"name": "' + b"x" * 20_000_000 + b'"}'
    assert client.post("/patient/add", data={"name": "x" * 20_000_000}).status_code == 413
    answer = client.post("/api/v1/patient/", data=large, content_type="application/json")
    assert answer.status_code == 413
    assert refused(answer)


def test_a_field_of_3_megabytes_is_refused(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("rosa")
    assert refused(client.post("/patient/add", data={"name": "x" * 3_000_000}))


@pytest.mark.parametrize("path", ["/nothing", "/patient/list/../../x", "/api/v1/nothing/", "/.env"])
def test_an_unknown_address_is_a_404_without_a_stack(sqlite_cast: Cast, path: str) -> None:
    answer = sqlite_cast.client("amina").get(path)
    assert answer.status_code == 404
    assert refused(answer)


def test_a_method_that_a_page_does_not_take_is_a_405(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("amina")
    assert client.delete("/patient/list/").status_code == 405
    assert client.patch("/api/v1/patient/1", json={}).status_code == 405


@pytest.mark.parametrize("text", OWN_NAUGHTY)
def test_a_naughty_name_is_kept_and_comes_back_unchanged(cast: Cast, text: str) -> None:
    client = cast.client("rosa")
    body = {"name": text, "dob": "1980-01-01", "contact_info": text}
    made = client.post("/api/v1/patient/", json=body)
    assert made.status_code == 201
    kept = client.get(f"/api/v1/patient/{made.json['id']}").json["result"]
    assert (kept["name"], kept["contact_info"]) == (text, text)


@pytest.mark.parametrize("text", OWN_NAUGHTY)
def test_a_naughty_name_is_escaped_on_every_page(sqlite_cast: Cast, text: str) -> None:
    client = sqlite_cast.client("rosa")
    body = {"name": text, "dob": "1980-01-01"}
    key = client.post("/api/v1/patient/", json=body).json["id"]
    for page in ("list/", f"show/{key}", f"edit/{key}"):
        shown = client.get(f"/patient/{page}").text
        assert shows(shown, text)
        assert "<script>alert" not in shown


@pytest.mark.parametrize("text", OWN_NAUGHTY)
def test_a_naughty_name_typed_in_the_form_is_kept(sqlite_cast: Cast, text: str) -> None:
    client = sqlite_cast.client("rosa")
    answer = client.post("/patient/add", data={"name": text, "dob": "1980-01-01", "sex": "other"})
    assert answer.status_code == 302
    newest = client.get("/api/v1/patient/3").json["result"]["name"]
    assert newest == text


@pytest.fixture
def naughty() -> list[str]:
    if not BLNS.exists():
        pytest.skip("the list of naughty strings is not here; set CLINIC_SHARED")
    return blns()


def test_every_naughty_string_is_kept_unchanged_or_refused(cast: Cast, naughty: list[str]) -> None:
    client, wrong = cast.client("rosa"), []
    for text in naughty:
        answer = client.post("/api/v1/patient/", json={"name": text, "dob": "1980-01-01"})
        if answer.status_code == 201 and answer.json["result"]["name"] == text:
            continue
        if len(text) <= 200 or answer.status_code != 422:
            wrong.append((text, answer.status_code))
    assert wrong == []


def test_every_naughty_string_is_escaped(sqlite_cast: Cast, naughty: list[str]) -> None:
    with sqlite_cast.app.app_context():
        texts = [text[:200] for text in naughty]
        db.session.add_all(Patient(name=text, dob=date(1980, 1, 1)) for text in texts)
        db.session.commit()
        db.session.remove()
    client = sqlite_cast.client("rosa")
    pages = [
        client.get(f"/patient/list/?psize_PatientView=100&page_PatientView={n}").text
        for n in range(6)
    ]
    assert [text for text in texts if not any(shows(page, text) for page in pages)] == []


def test_a_naughty_string_can_be_searched_for(sqlite_cast: Cast, naughty: list[str]) -> None:
    client, wrong = sqlite_cast.client("rosa"), []
    for text in naughty[::4]:
        for url in ("/patient/list/", "/patient/pick", "/search/patients"):
            answer = client.get(url, query_string={"q": text})
            if not refused(answer, 200):
                wrong.append((url, text, answer.status_code))
    assert wrong == []


def test_no_naughty_string_is_a_login(sqlite_cast: Cast, naughty: list[str]) -> None:
    client = sqlite_cast.app.test_client()
    for text in naughty[::40]:
        login = {"username": text, "password": text}
        assert client.post("/login/", data=login).status_code in (200, 401)
        assert client.post("/api/v1/security/login", json=login).status_code == 401


def shows(page: str, text: str) -> bool:
    """The page shows this text, whatever spaces it is set with."""
    return " ".join(text.split()) in " ".join(html.unescape(page).split())


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/login/", {"username": "\x00", "password": "x"}),
        ("/users/add", {"username": "\x00", "first_name": "x"}),
        ("/account/", {"current": "\x00", "password": "\x00" * 20, "conf_password": "\x00" * 20}),
        ("/patient/add", {"name": "a\x00b", "dob": "1980-01-01"}),
        ("/appointment/add", {"patient": "1\x00", "patient-text": "\x00", "doctor": "9" * 30}),
    ],
)
def test_a_nul_in_a_form_is_refused(cast: Cast, path: str, data: dict[str, str]) -> None:
    client = cast.client("anonymous" if path == "/login/" else "amina")
    assert refused(client.post(path, data=data), 200)


@pytest.mark.parametrize("words", ["a", "1", "%", "\\", "é", "x" * 500])
def test_every_look_up_answers_whatever_is_typed(cast: Cast, words: str) -> None:
    clients = [cast.client("amina"), cast.client("diaz")]
    for table in GRIDS:
        statuses = [c.get(f"/{table}/pick", query_string={"q": words}).status_code for c in clients]
        assert 200 in statuses, table
        assert set(statuses) <= {200, 403}, table


def test_hours_that_close_before_they_open_are_refused_in_words(cast: Cast) -> None:
    hours = {"weekday": "Monday", "start_time": "18:00", "end_time": "08:00"}
    answer = cast.client("amina").post("/opening_hours/add", data=hours)
    assert answer.status_code == 409
    assert "The clinic closes later than it opens" in answer.text


def test_a_search_that_finds_nothing_offers_to_clear_it(sqlite_cast: Cast) -> None:
    page = sqlite_cast.client("amina").get("/room/list/?q=nowhere").text
    assert '<a class="btn" href="/room/list/">Clear the search</a>' in page
