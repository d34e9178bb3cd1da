"""The seals of the audit trail: each covers the events of a minute and names the seal before."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base.entity import Entity
from app.models.base.types import Instant
from app.models.trail.audit import AuditEvent

ENTRY = struct.Struct(">q32s")
"""One event in a seal: its number, and the SHA-256 of what it says."""

SAID = (
    "recorded", "user_id", "agent", "action", "entity", "entity_id", "patient_id", "outcome",
    "address", "detail",
)  # fmt: skip
"""The columns under the seal, in the order in which they are hashed. A new column needs a new
version of `digest`, or every seal before it would seem broken."""

BEGINNING = "0" * 64


class AuditSeal(Entity):
    """The events that one run found unsealed. `root` is the SHA-256 of the root before and the
    entries; `signature` is Ed25519 (RFC 8032) over `message`."""

    __tablename__ = "audit_seal"
    __screen__ = None

    audit_seal_id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[datetime] = mapped_column(Instant)
    first_id: Mapped[int] = mapped_column()
    last_id: Mapped[int] = mapped_column()
    count: Mapped[int] = mapped_column()
    entries: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    root: Mapped[str] = mapped_column(String(64), unique=True)
    signature: Mapped[str] = mapped_column(String(128))

    def events(self) -> Iterator[tuple[int, bytes]]:
        """Number and digest of each event that is under this seal."""
        yield from ENTRY.iter_unpack(self.entries)

    def message(self) -> bytes:
        """What is signed."""
        parts = ("clinic audit seal 1", self.first_id, self.last_id, self.count, self.root)
        return "|".join(map(str, parts)).encode()


def digest(event: AuditEvent) -> bytes:
    """SHA-256 of what an event says; the same on either database."""
    said = [_plain(getattr(event, name)) for name in SAID]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def root_of(previous: str, entries: bytes) -> str:
    """The SHA-256, in hex, of the root before and the entries since: a chain that no link can
    leave."""
    return hashlib.sha256(previous.encode() + entries).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
