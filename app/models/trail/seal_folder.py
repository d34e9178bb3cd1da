"""What is kept of the seals outside the database: the key that signs them, and their heads.

A head is one line of JSON for each seal. Who can change the database but not this folder cannot cut
the trail off without being seen; so the folder belongs on another disk, or is copied elsewhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.models.trail.audit_seal import AuditSeal

HEADS, KEY, PUBLIC = "heads.jsonl", "key.pem", "public.pem"


@dataclass(frozen=True)
class Head:
    """One seal as it was signed."""

    seal: int
    first_id: int
    last_id: int
    count: int
    root: str
    signature: str

    @classmethod
    def of(cls, seal: AuditSeal) -> Head:
        """What the folder keeps of a seal, to hold the database against."""
        return cls(seal.audit_seal_id, seal.first_id, seal.last_id, seal.count, seal.root,
                   seal.signature)  # fmt: skip


class SealFolder:
    """The folder `CLINIC_SEALS`; its key is made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def sign(self, message: bytes) -> str:
        """The signature of the message in hex (Ed25519, RFC 8032)."""
        return self._key.sign(message).hex()

    def is_signed(self, message: bytes, signature: str) -> bool:
        """Whether this clinic signed the message; not where the signature is no hex at all."""
        try:
            self.public_key.verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def can_prove(self) -> bool:
        """Whether the public key is there, without which nothing can be proven."""
        return (self.path / PUBLIC).exists()

    @cached_property
    def public_key(self) -> Ed25519PublicKey:
        """Of `public.pem`, so that a copy of the folder without its key proves as much."""
        key = serialization.load_pem_public_key((self.path / PUBLIC).read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("public.pem holds no Ed25519 key")
        return key

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        path = self.path / KEY
        if not path.exists():
            self._make_key(path)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("key.pem holds no Ed25519 key")
        return key

    def _make_key(self, path: Path) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.touch(mode=0o600)
        path.write_bytes(pem)
        (self.path / PUBLIC).write_bytes(
            key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    def heads(self) -> Iterator[Head]:
        """The heads, oldest first; a line that was cut short by a crash is left out."""
        path = self.path / HEADS
        if not path.exists():
            return
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):
                    yield Head(**json.loads(line))

    def last_head(self) -> Head | None:
        """The newest head that was kept; None where nothing was sealed yet."""
        return next(reversed(list(self.heads())), None)

    def append(self, seals: list[AuditSeal]) -> None:
        """Add the heads of seals that are committed, and see them onto the disk."""
        if not seals:
            return
        with (self.path / HEADS).open("a+", encoding="utf-8") as file:
            _begin_line(file.fileno(), file.tell())
            for seal in seals:
                file.write(json.dumps(asdict(Head.of(seal))) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def set_aside(self, now: datetime) -> None:
        """Begin the heads anew, keeping those there were: another database was put in place."""
        path = self.path / HEADS
        if path.exists():
            path.rename(path.with_name(f"heads-until-{now:%Y%m%dT%H%M%S.%f}.jsonl"))


def _begin_line(descriptor: int, size: int) -> None:
    """End a line that a crash cut short, so that the next one stands for itself."""
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.ftruncate(descriptor, _last_newline(descriptor, size))


def _last_newline(descriptor: int, size: int) -> int:
    return os.pread(descriptor, size, 0).rfind(b"\n") + 1
