"""The menu opens where one is, and stays as one left it."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from tests.cast import Cast


def sections(client: FlaskClient, path: str = "/") -> dict[str, bool]:
    """Each section of the menu in its order, and whether it is open."""
    page = client.get(path).text
    found = re.findall(r'data-section="([^"]+)"( open)?', page)
    return {name: bool(is_open) for name, is_open in found}


def test_a_day_begins_with_the_days_work_open(sqlite_cast: Cast) -> None:
    menu = sections(sqlite_cast.client("amina"))
    assert menu["Clinic"]
    assert not menu["Set-up"]


def test_the_section_of_this_page_is_open(sqlite_cast: Cast) -> None:
    assert sections(sqlite_cast.client("amina"), "/room/list/")["Set-up"]


def test_what_was_left_open_is_open_on_the_next_page(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("amina")
    client.set_cookie("menu", "Set-up%7CTeam")
    assert {name for name, is_open in sections(client).items() if is_open} == {"Set-up", "Team"}


def test_the_days_work_stands_above_the_set_up(sqlite_cast: Cast) -> None:
    names = list(sections(sqlite_cast.client("amina")))
    assert names.index("Clinic") < names.index("Team") < names.index("Set-up")


def test_another_language_leaves_the_menu_in_its_order_and_the_days_work_open(
    sqlite_cast: Cast,
) -> None:
    client = sqlite_cast.client("amina")
    english = sections(client)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "es"
    assert "Inicio" in client.get("/").text
    assert sections(client) == english
    assert list(sections(client)) == list(english)
