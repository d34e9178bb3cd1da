"""What stands beside words all over the pages: an icon, and the badge of a status. Each is made once."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask
from markupsafe import Markup

from app.language import current
from app.spelling import said, word

LOOKS = {
    "proposed": ("plain", "fa-calendar-plus"),
    "pending": ("warn", "fa-hourglass-half"),
    "booked": ("info", "fa-calendar-check"),
    "arrived": ("violet", "fa-person-walking"),
    "checked-in": ("violet", "fa-clipboard-check"),
    "in-room": ("violet", "fa-door-open"),
    "fulfilled": ("good", "fa-circle-check"),
    "cancelled": ("bad", "fa-ban"),
    "noshow": ("bad", "fa-user-slash"),
    "no-show": ("bad", "fa-user-slash"),
    "entered-in-error": ("bad", "fa-eraser"),
    "waitlist": ("warn", "fa-list-ol"),
    "active": ("good", "fa-circle"),
    "recurrence": ("warn", "fa-rotate-left"),
    "relapse": ("warn", "fa-rotate-left"),
    "inactive": ("plain", "fa-pause"),
    "remission": ("info", "fa-arrow-down"),
    "resolved": ("plain", "fa-check"),
    "completed": ("good", "fa-circle-check"),
    "final": ("good", "fa-circle-check"),
    "on-hold": ("warn", "fa-pause"),
    "stopped": ("plain", "fa-stop"),
    "draft": ("warn", "fa-pen"),
    "signed": ("good", "fa-lock"),
    "published": ("good", "fa-circle-check"),
    "unknown": ("plain", "fa-minus"),
    "available": ("good", "fa-circle-check"),
    "occupied": ("violet", "fa-door-open"),
    "cleaning": ("warn", "fa-broom"),
    "out-of-service": ("bad", "fa-screwdriver-wrench"),
    "high": ("bad", "fa-triangle-exclamation"),
    "low": ("plain", "fa-arrow-down"),
    "success": ("good", "fa-check"),
    "sent": ("good", "fa-check"),
    "planned": ("info", "fa-clock"),
    "claimed": ("info", "fa-paper-plane"),
    "dead": ("bad", "fa-skull"),
    "email": ("plain", "fa-envelope"),
    "sms": ("plain", "fa-comment-sms"),
    "inbox": ("plain", "fa-inbox"),
    "queued": ("info", "fa-hourglass-half"),
    "skipped": ("plain", "fa-minus"),
    "failed": ("bad", "fa-circle-xmark"),
    "failure": ("bad", "fa-circle-xmark"),
    "refused": ("bad", "fa-ban"),
    "denied": ("bad", "fa-ban"),
    "taken": ("good", "fa-circle-check"),
    "declined": ("plain", "fa-xmark"),
    "expired": ("plain", "fa-hourglass-end"),
    "agreed": ("info", "fa-handshake"),
    "requested": ("warn", "fa-hourglass-half"),
    "approved": ("good", "fa-circle-check"),
    "today": ("info", "fa-calendar-check"),
    "late": ("bad", "fa-triangle-exclamation"),
    "waiting": ("warn", "fa-hourglass-half"),
}
"""Tone and shape of a status word; one that is not listed is plain."""


def init_app(app: Flask) -> None:
    """Give the templates `icon`, `badge`, and the filter `tone`."""
    app.jinja_env.globals.update(icon=icon, badge=badge)
    app.jinja_env.filters["tone"] = tone


@lru_cache(maxsize=500)
def icon(name: str = "") -> Markup:
    """An icon beside words; it says nothing by itself."""
    return Markup('<i class="fa-solid {}" aria-hidden="true"></i>').format(name or "fa-circle")


def badge(status: object, stored: bool = False) -> Markup:
    """A status word with its tone and shape, in the language of now; `data-value` keeps it as it is
    stored. `stored` says that a word which is not listed is one of a column's own choices."""
    return _badge(str(status), stored, current())


def tone(status: str) -> str:
    """The tone of a status that other words are said of."""
    return LOOKS[status][0]


@lru_cache(maxsize=2000)
def _badge(status: str, stored: bool, _language: str) -> Markup:
    known = LOOKS.get(status) or LOOKS.get(status.lower().replace(" ", "-").replace("_", "-"))
    spoken = word(status) if known or stored else said(status)
    look, shape = (f" tone-{known[0]}", icon(known[1])) if known else ("", "")
    return Markup('<span class="badge{}" data-value="{}">{}{}</span>').format(
        look, status, shape, spoken[:1].upper() + spoken[1:]
    )
