"""Requests as a browser sends them, and who is signed in where."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from servers import Server

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Ask:
    """One request: a body that is a mapping goes as JSON, text as a form."""

    path: str
    body: Any = None
    cookie: str = ""
    token: str = ""
    expected: tuple[int, ...] = (200, 201)

    def send(self, connection: http.client.HTTPConnection) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers of the answer."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = self.body
        if isinstance(body, dict):
            body = json.dumps(body)
            headers |= {"Content-Type": "application/json", "X-CSRFToken": self.token}
        elif body is not None:
            headers |= {"Content-Type": FORM}
        connection.request("GET" if body is None else "POST", self.path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in self.expected:
            raise SystemExit(f"{self.path}: {answer.status} {said[:300]!r}")
        return said, answer.headers


Asking = Callable[[], Ask]


@dataclass
class Person:
    """A browser in which someone is signed in; `token` is the one against forgery."""

    cookie: str
    token: str = ""

    def get(self, path: str) -> Asking:
        asked = Ask(path, cookie=self.cookie)
        return lambda: asked


def plain(path: str) -> Asking:
    """Asked by nobody."""
    asked = Ask(path)
    return lambda: asked


@dataclass
class Program:
    """What is measured: a server, and how it is asked for each operation that it has; `alone` are
    the same operations called without a server."""

    server: Server
    asks: dict[str, Asking]
    alone: dict[str, Callable[[], Any]] = field(default_factory=dict)


def cookies(headers: Any) -> str:
    """What the browser sends back."""
    return "; ".join(said.partition(";")[0] for said in headers.get_all("Set-Cookie") or ())


def token_in(page: bytes) -> str:
    """The token against forgery of a page with a form."""
    found = re.search(rb'csrf[-_]token"[^>]*?(?:content|value)="([^"]+)"', page)
    return found.group(1).decode() if found else ""
