"""Signed addresses in messages: each opens one thing about one visit or one person, until it ends.

A link is an authorisation without a login, so it names its one purpose, and opening it changes
nothing: scanners of mail open every link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from itsdangerous.encoding import base64_encode

SEE, CONFIRM, MOVE, CANCEL, STOP, REPLY = "see", "confirm", "move", "cancel", "stop", "reply"
OF_VISIT = (SEE, CONFIRM, MOVE, CANCEL)
STOP_FOR = timedelta(days=365)
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)
SALT = "clinic-link-1"


@dataclass(frozen=True)
class Link:
    """What a link opens: the key of a visit, or of a patient for `stop`. `stamp` is the time of
    the visit that it speaks of, or its own end for `stop`; UTC."""

    purpose: str
    key: int
    stamp: datetime


def token(link: Link) -> str:
    """The signed text of an address; it holds no name and no word about the visit."""
    seconds = int(link.stamp.timestamp())
    text: str | bytes = _signer().dumps([link.purpose, link.key, seconds])
    return text.decode() if isinstance(text, bytes) else text


def read(purpose: str, text: str, now: datetime) -> Link | None:
    """The link behind a signed text; None where it is forged, of another purpose, or has ended:
    for a visit when it begins."""
    try:
        said, key, seconds = _signer().loads(text)
        link = Link(said, int(key), datetime.fromtimestamp(seconds, UTC))
    except (BadSignature, ValueError, TypeError, OverflowError):
        return None
    return link if link.purpose == purpose and link.stamp > now else None


def url(path: str) -> str:
    """The address outside of a path of the clinic's."""
    return f"{current_app.config['CLINIC_URL'].rstrip('/')}{path}"


def path_of_visit(purpose: str, appointment_id: int, start: datetime) -> str:
    """The path for one purpose; it ends when the visit begins."""
    return f"/visit/{purpose}/{token(Link(purpose, appointment_id, start))}"


def of_visit(purpose: str, appointment_id: int, start: datetime) -> str:
    """The whole address by which a patient does one thing with a visit that begins at `start`."""
    return url(path_of_visit(purpose, appointment_id, start))


def to_stop(patient_id: int, now: datetime) -> str:
    """The address by which a patient ends all messages (RFC 8058 when it is posted to)."""
    return url(f"/messages/stop/{token(Link(STOP, patient_id, now + STOP_FOR))}")


def for_replies() -> str:
    """The address to which the provider posts what patients answer to a text message."""
    return url(f"/messages/reply/{token(Link(REPLY, 0, FOREVER))}")


class _Serializer(URLSafeSerializer):
    """What a link says is too short to be worth compressing."""

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(self.serializer.dumps(obj))


def _signer() -> _Serializer:
    config = current_app.config
    return _signing(*(config["SECRET_KEY_FALLBACKS"] or ()), config["SECRET_KEY"])


@lru_cache(maxsize=4)
def _signing(*secrets: str) -> _Serializer:
    """The last key signs; each of them is believed."""
    return _Serializer(list(secrets), salt=SALT)
