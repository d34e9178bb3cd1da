"""A signed note: amended beside the first text, and changed by nobody, not even by raw SQL."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Condition, MedicalRecord, RecordAmendment
from app.models.record.amendment import amendments, intact
from tests.cast import Cast
from tests.note_steps import HANGING, amend, note, signed


def test_an_amendment_stands_beside_the_signed_text_with_its_reason(cast: Cast) -> None:
    url = signed(cast)
    diaz = cast.client("diaz")
    assert amend(diaz, url, reason="Result is here", notes="Cough, dry.", diagnosis="Flu")
    page = diaz.get(url).text
    for words in ("Result is here", "Versions side by side", "<del>Cold</del>", "<ins>Flu</ins>"):
        assert words in page
    assert "unchanged since" in page


def test_the_list_of_visits_says_what_the_amendment_says(cast: Cast) -> None:
    diaz = cast.client("diaz")
    amend(diaz, signed(cast), reason="Result is here", diagnosis="Influenza A")
    page = diaz.get(f"/chart/{cast.paula}").text
    assert "Influenza A" in page
    assert "Amended" in page
    assert "Cold" not in page


def test_amendments_continue_each_others_hash(cast: Cast, session: Session) -> None:
    url, diaz = signed(cast), cast.client("diaz")
    amend(diaz, url, 0, reason="First", notes="One")
    amend(diaz, url, 1, reason="Second", notes="Two")
    record = session.get_one(MedicalRecord, cast.record_of_diaz)
    rows = amendments(session, record.record_id)
    assert intact(record, rows) == [True, True, True]
    with session.no_autoflush:
        rows[0].reason = "Another"
        assert intact(record, rows) == [True, False, True]
        rows[0].content_hash = "0" * 64
        assert intact(record, rows) == [True, False, False]
        session.rollback()


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"reason": " ", "notes": "New"}, 422, "Say why"),
        ({"reason": "None", "notes": "Cough.", "diagnosis": "Cold"}, 422, "nothing to amend"),
        ({"reason": "Late", "notes": "New", "after": 1}, 412, "Someone else has changed"),
    ],
)
def test_an_amendment_needs_a_reason_a_change_and_the_last_version(
    cast: Cast, form: dict[str, Any], status: int, words: str
) -> None:
    answer = amend(cast.client("diaz"), signed(cast), **form)
    assert answer.status_code == status
    assert words in answer.text
    assert "New" in answer.text or form["notes"] == "Cough."


def test_only_the_doctor_of_the_note_amends_it(cast: Cast) -> None:
    url = signed(cast)
    for name in ("nora", "eriksen"):
        assert amend(cast.client(name), url, reason="Mine", notes="x").status_code == 403


def test_a_draft_is_not_amended(cast: Cast) -> None:
    answer = amend(cast.client("diaz"), note(cast), reason="Early", notes="x")
    assert answer.status_code == 403


def test_an_imported_record_has_no_hash_and_can_still_be_amended(
    cast: Cast, session: Session
) -> None:
    session.execute(text("UPDATE medical_record SET status = 'signed'"))
    session.commit()
    diaz = cast.client("diaz")
    assert "where this record was imported from" in diaz.get(note(cast)).text
    assert amend(diaz, note(cast), reason="Came later", notes="More").status_code == 302
    record = session.get_one(MedicalRecord, cast.record_of_diaz)
    assert intact(record, amendments(session, record.record_id)) == [None, True]


def refused(session: Session, statement: str) -> bool:
    """Whether the guard, and not some other rule, stops the statement."""
    said = ""
    try:
        session.execute(text(statement))
    except DBAPIError as error:
        said = str(error.orig)
    session.rollback()
    return "_signed" in said or "_unsigned" in said


TRIES = [
    "UPDATE medical_record SET notes = 'x'",
    "UPDATE medical_record SET status = 'draft'",
    "UPDATE medical_record SET content_hash = NULL",
    "DELETE FROM medical_record",
    "UPDATE record_amendment SET reason = 'x'",
    "DELETE FROM record_amendment",
    *(f"UPDATE {table} SET display = 'x'" for table in HANGING),
    *(f"UPDATE {table} SET record_id = NULL" for table in HANGING),
    *(f"DELETE FROM {table}" for table in HANGING),
    *(f"INSERT INTO {table} (patient_id, record_id, display) VALUES (1, 1, 'x')"
      for table in HANGING),
]  # fmt: skip


@pytest.mark.parametrize("statement", TRIES)
def test_raw_sql_cannot_touch_a_signed_record_nor_what_hangs_on_it(
    cast: Cast, session: Session, statement: str
) -> None:
    url = signed(cast)
    amend(cast.client("diaz"), url, reason="Typo", notes="Cough, dry.")
    before = [tuple(r) for r in session.execute(text("SELECT * FROM record_amendment"))]
    assert refused(session, statement.replace("(1, 1,", f"({cast.paula}, {cast.record_of_diaz},"))
    assert [tuple(r) for r in session.execute(text("SELECT * FROM record_amendment"))] == before


@pytest.mark.parametrize("table", HANGING)
def test_nothing_is_moved_onto_a_signed_record(cast: Cast, session: Session, table: str) -> None:
    signed(cast)
    session.add(HANGING[table](patient_id=cast.paula, display="Loose"))
    session.commit()
    move = f"UPDATE {table} SET record_id = {cast.record_of_diaz} WHERE record_id IS NULL"
    assert refused(session, move)


@pytest.mark.parametrize("table", [*HANGING, "record_amendment"])
def test_no_table_of_the_record_is_emptied(cast: Cast, session: Session, table: str) -> None:
    if session.get_bind().dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE; what a DELETE may not is asked of both databases")
    assert refused(session, f"TRUNCATE {table} CASCADE")


def test_what_is_added_while_the_doctor_signs_comes_before_or_not_at_all(
    cast: Cast, session: Session
) -> None:
    """The measurement waits for the signature, and is then refused."""
    if session.get_bind().dialect.name == "sqlite":
        pytest.skip("SQLite lets one write at a time")
    engine = db.engine
    sign_it = (
        "UPDATE medical_record SET status = 'signed', signed_at = now(), content_hash = 'x' "
        f"WHERE record_id = {cast.record_of_diaz}"
    )
    add = (
        "INSERT INTO observation (patient_id, record_id, display) "
        f"VALUES ({cast.paula}, {cast.record_of_diaz}, 'Late')"
    )
    said: list[str] = []

    def measure() -> None:
        try:
            with engine.begin() as connection:
                connection.execute(text(add))
        except DBAPIError as error:
            said.append(str(error.orig))

    with engine.begin() as connection:
        connection.execute(text(sign_it))
        nurse = threading.Thread(target=measure)
        nurse.start()
        nurse.join(0.5)
        assert nurse.is_alive()
    nurse.join(10)
    assert "medical_record_signed_observation" in said[0]


def test_a_replacing_insert_is_refused_too(cast: Cast, session: Session) -> None:
    amend(cast.client("diaz"), signed(cast), reason="Typo", notes="Cough, dry.")
    if session.get_bind().dialect.name == "postgresql":
        pytest.skip("PostgreSQL has no INSERT OR REPLACE")
    copies = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"
    for table in ("medical_record", "record_amendment", *HANGING):
        assert refused(session, copies.format(table))


def test_rows_of_a_draft_and_of_no_visit_still_change(cast: Cast, session: Session) -> None:
    signed(cast)
    rows = [
        Condition(patient_id=cast.quentin, display="Loose"),
        Condition(patient_id=cast.quentin, record_id=cast.record_of_eriksen, display="Draft"),
    ]
    session.add_all(rows)
    session.commit()
    for row in rows:
        row.clinical_status = "resolved"
    session.commit()
    session.delete(rows[1])
    session.commit()
    assert session.scalars(
        select(Condition.display).where(Condition.clinical_status == "resolved")
    ).all() == ["Loose"]


def test_an_import_may_add_to_a_record_that_was_signed_elsewhere(
    cast: Cast, session: Session
) -> None:
    record = session.get_one(MedicalRecord, cast.record_of_eriksen)
    record.status = "signed"
    session.commit()
    row = Condition(patient_id=cast.quentin, record_id=record.record_id, display="Comes after")
    session.add(row)
    session.commit()
    assert refused(session, f"UPDATE condition SET display = 'x' WHERE condition_id = {row.pk}")


def test_an_amendment_of_a_draft_is_refused_by_the_database(cast: Cast, session: Session) -> None:
    assert refused(
        session,
        "INSERT INTO record_amendment (record_id, patient_id, number, author_id, at, reason, "
        f"content_hash) VALUES ({cast.record_of_diaz}, {cast.paula}, 1, 1, "
        "'2026-05-04 08:00:00', 'x', 'x')",
    )


@pytest.mark.parametrize("table", HANGING)
def test_the_form_answers_with_a_sentence_where_the_database_refuses(
    cast: Cast, table: str
) -> None:
    signed(cast)
    with cast.app.app_context():
        key = db.session.scalars(select(HANGING[table])).one().pk
        db.session.remove()
    form = {"patient": cast.paula, "display": "Another", "clinical_status": "active", "version": 1}
    form |= {"doctor": cast.diaz, "status": "active"}
    answer = cast.client("diaz").post(f"/{table}/edit/{key}", data=form)
    assert answer.status_code in (403, 409)
    assert answer.status_code == 403 or "A signed record does not change." in answer.text


def test_the_grid_shows_amendments_to_doctors_and_nurses_only(cast: Cast) -> None:
    amend(cast.client("diaz"), signed(cast), reason="Typo", notes="Cough, dry.")
    assert "Typo" in cast.client("nora").get("/record_amendment/list/").text
    for name in ("amina", "rosa", "paula"):
        assert cast.client(name).get("/record_amendment/list/").status_code == 403


def test_two_amendments_of_one_number_cannot_stand(cast: Cast, session: Session) -> None:
    amend(cast.client("diaz"), signed(cast), reason="Typo", notes="Cough, dry.")
    first = session.scalars(select(RecordAmendment)).one()
    values = {c: getattr(first, c) for c in first.columns() if c not in ("amendment_id", "version")}
    session.add(RecordAmendment(**values))
    with pytest.raises(DBAPIError):
        session.flush()
    session.rollback()
