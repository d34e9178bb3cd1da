"""The audit trail proves itself: what was altered, removed, swapped or cut off is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.extensions import db
from app.jobs import worker
from app.models import AuditEvent, AuditSeal
from app.models.trail.seal_folder import HEADS, KEY, PUBLIC, SealFolder
from app.models.trail.trail_sealing import seal_trail
from app.models.trail.verifying import Verdict, verify

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Iterator[SealFolder]:
    before = app.config["CLINIC_SEALS"]
    app.config["CLINIC_SEALS"] = tmp_path / "seals"
    yield SealFolder(tmp_path / "seals")
    app.config["CLINIC_SEALS"] = before


def happen(session: Session, count: int, **columns: object) -> None:
    for number in range(count):
        session.add(
            AuditEvent(recorded=NOW, agent=f"a{number}", action="show", entity="Patient",
                       detail={"number": number}, **columns)
        )  # fmt: skip
    session.commit()


def sealed(session: Session, minutes: int = 3, each: int = 5) -> datetime:
    """A trail of 15 events under 3 seals; answers the moment after."""
    for minute in range(minutes):
        happen(session, each)
        assert seal_trail(session, NOW + minute * MINUTE) == each
    return NOW + minutes * MINUTE


def tamper(connection: Connection, *statements: str) -> None:
    """What somebody with the database's own password does."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    else:
        for table in ("audit_event", "audit_seal"):
            for kind in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER {table}_append_only_{kind}"))
    for statement in statements:
        connection.execute(text(statement))


def judged(session: Session, folder: SealFolder, *statements: str) -> Verdict:
    """The verdict on a sealed trail with which somebody tampered."""
    after = sealed(session)
    with db.engine.begin() as connection:
        tamper(connection, *statements)
    return verify(session, folder, after)


def test_a_trail_that_nobody_touched_is_whole(session: Session, folder: SealFolder) -> None:
    verdict = judged(session, folder, "SELECT 1")
    assert (verdict.events, verdict.seals, verdict.waiting, verdict.fault) == (15, 3, 0, None)


SWAP = (
    "UPDATE audit_event SET agent = 'x', detail = '{\"number\": 4}' WHERE audit_id = 7",
    "UPDATE audit_event SET agent = 'a1', detail = '{\"number\": 1}' WHERE audit_id = 10",
    "UPDATE audit_event SET agent = 'a4' WHERE audit_id = 7",
)
TAMPERINGS = {
    "altered": (("UPDATE audit_event SET agent = 'rosa' WHERE audit_id = 7",),
                "Event 7 was altered."),
    "its detail altered": (("UPDATE audit_event SET detail = NULL WHERE audit_id = 7",),
                           "Event 7 was altered."),
    "two altered": (("UPDATE audit_event SET agent = 'rosa' WHERE audit_id IN (12, 9)",),
                    "Event 9 was altered."),
    "removed": (("DELETE FROM audit_event WHERE audit_id = 7",), "Event 7 was removed."),
    "swapped": (SWAP, "Event 7 was swapped with event 10."),
    "cut with its seals": (
        ("DELETE FROM audit_event WHERE audit_id > 10",
         "DELETE FROM audit_seal WHERE first_id > 10"),
        "The trail was cut off: event 11 and what follows, up to event 15, were sealed and are gone.",
    ),
    "cut": (("DELETE FROM audit_event WHERE audit_id > 13",), "Event 14 was removed."),
    "all gone": (
        ("DELETE FROM audit_event", "DELETE FROM audit_seal"),
        "The trail was cut off: event 1 and what follows, up to event 15, were sealed and are gone.",
    ),
    "a seal removed": (
        ("DELETE FROM audit_seal WHERE first_id = 6",),
        "Seal 3 over the events 11 to 15 does not follow the one before: a seal was removed or "
        "swapped.",
    ),
    "a seal altered": (
        ("UPDATE audit_seal SET count = 4 WHERE first_id = 6",),
        "Seal 2 over the events 6 to 10 is not the one that was signed and kept outside the database.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_the_first_event_with_which_somebody_tampered_is_named(
    session: Session, folder: SealFolder, kind: str
) -> None:
    statements, fault = TAMPERINGS[kind]
    assert judged(session, folder, *statements).fault == fault


def test_an_event_and_its_seal_that_were_altered_alike_are_found(
    session: Session, folder: SealFolder
) -> None:
    after = sealed(session)
    (folder.path / HEADS).unlink()
    with db.engine.begin() as connection:
        tamper(
            connection,
            "UPDATE audit_seal SET entries = (SELECT entries FROM audit_seal WHERE first_id = 1) "
            "WHERE first_id = 6",
        )
    assert verify(session, folder, after).fault == "Seal 2 over the events 6 to 10 was altered."


def test_a_seal_signed_with_another_key_is_found(session: Session, folder: SealFolder) -> None:
    sealed(session, 1)
    for name in (KEY, PUBLIC, HEADS):
        (folder.path / name).unlink()
    after = sealed(session, 1)
    assert "Seal 1" in (verify(session, SealFolder(folder.path), after).fault or "")


def test_heads_that_are_gone_are_said(session: Session, folder: SealFolder) -> None:
    after = sealed(session)
    (folder.path / HEADS).unlink()
    assert "heads are missing" in (verify(session, folder, after).fault or "")


def test_an_event_put_in_below_the_seals_is_named(session: Session, folder: SealFolder) -> None:
    happen(session, 3, audit_id=None)
    with db.engine.begin() as connection:
        tamper(connection, "DELETE FROM audit_event WHERE audit_id = 2")
    seal_trail(session, NOW)
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_event (audit_id, recorded, action, entity, version) "
                "VALUES (2, '2026-05-04 08:00:00', 'show', 'Patient', 1)"
            )
        )
    later = verify(session, folder, NOW + timedelta(hours=2))
    assert later.fault == "Event 2 was put in later: no seal covers it."


def test_an_event_that_commits_after_one_with_a_higher_number_is_sealed_and_not_accused(
    session: Session, folder: SealFolder
) -> None:
    happen(session, 3)
    late = AuditEvent(audit_id=4, recorded=NOW, action="show", entity="Patient")
    session.add(AuditEvent(audit_id=5, recorded=NOW, action="show", entity="Patient"))
    session.commit()
    assert seal_trail(session, NOW) == 4
    session.add(late)
    session.commit()
    assert verify(session, folder, NOW).waiting == 1
    assert seal_trail(session, NOW + MINUTE) == 1
    verdict = verify(session, folder, NOW + timedelta(hours=3))
    assert (verdict.events, verdict.fault) == (5, None)


def test_a_crash_between_a_seal_and_its_head_accuses_nobody(
    session: Session, folder: SealFolder
) -> None:
    after = sealed(session)
    path = folder.path / HEADS
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]) + '{"seal": 3, "fir')
    assert verify(session, folder, after).fault is None
    happen(session, 2)
    seal_trail(session, after)
    assert [head.seal for head in folder.heads()] == [1, 2, 3, 4]
    assert verify(session, folder, after).fault is None


def test_a_quiet_minute_leaves_no_seal(session: Session, folder: SealFolder) -> None:
    sealed(session, 1)
    assert seal_trail(session, NOW + MINUTE) == 0
    assert session.query(AuditSeal).count() == 1


def test_the_worker_seals_every_minute(session: Session, folder: SealFolder) -> None:
    happen(session, 2)
    assert worker.run_due(session, NOW, {})["seal the audit trail"] == 2


def test_the_key_is_for_its_owner_only(session: Session, folder: SealFolder) -> None:
    sealed(session, 1)
    assert (folder.path / KEY).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("statement", ["UPDATE audit_seal SET count = 1", "DELETE FROM audit_seal"])
def test_the_database_refuses_to_change_a_seal(
    session: Session, folder: SealFolder, statement: str
) -> None:
    sealed(session, 1)
    with db.engine.connect() as connection:
        with pytest.raises(DBAPIError, match="audit_seal_append_only"):
            connection.execute(text(statement))
        connection.rollback()


@pytest.mark.parametrize("key", ["audit_seal_id", "audit_seal_id + 100"], ids=["key", "root"])
def test_sqlite_refuses_to_replace_a_seal_whatever_the_connection_is_set_to(
    sqlite_app: Flask, key: str
) -> None:
    names = "sealed, first_id, last_id, count, entries, previous, root, signature"
    values = "'2026-01-01 00:00:00', 1, 1, 1, x'00', 'p', 'r', 's'"
    with sqlite_app.app_context(), db.engine.connect() as connection:
        connection.execute(text("PRAGMA recursive_triggers = OFF"))
        connection.execute(text(f"INSERT INTO audit_seal ({names}) VALUES ({values})"))
        with pytest.raises(DBAPIError, match="audit_seal_append_only"):
            connection.execute(
                text(
                    f"INSERT OR REPLACE INTO audit_seal (audit_seal_id, {names}) "
                    f"SELECT {key}, {names} FROM audit_seal"
                )
            )
        connection.rollback()
        connection.execute(text("PRAGMA recursive_triggers = ON"))


def test_the_command_names_the_fault_and_fails(
    app: Flask, session: Session, folder: SealFolder
) -> None:
    runner = app.test_cli_runner()
    sealed(session)
    whole = runner.invoke(args=["clinic", "verify"])
    assert (whole.exit_code, "15 events" in whole.output) == (0, True)
    session.rollback()
    with db.engine.begin() as connection:
        tamper(connection, "DELETE FROM audit_event WHERE audit_id = 3")
    broken = runner.invoke(args=["clinic", "verify"])
    assert (broken.exit_code, broken.output) == (1, "Event 3 was removed.\n")
