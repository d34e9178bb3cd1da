"""The pages that a person can open, found as one finds them: by the routes and by the links."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

LINK = re.compile(r'\b(?:href|data-url)="(/[^"#]*)')
NO_PAGE = ("/static/", "/api/", "/health", "/ready", "/logout")
TELLS_PAGES_APART = {"section", "view", "by", "tab", "mode", "kind", "acting_for", "show"}
"""The arguments whose every value is a page of its own; of all others one page is enough."""


def pages_of(app: Flask, client: FlaskClient, more: tuple[str, ...] = ()) -> list[str]:
    """One address of each page that answers this person with HTML, in the order in which they are
    reached: each route without arguments, each with a key that a link had, each section."""
    finder = app.url_map.bind("127.0.0.1")
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]
    waiting = deque(["/", *more, *sorted(rule.rule for rule in rules if not rule.arguments)])
    seen: set[object] = set()
    found: list[str] = []
    while waiting:
        url = waiting.popleft()
        kind = _kind(finder, url)
        if kind is None or kind in seen:
            continue
        seen.add(kind)
        answer = client.get(url, buffered=True)
        is_file = "attachment" in answer.headers.get("Content-Disposition", "")
        if answer.status_code == 200 and answer.mimetype == "text/html" and not is_file:
            found.append(url)
            waiting.extend(unescape(link) for link in LINK.findall(answer.text))
    return found


def _kind(finder: object, url: str) -> object:
    """What makes a page one of its own; None where it is none."""
    parts = urlsplit(url)
    if parts.path.startswith(NO_PAGE):
        return None
    try:
        endpoint, arguments = finder.match(parts.path, method="GET")  # type: ignore[attr-defined]
    except (HTTPException, RequestRedirect):
        return None
    told = {pair for pair in parse_qsl(parts.query) if pair[0] in TELLS_PAGES_APART}
    words = {pair for pair in arguments.items() if not re.search(r"\d", str(pair[1]))}
    return endpoint, frozenset(told), frozenset(words)
