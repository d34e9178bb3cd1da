"""Column types whose values are encrypted in the database (AES-256-GCM, NIST SP 800-38D).

A sealed value holds the number of its data key, a random nonce and the ciphertext, and is bound to
its table and column: moved to another column, it does not open. It can be neither compared, nor
searched, nor sorted by in SQL; a declaration that asks for it stops the start.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from flask import current_app
from sqlalchemy import JSON, Dialect, LargeBinary, Text
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from app.language import _
from app.models.base.keyring import Keyring, Unreadable

MARK = "s1:"
NUMBER, NONCE = 4, 12
TEXT = NUMBER + NONCE
IS = (operators.eq, operators.ne, operators.is_, operators.is_not)


def keyring() -> Keyring:
    """The keys of this application's database."""
    found: Keyring = current_app.extensions["clinic_keyring"]
    return found


def seal(plain: bytes, place: str, keys: Keyring | None = None) -> bytes:
    """Number of the key, nonce, ciphertext. `place` is `table.column`; `keys` are this database's own
    but for a migration, whose first key is not committed yet."""
    number, cipher = (keys or keyring()).newest()
    nonce = os.urandom(NONCE)
    return number.to_bytes(NUMBER) + nonce + cipher.encrypt(nonce, plain, place.encode())


def unseal(sealed: bytes, place: str) -> bytes:
    """What `seal` was given for the same place. Raises Unreadable."""
    try:
        return _decrypted(sealed, place.encode(), keyring())
    except (InvalidTag, ValueError):
        raise _changed(place) from None


def _decrypted(sealed: bytes, about: bytes, keys: Keyring) -> bytes:
    cipher = keys.key(int.from_bytes(sealed[:NUMBER]))
    return cipher.decrypt(sealed[NUMBER:TEXT], sealed[TEXT:], about)


def _changed(place: str) -> Unreadable:
    return Unreadable(_("A text of %(place)s does not open: it was changed outside.", place=place))


def seal_text(plain: str, place: str, keys: Keyring | None = None) -> str:
    """A sealed value as text."""
    return MARK + b64encode(seal(plain.encode(), place, keys)).decode()


def unseal_text(sealed: str, place: str) -> str:
    """What `seal_text` was given. Raises Unreadable, also for what was never sealed."""
    return _opener(place, keyring())(sealed)


@lru_cache(maxsize=500)
def _opener(place: str, keys: Keyring) -> Callable[[str], str]:
    about = place.encode()

    def opened(sealed: str) -> str:
        if not sealed.startswith(MARK):
            raise Unreadable(
                _("A text of %(place)s was written outside: it is not sealed.", place=place)
            )
        try:
            envelope = a2b_base64(sealed[len(MARK) :], strict_mode=True)
            return _decrypted(envelope, about, keys).decode()
        except (InvalidTag, ValueError):
            raise _changed(place) from None

    return opened


class Sealed(TypeDecorator[Any]):
    """What the sealed types have in common; `place` names their table and column."""

    impl: Any = Text

    class comparator_factory(TypeDecorator.Comparator[Any]):  # noqa: N801 (the library's name)
        """SQL sees ciphertext, which differs each time: all it can tell is whether there is any."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            if op not in IS or other != (None,):
                raise TypeError(f"{self.expr} is sealed: SQL cannot compare it or sort by it.")
            return super().operate(op, *other, **kwargs)

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place


class SealedText(Sealed):
    """Free text about a person, such as a diagnosis."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else seal_text(value, self.place)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else unseal_text(value, self.place)


class SealedJson(Sealed):
    """A JSON value that holds free text; None is NULL."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else seal_text(json.dumps(value), self.place)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(unseal_text(value, self.place))


class PartlySealed(TypeDecorator[Any]):
    """A list of measurements as JSON in which only what was written in words is sealed."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return self._each_text(value, seal_text)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return self._each_text(value, unseal_text)

    def _each_text(self, parts: Any, turn: Callable[[str, str], str]) -> Any:
        if not isinstance(parts, list):
            return parts
        return [
            part | {"value_text": turn(part["value_text"], self.place)}
            if part.get("value_text")
            else part
            for part in parts
        ]


class SealedBytes(Sealed):
    """A file about a person."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else MARK.encode() + seal(value, self.place)

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        raw = bytes(value)
        if not raw.startswith(MARK.encode()):
            raise Unreadable(
                _("A file of %(place)s was written outside: it is not sealed.", place=self.place)
            )
        return unseal(raw[len(MARK) :], self.place)
