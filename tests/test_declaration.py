"""One class and one line: a table declared in the tutorial's words is everywhere, for its roles."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from app.extensions import db
from app.models import Doctor, Role
from app.views.generated.values import encode
from tests.cast import ONE_OF, Cast
from tests.inventions import INVENTED, Equipment, Invented, Loan, Motto, Reply
from tests.test_role_routes import ANYONE, call, lets_in, person, routes_of_tables

READERS = {Role.ADMIN, Role.NURSE, Role.RECEPTIONIST}
LOAN = {
    "name": "Crutches",
    "given_on": "2026-05-04",
    "call_at": "14:30",
    "due": "2026-07-01T10:00",
    "deposit": "12.50",
    "weight": "1.25",
    "returned": "y",
    "state": "worn",
    "notes": "Left one at home.",
}


@pytest.fixture(scope="session")
def invented(make_app: Any, tmp_path_factory: pytest.TempPathFactory) -> Invented:
    return Invented(make_app("sqlite"), tmp_path_factory.mktemp("declared"))


@pytest.fixture
def cast(invented: Invented) -> Cast:
    cast = Cast.on(invented.emptied())
    with cast.app.app_context():
        db.session.add(Equipment(name="Sonograph", room_id=cast.room))
        db.session.add(a_loan(cast))
        db.session.add(Motto(day=date(2026, 5, 4), votes=3))
        db.session.commit()
    return cast


def a_loan(cast: Cast) -> Loan:
    return Loan(
        name="Wheelchair", given_on=date(2026, 5, 1), call_at=time(9, 15), deposit=40.25,
        due=datetime(2026, 6, 1, 8, 0, tzinfo=UTC), weight=14.5, state="good", notes="Squeaks.",
        patient_id=cast.paula, giver_id=1, taker_id=2,
    )  # fmt: skip


def who(cast: Cast, path: str, method: str = "GET") -> set[str]:
    """The roles that an address lets in."""
    return {role for role in ANYONE if lets_in(call(cast, person(role), path, method))}


def spec(cast: Cast, role: Role) -> dict[str, Any]:
    return cast.client(ONE_OF[role]).get("/api/v1/_openapi").json


def kept(cast: Cast, table: type[Any], key: int) -> Any:
    with cast.app.app_context():
        row = db.session.get(table, key)
        db.session.expunge_all()
    return row


def test_the_tutorials_table_has_a_grid_for_its_roles(cast: Cast) -> None:
    assert who(cast, "/equipment/list/") == READERS
    page = cast.client("rosa").get("/equipment/list/").text
    assert "Sonograph" in page
    assert "Room 1" in page


def test_its_detail_page_shows_its_columns(cast: Cast) -> None:
    page = cast.client("rosa").get("/equipment/show/1").text
    assert "Sonograph" in page
    assert "Room 1" in page


def test_its_form_saves_a_row_for_who_may_add(cast: Cast) -> None:
    answer = cast.client("nora").post("/equipment/add", data={"name": "Scale", "room": cast.room})
    assert answer.status_code == 302
    assert kept(cast, Equipment, 2).room_id == cast.room


def test_its_link_is_picked_by_typing_not_from_a_drop_down(cast: Cast) -> None:
    page = cast.client("nora").get("/equipment/add").text
    assert "/room/pick" in page
    assert "<select" not in page.split("<form")[-1]


@pytest.mark.parametrize(
    ("path", "method", "roles"),
    [
        ("/equipment/add", "GET", {Role.ADMIN, Role.NURSE}),
        ("/equipment/edit/1", "GET", {Role.ADMIN, Role.NURSE}),
        ("/equipment/delete/<pk>", "POST", {Role.ADMIN}),
        ("/equipment/export", "GET", READERS),
        ("/equipment/pick", "GET", READERS),
        ("/api/v1/equipment/", "GET", READERS),
        ("/api/v1/equipment/", "POST", {Role.ADMIN, Role.NURSE}),
        ("/api/v1/equipment/<pk>", "DELETE", {Role.ADMIN}),
    ],
)
def test_each_of_its_addresses_is_for_exactly_the_granted_roles(
    cast: Cast, path: str, method: str, roles: set[str]
) -> None:
    assert who(cast, path, method) == roles


def test_its_api_answers_its_columns_with_the_label_of_its_link(cast: Cast) -> None:
    (row,) = cast.client("rosa").get("/api/v1/equipment/").json["result"]
    assert row == {
        "equipment_id": 1, "name": "Sonograph", "room_id": cast.room, "room": "Room 1", "version": 1,
    }  # fmt: skip


def test_its_api_adds_and_deletes_a_row(cast: Cast) -> None:
    made = cast.client("amina").post("/api/v1/equipment/", json={"name": "Lamp"})
    assert made.status_code == 201
    gone = cast.client("amina").delete(f"/api/v1/equipment/{made.json['id']}")
    assert (gone.status_code, kept(cast, Equipment, made.json["id"])) == (200, None)


@pytest.mark.parametrize("role", sorted(Role))
def test_the_api_description_names_it_for_its_roles_only(cast: Cast, role: Role) -> None:
    paths = spec(cast, role).get("paths", {}) if role != Role.PATIENT else {}
    assert ("/api/v1/equipment/" in paths) == (role in READERS)


def test_the_api_description_of_others_does_not_know_its_name(cast: Cast) -> None:
    assert "EquipmentApi.get" in spec(cast, Role.NURSE)["components"]["schemas"]
    assert "Equipment" not in str(spec(cast, Role.DOCTOR))


def test_the_api_description_names_only_what_the_role_may_do(cast: Cast) -> None:
    assert set(spec(cast, Role.RECEPTIONIST)["paths"]["/api/v1/equipment/"]) == {"get"}
    assert set(spec(cast, Role.NURSE)["paths"]["/api/v1/equipment/"]) == {"get", "post"}


@pytest.mark.parametrize("role", sorted(Role))
def test_it_stands_in_the_menu_of_its_roles_only(cast: Cast, role: Role) -> None:
    page = cast.client(ONE_OF[role]).get("/").text
    assert ("/equipment/list/" in page) == (role in READERS)


def test_the_menu_endpoint_names_it_in_its_section(cast: Cast) -> None:
    sections = cast.client("rosa").get("/api/v1/menu/").json["result"]
    (clinic,) = [section for section in sections if section["label"] == "Clinic"]
    assert "Equipment" in [item["label"] for item in clinic["childs"]]


def test_its_rows_leave_as_csv(cast: Cast) -> None:
    text = cast.client("rosa").get("/equipment/export").text
    assert list(csv.reader(io.StringIO(text))) == [["Name", "Room"], ["Sonograph", "Room 1"]]


@pytest.mark.parametrize("role", sorted(ANYONE))
def test_every_new_table_has_its_rows_in_the_role_test(cast: Cast, role: str) -> None:
    wrong = [
        (rule, method)
        for (rule, method), roles in routes_of_tables(INVENTED).items()
        if lets_in(call(cast, person(role), rule, method)) != (role in roles)
    ]
    assert wrong == []


def test_no_route_of_a_new_table_is_outside_the_role_test(cast: Cast) -> None:
    named = {rule for rule, _ in routes_of_tables(INVENTED)}
    routes = {rule.rule for rule in cast.app.url_map.iter_rules()}
    starts = tuple(f"{root}/{t.__tablename__}/" for t in INVENTED for root in ("", "/api/v1"))
    new = {r for r in routes if r.startswith(starts)}
    assert new <= named <= routes


def test_a_form_keeps_a_value_of_every_type(cast: Cast) -> None:
    links = {"patient": cast.paula, "giver": "1", "taker": "2"}
    assert cast.client("amina").post("/loan/add", data=LOAN | links).status_code == 302
    loan = kept(cast, Loan, 2)
    assert (loan.given_on, loan.call_at, loan.deposit, loan.weight, loan.returned, loan.state) == (
        date(2026, 5, 4), time(14, 30), 12.5, 1.25, True, "worn",
    )  # fmt: skip
    assert loan.due == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def test_the_api_keeps_and_answers_a_value_of_every_type(cast: Cast) -> None:
    body = LOAN | {"due": "2026-07-01T08:00:00Z", "deposit": 12.5, "weight": 1.25, "returned": True}
    made = cast.client("amina").post("/api/v1/loan/", json=body | {"patient_id": cast.paula})
    assert made.status_code == 201
    assert made.json["result"].items() >= (body | {"call_at": "14:30:00"}).items()


def test_an_unset_value_of_any_type_is_left_empty(cast: Cast) -> None:
    needed = {"name": "Cane", "given_on": "2026-05-04", "patient": cast.paula}
    assert cast.client("amina").post("/loan/add", data=needed).status_code == 302
    loan = kept(cast, Loan, 2)
    assert {loan.call_at, loan.due, loan.deposit, loan.state, loan.giver_id} == {None}
    assert loan.returned is False


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("given_on", "yesterday"), ("call_at", "25:00"), ("due", "soon"), ("deposit", "much"),
        ("state", "broken"), ("giver", "999999"), ("patient", ""), ("name", "x" * 101),
    ],
)  # fmt: skip
def test_a_value_that_its_column_cannot_hold_is_refused(cast: Cast, field: str, typed: str) -> None:
    answer = cast.client("amina").post(
        "/loan/add", data=LOAN | {"patient": cast.paula} | {field: typed}
    )
    assert answer.status_code == 422
    assert kept(cast, Loan, 2) is None


def test_two_links_to_one_table_keep_apart(cast: Cast) -> None:
    (row,) = cast.client("amina").get("/api/v1/loan/").json["result"]
    assert (row["giver"], row["taker"]) == ("Nora Novak", "Rosa Ricci")


@pytest.mark.parametrize(("taker", "found"), [(2, 1), (1, 0)])
def test_a_filter_on_one_of_two_links_leaves_the_other_alone(
    cast: Cast, taker: int, found: int
) -> None:
    rows = csv.reader(
        io.StringIO(cast.client("amina").get(f"/loan/export?_flt_0_taker={taker}").text)
    )
    assert len(list(rows)) == 1 + found


def test_labels_and_the_declared_section_are_used(cast: Cast) -> None:
    page = cast.client("amina").get("/loan/list/").text
    assert "Money left here" in page
    assert "Lending" in page


def test_what_a_role_does_not_see_of_a_table_is_in_no_page_of_it(cast: Cast) -> None:
    pages = [
        cast.client("nora").get(f"/loan/{way}").text
        for way in ("list/", "show/1", "edit/1", "export")
    ]
    assert not any("Squeaks" in page or "40.25" in page or "Money" in page for page in pages)


def test_only_leaves_out_every_other_column(cast: Cast) -> None:
    text = cast.client("diaz").get("/loan/export").text
    assert list(csv.reader(io.StringIO(text))) == [["Name", "Since"], ["Wheelchair", "2026-05-01"]]


def test_a_text_with_choices_is_chosen_in_words_and_may_be_left_empty(sqlite_cast: Cast) -> None:
    admin = sqlite_cast.client("amina")
    page = admin.get("/notification_rule/add").text
    assert '<option value="sms, email">Text message, else e-mail</option>' in page
    assert "Add message rule" in page  # what one row is called
    rule = {"name": "Only inside", "event": "login_new", "active": "y", "inbox": "y"}
    rows = [rule | {"channels": ""}, rule | {"channels": "sms, email", "name": "Outside too"}]
    for row in rows:
        assert admin.post("/notification_rule/add", data=row).status_code == 302
    said = admin.get("/notification_rule/list/").text
    assert "Text message, else e-mail" in said
    assert ">sms, email<" not in said


def test_a_change_of_one_column_opens_a_form_of_one_field(cast: Cast) -> None:
    cast.client("rosa").post("/loan/edit/1", data={"returned": "y", "name": "Mine", "version": "1"})
    loan = kept(cast, Loan, 1)
    assert (loan.returned, loan.name) == (True, "Wheelchair")


def test_a_patients_own_rows_and_no_others(cast: Cast) -> None:
    assert "Wheelchair" in cast.client("paula").get("/loan/list/").text
    assert "Wheelchair" not in cast.client("quentin").get("/loan/list/").text


def test_the_declared_order_is_the_lists(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.add(Loan(name="Older", given_on=date(2020, 1, 1), patient_id=cast.paula))
        db.session.add(Loan(name="Newer", given_on=date(2026, 6, 1), patient_id=cast.paula))
        db.session.commit()
    rows = cast.client("amina").get("/api/v1/loan/").json["result"]
    assert [row["name"] for row in rows] == ["Newer", "Wheelchair", "Older"]


def test_a_table_without_a_menu_is_reached_but_not_listed(cast: Cast) -> None:
    assert "/motto/list/" not in cast.client("nora").get("/").text
    assert "4 May 2026" in cast.client("nora").get("/motto/list/").text


def test_a_table_that_is_only_read_offers_no_form(cast: Cast) -> None:
    page = cast.client("nora").get("/motto/list/").text
    assert "/motto/add" not in page
    assert "/motto/edit/" not in page


@pytest.mark.parametrize("way", ["list/?q=May", "export?q=May", "pick?q=May", "pick?q=1"])
def test_a_table_without_any_text_can_be_searched_all_the_same(cast: Cast, way: str) -> None:
    assert cast.client("nora").get(f"/motto/{way}").status_code == 200


def test_an_own_column_on_edit_alone_reads_all_and_changes_ones_own(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.add(Reply(text="By Díaz", doctor_id=cast.diaz))
        db.session.add(Reply(text="By Eriksen", doctor_id=cast.eriksen))
        db.session.commit()
    page = cast.client("diaz").get("/reply/list/").text
    assert ("By Díaz" in page, "By Eriksen" in page) == (True, True)
    assert ("/reply/edit/1" in page, "/reply/edit/2" in page) == (True, False)


def test_a_row_that_names_no_owner_offers_no_edit_to_a_login_linked_to_nobody(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.add(Reply(text="By nobody"))
        db.session.get(Doctor, cast.eriksen).staff.user_id = None
        db.session.commit()
    assert "/reply/edit/1" not in cast.client("eriksen").get("/reply/list/").text


def test_the_api_description_gives_every_column_its_type(cast: Cast) -> None:
    said = spec(cast, Role.ADMIN)["components"]["schemas"]["LoanApi.post"]["properties"]
    assert {name: (said[name]["type"], said[name].get("format")) for name in LOAN} == {
        "name": ("string", None), "given_on": ("string", "date"), "call_at": ("string", "time"),
        "due": ("string", "date-time"), "deposit": ("number", None), "weight": ("number", None),
        "returned": ("boolean", None), "state": ("string", None), "notes": ("string", None),
    }  # fmt: skip


def test_a_decimal_is_a_number_for_programs() -> None:
    assert encode(Decimal("12.50")) == 12.5
