"""1,000 guesses by each pathway at a clinic of several processes: at most ten are looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from tests.cast import PASSWORD, Cast
from tests.proof.server import Server, serving

pytestmark = pytest.mark.proof

GUESSES, AT_ONCE, MOST = 1000, 16, 10
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def by_api(server: Server, number: int) -> int:
    body = {"username": "rosa", "password": f"guess {number}"}
    with closing(server.connect()) as connection:
        return server.call(connection, "POST", "/api/v1/security/login", body)[0]


def by_form(server: Server, number: int) -> int:
    """The page's token first, as a browser and a patient attacker have it."""
    with closing(server.connect()) as connection:
        connection.request("GET", "/login/")
        page = connection.getresponse()
        cookie, text = page.headers["Set-Cookie"].partition(";")[0], page.read().decode()
        token = text.partition('name="csrf-token" content="')[2].partition('"')[0]
        body = {"username": "rosa@example.org", "password": f"guess {number}", "csrf_token": token}
        connection.request("POST", "/login/", urlencode(body), FORM | {"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        return answer.status


@pytest.mark.parametrize("way", [by_api, by_form])
def test_of_1000_guesses_at_once_ten_are_evaluated(
    app: Flask, cast: Cast, tmp_path: Path, way: Callable[[Server, int], int]
) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    with serving(url, tmp_path) as server, ThreadPoolExecutor(AT_ONCE) as pool:
        seen: Counter[Any] = Counter(pool.map(lambda n: way(server, n), range(GUESSES)))
        right = {"username": "rosa", "password": PASSWORD}
        with closing(server.connect()) as connection:
            locked, _ = server.call(connection, "POST", "/api/v1/security/login", right)
    assert seen == {401: MOST, 429: GUESSES - MOST}
    assert locked == 429
