"""Making backups, by hand and by the timetable, and knowing which there are.

A copy gets its name after it has been restored into an empty place and counted there. The master
keys (`field_keys`, FIELD_KEYS), SECRET_KEY and the folder of the seals are in no backup: with them a
stolen one would lie open.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import database
from app.models import AuditEvent
from app.models.base.itself import CLINIC
from app.upkeep import archive, postgresql_copy, sqlite_copy
from app.upkeep.archive import SUFFIX, UNFINISHED, BackupError, Manifest

MAKING = ".making-"


@dataclass(frozen=True)
class Backup:
    """A backup in its folder; without a manifest it cannot be read."""

    path: Path
    size: int
    manifest: Manifest | None


def make(engine: Engine, target: Path, now: datetime) -> Manifest:
    """Copy the database into a file of its own, proven. A `target` that is a folder gets a file
    named by the moment. Raises BackupError, leaving nothing that looks like a backup."""
    folder, file = place(target, now)
    if file.exists():
        raise BackupError(f"{file} is there already; it is not written over.")
    with _alone(folder), tempfile.TemporaryDirectory(prefix=MAKING, dir=folder) as workshop:
        dumped = Path(workshop) / archive.DATABASE
        try:
            manifest = _dump(engine, dumped, now)
            archive.write(file, manifest, dumped)
            archive.unpack(file, Path(workshop) / "read-back")
        except OSError as error:
            file.unlink(missing_ok=True)
            raise BackupError(f"No backup was made: {error.strerror or error}.") from error
    return manifest


def back_up_when_due(session: Session, now: datetime) -> int:
    """The job: make a backup when the newest is too old, and drop the oldest. Answers how many were
    made. Where several machines work, all should see the folder, or each makes its own."""
    hours, folder = current_app.config["BACKUP_HOURS"], current_app.config["CLINIC_BACKUPS"]
    newest = newest_in(folder)
    if not hours or (newest and now - newest.moment < timedelta(hours=hours)):
        return 0
    session.rollback()  # a copy takes a while, and holds up no one
    try:
        manifest = make(_engine(session), folder, now)
    except Busy:
        return 0
    prune(folder, current_app.config["BACKUP_KEEP"])
    note(session, "backup", manifest, now)
    return 1


def note(session: Session, action: str, manifest: Manifest, now: datetime) -> None:
    """Put on the trail that everything was copied; the caller commits."""
    database.start_writing()
    detail = {"rows": manifest.rows, "proven": manifest.proven}
    session.add(
        AuditEvent(
            recorded=now, agent=CLINIC.username, action=action, entity="Backup", detail=detail,
            entity_id=manifest.made[:40],
        )
    )  # fmt: skip


def prune(folder: Path, keep: int) -> int:
    """Drop all but the newest `keep` (at least one) that the timetable or a person put into the
    folder; answers how many went."""
    old = [found.path for found in listed(folder) if found.manifest][max(1, keep) :]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def listed(folder: Path) -> list[Backup]:
    """What is in a folder, the newest first."""
    if not folder.is_dir():
        return []
    names = sorted(folder.glob(f"*{SUFFIX}"), reverse=True)
    return [Backup(path, path.stat().st_size, _manifest(path)) for path in names]


def newest_in(folder: Path) -> Manifest | None:
    """The newest that can be read, by when it was made."""
    there = [found.manifest for found in listed(folder) if found.manifest]
    return max(there, key=lambda manifest: manifest.moment, default=None)


def newest_file(folder: Path) -> Path:
    """The file of the newest. Raises BackupError where there is none."""
    paths = {found.manifest.moment: found.path for found in listed(folder) if found.manifest}
    if not paths:
        raise BackupError(f"There is no backup in {folder}.")
    return paths[max(paths)]


class Busy(BackupError):
    """Another process makes a backup just now."""


def _dump(engine: Engine, dumped: Path, now: datetime) -> Manifest:
    """Copy, and prove the copy by restoring and counting it."""
    counted: dict[str, int] | None
    if engine.dialect.name == "sqlite":
        revision, tables = sqlite_copy.dump(engine, dumped)
        proven, counted = sqlite_copy.prove(dumped)
    else:
        revision, tables = postgresql_copy.dump(engine, dumped)
        proven, counted = postgresql_copy.prove(engine, dumped)
    if not revision:
        raise BackupError("There is no clinic in this database yet: run “flask clinic init”.")
    if counted is not None and counted != tables:
        raise BackupError("The copy does not hold what the database held; nothing was kept.")
    return Manifest(
        made=now.astimezone(UTC).isoformat(timespec="seconds"),
        dialect=engine.dialect.name,
        revision=revision,
        sha256=archive.hash_of(dumped),
        size=dumped.stat().st_size,
        tables=tables,
        proven=proven,
    )


def place(target: Path, now: datetime) -> tuple[Path, Path]:
    """The folder and the file; a name without an ending is a folder."""
    is_folder = target.is_dir() or not target.suffix
    folder = target if is_folder else target.parent
    name = f"clinic-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
    return folder, folder / name if is_folder else target


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time in a folder; what a killed one left is cleared away. Raises Busy,
    and BackupError where there can be no folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BackupError(f"No backup can be made in {folder}: {error.strerror}.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for leftover in folder.glob(f"{MAKING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for leftover in folder.glob(f"*{UNFINISHED}"):
            leftover.unlink()
        yield
    except BlockingIOError:
        raise Busy("Another process makes a backup here just now.") from None
    finally:
        os.close(descriptor)


def _manifest(path: Path) -> Manifest | None:
    try:
        return archive.read_manifest(path)
    except BackupError:
        return None


def _engine(session: Session) -> Engine:
    bind = session.get_bind()
    return bind if isinstance(bind, Engine) else bind.engine
