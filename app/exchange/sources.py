"""Files, folders and archives, as one stream of things to import.

An archive is unpacked in memory, one member at a time, and never onto the disk. What cannot be
read becomes a `JsonFile` whose `read` raises Broken, so that every failure has its file.
"""

from __future__ import annotations

import gzip
import lzma
import os
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NoReturn, cast

from app.exchange.batch import Broken

MIB = 1024 * 1024
LARGEST_FILE = 64 * MIB
LARGEST_ARCHIVE = 4096 * MIB
"""Limits in bytes, an archive's after unpacking."""

CSV_TABLES = frozenset(
    f"{name}.csv"
    for name in (
        "patients", "providers", "encounters", "conditions", "allergies", "medications",
        "observations",
    )
)  # fmt: skip
OPENERS: dict[str, Callable[..., Any]] = {
    ".tar.xz": lzma.open,
    ".txz": lzma.open,
    ".tar.gz": gzip.open,
    ".tgz": gzip.open,
    ".tar": open,
}
UNPACKING_ERRORS = (
    tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class JsonFile:
    """One FHIR file. `read` must be called before the next source is asked for."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class CsvFolder:
    """One folder of Synthea CSV tables."""

    name: str
    path: Path


Source = JsonFile | CsvFolder


def sources(paths: Iterable[str | Path]) -> Iterator[Source]:
    """Everything importable under `paths`, in a stable order; folders are searched through."""
    for path in map(Path, paths):
        if path.is_dir():
            yield from _folder(path)
        else:
            yield from _file(path)


def read_file(path: Path) -> bytes:
    """The bytes of one file; raises Broken where it is absent, too large or unreadable."""
    if not path.is_file():
        raise Broken("There is no such file.")
    try:
        with path.open("rb") as handle:
            data = handle.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Broken(f"It cannot be read: {error.strerror}.") from None
    if len(data) > LARGEST_FILE:
        raise Broken(_too_large())
    return data


def _file(path: Path) -> Iterator[Source]:
    if path.name.lower().endswith(tuple(OPENERS)) and path.is_file():
        yield from _archive(path)
    elif path.name.lower() in CSV_TABLES:
        yield _refused(str(path), f"Name the folder {path.parent} instead of one of its tables.")
    else:
        yield JsonFile(str(path), partial(read_file, path))


def _folder(top: Path) -> Iterator[Source]:
    empty = True
    for found in _walk(top):
        empty = False
        yield from [found] if isinstance(found, CsvFolder) else _file(found)
    if empty:
        yield _refused(str(top), "The folder holds neither FHIR files nor Synthea CSV tables.")


def _walk(top: Path) -> Iterator[Path | CsvFolder]:
    for folder, names, files in os.walk(top):
        names[:] = sorted(name for name in names if not name.startswith("."))
        here = Path(folder)
        if CSV_TABLES & {name.lower() for name in files}:
            yield CsvFolder(str(here), here)
        wanted = (name for name in files if _wanted(name))
        # practitioners with all their particulars come before those who merely mention them
        yield from (here / n for n in sorted(wanted, key=lambda n: ("Information" not in n, n)))


def _wanted(name: str) -> bool:
    return name.lower().endswith((".json", *OPENERS)) and not name.startswith(".")


def _archive(path: Path) -> Iterator[Source]:
    try:
        with _unpacking(), _opener(path)(path, "rb") as stream:
            limited = cast(BinaryIO, _Limited(stream))
            tar = tarfile.open(fileobj=limited, mode="r:")  # noqa: SIM115
            while (member := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]
                yield from _member(f"{path}/{member.name}", tar, member)
    except Broken as broken:
        yield _refused(str(path), f"{broken} The rest of the archive was not read.")


def _member(name: str, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[Source]:
    inside = PurePosixPath(member.name.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts:
        yield _refused(name, "Its name leads out of the archive.")
    elif not _wanted(inside.name) or member.isdir():
        return
    elif not member.isfile():
        yield _refused(name, "It is a link or a device, not a file.")
    elif member.size > LARGEST_FILE:
        yield _refused(name, _too_large())
    else:
        yield JsonFile(name, partial(_unpack, tar, member))


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    with _unpacking():
        opened = tar.extractfile(member)
        return opened.read() if opened else b""


def _opener(path: Path) -> Callable[..., Any]:
    return next(opener for end, opener in OPENERS.items() if path.name.lower().endswith(end))


@contextmanager
def _unpacking() -> Iterator[None]:
    try:
        yield
    except UNPACKING_ERRORS as error:
        raise Broken(f"The archive is damaged: {error}.") from None


class _Limited:
    """A stream that refuses to unpack more than it may; a tar header can claim any size."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        if size > LARGEST_FILE:
            raise Broken(_too_large())
        return self._stream.read(size)

    def seek(self, position: int) -> int:
        if position > LARGEST_ARCHIVE:
            raise Broken(f"It unpacks to more than {LARGEST_ARCHIVE // MIB} MiB.")
        return self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()


def _too_large() -> str:
    return f"It is larger than {LARGEST_FILE // MIB} MiB."


def _refused(name: str, sentence: str) -> JsonFile:
    def read() -> NoReturn:
        raise Broken(sentence)

    return JsonFile(name, read)
