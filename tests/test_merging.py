"""Two patients who are one person: merged by a link, read together, parted again.

Paula, whose note is signed, is replaced by Quentin.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from app.extensions import db
from app.models import (
    AllergyIntolerance,
    Appointment,
    AppointmentHistory,
    AuditEvent,
    CareTeam,
    ChartRestriction,
    Condition,
    MedicalRecord,
    Notification,
    Patient,
    PatientLink,
)
from app.models.people import duplicates
from tests.cast import Cast
from tests.note_steps import amend, note, signed
from tests.prescribing_steps import add, order, prescribe

SOON = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=40)
WHY = "Registered twice"


def merge(client: FlaskClient, kept: int, other: int, reason: str = WHY) -> Any:
    return client.post(f"/duplicates/{kept}/{other}", data={"reason": reason})


def undo(client: FlaskClient, link: int = 1, reason: str = "They are two after all") -> Any:
    return client.post(f"/duplicates/undo/{link}", data={"reason": reason})


def merged(cast: Cast) -> None:
    """Paula’s note has been signed, and she is replaced by Quentin."""
    finish(cast, cast.record_of_diaz)
    assert merge(cast.client("amina"), cast.quentin, cast.paula).status_code == 302


def finish(cast: Cast, record_id: int) -> None:
    raw(
        cast,
        "UPDATE medical_record SET status = 'signed' WHERE record_id = :r AND status = 'draft'",
        r=record_id,
    )


def scalar(cast: Cast, query: Any) -> Any:
    with cast.app.app_context():
        found = db.session.scalar(query)
        db.session.remove()
        return found


def raw(cast: Cast, statement: str, **values: Any) -> None:
    with cast.app.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement), values)


LINK = (
    "INSERT INTO patient_link (patient_id, other_id, reason, moved, linked_at) "
    "VALUES (:kept, :other, 'because', '{}', '2026-01-01 00:00:00.000000')"
)


def test_the_database_refuses_links_to_oneself_chains_and_a_second_link(cast: Cast) -> None:
    add(cast, Patient(name="Third", dob=date(1990, 1, 1)))
    third = scalar(cast, select(Patient.patient_id).where(Patient.name == "Third"))
    merged(cast)
    tries = {
        (third, third): "patient_link_itself",
        (third, cast.paula): "patient_link_open",
        (cast.paula, third): "patient_link_chain",
        (third, cast.quentin): "patient_link_chain",
    }
    for (kept, other), why in tries.items():
        with pytest.raises(DatabaseError, match=why):
            raw(cast, LINK, kept=kept, other=other)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE patient_link SET other_id = 3",
        "UPDATE patient_link SET reason = 'another'",
        "UPDATE patient_link SET moved = '[]'",
        "DELETE FROM patient_link",
    ],
)
def test_a_merge_is_never_changed_or_removed(cast: Cast, statement: str) -> None:
    merged(cast)
    with pytest.raises(DatabaseError, match="patient_link_kept"):
        raw(cast, statement)


def test_nothing_new_is_entered_for_a_replaced_patient(cast: Cast) -> None:
    merged(cast)
    rows = [
        Appointment(patient_id=cast.paula, doctor_id=cast.diaz, appointment_datetime=SOON),
        MedicalRecord(patient_id=cast.paula, doctor_id=cast.diaz, visit_date=date(2026, 1, 1)),
        Condition(patient_id=cast.paula, display="Cough"),
        AllergyIntolerance(patient_id=cast.paula, display="Penicillin"),
        Notification(
            patient_id=cast.paula, once="x", rule="notice", channel="inbox", subject="s", body="b",
            created=SOON, not_before=SOON, expires=SOON, message_id="<x>",
        ),
    ]  # fmt: skip
    for row in rows:
        with pytest.raises(DatabaseError, match="patient_replaced"):
            add(cast, row)
    with pytest.raises(DatabaseError, match="patient_replaced"):
        raw(cast, "UPDATE medical_record SET patient_id = :p WHERE record_id = :r",
            p=cast.paula, r=cast.record_of_eriksen)  # fmt: skip


def test_a_form_that_names_the_replaced_patient_is_for_who_is_kept(sqlite_cast: Cast) -> None:
    merged(sqlite_cast)
    body = {"patient_id": sqlite_cast.paula, "doctor_id": sqlite_cast.diaz,
            "appointment_datetime": SOON.isoformat()}  # fmt: skip
    answer = sqlite_cast.client("rosa").post("/api/v1/appointment/", json=body)
    assert answer.status_code == 201, answer.text
    newest = select(Appointment.patient_id).order_by(Appointment.appointment_id.desc()).limit(1)
    assert scalar(sqlite_cast, newest) == sqlite_cast.quentin


def test_a_merge_rewrites_no_signed_row_and_the_chart_shows_both(cast: Cast) -> None:
    signed(cast)
    key = MedicalRecord.record_id == cast.record_of_diaz
    columns = select(MedicalRecord.__table__).where(key)
    with cast.app.app_context():
        before = db.session.execute(columns).one()
        db.session.remove()
    merged(cast)
    with cast.app.app_context():
        assert db.session.execute(columns).one() == before
        db.session.remove()
    client = cast.client("diaz")
    page = client.get(f"/chart/{cast.quentin}").text
    assert "Hangs on it" in page and f"/note/{cast.record_of_diaz}" in page
    assert "Cough." in client.get(f"/chart/{cast.quentin}/note/{cast.record_of_diaz}").text
    assert "Hangs on it" in client.get(f"/chart/{cast.quentin}/record").text
    assert "Hangs on it" in client.get(f"/chart/{cast.quentin}/fhir").text
    assert client.get(f"/chart/{cast.quentin}?q=Cough").text.count("Cough")


def test_the_note_of_a_replaced_patient_is_still_amended(cast: Cast) -> None:
    url = signed(cast)
    merged(cast)
    assert amend(cast.client("diaz"), url, reason="Typo", notes="Cough, dry.").status_code == 302
    assert "Cough, dry." in cast.client("diaz").get(note(cast)).text


def test_an_allergy_of_the_replaced_fires_for_who_is_kept(cast: Cast) -> None:
    add(cast, AllergyIntolerance(
        patient_id=cast.paula, display="Penicillin", clinical_status="active",
        category="medication",
    ))  # fmt: skip
    answer = prescribe(cast.client("diaz"), cast.quentin, order())
    assert answer.status_code == 302
    merged(cast)
    answer = prescribe(cast.client("diaz"), cast.quentin, order(timing="BID"))
    assert answer.status_code == 422 and "Penicillin" in answer.text


def test_a_replaced_patient_opened_by_number_leads_to_who_is_kept(sqlite_cast: Cast) -> None:
    merged(sqlite_cast)
    place = sqlite_cast.client("diaz").get(f"/chart/{sqlite_cast.paula}?section=visits").location
    assert place == f"/chart/{sqlite_cast.quentin}?section=visits"
    page = sqlite_cast.client("rosa").get(f"/patient/show/{sqlite_cast.paula}").text
    assert f"/patient/show/{sqlite_cast.quentin}" in page


def test_the_search_finds_who_is_kept_by_either_name(sqlite_cast: Cast) -> None:
    merged(sqlite_cast)
    client = sqlite_cast.client("rosa")
    for url in ("/search/patients?q=Paula", "/search/patients?q=Quentin", "/patient/pick?q=Paula"):
        assert [hit["id"] for hit in client.get(url).json] == [sqlite_cast.quentin], url


def test_a_visit_to_come_goes_over_with_its_history_and_comes_back(cast: Cast) -> None:
    add(cast, Appointment(patient_id=cast.paula, doctor_id=cast.diaz, appointment_datetime=SOON))
    whose = select(Appointment.patient_id).where(Appointment.appointment_datetime == SOON)
    merged(cast)
    assert scalar(cast, whose) == cast.quentin
    assert undo(cast.client("rosa")).status_code == 302
    assert scalar(cast, whose) == cast.paula
    with cast.app.app_context():
        told = list(
            db.session.scalars(
                select(AppointmentHistory.reason)
                .join(AppointmentHistory.appointment)
                .where(Appointment.appointment_datetime == SOON)
                .order_by(AppointmentHistory.history_id)
            )
        )
        db.session.remove()
    assert told == ["P-000001 → P-000002", "P-000002 → P-000001"]


def test_a_visit_that_came_to_pass_stays_with_whom_it_was(sqlite_cast: Cast) -> None:
    merged(sqlite_cast)
    raw(sqlite_cast, "UPDATE appointment SET status = 'fulfilled'")
    undo(sqlite_cast.client("amina"))
    assert scalar(sqlite_cast, select(Appointment.patient_id)) == sqlite_cast.quentin


def test_a_visit_with_a_record_stays_with_whom_it_was(sqlite_cast: Cast) -> None:
    recorded = "UPDATE medical_record SET appointment_id = :v WHERE record_id = :r"
    raw(sqlite_cast, recorded, v=sqlite_cast.visit, r=sqlite_cast.record_of_diaz)
    merged(sqlite_cast)
    assert scalar(sqlite_cast, select(Appointment.patient_id)) == sqlite_cast.paula


def test_a_visit_that_got_a_record_since_the_merge_is_not_given_back(sqlite_cast: Cast) -> None:
    merged(sqlite_cast)
    recorded = "UPDATE medical_record SET appointment_id = :v WHERE record_id = :r"
    raw(sqlite_cast, recorded, v=sqlite_cast.visit, r=sqlite_cast.record_of_eriksen)
    undo(sqlite_cast.client("amina"))
    assert scalar(sqlite_cast, select(Appointment.patient_id)) == sqlite_cast.quentin


def test_a_patient_who_is_here_is_not_replaced(sqlite_cast: Cast) -> None:
    finish(sqlite_cast, sqlite_cast.record_of_diaz)
    raw(sqlite_cast, "UPDATE appointment SET status = 'arrived'")
    answer = merge(sqlite_cast.client("rosa"), sqlite_cast.quentin, sqlite_cast.paula)
    assert answer.status_code == 409
    assert "is here for a visit" in answer.text


def test_two_visits_at_one_time_stand_in_the_way(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    add(cast, Appointment(patient_id=cast.paula, doctor_id=cast.diaz, appointment_datetime=SOON),
        Appointment(patient_id=cast.quentin, doctor_id=cast.eriksen, appointment_datetime=SOON))  # fmt: skip
    assert (
        "at the same time"
        in cast.client("rosa").get(f"/duplicates/{cast.quentin}/{cast.paula}").text
    )
    assert merge(cast.client("rosa"), cast.quentin, cast.paula).status_code == 409
    assert scalar(cast, select(PatientLink)) is None


def test_an_unsigned_note_of_the_replaced_stands_in_the_way(sqlite_cast: Cast) -> None:
    assert (
        merge(sqlite_cast.client("rosa"), sqlite_cast.paula, sqlite_cast.quentin).status_code == 409
    )


def test_both_logins_of_the_portal_see_both_until_it_is_undone(cast: Cast) -> None:
    signed(cast)
    add(cast, Condition(patient_id=cast.quentin, display="Gout of Quentin"))
    clients = {name: cast.client(name) for name in ("paula", "quentin")}
    urls = ["/portal/record/", "/portal/record/fhir", "/portal/more/privacy"]
    urls.append(f"/portal/record/visit/{cast.record_of_diaz}")

    def seen() -> dict[str, str]:
        return {name: "".join(c.get(url).text for url in urls) for name, c in clients.items()}

    before = seen()
    assert "Gout of Quentin" not in before["paula"] and "Hangs on it" not in before["quentin"]
    merged(cast)
    for page in seen().values():
        assert "Gout of Quentin" in page and "Hangs on it" in page and "Cough." in page
    undo(cast.client("amina"))
    after = seen()
    assert "Gout of Quentin" in after["quentin"] and "Hangs on it" in after["paula"]
    assert "Gout of Quentin" not in after["paula"]
    assert not any(word in after["quentin"] for word in ("Hangs on it", "Cough."))


def test_a_chart_is_restricted_where_either_is_and_open_to_either_team(cast: Cast) -> None:
    add(cast, ChartRestriction(
        patient_id=cast.paula, reason="She works here, at the desk", set_at=datetime.now(UTC),
    ))  # fmt: skip
    merged(cast)
    nurse = cast.client("nora")
    assert nurse.get(f"/chart/{cast.quentin}").status_code == 403
    assert nurse.get(f"/api/v1/medical_record/{cast.record_of_eriksen}").status_code == 404
    assert cast.client("diaz").get(f"/chart/{cast.quentin}").status_code == 200
    assert cast.client("eriksen").get(f"/chart/{cast.quentin}").status_code == 200
    with cast.app.app_context():
        nora = db.session.scalar(text("SELECT staff_id FROM staff WHERE name = 'Nora Novak'"))
        db.session.remove()
    add(cast, CareTeam(patient_id=cast.quentin, staff_id=nora, added_at=datetime.now(UTC)))
    assert nurse.get(f"/chart/{cast.quentin}").status_code == 200
    undo(cast.client("amina"))
    assert nurse.get(f"/chart/{cast.paula}").status_code == 403
    assert nurse.get(f"/chart/{cast.quentin}").status_code == 200


def test_who_opened_either_record_is_told_of_both(sqlite_cast: Cast) -> None:
    sqlite_cast.client("diaz").get(f"/chart/{sqlite_cast.paula}")
    merged(sqlite_cast)
    assert "Dolores" in sqlite_cast.client("quentin").get("/portal/more/privacy").text
    page = sqlite_cast.client("eriksen").get(f"/chart/{sqlite_cast.quentin}/access").text
    assert "Dolores" in page


def test_the_preview_counts_and_shows_no_clinical_text(sqlite_cast: Cast) -> None:
    signed(sqlite_cast)
    page = sqlite_cast.client("rosa").get(f"/duplicates/{sqlite_cast.quentin}/{sqlite_cast.paula}")
    assert page.status_code == 200 and "Entries of the chart" in page.text
    assert not any(word in page.text for word in ("Cough", "Cold", "Hangs on it", "secret"))
    for name in ("diaz", "nora", "paula"):
        url = f"/duplicates/{sqlite_cast.quentin}/{sqlite_cast.paula}"
        assert sqlite_cast.client(name).get(url).status_code == 403


def test_a_merge_and_its_undo_are_on_the_trail_of_both(sqlite_cast: Cast) -> None:
    merged(sqlite_cast)
    undo(sqlite_cast.client("rosa"))
    with sqlite_cast.app.app_context():
        query = select(AuditEvent.action, AuditEvent.patient_id, AuditEvent.agent).where(
            AuditEvent.entity == "PatientLink"
        )
        found = {tuple(row) for row in db.session.execute(query)}
        db.session.remove()
    both = (sqlite_cast.quentin, sqlite_cast.paula)
    steps = (("merge", "amina"), ("unmerge", "rosa"))
    assert found == {(action, key, who) for action, who in steps for key in both}


def test_an_undo_needs_a_reason_and_happens_once(sqlite_cast: Cast) -> None:
    merged(sqlite_cast)
    client = sqlite_cast.client("rosa")
    undo(client, reason=" ")
    assert scalar(sqlite_cast, select(PatientLink.undone_at)) is None
    undo(client)
    undo(client, reason="Again")
    assert scalar(sqlite_cast, select(PatientLink.undone_reason)) == "They are two after all"


def test_of_two_merges_at_once_that_would_make_a_chain_one_is_refused(cast: Cast) -> None:
    add(cast, Patient(name="Third", dob=date(1990, 1, 1)))
    third = scalar(cast, select(Patient.patient_id).where(Patient.name == "Third"))
    finish(cast, cast.record_of_diaz)
    finish(cast, cast.record_of_eriksen)
    ways = [("amina", cast.quentin, cast.paula), ("rosa", third, cast.quentin)]
    clients = [(cast.client(name), kept, other) for name, kept, other in ways]
    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(lambda way: merge(*way).status_code, clients))
    assert answers == [302, 409]
    assert scalar(cast, select(func.count()).select_from(PatientLink)) == 1


def test_duplicates_are_found_by_name_birth_date_and_more(sqlite_cast: Cast) -> None:
    add(
        sqlite_cast,
        Patient(name="paula o’connor", dob=date(1980, 2, 29)),
        Patient(name="O’Conor Paula", dob=date(1980, 2, 29)),
        Patient(name="Somebody Else", dob=date(1980, 2, 29)),
        Patient(name="Mail One", dob=date(1970, 1, 1), email="a@example.org"),
        Patient(name="Mail Two", dob=date(1971, 1, 1), email="A@example.org"),
    )
    with sqlite_cast.app.app_context():
        found = [(p.one.name, p.two.name, p.same) for p in duplicates.pairs(db.session())]
        db.session.remove()
    assert found[0] == ("Paula O’Connor", "paula o’connor", [duplicates.NAME_AND_BIRTH])
    names = {frozenset((one, two)): same[0] for one, two, same in found}
    assert names[frozenset(("Paula O’Connor", "O’Conor Paula"))] == duplicates.SIMILAR
    assert names[frozenset(("Mail One", "Mail Two"))] == duplicates.EMAIL
    assert frozenset(("Paula O’Connor", "Quentin Quist")) not in names  # one telephone, two people
    assert not any("Somebody Else" in pair for pair in names)


def test_who_registers_somebody_much_alike_is_told_at_once(cast: Cast) -> None:
    rosa, warned = cast.client("rosa"), "has the same birth date and much the same name"

    def register(name: str, dob: str) -> str:
        form = {"name": name, "dob": dob, "sex": "female"}
        return rosa.post("/patient/add", data=form, follow_redirects=True).text

    assert warned not in register("Somebody Else", "1980-02-29")
    assert warned not in register("Paula O’Connor", "1981-02-28")
    assert warned not in register("Pia <b>Pan", "1990-01-01")
    assert f", {warned}" in register("Pia <b>Pan", "1990-01-01").partition("Pia &lt;b&gt;Pan, ")[2]
    page = register("O’Conor Paula", "1980-02-29")
    assert warned in page
    twin = scalar(cast, select(func.max(Patient.patient_id)))
    assert f'<a href="/duplicates/{cast.paula}/{twin}">' in page
    rosa.post(f"/duplicates/apart/{cast.paula}/{twin}", data={"reason": "Twins"})
    row = {"name": "O’Conor Paula", "dob": "1980-02-29", "sex": "female", "version": "1"}
    again = rosa.post(f"/patient/edit/{twin}", data=row, follow_redirects=True)
    assert again.status_code == 200 and warned not in again.text
