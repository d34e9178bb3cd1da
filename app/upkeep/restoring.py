"""Putting a backup in place of the database, all of it or nothing.

What has happened since the backup is not in it, so three things do not come back with it: sessions
(whoever signed out would be signed in again), messages that were due (they may have been sent), and
the heads of later seals, which are set aside rather than lost.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.models.base.keyring import Keyring, Unreadable
from app.models.messages.notification import PENDING
from app.models.trail.audit_seal import AuditSeal
from app.models.trail.seal_folder import SealFolder
from app.upkeep import archive, postgresql_copy, sqlite_copy
from app.upkeep.archive import BackupError, Manifest

STATEMENTS = (
    """
    UPDATE login_session SET ended_at = '{now}', ended_why = 'ended by admin', version = version + 1
    WHERE ended_at IS NULL
    """,
    """
    UPDATE notification SET state = 'dead', lease_until = NULL, claimed_by = NULL,
    version = version + 1,
    reason = 'It came back from a backup and may have been sent already; if not, send it again.'
    WHERE state IN ({pending}) AND channel <> 'inbox' AND not_before <= '{now}'
    """,
    """
    INSERT INTO audit_event (recorded, agent, action, entity, entity_id)
    VALUES ('{now}', 'clinic', 'restore', 'Backup', '{made}')
    """,
)


@dataclass(frozen=True)
class Restored:
    """What is there now; `kept` names the SQLite file that was there before, `aside` says whether
    heads of later seals were set aside."""

    manifest: Manifest
    kept: str
    aside: bool


def restore(
    engine: Engine, keys: Keyring, file: Path, now: datetime, *, overwrite: bool
) -> Restored:
    """Bring a backup back. Raises BackupError and changes nothing where it is damaged, of another
    kind or a later version, sealed with other master keys, or where the database is in use, or
    holds something and `overwrite` is not said."""
    is_sqlite = engine.dialect.name == "sqlite"
    is_empty = sqlite_copy.is_empty(engine) if is_sqlite else postgresql_copy.is_empty(engine)
    if not (is_empty or overwrite):
        raise BackupError(
            "The database is not empty. Say --overwrite to put the backup in its place."
        )
    place = sqlite_copy.path_of(engine).parent if is_sqlite else current_app.config["INSTANCE"]
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=place) as workshop:
        dumped = Path(workshop) / archive.DATABASE
        manifest = archive.unpack(file, dumped)
        _refuse_other(manifest, engine)
        wrapped = (
            sqlite_copy.keys_in(dumped) if is_sqlite else postgresql_copy.keys_in(dumped, engine)
        )
        _refuse_other_keys(keys, wrapped)
        moment = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
        changes = _changes(moment, manifest.moment.isoformat())
        kept = ""
        if is_sqlite:
            kept = sqlite_copy.put_in_place(engine, dumped, changes, now)
        else:
            postgresql_copy.put_in_place(engine, dumped, changes)
    keys.forget()
    return Restored(manifest, kept, _follow_seals(engine, now))


def _changes(now: str, made: str) -> list[str]:
    """The statements for a backup that was made and comes back at these times."""
    pending = ", ".join(f"'{state}'" for state in PENDING)
    return [line.format(now=now, made=made, pending=pending) for line in STATEMENTS]


def heads() -> list[str]:
    """The migrations that no other follows; more than one where a table of one's own and a new
    version of the clinic both brought the next."""
    return sorted(_scripts().get_heads())


def head() -> str:
    """The newest migration of this version of the clinic."""
    return ", ".join(heads())


def is_known(revision: str) -> bool:
    """Whether this version of the clinic has this migration."""
    try:
        return _scripts().get_revision(revision) is not None
    except CommandError:
        return False


def _refuse_other(manifest: Manifest, engine: Engine) -> None:
    if manifest.dialect != engine.dialect.name:
        raise BackupError(
            f"This is a backup of a {manifest.dialect} database; DATABASE_URL names one of "
            f"{engine.dialect.name}."
        )
    if not is_known(manifest.revision):
        raise BackupError(
            f"This backup is of a later version of the clinic (migration {manifest.revision}); "
            f"install that version first. This one knows migrations up to {head()}."
        )


def _refuse_other_keys(keys: Keyring, wrapped: list[str]) -> None:
    try:
        for key in wrapped:
            keys.unwrapped(key)
    except Unreadable:
        raise BackupError(
            "What is written in the records of this backup was sealed with other master keys. Set "
            "FIELD_KEYS to those of its time, or put their file (field_keys) into the instance folder."
        ) from None


def _follow_seals(engine: Engine, now: datetime) -> bool:
    """Let the heads outside be those of the seals that are there now."""
    folder = SealFolder(current_app.config["CLINIC_SEALS"])
    with Session(engine) as session:
        seals = list(session.scalars(select(AuditSeal).order_by(AuditSeal.audit_seal_id)))
    later = folder.last_head()
    if later is None or (seals and later.seal <= seals[-1].audit_seal_id):
        return False
    folder.set_aside(now)
    folder.append(seals)
    return True


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(current_app.extensions["migrate"].directory)
