"""Which language a person is spoken to in, and that every text is found there."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app import create_app, language
from app.extensions import db
from app.language import _, _l, _n, in_language
from app.spelling import counted, said, spelled, word
from config import ConfigError
from tests.cast import Cast
from tools import texts, translations


def test_a_text_is_said_in_the_language_of_the_block(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        later = _l("Search")
        assert _("Search") == "Search"
        with in_language("es"):
            assert (_("Search"), str(later)) == ("Buscar", "Buscar")
        assert str(later) == "Search"


def test_a_text_is_english_where_there_is_no_application() -> None:
    assert (_("Search"), _n("%(num)s day", "%(num)s days", 2)) == ("Search", "2 days")


def test_a_count_in_a_sentence_has_the_thousands_sign_of_its_language(sqlite_app: Flask) -> None:
    source = "{% trans num=n %}{{ num }} visit{% pluralize %}{{ num }} visits{% endtrans %}"
    with sqlite_app.test_request_context():
        assert _n("%(num)s visit", "%(num)s visits", 12345) == "12,345 visits"
        assert render_template_string(source, n=12345) == "12,345 visits"
        assert render_template_string(source, n=1) == "1 visit"
        with in_language("es"):
            assert _n("%(num)s visit", "%(num)s visits", 12345) == "12.345 citas"


def test_a_page_escapes_what_is_filled_into_a_text(sqlite_app: Flask) -> None:
    source = (
        "{{ _('For %(who)s', who=who) }}|{{ _('5 %%') }}|"
        "{% trans n=2 %}{{ n }} day{% pluralize %}{{ n }} days{% endtrans %}"
    )
    with sqlite_app.test_request_context():
        assert render_template_string(source, who="<b>") == "For &lt;b&gt;|5 %|2 days"


def test_dates_and_numbers_are_spelled_in_the_language_of_now(sqlite_app: Flask) -> None:
    day, source = date(2026, 9, 3), "{{ day|spelled('EEE d MMM y') }} {{ 12345.5|counted }}"
    with sqlite_app.test_request_context():
        assert render_template_string(source, day=day) == "Thu 3 Sep 2026 12,345.5"
        with in_language("es"):
            assert render_template_string(source, day=day) == "jue 3 sept 2026 12.345,5"


def test_a_browser_is_answered_in_a_language_that_it_accepts(sqlite_app: Flask) -> None:
    accepted = {"es-MX,es;q=0.9": "es", "fr": "en", "en;q=0.5,es;q=0.6": "es"}
    for header, code in accepted.items():
        with sqlite_app.test_request_context(headers={"Accept-Language": header}):
            assert language.current() == code


def test_the_choice_of_a_language_leads_back_to_pages_of_ours_only(sqlite_app: Flask) -> None:
    client = sqlite_app.test_client()
    for came, back in (
        ("/login/?next=%2Fboard%2F", "/login/?next=%2Fboard%2F"),
        ("//elsewhere.example/", "/"),
    ):
        sent = {"Referer": f"http://localhost{came}"}
        answer = client.post("/language/", data={"language": "es"}, headers=sent)
        assert answer.headers["Location"] == back
    sent = {"Referer": "http://elsewhere.example/board/"}
    answer = client.post("/language/", data={"language": "es"}, headers=sent)
    assert answer.headers["Location"] == "/"


def test_a_language_that_is_not_spoken_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="CLINIC_LANGUAGE"):
        create_app(CLINIC_LANGUAGE="tlh")


def test_a_translation_that_is_missing_or_obsolete_or_says_other_things_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    found = {one: texts.Text(one, places=["x.py:1"]) for one in ("A", "B %(n)s", "C")}
    translations.write("es", found, {"A": "a", "B %(n)s": "b %(m)s", "D": "d"})
    said_there = translations.translations("es") | {"D": "d"}
    assert [fault.split(": ")[1] for fault in translations.faults("es", found, said_there)] == [
        "missing (x.py:1)", "obsolete", "placeholders differ",
    ]  # fmt: skip
    assert json.dumps(said_there) == json.dumps({"A": "a", "B %(n)s": "b %(m)s", "D": "d"})


def test_dates_numbers_and_stored_words_are_spelled_in_the_language_of_now(
    sqlite_app: Flask,
) -> None:
    day = date(2026, 5, 4)
    with sqlite_app.app_context():
        assert (spelled(day, _("EEEE d MMMM y")), counted(12345.5, 2), word("checked-in")) == (
            "Monday 4 May 2026", "12,345.50", "Checked in",
        )  # fmt: skip
        with in_language("es"):
            assert (spelled(day, _("EEEE d MMMM y")), counted(12345.5, 2), word("booked")) == (
                "lunes, 4 de mayo de 2026", "12.345,50", "Reservada",
            )  # fmt: skip
            assert (said("booked"), said("Booked"), said("unheard of")) == (
                "reservada",
                "Reservada",
                "unheard of",
            )


@pytest.mark.parametrize(
    ("said", "code"),
    [("es-ES", "es"), ("en_US", "en"), ("spa", "es"), ("Spanish", "es"), (" Español", "es"),
     ("est", None), ("fr-CA", None), ("", None), (None, None)],
)  # fmt: skip
def test_a_tag_or_a_name_means_the_nearest_language_that_is_spoken(
    said: str | None, code: str | None
) -> None:
    assert language.nearest(said) == code


def test_a_patient_speaks_one_of_the_languages_and_no_other(app: Flask, cast: Cast) -> None:
    client = cast.client("rosa")
    address = f"/api/v1/patient/{cast.paula}"
    assert client.put(address, json={"language": "es"}).status_code == 200
    assert client.get(address).json["result"]["language"] == "es"
    assert client.put(address, json={"language": "tlh"}).status_code == 422
    form = client.get(f"/patient/edit/{cast.paula}").text
    assert '<option value="es" selected>Spanish</option>' in form
    with app.app_context(), pytest.raises(IntegrityError, match="patient_language"):
        db.session.execute(text("UPDATE patient SET language = 'tlh'"))


def test_a_word_that_spanish_has_two_of_is_told_apart_by_its_context(sqlite_app: Flask) -> None:
    with sqlite_app.app_context(), in_language("es"):
        assert (_("Visit"), language._p("took place", "Visit")) == ("Cita", "Consulta")
        assert render_template_string('{{ _p("took place", "Visits") }}') == "Consultas"
    with sqlite_app.app_context():
        assert language._p("took place", "Visit") == "Visit"


def test_a_word_of_a_script_that_spanish_has_two_of_comes_with_its_context(
    sqlite_app: Flask,
) -> None:
    with sqlite_app.app_context():
        script = language.of_scripts("es")
        assert (script["time\x04Taken"], script["button\x04Done"], script["Done"]) == (
            "Ocupada", "Terminar", "Realizada",
        )  # fmt: skip
