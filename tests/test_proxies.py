"""Who asks is who connects, unless a proxy of ours says otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from flask import request

from app import create_app
from tests.conftest import SETTINGS

SAID = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [(0, ("127.0.0.1", "http")), (1, ("203.0.113.7", "https")), (2, ("198.51.100.9", "http"))],
)
def test_only_as_many_proxies_are_believed_as_there_are(
    proxies: int, seen: tuple[str, str]
) -> None:
    app = create_app(SQLALCHEMY_DATABASE_URI="sqlite://", **SETTINGS, PROXIES=proxies)
    told: list[Any] = []
    app.before_request_funcs.setdefault(None, []).insert(
        0, lambda: told.append((request.remote_addr, request.scheme))
    )
    app.test_client().get("/health", headers=SAID)
    assert told == [seen]
