"""The keys of what is sealed in the database: data keys, wrapped by a master key that is kept apart.

A value is sealed with a data key. Data keys lie in the database, each wrapped by a master key
(Fernet: AES-128-CBC with HMAC-SHA-256) that does not; a new master key rewraps them and leaves
every sealed value as it is.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, String, inspect, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import database
from app.language import _, _l
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.types import LARGEST_INTEGER, Instant

BITS = 256
NO_KEY = _l(
    "The keys of what is written in the records do not open with this master key. Set "
    "FIELD_KEYS to the key that this database was used with, or put its key file "
    "(field_keys) back into the instance folder."
)


class Unreadable(ClinicError):
    """A sealed value that does not open: its key is missing, or it was changed or moved outside
    the clinic."""

    status = 500
    code = "unreadable"


class DataKey(Entity):
    """A key that values are sealed with, wrapped; rows are rewrapped, never removed."""

    __tablename__ = "data_key"
    __screen__ = None

    key_id: Mapped[int] = mapped_column(primary_key=True)
    wrapped: Mapped[str] = mapped_column(String(300))
    created: Mapped[datetime] = mapped_column(Instant)


class Keyring:
    """The opened data keys of one database. They are read once, and again when a value names one
    that came since."""

    def __init__(self, engine: Callable[[], Engine], masters: Callable[[], Sequence[str]]) -> None:
        """`masters` answers the master keys that there are now, the one that wraps first."""
        self._engine, self._masters = engine, masters
        self._open: dict[int, AESGCM] = {}
        self._lock = Lock()

    def check(self) -> None:
        """Open every data key, where the database is there and has been migrated. Raises
        Unreadable."""
        engine = self._engine()
        if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").is_file():
            return
        try:
            if inspect(engine).has_table(DataKey.__tablename__):
                self._read()
        except DatabaseError:  # none just now, or a broken one: /ready says so
            return
        finally:
            engine.dispose()  # a server that forks its workers shares no connection with them

    def newest(self) -> tuple[int, AESGCM]:
        """The data key that seals from now on, with its number."""
        if not self._open:
            self._read()
        if not self._open:
            raise Unreadable(_("The database has no data key yet: run “flask clinic init”."))
        return next(reversed(self._open.items()))

    def key(self, number: int) -> AESGCM:
        """The data key of a sealed value. Raises Unreadable."""
        if number not in self._open:
            self._read()
        if number not in self._open:
            raise Unreadable(_("A text in the database names a key that is not there."))
        return self._open[number]

    def forget(self) -> None:
        """Read the keys anew when next asked: they were changed."""
        self._open = {}

    def wrapped_new(self) -> tuple[int, str]:
        """A fresh data key for a row of `data_key`: its number, the same nowhere else, and the key
        wrapped."""
        wrapped = self._wrapper().encrypt(AESGCM.generate_key(BITS)).decode()
        return secrets.randbelow(LARGEST_INTEGER) + 1, wrapped

    def unwrapped(self, wrapped: str) -> AESGCM:
        """A data key ready for use. Raises Unreadable."""
        try:
            return AESGCM(self._wrapper().decrypt(wrapped))
        except InvalidToken:
            raise Unreadable(NO_KEY) from None

    def rewrap(self, session: Session, now: datetime) -> int:
        """Wrap every data key by the first master key, and add a fresh one for what is sealed from
        now on; answers how many there are. The caller commits. Raises Unreadable."""
        wrapper = self._wrapper()
        rows = session.scalars(select(DataKey).with_for_update()).all()
        try:
            for row in rows:
                row.wrapped = wrapper.rotate(row.wrapped).decode()
        except InvalidToken:
            raise Unreadable(NO_KEY) from None
        number, wrapped = self.wrapped_new()
        session.add(DataKey(key_id=number, wrapped=wrapped, created=now.astimezone(UTC)))
        self.forget()
        return len(rows) + 1

    def wrapped_by_first(self, session: Session) -> bool:
        """Whether the first master key alone opens everything: the others are not needed here."""
        first = Fernet(self._masters()[0])
        try:
            for wrapped in session.scalars(select(DataKey.wrapped)):
                first.decrypt(wrapped)
        except InvalidToken:
            return False
        return True

    def _wrapper(self) -> MultiFernet:
        return MultiFernet([Fernet(key) for key in self._masters()])

    def _read(self) -> None:
        with self._lock, database.reading(), self._engine().connect() as connection:
            query = select(DataKey.key_id, DataKey.wrapped).order_by(DataKey.created)
            rows = connection.execute(query).all()
            self._open = {row.key_id: self.unwrapped(row.wrapped) for row in rows}


def master_keys(given: Sequence[str], file: Path) -> list[str]:
    """The master keys: those that were given, else those of the key file, which is made once."""
    if given:
        return list(given)
    if not file.exists():
        _make(file)
    return file.read_text().split()


def put_first(file: Path, key: str) -> None:
    """Make `key` the one that wraps; the earlier ones stay, for the backups from their time."""
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text("\n".join([key, *file.read_text().split()]) + "\n")
    os.replace(new, file)


def _make(file: Path) -> None:
    """Of two processes that begin at once, the key of one is taken by both."""
    file.parent.mkdir(parents=True, exist_ok=True)
    own = file.with_suffix(f".{os.getpid()}")
    own.touch(mode=0o600)
    own.write_text(Fernet.generate_key().decode() + "\n")
    try:
        os.link(own, file)
    except FileExistsError:
        pass
    finally:
        own.unlink()
