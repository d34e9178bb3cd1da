"""A backup is one file: a gzipped tar of a manifest and the copied database, in this order.

It gets its name only when it is whole and on the disk: whatever was cut short has another.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import zlib
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO

from app.models import ClinicError

MANIFEST, DATABASE = "manifest.json", "database"
SUFFIX, UNFINISHED = ".backup", ".unfinished"
FORMAT = 1
LARGEST_MANIFEST = 1024 * 1024
PIECE = 1024 * 1024
UNREADABLE = (OSError, EOFError, tarfile.TarError, zlib.error, ValueError, TypeError)
"""How the reading of a damaged file ends, by where the damage lies."""


class BackupError(ClinicError):
    """A copy could not be made, read, or put in place; nothing was changed."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `made` is ISO 8601 in UTC, `revision` the migration it was at, `tables`
    the rows of each table; `proven` says how the copy was tried before it got its name."""

    made: str
    dialect: str
    revision: str
    sha256: str
    size: int
    tables: dict[str, int]
    proven: str
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        """When the backup was made, an aware instant."""
        return datetime.fromisoformat(self.made)

    @property
    def rows(self) -> int:
        """How many rows it holds in all tables."""
        return sum(self.tables.values())


def hash_of(path: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(target: Path, manifest: Manifest, database: Path) -> None:
    """Put a backup together and give it its name once it is on the disk. Raises OSError."""
    unfinished = target.with_name(target.name + UNFINISHED)
    text = json.dumps(asdict(manifest), indent=1).encode()
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=2) as tar:
                _add(tar, MANIFEST, text, manifest.moment)
                tar.add(database, DATABASE, filter=_nobody)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(target.parent)


def read_manifest(path: Path) -> Manifest:
    """The manifest of a backup. Raises BackupError where the file is none."""
    try:
        with tarfile.open(path, "r:gz") as tar:
            return _manifest(tar)
    except UNREADABLE as error:
        raise BackupError(f"{path.name} is no backup of a clinic, or it is damaged.") from error


def unpack(path: Path, database: Path) -> Manifest:
    """Write the copied database of a backup to a file, and prove it by its hash. Raises
    BackupError, leaving no file behind."""
    try:
        with tarfile.open(path, "r:gz") as tar:
            manifest = _manifest(tar)
            member = tar.next()
            content = tar.extractfile(member) if member and member.name == DATABASE else None
            if content is None:
                raise BackupError(f"{path.name} holds no database.")
            _pour(content, database)
    except UNREADABLE as error:
        database.unlink(missing_ok=True)
        raise BackupError(f"{path.name} cannot be read to its end: {error}.") from error
    if hash_of(database) != manifest.sha256:
        database.unlink()
        raise BackupError(f"{path.name} is damaged: its database is not the one that was copied.")
    return manifest


def sync_folder(folder: Path) -> None:
    """See the names in a folder onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _manifest(tar: tarfile.TarFile) -> Manifest:
    member = tar.next()
    if member is None or member.name != MANIFEST or member.size > LARGEST_MANIFEST:
        raise ValueError("no manifest")
    content = tar.extractfile(member)
    manifest = Manifest(**json.load(content)) if content else None
    if manifest is None or manifest.format != FORMAT:
        raise ValueError("a manifest of another format")
    return manifest


def _pour(content: IO[bytes], database: Path) -> None:
    descriptor = os.open(database, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := content.read(PIECE):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _add(tar: tarfile.TarFile, name: str, content: bytes, moment: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = len(content), int(moment.timestamp()), 0o600
    tar.addfile(member, BytesIO(content))


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
