"""A patient at the portal without a browser: pages, cookies, and forms with their token."""

from __future__ import annotations

import http.client
import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.cast import PASSWORD
from tests.proof.server import Server

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TIME = re.compile(r'name="time" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="(\d+)"')


class Visitor:
    """One signed-in patient on one connection."""

    def __init__(self, server: Server, username: str) -> None:
        self.connection = server.connect()
        self.cookies: dict[str, str] = {}
        self.page, self.location = "", ""
        self.get("/login/")
        assert self.post("/login/", username=username, password=PASSWORD) == 302, self.page

    def get(self, path: str) -> int:
        return self._send("GET", path, None)

    def post(self, path: str, **fields: str) -> int:
        """Send a form of the page that was opened last."""
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.page)
        assert token, self.page[:500]
        return self._send("POST", path, urlencode(fields | {"csrf_token": token[1]}))

    def offered(self, path: str) -> list[str]:
        """The times on a page, as its buttons have them."""
        assert self.get(path) == 200, self.page
        return TIME.findall(self.page)

    @property
    def version(self) -> str:
        found = VERSION.search(self.page)
        return found[1] if found else ""

    def close(self) -> None:
        self.connection.close()

    def _send(self, method: str, path: str, body: str | None) -> int:
        held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, path, body, {"Cookie": held} | (FORM if body else {}))
        answer = self.connection.getresponse()
        self._keep_cookies(answer)
        self.location = answer.headers.get("Location") or ""
        text = answer.read().decode()
        if "csrf-token" in text:
            self.page = text
        return answer.status

    def _keep_cookies(self, answer: http.client.HTTPResponse) -> None:
        for header in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
