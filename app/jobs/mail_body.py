"""An e-mail as it leaves: text and HTML of the same words, and the headers of a machine's mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from flask import current_app
from flask_mail import sanitize_address

from app.jobs import mime
from app.jobs.picture import plot
from app.models.messages import digest, links, wording
from app.models.messages.freshness import Ready
from app.models.messages.notification import Notification

WAYS = {
    "booked": (links.MOVE, links.CANCEL),
    "moved": (links.CONFIRM, links.MOVE, links.CANCEL),
    "reminder": (links.CONFIRM, links.MOVE, links.CANCEL),
}
"""The buttons below a message about one visit."""


@dataclass(frozen=True)
class Letter:
    """An e-mail for one address, as bytes."""

    sender: str
    address: str
    content: bytes


Calendar = tuple[str, bytes]
"""A method of RFC 5546 and the file that asks for it."""


def letter_of(
    row: Notification, ready: Ready, now: datetime, calendar: Calendar | None = None
) -> Letter:
    """The e-mail of a message; its Message-ID is the row's, however often it is tried."""
    labels = wording.shipped(ready.person.language)["mail"]
    stop = links.to_stop(row.patient_id, now) if row.patient_id else None
    facts: dict[str, Any] = {
        "clinic": current_app.config["CLINIC_NAME"],
        "language": ready.person.language,
        "subject": ready.words.subject,
        "paragraphs": [part.split("\n") for part in ready.words.body.split("\n\n")],
        "ways": _ways(row, ready, labels),
        "labels": labels,
        "why": labels["why" if ready.visits else "patient"],
        "stop": stop,
    }
    template = current_app.jinja_env.get_template
    plain = mime.words(template("mail/message.txt").render(facts), "text/plain")
    html = _html(row, facts)
    sender = _spelled(str(current_app.extensions["mail"].default_sender))
    address = _spelled(ready.address)
    headers = [
        ("Subject", ready.words.subject),
        ("From", sender),
        ("To", address),
        ("Date", format_datetime(now)),
        ("Message-ID", row.message_id),
        *_headers(stop),
    ]
    body = mime.together("multipart/alternative", [plain, html])
    if calendar is not None:
        method, content = calendar
        kind = f"text/calendar; charset=utf-8; method={method}"
        body = mime.together("multipart/mixed", [body, mime.file(content, kind, "visit.ics")])
    return Letter(sender, address, mime.message(headers, body))


def _html(row: Notification, facts: dict[str, Any]) -> mime.Part:
    """The page of a message; of the digest with its plots as pictures."""
    template = current_app.jinja_env.get_template
    drawn = (
        (row.context or {}).get("more", {}).get("figures", {}) if row.rule == digest.RULE else {}
    )
    figures = drawn.get(facts["language"], [])
    if not figures:
        return mime.words(template("mail/message.html").render(facts), "text/html")
    page = mime.words(template("mail/digest.html").render(facts, figures=figures), "text/html")
    pictures = (
        mime.picture(plot(one["kind"], [row[0] for row in one["rows"]], one["series"]), one["key"])
        for one in figures
    )
    return mime.together("multipart/related", [page, *pictures])


def _spelled(address: str) -> str:
    """As headers and the mail server take it: seven bits, a domain of another script as IDNA."""
    return address if address.isascii() else str(sanitize_address(address))


def _ways(row: Notification, ready: Ready, labels: dict[str, str]) -> list[tuple[str, str]]:
    if len(ready.visits) != 1:
        return []
    visit = ready.visits[0]
    return [
        (labels[purpose], links.of_visit(purpose, visit.appointment_id, visit.now.start))
        for purpose in WAYS.get(row.rule, ())
    ]


def _headers(stop: str | None) -> Iterator[tuple[str, str]]:
    yield "Auto-Submitted", "auto-generated"  # RFC 3834: no out-of-office answers
    if stop:  # RFC 8058: the mail program shows a button that ends all messages
        yield "List-Unsubscribe", f"<{stop}>"
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
