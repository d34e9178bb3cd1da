"""Which rows and which columns a person reaches, on every way to a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.extensions import db
from app.models import READ, Action, Grant, MedicalRecord, Patient, Role, Room, Staff
from app.security.actor import Actor
from app.security.policy import Policy, compile_tables
from app.security.scope import visible
from tests.cast import Cast
from tests.inventions import Invented, Letter, Reply

MISSING = 2147483646
DIAZ, ERIKSEN, NOBODY = 1, 2, 3  # letters, by who wrote them; replies have the same numbers

LISTS = ["/letter/list/", "/letter/export", "/letter/pick", "/letter/pick?q=By", "/api/v1/letter/"]
ROW_WAYS = [
    ("GET", "/letter/show/{}"),
    ("GET", "/letter/edit/{}"),
    ("POST", "/letter/edit/{}"),
    ("POST", "/letter/delete/{}"),
    ("GET", "/api/v1/letter/{}"),
    ("PUT", "/api/v1/letter/{}"),
    ("DELETE", "/api/v1/letter/{}"),
]
PAGES = [
    "/letter/list/", "/letter/show/1", "/letter/edit/1", "/letter/add", "/letter/export",
    "/letter/pick", "/api/v1/letter/", "/api/v1/letter/1", "/api/v1/letter/_info",
]  # fmt: skip


@pytest.fixture(scope="session")
def invented(make_app: Any, tmp_path_factory: pytest.TempPathFactory) -> Invented:
    return Invented(make_app("sqlite"), tmp_path_factory.mktemp("scoped"))


@pytest.fixture
def letters(invented: Invented) -> Cast:
    """Each doctor wrote a letter about a patient and a reply to it; one has neither."""
    cast = Cast.on(invented.emptied())
    with cast.app.app_context():
        for name, doctor, patient in (
            ("By Díaz", cast.diaz, cast.paula),
            ("By Eriksen", cast.eriksen, cast.quentin),
            ("By nobody", None, None),
        ):
            row = Letter(name=name, secret=f"zz {name}", doctor_id=doctor, patient_id=patient)
            db.session.add(row)
            db.session.flush()
            letter = row.letter_id
            db.session.add(Reply(text=f"Reply {letter}", letter_id=letter, doctor_id=doctor))
        db.session.commit()
    return cast


def change(cast: Cast, statement: Callable[[Any], None]) -> None:
    """Let `statement` change the database before the person comes in."""
    with cast.app.app_context():
        statement(db.session)
        db.session.commit()


def roles(cast: Cast, username: str, *names: str) -> None:
    def assign(session: Any) -> None:
        user = session.scalar(select(User).where(User.username == username))
        user.roles = [session.scalar(select(RoleRow).where(RoleRow.name == n)) for n in names]

    change(cast, assign)
    cast.secrets.pop(username, None)  # other roles end the session


def kept(cast: Cast, table: type[Any], key: int, column: str) -> Any:
    with cast.app.app_context():
        return getattr(db.session.get(table, key), column)


# Rows


@pytest.mark.parametrize("path", LISTS)
def test_a_doctor_lists_own_letters_only(letters: Cast, path: str) -> None:
    text = letters.client("diaz").get(path).get_data(as_text=True)
    assert "By D" in text
    assert "By Eriksen" not in text
    assert "By nobody" not in text


@pytest.mark.parametrize("path", LISTS)
def test_a_patient_lists_own_letters_only(letters: Cast, path: str) -> None:
    text = letters.client("quentin").get(path).text
    assert "By Eriksen" in text
    assert "By D" not in text


@pytest.mark.parametrize(("method", "path"), ROW_WAYS)
@pytest.mark.parametrize("key", [ERIKSEN, NOBODY])
def test_a_row_outside_the_scope_is_as_missing(
    letters: Cast, method: str, path: str, key: int
) -> None:
    body = {"json": {"name": "Mine"}} if "/api/" in path else {}
    foreign = letters.client("diaz").open(path.format(key), method=method, **body)
    missing = letters.client("diaz").open(path.format(MISSING), method=method, **body)
    assert foreign.status_code == missing.status_code == 404
    assert kept(letters, Letter, key, "version") == 1


@pytest.mark.parametrize(("method", "path"), ROW_WAYS)
def test_ones_own_row_is_reached(letters: Cast, method: str, path: str) -> None:
    body = {"json": {"name": "Mine"}} if "/api/" in path else {}
    answer = letters.client("diaz").open(path.format(DIAZ), method=method, **body)
    assert answer.status_code in {200, 302, 409, 422}  # what follows is the row’s own business


def test_a_count_tells_nothing_of_the_rows_of_others(letters: Cast) -> None:
    assert letters.client("diaz").get("/api/v1/letter/").json["count"] == 1


@pytest.mark.parametrize(("method", "path"), [w for w in ROW_WAYS if w[0] != "GET"])
def test_a_row_that_is_seen_but_not_ones_own_is_refused_as_forbidden(
    letters: Cast, method: str, path: str
) -> None:
    path = path.replace("letter", "reply").format(ERIKSEN)
    body = {"json": {"text": "Mine"}} if "/api/" in path else {"data": {"text": "Mine"}}
    assert letters.client("diaz").open(path, method=method, **body).status_code == 403
    assert kept(letters, Reply, ERIKSEN, "text") == "Reply 2"


def test_a_new_row_takes_its_writers_key(letters: Cast) -> None:
    made = letters.client("diaz").post("/api/v1/letter/", json={"name": "New"})
    assert kept(letters, Letter, made.json["id"], "doctor_id") == letters.diaz


@pytest.mark.parametrize("way", ["form", "api"])
def test_nobody_writes_a_row_in_anothers_name(letters: Cast, way: str) -> None:
    client = letters.client("diaz")
    if way == "form":
        answer = client.post("/letter/add", data={"name": "Forged", "doctor": letters.eriksen})
    else:
        body = {"name": "Forged", "doctor_id": letters.eriksen}
        answer = client.post("/api/v1/letter/", json=body)
    assert answer.status_code == 403
    assert "Forged" not in letters.client("eriksen").get("/letter/list/").text


def test_nobody_hands_an_own_row_to_another(letters: Cast) -> None:
    body = {"doctor_id": letters.eriksen}
    assert letters.client("diaz").put(f"/api/v1/letter/{DIAZ}", json=body).status_code == 403
    assert kept(letters, Letter, DIAZ, "doctor_id") == letters.diaz


# Links


@pytest.mark.parametrize("key", [ERIKSEN, MISSING])
def test_a_posted_key_outside_the_scope_of_its_table_is_refused_by_the_api(
    letters: Cast, key: int
) -> None:
    body = {"text": "New", "letter_id": key}
    answer = letters.client("diaz").post("/api/v1/reply/", json=body)
    assert (answer.status_code, answer.json["field"]) == (422, "letter_id")
    assert answer.json["message"] == "Letter: There is no such entry to choose."


@pytest.mark.parametrize("key", [ERIKSEN, MISSING])
def test_a_posted_key_outside_the_scope_of_its_table_is_refused_by_the_form(
    letters: Cast, key: int
) -> None:
    data = {"text": "New", "letter": key, "doctor": letters.diaz}
    answer = letters.client("diaz").post("/reply/add", data=data)
    assert answer.status_code == 422
    assert "There is no such entry to choose." in answer.text
    assert "By Eriksen" not in answer.text


def test_a_label_typed_instead_of_picked_finds_rows_in_scope_only(letters: Cast) -> None:
    data = {"text": "New", "letter": "", "letter-text": "By Eriksen", "doctor": letters.diaz}
    assert letters.client("diaz").post("/reply/add", data=data).status_code == 422


def test_an_edit_cannot_move_a_link_outside_the_scope(letters: Cast) -> None:
    body = {"letter_id": ERIKSEN}
    assert letters.client("diaz").put(f"/api/v1/reply/{DIAZ}", json=body).status_code == 422
    assert kept(letters, Reply, DIAZ, "letter_id") == DIAZ


@pytest.mark.parametrize("path", ["/reply/list/", "/reply/export", "/api/v1/reply/"])
def test_a_link_to_a_row_outside_the_scope_shows_no_label(letters: Cast, path: str) -> None:
    text = letters.client("diaz").get(path).text
    assert "Reply 2" in text
    assert "By Eriksen" not in text


@pytest.mark.parametrize(
    "path", ["/reply/show/2", "/api/v1/reply/2", "/reply/list/?_flt_0_letter=2"]
)
def test_neither_does_its_detail_page_nor_its_filter(letters: Cast, path: str) -> None:
    answer = letters.client("diaz").get(path)
    assert answer.status_code == 200
    assert "By Eriksen" not in answer.text


def test_a_link_to_a_table_that_is_closed_is_no_column(letters: Cast) -> None:
    answer = letters.client("paula").get("/api/v1/letter/").json
    assert "patient" not in answer["list_columns"]
    assert "Paula" not in str(answer["result"])


# Columns


@pytest.mark.parametrize("path", PAGES)
def test_a_hidden_column_is_on_no_page(letters: Cast, path: str) -> None:
    text = letters.client("rosa").get(path).text
    assert "zz By" not in text
    assert "secret" not in text.lower()


@pytest.mark.parametrize("path", PAGES)
def test_the_same_column_is_there_for_who_may_see_it(letters: Cast, path: str) -> None:
    if path != "/letter/pick":  # names rows, and the column as their second line
        assert "secret" in letters.client("diaz").get(path).text.lower()


def test_the_api_description_leaves_a_hidden_column_out(letters: Cast) -> None:
    assert "secret" in letters.client("diaz").get("/api/v1/_openapi").text
    schemas = letters.client("rosa").get("/api/v1/_openapi").json["components"]["schemas"]
    assert not any("secret" in schema.get("properties", {}) for schema in schemas.values())


@pytest.mark.parametrize(
    "query",
    ["_flt_0_secret=zz", "_flt_2_secret=zz", "_oc_LetterView=secret&_od_LetterView=asc"],
)
@pytest.mark.parametrize("way", ["list/", "export"])
def test_a_grid_neither_filters_nor_sorts_by_a_hidden_column(
    letters: Cast, way: str, query: str
) -> None:
    assert letters.client("rosa").get(f"/letter/{way}?{query}").status_code == 400
    assert letters.client("diaz").get(f"/letter/{way}?{query}").status_code == 200


@pytest.mark.parametrize(
    "question",
    [
        "(filters:!((col:secret,opr:sw,value:zz)))",
        "(order_column:secret,order_direction:asc)",
        "(columns:!(secret))",
    ],
)
def test_the_api_neither_filters_sorts_nor_selects_a_hidden_column(
    letters: Cast, question: str
) -> None:
    assert letters.client("rosa").get(f"/api/v1/letter/?q={question}").status_code == 400
    assert letters.client("diaz").get(f"/api/v1/letter/?q={question}").status_code == 200


@pytest.mark.parametrize("way", ["list/", "export", "pick"])
def test_words_are_not_looked_for_in_a_hidden_column(letters: Cast, way: str) -> None:
    assert "By" not in _rows(letters.client("rosa").get(f"/letter/{way}?q=zz").text)
    assert "By" in _rows(letters.client("diaz").get(f"/letter/{way}?q=zz").text)


def test_the_declared_order_tells_nothing_of_a_hidden_column(letters: Cast) -> None:
    change(letters, lambda s: setattr(s.get(Letter, DIAZ), "secret", "zzz last"))
    shown = letters.client("rosa").get("/api/v1/letter/").json["ids"]
    assert shown == sorted(shown, reverse=True)


@pytest.mark.parametrize("way", ["form", "api"])
def test_a_hidden_column_cannot_be_written(letters: Cast, way: str) -> None:
    client = letters.client("rosa")
    if way == "form":
        data = {"name": "By Díaz", "secret": "guessed", "version": "1"}
        client.post(f"/letter/edit/{DIAZ}", data=data)
    else:
        client.put(f"/api/v1/letter/{DIAZ}", json={"secret": "guessed"})
    assert kept(letters, Letter, DIAZ, "secret") == "zz By Díaz"


def test_a_hidden_link_is_hidden_with_its_column(letters: Cast) -> None:
    columns = letters.client("nora").get("/api/v1/letter/").json["list_columns"]
    assert not {"patient", "patient_id", "secret"} & set(columns)


def test_a_filter_on_a_hidden_link_is_refused(letters: Cast) -> None:
    path = f"/letter/list/?_flt_0_patient={letters.paula}"
    assert letters.client("nora").get(path).status_code == 400
    assert letters.client("rosa").get(path).status_code == 200


def _rows(text: str) -> str:
    """The part of a page that holds its rows; all of what is no page."""
    return (
        text.split("<table", 1)[-1]
        if "<html" in text and "<table" in text
        else ("" if "<html" in text else text)
    )


# More than one role, or none


def test_two_roles_reach_the_rows_of_both(letters: Cast) -> None:
    roles(letters, "diaz", "doctor", "patient")
    change(letters, lambda s: _link_patient(s, letters, "diaz", letters.quentin))
    text = letters.client("diaz").get("/letter/list/").text
    assert ("By D" in text, "By Eriksen" in text, "By nobody" in text) == (True, True, False)


def test_two_roles_show_a_column_only_where_each_of_their_rows_may(letters: Cast) -> None:
    roles(letters, "diaz", "doctor", "patient")
    change(letters, lambda s: _link_patient(s, letters, "diaz", letters.quentin))
    assert "zz By" not in letters.client("diaz").get("/letter/list/").text


def test_a_second_role_that_opens_all_rows_decides_on_the_columns(letters: Cast) -> None:
    roles(letters, "diaz", "doctor", "nurse")
    text = letters.client("diaz").get("/letter/export").text
    assert "By nobody" in text
    assert "zz By" not in text


def test_two_roles_may_do_what_either_may(letters: Cast) -> None:
    roles(letters, "rosa", "receptionist", "nurse")
    assert letters.client("rosa").get("/medical_record/list/").status_code == 200
    assert letters.client("rosa").get("/patient/add").status_code == 200


def test_a_login_linked_to_nobody_has_no_own_rows(letters: Cast) -> None:
    change(letters, lambda s: _unlink(s, letters, "diaz"))
    text = letters.client("diaz").get("/letter/list/").text
    assert "By D" not in text
    assert "By nobody" not in text


def test_a_login_linked_to_nobody_writes_no_own_rows(letters: Cast) -> None:
    change(letters, lambda s: _unlink(s, letters, "diaz"))
    assert letters.client("diaz").post("/api/v1/letter/", json={"name": "x"}).status_code == 403
    assert letters.client("diaz").get("/letter/show/3").status_code == 404


@pytest.mark.parametrize("name", ["Admin", "administrator", "public"])
def test_a_role_row_of_another_name_grants_nothing(letters: Cast, name: str) -> None:
    change(letters, lambda s: s.add(RoleRow(name=name)))
    roles(letters, "amina", name)
    assert letters.client("amina").get("/patient/list/").status_code == 403
    assert letters.client("amina").get("/").status_code == 403


def test_a_login_without_any_role_opens_nothing(letters: Cast) -> None:
    roles(letters, "amina")
    assert letters.client("amina").get("/").status_code == 403


def test_a_login_made_inactive_is_signed_out_of_the_browser(letters: Cast) -> None:
    client = letters.client("amina")
    assert client.get("/patient/list/").status_code == 200
    change(letters, _deactivate_amina)
    assert client.get("/patient/list/").location.startswith("/login/")


def test_a_login_made_inactive_is_refused_its_bearer_token(letters: Cast) -> None:
    token, client = letters.token("amina"), letters.app.test_client()
    assert client.get("/api/v1/patient/", headers=token).status_code == 200
    change(letters, _deactivate_amina)
    assert client.get("/api/v1/patient/", headers=token).status_code == 401


def test_a_key_in_the_cookie_that_is_no_login_opens_nothing(letters: Cast) -> None:
    for key in ("999999", "0", "-1", "1 OR 1=1", "9" * 23):
        client = letters.app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = key, True
        assert client.get("/patient/list/").location.startswith("/login/")


def _deactivate_amina(session: Any) -> None:
    session.scalar(select(User).where(User.username == "amina")).active = False


def _unlink(session: Any, cast: Cast, username: str) -> None:
    staff = session.scalar(select(Staff).where(Staff.user_id == cast.users[username]))
    staff.user_id = None


def _link_patient(session: Any, cast: Cast, username: str, patient: int) -> None:
    session.get(Patient, patient).user_id = cast.users[username]


# The clinic as shipped, on both databases


@pytest.mark.parametrize("way", ["form", "api"])
def test_a_doctor_does_not_write_in_the_records_of_another(cast: Cast, way: str) -> None:
    client, key = cast.client("eriksen"), cast.record_of_diaz
    if way == "form":
        answer = client.post(f"/medical_record/edit/{key}", data={"diagnosis": "Forged"})
    else:
        answer = client.put(f"/api/v1/medical_record/{key}", json={"diagnosis": "Forged"})
    assert answer.status_code == 403
    assert kept(cast, MedicalRecord, key, "diagnosis") == "Paula’s secret diagnosis"


def test_a_doctor_reads_the_records_of_another(cast: Cast) -> None:
    path = f"/medical_record/show/{cast.record_of_diaz}"
    page = cast.client("eriksen").get(path).text
    assert "Paula’s secret diagnosis" in page and f'href="/chart/{cast.paula}"' in page
    edit = f"/medical_record/edit/{cast.record_of_diaz}"
    assert edit not in page, "no button to what would be refused"
    assert edit in cast.client("diaz").get(path).text


@pytest.mark.parametrize("who", ["nora", "rosa"])
def test_nurse_and_reception_change_a_rooms_status_and_nothing_else(cast: Cast, who: str) -> None:
    data = {"status": "cleaning", "name": "Mine", "room_type": "mine", "version": "1"}
    assert cast.client(who).post(f"/room/edit/{cast.room}", data=data).status_code == 302
    assert kept(cast, Room, cast.room, "status") == "cleaning"
    assert kept(cast, Room, cast.room, "name") == "Room 1"


def test_the_api_refuses_a_nurse_a_rooms_name(cast: Cast) -> None:
    answer = cast.client("nora").put(f"/api/v1/room/{cast.room}", json={"name": "Mine"})
    assert (answer.status_code, answer.json["field"]) == (422, "name")
    assert kept(cast, Room, cast.room, "name") == "Room 1"


@pytest.mark.parametrize("who", ["diaz", "nora", "rosa"])
def test_which_login_is_whose_is_the_admins_to_see(sqlite_cast: Cast, who: str) -> None:
    (row, *_) = sqlite_cast.client(who).get("/api/v1/staff/").json["result"]
    assert not {"user", "user_id"} & set(row)


@pytest.mark.parametrize("path", ["/patient/list/", "/patient/show/1", "/patient/edit/1",
                                  "/appointment/list/", "/patient/pick?q=Qu", "/search/patients?q=Qu",
                                  "/api/v1/patient/", "/api/v1/appointment/1"])  # fmt: skip
def test_a_patient_has_no_grid_and_no_api(sqlite_cast: Cast, path: str) -> None:
    answer = sqlite_cast.client("paula").get(path)
    assert answer.status_code == 403
    assert "Quentin" not in answer.text


ROWS_OF_ONE = READ.own("doctor_id")
ROWS_OF_OTHER = READ.own("patient_id").hiding("notes")


@pytest.mark.parametrize(
    ("rules", "seen"),
    [
        (ROWS_OF_ONE, ["notes", "status"]),
        (ROWS_OF_ONE | ROWS_OF_OTHER, ["status"]),
        (READ | ROWS_OF_OTHER, ["notes", "status"]),
        (READ.hiding("notes") | ROWS_OF_ONE, ["status"]),
        (READ.hiding("notes") | READ.only("notes"), ["notes", "status"]),
    ],
    ids=["own", "both own", "all, own without", "all without, own", "all, in two halves"],
)
def test_a_column_shows_where_it_may_show_in_every_row(
    monkeypatch: pytest.MonkeyPatch, sqlite_app: Flask, rules: Grant, seen: list[str]
) -> None:
    screen = replace(MedicalRecord.__screen__, grants={Role.DOCTOR: rules})
    monkeypatch.setattr(MedicalRecord, "__screen__", screen)
    policy = Policy()
    compile_tables(policy, [MedicalRecord])
    monkeypatch.setitem(sqlite_app.extensions, "clinic_policy", policy)
    person = Actor(1, "diaz", "Díaz", frozenset({Role.DOCTOR}), doctor_id=1, patient_id=2)
    with sqlite_app.app_context():
        assert visible(person, MedicalRecord, Action.LIST, ["notes", "status"]) == seen
