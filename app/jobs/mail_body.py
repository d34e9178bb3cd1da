"""An e-mail as it leaves: text and HTML of the same words, and the headers of a machine's mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import current_app
from flask_mail import Message

from app.models import links
from app.models.freshness import Ready
from app.models.notification import Notification

WAYS = {
    "booked": (links.MOVE, links.CANCEL),
    "moved": (links.CONFIRM, links.MOVE, links.CANCEL),
    "reminder": (links.CONFIRM, links.MOVE, links.CANCEL),
}
"""The buttons below a message about one visit."""

LABELS = {
    "en": {
        links.CONFIRM: "I will come",
        links.MOVE: "Choose another time",
        links.CANCEL: "Cancel the visit",
        links.STOP: "Stop these messages",
        "why": "You get this because you have a visit with us.",
        "kept": "This message is about you only; please do not pass it on.",
    },
    "es": {
        links.CONFIRM: "Sí, iré",
        links.MOVE: "Elegir otra hora",
        links.CANCEL: "Anular la cita",
        links.STOP: "No recibir más mensajes",
        "why": "Recibe este mensaje porque tiene una cita con nosotros.",
        "kept": "Este mensaje es solo para usted; no lo reenvíe, por favor.",
    },
}


def message_of(row: Notification, ready: Ready) -> Message:
    """The e-mail of a message; its Message-ID is the row's, however often it is tried."""
    labels = LABELS[ready.person.language]
    ways = _ways(row, ready, labels)
    stop = links.to_stop(row.patient_id, datetime.now(UTC)) if row.patient_id else None
    facts: dict[str, Any] = {
        "clinic": current_app.config["CLINIC_NAME"],
        "language": ready.person.language,
        "subject": ready.words.subject,
        "paragraphs": [part.split("\n") for part in ready.words.body.split("\n\n")],
        "ways": ways,
        "labels": labels,
        "stop": stop,
    }
    environment = current_app.jinja_env
    message = Message(
        subject=ready.words.subject,
        recipients=[ready.address],
        body=environment.get_template("mail/message.txt").render(facts),
        html=environment.get_template("mail/message.html").render(facts),
        extra_headers=_headers(stop),
    )
    message.msgId = row.message_id
    return message


def _ways(row: Notification, ready: Ready, labels: dict[str, str]) -> list[tuple[str, str]]:
    if len(ready.visits) != 1:
        return []
    visit = ready.visits[0]
    return [
        (labels[purpose], links.of_visit(purpose, visit.appointment_id, visit.now.start))
        for purpose in WAYS.get(row.rule, ())
    ]


def _headers(stop: str | None) -> dict[str, str]:
    headers = {"Auto-Submitted": "auto-generated"}  # RFC 3834: no out-of-office answers
    if stop:  # RFC 8058: the mail program shows a button that ends all messages
        headers["List-Unsubscribe"] = f"<{stop}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
