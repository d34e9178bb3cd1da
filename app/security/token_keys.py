"""By which secret key a bearer token is signed: a token names its key, so that one that was given
before SECRET_KEY changed is believed as long as that key stands in SECRET_KEY_FALLBACKS."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import current_app
from flask_jwt_extended import JWTManager


def use_fallbacks(manager: JWTManager) -> None:
    """Have tokens name their key, and read each by the key that it names."""
    manager.additional_headers_loader(lambda _identity: {"kid": _name(_keys()[0])})
    manager.decode_key_loader(_key_of)


def _key_of(header: dict[str, Any], _claims: dict[str, Any]) -> str:
    """The key that a token names; today's for one that names none of ours, which it then fails."""
    keys = _keys()
    return next((key for key in keys if _name(key) == header.get("kid")), keys[0])


def _keys() -> list[str]:
    config = current_app.config
    return [str(key) for key in (config["SECRET_KEY"], *(config["SECRET_KEY_FALLBACKS"] or ()))]


def _name(key: str) -> str:
    return sha256(f"clinic token {key}".encode()).hexdigest()[:16]
