"""What a home is made of: cards, lists of lines, rooms, and what calls for attention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import url_for

from app.language import _, _n
from app.models.base.clock import clinic_zone


@dataclass(frozen=True)
class Card:
    """A number with its name; `tone` is `warn` or `bad` where it calls for someone."""

    label: str
    number: object
    hint: str
    icon: str
    url: str | None = None
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """One row of a list. `act` is what can be done at once: label, address, icon."""

    title: str
    detail: str = ""
    time: str = ""
    badge: str = ""
    url: str | None = None
    act: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Panel:
    """A list with what to say where it is empty, and the address of all."""

    title: str
    icon: str
    lines: list[Line]
    empty: str
    more: tuple[str, str] | None = None
    count: int | None = None


@dataclass(frozen=True)
class RoomTile:
    """A room, what is in it, and the page that it leads to."""

    name: str
    status: str
    detail: str
    url: str


@dataclass
class Home:
    """`actions` are what the role does most: label, address, icon; the first is the main one."""

    greeting: str
    actions: list[tuple[str, str, str]] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    rooms: list[RoomTile] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)


def clock(moment: datetime) -> str:
    """The time in the clinic, `09:30`."""
    return f"{moment.astimezone(clinic_zone()):%H:%M}"


def visit_lines(rows: Iterable[Any], *, by: str, chart: bool = False) -> list[Line]:
    """Visits by their time; they lead to the chart, or to the appointment."""
    return [
        Line(
            title=row.patient,
            detail=getattr(row, by) or "",
            time=clock(row.appointment_datetime),
            badge=row.status,
            url=chart_of(row.patient_id) if chart else visit_of(row.appointment_id),
        )
        for row in rows
    ]


def chart_of(patient_id: int) -> str:
    """The address of a patient's chart."""
    return url_for("ChartView.show", patient_id=patient_id)


def visit_of(appointment_id: int) -> str:
    """The address of a visit."""
    return url_for("AppointmentView.show", pk=appointment_id)


def call(phone: str | None) -> tuple[str, str, str] | None:
    """The button that calls a number; None where there is none."""
    if not phone:
        return None
    digits = "".join(c for c in phone if c.isdigit() or c == "+")
    return (phone, f"tel:{digits}", "fa-phone")


def sum_of(counts: dict[str, int], statuses: Iterable[str]) -> int:
    """How many visits have one of these statuses."""
    return sum(counts.get(status, 0) for status in statuses)


def by_status(counts: dict[str, int]) -> str:
    """How many visits are done, cancelled and missed, in words; those of which there are none are
    left out."""
    said = [
        words
        for status, words in (
            ("fulfilled", _n("%(num)s done", "%(num)s done", counts.get("fulfilled", 0))),
            ("cancelled", _n("%(num)s cancelled", "%(num)s cancelled", counts.get("cancelled", 0))),
            ("noshow", _n("%(num)s missed", "%(num)s missed", counts.get("noshow", 0))),
        )
        if counts.get(status)
    ]
    return ", ".join(said) or _("none done yet")
