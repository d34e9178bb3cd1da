"""The pages as a person sees them who reads Spanish."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.language import catalogue, in_language
from app.models import LoginSetting, NotificationRule, Patient, Role, VisitType, WaitlistEntry
from app.models.analytics import figure
from app.models.messages import message_defaults
from tests.cast import ONE_OF, PASSWORD, Cast

SPANISH = {"Accept-Language": "es-ES,es;q=0.9,en;q=0.4"}
SAID = ("title", "aria-label", "placeholder", "alt", "data-confirm", "data-confirm-button")
SILENT = {"script", "style", "svg"}
NAMES = {"English", "Patient", "Room", "Visit", "Clinic"}
"""English words that the rows of the tests hold, or that are a name."""
MOST = 150


class Words(HTMLParser):
    """What a page shows and says, each text by itself; not what is in English by its `lang`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        self.found += [value for name, value in attrs if name in SAID and value]
        self.links += [value for name, value in attrs if name == "href" and tag == "a" and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(" ".join(data.split()))


def words_of(page: str) -> Words:
    words = Words()
    words.feed(page)
    return words


def english() -> set[str]:
    """The texts that Spanish says otherwise."""
    spanish = catalogue("es")
    texts = {text for text in spanish._catalog if isinstance(text, str)}
    return {text for text in texts if len(text) > 2 and spanish.gettext(text) != text} - NAMES


def walk(client: FlaskClient, starts: list[str]) -> Iterator[tuple[str, Words]]:
    """The pages from `starts` on, one of each kind: numbers in an address are one kind."""
    known: set[str] = set()
    waiting = list(starts)
    while waiting and len(known) < MOST:
        url = waiting.pop(0)
        parts = urlsplit(url)
        kind = re.sub(r"\d+", "0", parts.path)
        if kind in known or parts.netloc or not parts.path.startswith("/"):
            continue
        known.add(kind)
        answer = client.get(url, headers=SPANISH)
        if answer.mimetype == "text/html" and answer.status_code not in {301, 302}:
            words = words_of(answer.text)
            yield url, words
            waiting += words.links


@pytest.mark.parametrize("role", [*Role, "anonymous"])
def test_no_page_of_a_role_shows_an_english_text_to_who_reads_spanish(
    sqlite_cast: Cast, role: Any
) -> None:
    client = sqlite_cast.client(ONE_OF.get(role, "anonymous"))
    rules = [r for r in sqlite_cast.app.url_map.iter_rules() if not r.arguments]
    starts = [r.rule for r in rules if "GET" in (r.methods or ()) and "/api/" not in r.rule]
    wrong = english()
    seen = {url: sorted(wrong & set(words.found)) for url, words in walk(client, starts)}
    assert len(seen) > (0 if role == "anonymous" else 5)
    assert {url: texts for url, texts in seen.items() if texts} == {}


def test_an_anonymous_browser_that_accepts_spanish_signs_in_in_spanish(sqlite_cast: Cast) -> None:
    page = sqlite_cast.client("anonymous").get("/login/", headers=SPANISH).text
    assert '<html lang="es">' in page
    assert "Iniciar sesión" in page


def test_a_refusal_a_label_a_date_and_a_heading_are_in_spanish(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("rosa")
    form = client.post("/patient/add", data={"name": "", "dob": "2999-01-01"}, headers=SPANISH)
    assert form.status_code == 422
    assert "Este dato es necesario." in form.text
    assert "Fecha de nacimiento" in form.text
    listed = client.get("/patient/list/", headers=SPANISH).text
    assert "<h1>Pacientes</h1>" in listed
    assert re.search(r">\d{1,2} (ene|feb|mar|abr|may|jun|jul|ago|sept|oct|nov|dic) \d{4}<", listed)
    missing = client.get("/nothing", headers=SPANISH)
    assert missing.status_code == 404
    assert "There is no such page" not in missing.text


def test_a_language_that_a_person_chose_stays_theirs_in_every_browser(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("nora")
    assert '<html lang="en">' in client.get("/").text
    assert client.post("/language/", data={"language": "es"}).status_code == 302
    other = sqlite_cast.client("nora").get("/", headers={"Accept-Language": "en"}).text
    assert '<html lang="es">' in other
    assert client.post("/language/", data={"language": "tlh"}).status_code == 400
    with sqlite_cast.app.app_context():
        rows = db.session.scalars(select(LoginSetting.language)).all()
        assert rows == ["es"]


def test_a_choice_before_signing_in_holds_after_it(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("anonymous")
    client.post("/language/", data={"language": "es"})
    client.post("/login/", data={"username": "rosa", "password": PASSWORD})
    assert '<html lang="es">' in client.get("/").text


def test_the_portal_speaks_the_language_of_its_patient(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        db.session.get_one(Patient, sqlite_cast.paula).language = "es"
        db.session.commit()
        db.session.remove()
    client = sqlite_cast.client("paula")
    assert '<html lang="es">' in client.get("/portal/", headers={"Accept-Language": "en"}).text
    client.post("/portal/more/reach", data={"language": "en", "email": "y"})
    assert '<html lang="en">' in client.get("/portal/", headers=SPANISH).text


def test_the_scripts_of_a_page_find_their_texts_where_it_says(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("rosa")
    address = re.search(r'src="(/language/es\.js[^"]*)"', client.get("/", headers=SPANISH).text)
    assert address
    answer = client.get(address[1])
    assert "immutable" in answer.headers["Cache-Control"]
    assert '"That did not work.": "No ha funcionado."' in answer.text
    assert "/language/en.js" not in client.get("/").text


def test_weekdays_are_written_and_shown_in_the_language_of_the_person(sqlite_cast: Cast) -> None:
    client = sqlite_cast.client("rosa")
    with sqlite_cast.app.app_context():
        visit_type_id = db.session.scalars(select(VisitType.visit_type_id)).first()
        db.session.remove()
    data = {
        "patient": sqlite_cast.paula, "visit_type": visit_type_id, "priority": 0, "state": "waiting",
        "earliest": "2026-05-05T08:00", "latest": "2026-06-05T08:00", "weekdays": "Miércoles,lunes",
    }  # fmt: skip
    made = client.post("/waitlist_entry/add", data=data, headers=SPANISH)
    assert made.status_code == 302
    with sqlite_cast.app.app_context():
        entry = db.session.scalars(select(WaitlistEntry)).one()
        key, kept = entry.waitlist_entry_id, entry.weekdays
        db.session.remove()
    assert kept == "Monday, Wednesday"
    form = client.get(f"/waitlist_entry/edit/{key}", headers=SPANISH).text
    assert 'value="Lunes, Miércoles"' in form
    assert "Lunes, Miércoles" in client.get(f"/waitlist_entry/show/{key}", headers=SPANISH).text
    refused = client.post("/waitlist_entry/add", data=data | {"weekdays": "ayer"}, headers=SPANISH)
    assert "Ayer no es un día de la semana." in refused.text
    assert 'value="ayer"' in refused.text


def test_the_name_of_a_shipped_rule_is_edited_in_spanish_and_stays_translatable(
    sqlite_cast: Cast,
) -> None:
    with sqlite_cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
        rule = db.session.scalars(select(NotificationRule).filter_by(event="shift_published")).one()
        key, name = rule.pk, rule.name
        db.session.remove()
    client = sqlite_cast.client("amina")
    page = client.get(f"/notification_rule/edit/{key}", headers=SPANISH).text
    shown = re.search(r'name="name"[^>]* value="([^"]+)"', page)
    assert shown and shown[1] != name
    for typed, kept in ((shown[1], name), ("Reservada", "Reservada")):
        said = {"name": typed, "event": "shift_published", "channels": "email", "version": ""}
        answer = client.post(f"/notification_rule/edit/{key}", data=said, headers=SPANISH)
        assert answer.status_code == 302
        with sqlite_cast.app.app_context():
            assert db.session.get_one(NotificationRule, key).name == kept
            db.session.remove()


def test_figures_have_a_decimal_comma_in_spanish(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        assert (figure.spelled(1234.56, "%"), figure.spelled(5.0)) == ("1,234.6 %", "5")
        with in_language("es"):
            assert (figure.spelled(1234.56, "%"), figure.spelled(5.0)) == ("1.234,6 %", "5")
