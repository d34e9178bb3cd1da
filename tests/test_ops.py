"""The operations console: for the admin, read only, and in the clinic's own look."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import event as events
from sqlalchemy import text

from app.extensions import db
from app.jobs import worker
from app.language import LANGUAGES, in_language
from app.models import ALL, AuditEvent, DeclarationError, Notification
from app.models.base import job_run
from app.models.messages import reasons, waiting
from app.models.trail import deeds
from app.security import routes
from app.spelling import apart, plain, word
from tests.cast import Cast

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
PAGES = (
    "/ops/", "/ops/outbox/", "/ops/dead/", "/ops/audit/", "/ops/audit/report/", "/ops/jobs/",
    "/ops/backups/", "/ops/health/",
)  # fmt: skip


def message(cast: Cast, **columns: Any) -> int:
    """A message to Paula in the outbox."""
    columns = {"rule": "reminder", "channel": "email", "patient_id": cast.paula} | columns
    columns |= {"subject": "About your secret visit", "body": "Its secret text"}
    with cast.app.app_context():
        count = db.session.query(Notification).count()
        row = Notification(
            once=f"test:{count}", created=NOW, not_before=NOW, message_id=f"<{count}@x>", **columns
        )
        db.session.add(row)
        db.session.commit()
        return row.notification_id


def event(cast: Cast, recorded: datetime = NOW, **columns: Any) -> None:
    with cast.app.app_context():
        columns = {"agent": "rosa", "action": "show", "entity": "Patient"} | columns
        db.session.add(AuditEvent(recorded=recorded, **columns))
        db.session.commit()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_the_console_opens_for_the_admin(sqlite_cast: Cast, page: str) -> None:
    message(sqlite_cast, state="dead")
    answer = sqlite_cast.client("amina").get(page)
    assert answer.status_code == 200
    assert 'aria-label="Operations"' in answer.text


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["diaz", "nora", "rosa", "paula"])
def test_nobody_else_opens_the_console(sqlite_cast: Cast, who: str, page: str) -> None:
    assert sqlite_cast.client(who).get(page).status_code == 403


def test_a_person_who_is_not_signed_in_is_led_to_the_login(sqlite_cast: Cast) -> None:
    answer = sqlite_cast.client("anonymous").get("/ops/outbox/")
    assert answer.location.startswith("/login/?next=")


def test_the_menu_leads_the_admin_to_the_console_and_nobody_else(sqlite_cast: Cast) -> None:
    assert 'href="/ops/"' in sqlite_cast.client("amina").get("/").text
    assert 'href="/ops/"' not in sqlite_cast.client("diaz").get("/").text


def test_a_view_of_flask_admin_that_asks_nothing_stops_the_start(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other:
        pass

    monkeypatch.setattr(routes, "Asking", Other)
    with pytest.raises(DeclarationError, match="/ops/"):
        routes.guarded_routes(sqlite_app)


def test_flask_admin_brings_no_route_that_writes(sqlite_app: Flask) -> None:
    writing = [
        rule.rule
        for rule in sqlite_app.url_map.iter_rules()
        if rule.rule.startswith("/ops/") and rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
    ]
    actions = ("resend", "take-off")
    assert set(writing) == {f"/ops/{t}/{a}/<key>" for t in ("outbox", "dead") for a in actions}


@pytest.mark.parametrize(
    "page", ["/ops/outbox/", "/ops/outbox/details/?id=1", "/ops/outbox/export/"]
)
def test_the_outbox_never_shows_what_a_message_says(sqlite_cast: Cast, page: str) -> None:
    message(sqlite_cast)
    answer = sqlite_cast.client("amina").get(page)
    assert answer.status_code == 200
    assert "secret" not in answer.text


def test_a_dead_letter_shows_why_it_was_given_up(sqlite_cast: Cast) -> None:
    message(sqlite_cast, state="dead", reason="The address does not exist.")
    message(sqlite_cast, state="planned", rule="confirmation")
    answer = sqlite_cast.client("amina").get("/ops/dead/")
    assert "The address does not exist." in answer.text
    assert "Confirmation" not in answer.text


def state_of(cast: Cast, number: int) -> str:
    with cast.app.app_context():
        return db.session.get_one(Notification, number).state


@pytest.mark.parametrize(("action", "after"), [("resend", "planned"), ("take-off", "skipped")])
def test_a_dead_letter_is_sent_again_or_taken_off_and_the_trail_says_by_whom(
    cast: Cast, action: str, after: str
) -> None:
    number = message(cast, state="dead", reason="550", attempts=12)
    assert cast.client("amina").post(f"/ops/dead/{action}/{number}").status_code == 302
    assert state_of(cast, number) == after
    with cast.app.app_context():
        said = db.session.query(AuditEvent).filter_by(entity="Notification").all()
        assert [(e.agent, e.action, e.patient_id) for e in said] == [("amina", action, cast.paula)]


@pytest.mark.parametrize("action", ["resend", "take-off"])
def test_what_was_sent_is_neither_sent_again_nor_taken_off(sqlite_cast: Cast, action: str) -> None:
    number = message(sqlite_cast, state="sent", sent_at=NOW)
    answer = sqlite_cast.client("amina").post(f"/ops/outbox/{action}/{number}")
    assert answer.status_code == 422
    assert state_of(sqlite_cast, number) == "sent"


@pytest.mark.parametrize("who", ["diaz", "nora", "rosa", "paula", "anonymous"])
def test_nobody_else_sends_a_message_again(sqlite_cast: Cast, who: str) -> None:
    number = message(sqlite_cast, state="dead")
    answer = sqlite_cast.client(who).post(f"/ops/dead/resend/{number}")
    assert answer.status_code in (302, 403)
    assert state_of(sqlite_cast, number) == "dead"


def test_a_row_outside_the_list_has_no_details(sqlite_cast: Cast) -> None:
    number = message(sqlite_cast, state="planned")
    answer = sqlite_cast.client("amina").get(f"/ops/dead/details/?id={number}")
    assert answer.status_code == 404


@pytest.mark.parametrize("key", ["0", "-1", "x", "9" * 30, "1,2"])
def test_a_number_that_leads_nowhere_is_not_found(sqlite_cast: Cast, key: str) -> None:
    answer = sqlite_cast.client("amina").get(f"/ops/audit/details/?id={key}")
    assert answer.status_code == 404


FOUND = [
    ("flt0_login_name_is=rosa", 3),
    ("flt1_patient_number_is=2", 1),
    ("flt2_from_from=2026-05-05", 1),
    ("flt3_until_until=2026-05-04", 3),
    ("flt2_from_from=2026-05-04&flt3_until_until=2026-05-04&flt0_login_name_is=rosa", 2),
    ("flt0_login_name_is=", 4),
    ("flt4_action_is=Show&flt5_what_is=patient", 4),
]


@pytest.mark.parametrize(("query", "count"), FOUND)
def test_the_trail_is_searched_by_person_patient_and_period(
    cast: Cast, query: str, count: int
) -> None:
    event(cast, patient_id=2)
    event(cast, patient_id=1)
    event(cast, NOW + timedelta(days=1), patient_id=1)
    event(cast, agent="nora", patient_id=1)
    answer = cast.client("amina").get(f"/ops/audit/?{query}")
    assert f"{count} found" in answer.text or f"{count} in all" in answer.text


def test_the_trail_is_read_in_words(sqlite_cast: Cast) -> None:
    event(sqlite_cast, entity="MedicalRecord")
    page = sqlite_cast.client("amina").get("/ops/audit/").text
    assert "Medical record" in page
    assert "MedicalRecord" not in page


def test_what_an_event_keeps_is_read_in_words_not_as_it_is_stored(sqlite_cast: Cast) -> None:
    kept = {"columns": ["contact_info", "name"], "query": "_flt_0_name=An", "rows": 1234}
    event(sqlite_cast, detail=kept, patient_id=sqlite_cast.paula)
    page = sqlite_cast.client("amina").get("/ops/audit/details/?id=1").text
    assert [said in page for said in ("Contact info, Name", "Name: An", "1,234")] == [True] * 3
    assert f'href="/patient/show/{sqlite_cast.paula}"' in page
    assert "contact_info" not in page


def test_the_overview_says_which_jobs_failed_and_that_no_backup_is_there(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        facts = {"seconds": 1.0, "rows": 0, "worker": "w"}
        job_run.note(db.session(), "plan_reminders", NOW, failure="KeyError", **facts)
        job_run.note(db.session(), "mark_noshows", NOW, failure=None, **facts)
        db.session.commit()
    page = sqlite_cast.client("amina").get("/ops/").text
    assert re.findall(r'tile-number">([^<]*)<', page) == ["0", "0", "1", "–"]


def test_the_trail_in_spanish_has_no_english_head(sqlite_cast: Cast) -> None:
    event(sqlite_cast, patient_id=1)
    page = sqlite_cast.client("amina").get("/ops/audit/", headers={"Accept-Language": "es"}).text
    assert "Registro de auditoría" in page
    assert ">Outcome<" not in page


@pytest.mark.parametrize("said", ["historia clínica", "Medical record", "MedicalRecord"])
def test_the_trail_is_asked_for_a_table_in_the_words_that_it_shows(
    sqlite_cast: Cast, said: str
) -> None:
    event(sqlite_cast, entity="MedicalRecord")
    event(sqlite_cast, entity="Patient")
    url = f"/ops/audit/?flt5_what_is={quote(said)}"
    page = sqlite_cast.client("amina").get(url, headers={"Accept-Language": "es"}).text
    assert re.findall(r"(\d+) en total", page) == ["1"]


def test_every_table_and_deed_of_the_trail_has_a_name_in_spanish(sqlite_app: Flask) -> None:
    with sqlite_app.app_context(), in_language("es"):
        english = [table.__name__ for table in ALL]
        same = [name for name in english if deeds.thing(name) == plain(apart(name))]
    assert same == []


def test_a_day_is_the_clinics_own_not_that_of_utc(sqlite_cast: Cast) -> None:
    event(sqlite_cast, datetime(2026, 5, 4, 22, 30, tzinfo=UTC))  # half past midnight in Madrid
    page = sqlite_cast.client("amina").get("/ops/audit/?flt2_from_from=2026-05-05")
    assert "1 found" in page.text


BAD = [
    "flt0_login_name_like=x", "flt9_nothing=1", "flt1_patient_number_is=x", "flt2_from_from=yesterday",
    "page=-1", "page=99999999999999999999",
]  # fmt: skip


@pytest.mark.parametrize("query", BAD)
def test_a_question_that_cannot_be_meant_is_refused(cast: Cast, query: str) -> None:
    event(cast)
    answer = cast.client("amina").get(f"/ops/audit/?{query}")
    assert answer.status_code == 400
    assert "rosa" not in answer.text


def test_an_export_holds_what_the_filters_leave(cast: Cast) -> None:
    event(cast, patient_id=2)
    event(cast, agent="nora")
    answer = cast.client("amina").get("/ops/audit/export/?flt0_login_name_is=nora")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert [row[1] for row in rows] == ["Who", "nora"]
    assert answer.headers["Content-Disposition"] == "attachment; filename=ops_audit.csv"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_an_exported_formula_is_text(sqlite_cast: Cast, start: str) -> None:
    event(sqlite_cast, agent=f"{start}HYPERLINK(1)")
    answer = sqlite_cast.client("amina").get("/ops/audit/export/")
    assert f"'{start}HYPERLINK(1)" in answer.text


def test_looking_at_a_patients_messages_is_in_the_trail(sqlite_cast: Cast) -> None:
    number = message(sqlite_cast)
    sqlite_cast.client("amina").get(f"/ops/outbox/details/?id={number}")
    with sqlite_cast.app.app_context():
        (seen,) = db.session.query(AuditEvent).all()
        assert (seen.agent, seen.action, seen.entity, seen.patient_id) == (
            "amina", "show", "Notification", sqlite_cast.paula,
        )  # fmt: skip


@pytest.mark.parametrize(
    "page", [*PAGES[:-1], "/ops/audit/details/?id=1", "/ops/outbox/details/?id=1"]
)  # the last looks at everything
@pytest.mark.parametrize("count", [1, 60])
def test_a_page_of_the_console_costs_at_most_8_statements(
    cast: Cast, statements: list[str], page: str, count: int
) -> None:
    for _ in range(count):
        message(cast)
    event(cast)
    client = cast.client("amina")
    statements.clear()
    assert client.get(page).status_code == 200
    assert len(statements) <= 8


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_console_has_no_inline_script_or_handler(
    sqlite_cast: Cast, page: str
) -> None:
    message(sqlite_cast, state="dead")
    text = sqlite_cast.client("amina").get(page).text
    assert "<script>" not in text
    assert " onclick" not in text
    assert "javascript:" not in text


def test_the_report_counts_by_person_and_by_patient(cast: Cast) -> None:
    for patient in (1, 2, 2):
        event(cast, patient_id=patient)
    event(cast, agent="nora", patient_id=2)
    event(cast, NOW + timedelta(days=9), agent="nora", patient_id=1)
    answer = cast.client("amina").get(
        "/ops/audit/report/?flt2_from_from=2026-05-04&flt3_until_until=2026-05-04"
    )
    people, patients = answer.text.split('id="report-2"')
    assert re.findall(r">(rosa|nora|\d+)<", cells(people)) == ["rosa", "3", "2", "nora", "1", "1"]
    assert re.findall(r">(\d+)<", cells(patients)) == ["2", "3", "2", "1", "1", "1"]


def cells(html: str) -> str:
    return re.sub(r"\s*<span[^>]*>|</span>", "", html[html.index("<tbody") :]).replace("\n", "")


def test_the_fhir_export_is_a_bundle_of_audit_events(cast: Cast) -> None:
    event(cast, patient_id=7, entity_id="7", user_id=3, address="10.0.0.9", detail={"query": "x"})
    event(cast, agent="nora", action="login", outcome="failure")
    answer = cast.client("amina").get("/ops/audit/fhir/?sort=0")
    assert answer.mimetype == "application/fhir+json"
    bundle = json.loads(answer.text)
    read, login = (entry["resource"] for entry in bundle["entry"])
    assert (bundle["type"], read["resourceType"], read["recorded"], read["action"]) == (
        "collection", "AuditEvent", "2026-05-04T08:00:00.000Z", "R",
    )  # fmt: skip
    assert read["agent"] == [
        {
            "requestor": True,
            "altId": "rosa",
            "who": {"display": "rosa", "identifier": {"value": "3"}},
            "network": {"address": "10.0.0.9", "type": "2"},
        }
    ]
    assert read["entity"][1]["what"] == {"reference": "Patient/7"}
    assert (login["type"]["code"], login["outcome"]) == ("110114", "4")


def test_the_overview_counts_along_the_indexes_of_the_few(sqlite_cast: Cast) -> None:
    sent: list[str] = []

    def note(*said: Any) -> None:
        sent.append(said[2])

    with sqlite_cast.app.app_context():
        events.listen(db.engine, "before_cursor_execute", note)
        assert waiting.waiting_and_dead(db.session(), 100) == (0, 0)
        events.remove(db.engine, "before_cursor_execute", note)
        asked = text(f"EXPLAIN QUERY PLAN {sent[-1].replace('?', '100')}")
        plan = " ".join(row.detail for row in db.session.execute(asked))
    assert [name in plan for name in ("ix_notification_due", "held", "ix_notification_dead")] == [
        True, True, True,
    ]  # fmt: skip


def test_the_console_says_why_and_what_in_the_language_of_its_reader(sqlite_cast: Cast) -> None:
    message(sqlite_cast, state="dead", reason=reasons.MAIL_SAID % {"code": 550, "words": "no: (x)"})
    with sqlite_cast.app.app_context():
        worker.run_one(db.session(), "keep figures", NOW)
        db.session.remove()
    client, spanish = sqlite_cast.client("amina"), {"Accept-Language": "es"}
    dead = client.get("/ops/dead/", headers=spanish).text
    assert "El servidor de correo respondió 550: no: (x)" in dead
    assert "Correo electrónico" in dead
    assert "Mantener las cifras" in client.get("/ops/jobs/", headers=spanish).text
    health = client.get("/ops/health/", headers=spanish).text
    assert "MAIL_SERVER no está definido" in health
    assert "1 mensaje no se pudo entregar" in health
    assert "MAIL_SERVER is not set" in client.get("/ops/health/").text


def test_a_command_speaks_english_in_a_spanish_clinic(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite_cast.app.config, "CLINIC_LANGUAGE", "es")
    said = sqlite_cast.app.test_cli_runner().invoke(args=["clinic", "check"]).output
    assert "MAIL_SERVER is not set" in said


def test_the_trail_says_an_action_and_finds_it_in_the_language_of_its_reader(
    sqlite_cast: Cast,
) -> None:
    event(sqlite_cast, action="break-glass")
    event(sqlite_cast, action="delete")
    client, spanish = sqlite_cast.client("amina"), {"Accept-Language": "es"}
    listed = client.get("/ops/audit/", headers=spanish).text
    assert ">Acceso de emergencia<" in listed
    assert ">Correcto<" in listed
    field = next(n for n in re.findall(r'name="(flt\d+_[^"]*)"', listed) if "acci" in n)
    found = client.get("/ops/audit/", query_string={field: "eliminar"}, headers=spanish).text
    assert ">Eliminar<" in found
    assert ">Acceso de emergencia<" not in found


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_deed_is_found_by_the_words_that_are_shown_of_it(sqlite_app: Flask, code: str) -> None:
    deeds_there = [*map(deeds._stored, deeds.DEEDS), "lockout", "amend"]
    with sqlite_app.app_context(), in_language(code):
        assert {one: deeds.stored_deed(deeds.deed(one)) for one in deeds_there} == {
            one: one for one in deeds_there
        }
        for one in ("success", "failure", "refused"):
            assert deeds.stored_outcome(word(one)) == one
