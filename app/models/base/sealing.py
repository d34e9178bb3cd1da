"""Encryption of what the clinic itself must read again: Fernet under a key that is derived from
SECRET_KEY for one purpose each (HKDF, RFC 5869). SECRET_KEY_FALLBACKS open what older keys sealed.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

from app.language import _
from app.models.base.errors import ClinicError


class Unsealed(ClinicError):
    """It was not sealed here for this purpose, not under a known key, or too long ago."""


def seal(purpose: str, text: str) -> str:
    """The text, encrypted so that `open` answers it for the same purpose only."""
    return _box(purpose).encrypt(text.encode()).decode()


def open(purpose: str, sealed: str, longest: timedelta | None = None) -> str:  # noqa: A001
    """What was sealed for `purpose`, at most `longest` ago. Raises Unsealed."""
    age = None if longest is None else int(longest.total_seconds())
    try:
        return _box(purpose).decrypt(sealed.encode("utf-8", "replace"), ttl=age).decode()
    except InvalidToken:
        raise Unsealed(_("This cannot be read any more.")) from None


def key_of(person: int) -> str:
    """The key by which a person's browser seals what it keeps of theirs: 32 bytes in base64, told to
    nobody else. It changes with SECRET_KEY."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    info = f"clinic kept in the browser of {person}".encode()
    return base64.b64encode(HKDF(SHA256(), 32, salt=None, info=info).derive(secret)).decode()


def _box(purpose: str) -> MultiFernet:
    keys = [current_app.config["SECRET_KEY"], *(current_app.config["SECRET_KEY_FALLBACKS"] or ())]
    return MultiFernet([_fernet(purpose, str(key)) for key in keys])


@lru_cache(maxsize=64)
def _fernet(purpose: str, key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=f"clinic {purpose}".encode()).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
