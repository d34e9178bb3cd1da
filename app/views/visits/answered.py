"""Requests that may come twice: one with an Idempotency-Key that was answered before is answered
alike, and does nothing again (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from flask import request
from sqlalchemy import select

from app.extensions import db
from app.language import _
from app.models import AnsweredRequest, ClinicError
from app.views.generated.guard import BadQuery, actor

LONGEST_KEY = 200


class KeyMisused(ClinicError):
    """The same Idempotency-Key with another body."""

    status = 422
    code = "key_misused"


def key_of_request() -> str:
    """The Idempotency-Key, or empty text. Raises BadQuery where it is too long."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY:
        raise BadQuery(_("An Idempotency-Key has at most %(most)s characters.", most=LONGEST_KEY))
    return key


def answer_of(key: str) -> dict[str, Any] | None:
    """The answer that this key had before, to this login. Raises KeyMisused where it asked for
    something else."""
    if not key:
        return None
    query = select(AnsweredRequest).where(
        AnsweredRequest.user_id == actor().user_id, AnsweredRequest.key == key
    )
    before = db.session.scalars(query).one_or_none()
    if before is not None and before.fingerprint != _fingerprint():
        raise KeyMisused(_("This Idempotency-Key was used for another request."))
    return before.answer if before else None


def remember(key: str, answer: dict[str, Any]) -> None:
    """Keep the answer under the key, in the transaction of what was done."""
    if key:
        row = AnsweredRequest(
            user_id=actor().user_id, key=key, fingerprint=_fingerprint(),
            recorded=datetime.now(UTC), answer=answer,
        )  # fmt: skip
        db.session.add(row)


def _fingerprint() -> str:
    body = json.dumps(request.get_json(silent=True), sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()
