"""People who work here see what the clinic tells them, what of it is new, and nobody else's."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Notification, Staff
from app.models.messages import inbox, outbox
from tests.cast import Cast

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def tell(cast: Cast, subject: str, *, staff: str = "", login: str = "") -> int:
    with cast.app.app_context():
        to = {"user_id": cast.users[login]} if login else {}
        if staff:
            query = select(Staff.staff_id).where(Staff.user_id == cast.users[staff])
            to = {"staff_id": db.session.scalars(query).one()}
        row = outbox.put(db.session(), "rota", subject, subject, "Words of it.", NOW, **to)
        db.session.commit()
        return row.notification_id


def new(cast: Cast, name: str, path: str = "/room/list/") -> str | None:
    """The number at the bell of a page of this person; None where there is none."""
    found = re.search(r'bell-count"[^>]*>([^<]+)<', cast.client(name).get(path).text)
    return found and found[1]


def test_every_page_says_how_many_messages_are_new(cast: Cast) -> None:
    tell(cast, "First", staff="nora")
    tell(cast, "Second", staff="nora")
    tell(cast, "To the login", login="nora")
    assert (new(cast, "nora"), new(cast, "rosa")) == ("3", None)


def test_the_number_ends_at_99(sqlite_cast: Cast) -> None:
    for number in range(inbox.MOST_COUNTED + 5):
        tell(sqlite_cast, f"No. {number}", staff="nora")
    assert new(sqlite_cast, "nora") == "99+"


def test_an_admin_without_a_place_in_the_team_has_an_inbox(sqlite_cast: Cast) -> None:
    tell(sqlite_cast, "A restricted chart was opened", login="amina")
    assert "A restricted chart was opened" in sqlite_cast.client("amina").get("/inbox/").text


def test_a_page_shows_a_button_in_place_of_the_address_in_a_message(sqlite_cast: Cast) -> None:
    key = tell(sqlite_cast, "A swap", staff="nora")
    with sqlite_cast.app.app_context():
        row = db.session.get_one(Notification, key)
        row.body = "Agree or decline on the rota:\nhttp://clinic.example/rota/?week=2026-06-01"
        row.context = {"more": {"link": "/rota/?week=2026-06-01"}}
        db.session.commit()
    for page in ("/inbox/", "/rota/"):
        answer = sqlite_cast.client("nora").get(page).text
        assert "Agree or decline on the rota:" in answer
        assert "clinic.example" not in answer


def test_nobody_reads_the_messages_of_another(sqlite_cast: Cast) -> None:
    tell(sqlite_cast, "For Nora only", staff="nora")
    assert "For Nora only" in sqlite_cast.client("nora").get("/inbox/").text
    for name in ("amina", "diaz", "rosa"):
        assert "For Nora only" not in sqlite_cast.client(name).get("/inbox/").text


def test_looking_marks_nothing_and_the_button_marks_one(sqlite_cast: Cast) -> None:
    key = tell(sqlite_cast, "First", staff="nora")
    tell(sqlite_cast, "Second", staff="nora")
    client = sqlite_cast.client("nora")
    client.get("/inbox/")
    assert new(sqlite_cast, "nora") == "2"
    assert client.post("/inbox/read", data={"key": key}).status_code == 302
    assert new(sqlite_cast, "nora") == "1"
    client.post("/inbox/read")
    assert new(sqlite_cast, "nora") is None


def test_nobody_marks_the_message_of_another(sqlite_cast: Cast) -> None:
    key = tell(sqlite_cast, "First", staff="nora")
    sqlite_cast.client("rosa").post("/inbox/read", data={"key": key})
    sqlite_cast.client("rosa").post("/inbox/read")
    assert new(sqlite_cast, "nora") == "1"


def test_older_messages_stand_on_further_pages(sqlite_cast: Cast) -> None:
    for number in range(inbox.PAGE + 1):
        tell(sqlite_cast, f"No. {number} of them", staff="nora")
    client = sqlite_cast.client("nora")
    first = client.get("/inbox/").text
    assert "No. 1 of them" in first and "No. 0 of them" not in first
    (older,) = re.findall(r'href="(/inbox/\?before=\d+)"', first)
    assert "No. 0 of them" in client.get(older).text


@pytest.mark.parametrize("link", ["//elsewhere.example", "https://elsewhere.example"])
def test_a_message_leads_to_pages_of_the_clinic_only(sqlite_cast: Cast, link: str) -> None:
    key = tell(sqlite_cast, "First", staff="nora")
    client = sqlite_cast.client("nora")
    for path, shown in ((link, False), ("/rota/", True)):
        with sqlite_cast.app.app_context():
            row = db.session.get_one(Notification, key)
            row.context = {"more": {"link": path}}
            db.session.commit()
        assert (f'href="{path}"><i' in client.get("/inbox/").text) is shown


def test_the_number_costs_no_statement_of_its_own(cast: Cast, statements: list[str]) -> None:
    tell(cast, "First", staff="nora")
    client = cast.client("nora")
    statements.clear()
    assert "bell-count" in client.get("/room/list/").text
    assert sum("notification" in statement for statement in statements) == 1
