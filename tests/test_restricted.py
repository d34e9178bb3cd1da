"""A restricted chart: read by its team, by nobody else, and by who breaks the glass for a while."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import (
    Appointment,
    Attachment,
    AuditEvent,
    CareTeam,
    ChartRestriction,
    Condition,
    Doctor,
    GlassBreak,
    MedicalRecord,
    Notification,
    Observation,
)
from app.models.base.clock import clinic_zone
from app.models.messages import message_defaults
from tests.cast import Cast
from tests.prescribing_steps import add

WHY = "She works here, at the desk"
SECRET = "Herpes zoster"


def close(cast: Cast) -> None:
    """Paula's chart, with a problem and a file in it, is restricted; Dr. Díaz treats her."""
    now = datetime.now(UTC)
    file = {"media_type": "text/plain", "size": 1, "digest": "", "content": b"x"}
    add(
        cast,
        Condition(patient_id=cast.paula, display=SECRET),
        Attachment(patient_id=cast.paula, title="t", filename="f", uploaded_at=now, **file),
        ChartRestriction(patient_id=cast.paula, reason=WHY, set_at=now - timedelta(days=1)),
    )


def named(cast: Cast, name: str) -> None:
    with cast.app.app_context():
        key = db.session.execute(
            text("SELECT staff_id FROM staff WHERE user_id = :u"), {"u": cast.users[name]}
        ).scalar_one()
    add(cast, CareTeam(patient_id=cast.paula, staff_id=key, added_at=datetime.now(UTC)))


def break_glass(
    cast: Cast, name: str, reason: str = "She collapsed at the desk", minutes: str = "15"
) -> Any:
    form = {"reason": reason, "minutes": minutes}
    return cast.client(name).post(f"/chart/{cast.paula}/break", data=form)


def broken(cast: Cast, name: str, at: datetime, minutes: str = "60") -> None:
    row = {"user_id": cast.users[name], "at": at, "minutes": minutes}
    add(cast, GlassBreak(patient_id=cast.paula, reason="She collapsed at the desk", **row))


def status(cast: Cast, name: str) -> int:
    return cast.client(name).get(f"/chart/{cast.paula}").status_code


# -- who is in the team -------------------------------------------------------------------


def test_the_treating_doctor_and_named_staff_read_it_and_nobody_else(cast: Cast) -> None:
    close(cast)
    assert (status(cast, "diaz"), status(cast, "eriksen"), status(cast, "nora")) == (200, 403, 403)
    named(cast, "nora")
    assert status(cast, "nora") == 200


def test_a_doctor_whom_the_desk_books_her_with_reads_it(sqlite_cast: Cast) -> None:
    close(sqlite_cast)
    visit = {"doctor_id": sqlite_cast.eriksen, "patient_id": sqlite_cast.paula}
    at = datetime(2026, 5, 5, 8, tzinfo=UTC)
    add(sqlite_cast, Appointment(appointment_datetime=at, **visit))
    assert status(sqlite_cast, "eriksen") == 200


def test_a_visit_that_one_books_for_oneself_opens_nothing(sqlite_cast: Cast) -> None:
    close(sqlite_cast)
    visit = {
        "patient_id": sqlite_cast.paula, "doctor_id": sqlite_cast.eriksen,
        "appointment_datetime": "2030-05-06T08:00:00Z", "visit_type_id": sqlite_cast.visit_type,
        "override_reason": "To see the chart",
    }  # fmt: skip
    answer = sqlite_cast.client("eriksen").post("/api/v1/appointment/", json=visit)
    assert answer.status_code == 201
    assert status(sqlite_cast, "eriksen") == 403


def test_a_record_that_one_writes_for_oneself_is_refused(sqlite_cast: Cast) -> None:
    close(sqlite_cast)
    record = {
        "patient_id": sqlite_cast.paula, "doctor_id": sqlite_cast.eriksen,
        "visit_date": "2026-05-04", "diagnosis": "Nothing",
    }  # fmt: skip
    client = sqlite_cast.client("eriksen")
    assert client.post("/api/v1/medical_record/", json=record).status_code == 403
    own = {"doctor_id": sqlite_cast.eriksen, "patient_id": sqlite_cast.paula}
    url = f"/api/v1/medical_record/{sqlite_cast.record_of_eriksen}"
    assert client.put(url, json=own).status_code == 403
    assert status(sqlite_cast, "eriksen") == 403


# -- every way to it ----------------------------------------------------------------------


def test_every_page_of_the_chart_is_refused_with_the_same_page(cast: Cast) -> None:
    close(cast)
    client = cast.client("eriksen")
    keys = {"record_id": cast.record_of_diaz, "request_id": 1, "key": 1, "kind": "problem"}
    seen = 0
    for rule in cast.app.url_map.iter_rules():
        if not rule.rule.startswith("/chart/<patient_id>") or rule.endpoint.endswith("break_glass"):
            continue
        with cast.app.test_request_context():
            values = {a: keys[a] for a in rule.arguments - {"patient_id"}}
            url = rule.build({"patient_id": cast.paula} | values)[1]
        for method in rule.methods & {"GET", "POST"}:
            answer = client.open(url, method=method, data={"version": "1", "reason": WHY})
            assert answer.status_code in (403, 404), (method, url)
            assert SECRET not in answer.text
            seen += 1
    assert seen > 20


TABLES = ("medical_record", "condition", "observation", "allergy_intolerance", "patient_report",
          "medication_request", "record_amendment", "visit_answer")  # fmt: skip


def test_no_grid_export_look_up_or_api_shows_a_row_of_it(cast: Cast) -> None:
    close(cast)
    for name, most in (("eriksen", 0), ("nora", 0), ("diaz", 1)):
        client = cast.client(name)
        pages = [client.get(f"/condition/{page}").text for page in ("list/", "export", "pick?q=H")]
        pages += [client.get(f"/api/v1/condition/{page}").text for page in ("", "1")]
        pages += [client.get(f"/condition/{page}").text for page in ("show/1", "edit/1")]
        assert sum(SECRET in page for page in pages) == most * len(pages), name
    client = cast.client("eriksen")
    answers = [client.get(f"/api/v1/{table}/").json["result"] for table in TABLES]
    assert [row for rows in answers for row in rows if row.get("patient_id") == cast.paula] == []
    assert client.get(f"/api/v1/chart/{cast.paula}/fhir").status_code == 403


def test_the_desk_lists_no_allergy_of_it(sqlite_cast: Cast) -> None:
    from app.models import AllergyIntolerance

    close(sqlite_cast)
    add(sqlite_cast, AllergyIntolerance(patient_id=sqlite_cast.paula, display="Latex"))
    assert "Latex" not in sqlite_cast.client("rosa").get("/allergy_intolerance/list/").text


def test_why_she_comes_is_told_to_who_may_change_the_visit_only(cast: Cast) -> None:
    close(cast)
    with cast.app.app_context():
        db.session.get_one(Appointment, cast.visit).reason = SECRET
        db.session.commit()
    pages = (f"/appointment/show/{cast.visit}", f"/api/v1/appointment/{cast.visit}",
             "/api/v1/appointment/?q=(columns:!(appointment_id,reason))")  # fmt: skip
    for name, told in (("nora", False), ("eriksen", False), ("diaz", True), ("rosa", True)):
        for page in pages:
            assert (SECRET in cast.client(name).get(page).text) is told, (name, page)
    moved = cast.client("nora").post(
        f"/api/v1/appointment/{cast.visit}/status", json={"status": "arrived"}
    )
    assert moved.status_code == 200 and SECRET not in moved.text
    named(cast, "nora")
    assert SECRET in cast.client("nora").get(pages[1]).text


def test_the_homes_tell_nothing_of_it(sqlite_cast: Cast) -> None:
    close(sqlite_cast)
    now, today = datetime.now(UTC), date.today()
    visit = {"patient_id": sqlite_cast.paula, "status": "cancelled"}
    add(
        sqlite_cast,
        Appointment(doctor_id=sqlite_cast.eriksen, appointment_datetime=now, **visit),
        Observation(patient_id=sqlite_cast.paula, display="HIV", issued=now, category="laboratory",
                    effective=today.isoformat()),
    )  # fmt: skip
    assert "1 new finding" not in sqlite_cast.client("eriksen").get("/").text


# -- breaking the glass -------------------------------------------------------------------


def test_who_is_refused_is_offered_the_form(sqlite_cast: Cast) -> None:
    close(sqlite_cast)
    page = sqlite_cast.client("nora").get(f"/chart/{sqlite_cast.paula}").text
    assert "Break the glass" in page
    assert "restricted to the team" in page


def test_breaking_the_glass_opens_the_chart_and_tells_admin_and_patient(cast: Cast) -> None:
    with cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
    close(cast)
    assert break_glass(cast, "nora").status_code == 302
    assert status(cast, "nora") == 200
    assert SECRET in cast.client("nora").get("/condition/list/").text
    assert status(cast, "eriksen") == 403
    with cast.app.app_context():
        told = db.session.scalars(select(Notification).where(Notification.rule == "glass_broken"))
        assert {(n.user_id, n.channel) for n in told} == {
            (cast.users["amina"], "inbox"), (cast.users["amina"], "email"),
        }  # fmt: skip
    admin = cast.client("amina")
    assert "restricted chart was opened" in admin.get("/").text
    with cast.app.app_context():
        rows = db.session.scalars(select(Notification).where(Notification.rule == "glass_broken"))
        links = {row.context["more"]["link"] for row in rows if row.context}
    assert [admin.get(link).status_code for link in links] == [200]
    portal = cast.client("paula").get("/portal/more/privacy").text
    assert "broke the glass to open your restricted record" in portal


def test_a_restricted_chart_says_so_and_until_when_the_broken_glass_lasts(cast: Cast) -> None:
    page = f"/chart/{cast.paula}"
    assert "Restricted chart" not in cast.client("diaz").get(page).text
    close(cast)
    assert "only its team reads it" in cast.client("diaz").get(page).text
    now = datetime.now(UTC)
    broken(cast, "nora", now - timedelta(minutes=20), "15")
    broken(cast, "nora", now - timedelta(minutes=20), "30")
    with cast.app.app_context():
        ends = (now + timedelta(minutes=10)).astimezone(clinic_zone())
    assert f"open to you until {ends:%H:%M}" in cast.client("nora").get(page).text


@pytest.mark.parametrize("reason", ["", "   ", "help", "so " * 200])
def test_without_a_fitting_reason_the_glass_stays_whole_and_the_text_is_kept(
    sqlite_cast: Cast, reason: str
) -> None:
    close(sqlite_cast)
    answer = break_glass(sqlite_cast, "nora", reason)
    assert answer.status_code == 422
    assert break_glass(sqlite_cast, "nora", minutes="1000000").status_code == 422
    assert reason.strip() in answer.text
    assert status(sqlite_cast, "nora") == 403


def test_it_ends_by_itself(cast: Cast) -> None:
    close(cast)
    now = datetime.now(UTC)
    broken(cast, "nora", now - timedelta(minutes=61))
    broken(cast, "nora", now - timedelta(minutes=16), "15")
    broken(cast, "nora", now + timedelta(minutes=5))
    assert status(cast, "nora") == 403
    broken(cast, "nora", now - timedelta(minutes=59))
    assert status(cast, "nora") == 200


def test_who_broke_the_glass_decides_nothing_about_the_chart(sqlite_cast: Cast) -> None:
    close(sqlite_cast)
    broken(sqlite_cast, "eriksen", datetime.now(UTC))
    answer = sqlite_cast.client("eriksen").post(f"/chart/{sqlite_cast.paula}/lift")
    assert answer.status_code == 403
    assert status(sqlite_cast, "nora") == 403


@pytest.mark.parametrize("url", ["/chart/{}/note/new", "/api/v1/medical_record/"])
def test_a_record_written_while_the_glass_was_broken_makes_no_member_of_the_team(
    cast: Cast, url: str
) -> None:
    close(cast)
    broken(cast, "eriksen", datetime.now(UTC))
    client, api = cast.client("eriksen"), url.startswith("/api")
    record = {"patient_id": cast.paula, "doctor_id": cast.eriksen, "visit_date": "2020-05-04"}
    made = client.post(url.format(cast.paula), **({"json": record} if api else {"data": {}}))
    assert made.status_code in (201, 302)
    assert client.post(f"/chart/{cast.paula}/lift").status_code == 403
    with cast.app.app_context():
        wrote = (MedicalRecord.patient_id == cast.paula, MedicalRecord.doctor_id == cast.eriksen)
        row = db.session.scalars(select(MedicalRecord).where(*wrote)).one()
        assert row.started_at is not None
        assert row.author_id == db.session.get_one(Doctor, cast.eriksen).staff_id


def test_a_record_begun_before_the_chart_was_closed_opens_it(cast: Cast) -> None:
    close(cast)
    begun = datetime.now(UTC) - timedelta(days=2)
    record = {"patient_id": cast.paula, "doctor_id": cast.eriksen, "visit_date": begun.date()}
    add(cast, MedicalRecord(started_at=begun, **record))
    assert status(cast, "eriksen") == 200


def test_a_try_leaves_an_event(sqlite_cast: Cast) -> None:
    close(sqlite_cast)
    status(sqlite_cast, "eriksen")
    with sqlite_cast.app.app_context():
        query = select(AuditEvent).where(AuditEvent.outcome == "refused")
        event = db.session.scalars(query).one()
    assert (event.agent, event.action, event.entity_id) == (
        "eriksen",
        "open",
        str(sqlite_cast.paula),
    )


# -- setting, lifting, reviewing ----------------------------------------------------------


def test_the_treating_doctor_restricts_names_and_lifts(sqlite_cast: Cast) -> None:
    doctor, base = sqlite_cast.client("diaz"), f"/chart/{sqlite_cast.paula}"
    assert doctor.post(f"{base}/restrict", data={"reason": WHY}).status_code == 302
    assert status(sqlite_cast, "nora") == 403
    page = doctor.get(f"{base}/access").text
    assert WHY in page
    nurse = page.split("Nora Novak</option>")[0].rsplit('value="', 1)[1].split('"')[0]
    assert doctor.post(f"{base}/team", data={"staff": nurse}).status_code == 302
    assert status(sqlite_cast, "nora") == 200
    assert doctor.post(f"{base}/lift").status_code == 302
    assert status(sqlite_cast, "eriksen") == 200


def test_a_doctor_who_does_not_treat_the_patient_restricts_nothing(sqlite_cast: Cast) -> None:
    url = f"/chart/{sqlite_cast.paula}/restrict"
    assert sqlite_cast.client("eriksen").post(url, data={"reason": WHY}).status_code == 403


def test_the_admin_restricts_and_lifts_without_opening_the_chart(sqlite_cast: Cast) -> None:
    admin = sqlite_cast.client("amina")
    row = {"patient_id": sqlite_cast.paula, "reason": WHY}
    made = admin.post("/api/v1/chart_restriction/", json=row)
    assert made.status_code == 201
    assert (status(sqlite_cast, "nora"), status(sqlite_cast, "amina")) == (403, 403)
    url = f"/api/v1/chart_restriction/{made.json['id']}"
    assert admin.put(url, json={"state": "lifted"}).status_code == 200
    assert status(sqlite_cast, "nora") == 200
    assert admin.put(url, json={"state": "active"}).status_code in (409, 422)


def test_the_admin_reviews_once(sqlite_cast: Cast) -> None:
    close(sqlite_cast)
    break_glass(sqlite_cast, "nora")
    admin, review = sqlite_cast.client("amina"), {"review": "justified", "review_note": "Asked her"}
    assert "Nora Novak" in admin.get("/glass_break/list/").text
    assert admin.post("/glass_break/edit/1", data=review | {"version": 1}).status_code == 302
    assert "restricted chart was opened" not in admin.get("/").text
    again = admin.post("/glass_break/edit/1", data={"review": "questioned", "version": 2})
    assert again.status_code in (409, 422)


# -- what the database holds --------------------------------------------------------------


def test_sqlite_replaces_no_restriction_whatever_the_connection_is_set_to(
    sqlite_cast: Cast,
) -> None:
    close(sqlite_cast)
    sql = "INSERT OR REPLACE INTO chart_restriction (patient_id, reason, set_at, state) "
    sql += "SELECT patient_id, reason, set_at, NULL FROM chart_restriction"
    with sqlite_cast.app.app_context():
        db.session.execute(text("PRAGMA recursive_triggers = OFF"))
        with pytest.raises(IntegrityError, match="chart_restriction_kept"):
            db.session.execute(text(sql))
        db.session.rollback()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE glass_break SET minutes = '60'",
        "UPDATE glass_break SET user_id = user_id + 1",
        "DELETE FROM glass_break",
        "INSERT INTO glass_break (patient_id, user_id, reason, at, minutes)"
        " SELECT patient_id, user_id, reason, at, '90' FROM glass_break",
        "INSERT INTO glass_break (patient_id, user_id, reason, at, minutes)"
        " SELECT patient_id, user_id, '', at, '15' FROM glass_break",
        "UPDATE chart_restriction SET reason = 'another one, long enough to be taken for sealed text'",
        "DELETE FROM chart_restriction",
        "INSERT INTO chart_restriction (patient_id, reason, set_at)"
        " SELECT patient_id, reason, set_at FROM chart_restriction",
    ],
)
def test_raw_sql_neither_lengthens_nor_hides_it(cast: Cast, sql: str) -> None:
    close(cast)
    broken(cast, "nora", datetime.now(UTC), "15")
    with cast.app.app_context():
        with pytest.raises(IntegrityError):
            db.session.execute(text(sql))
        db.session.rollback()
        assert db.session.scalar(select(MedicalRecord.record_id).limit(1))
