"""The figures in sections, as they are asked for: each a few statements, whatever it counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.language import _l
from app.models.analytics import access, coded, messages, missed, people, system, times, use, visits
from app.models.analytics.figure import Figure
from app.models.analytics.scope import Asked
from app.models.base.grants import CARE, STAFF, Role

CLINICAL = CARE | {Role.ADMIN}
PRODUCTIVITY = frozenset({Role.ADMIN, Role.DOCTOR})


@dataclass(frozen=True)
class Section:
    """`narrowed` says which of doctor, type and room its figures can be narrowed to."""

    key: str
    title: str
    icon: str
    roles: frozenset[Role]
    build: Callable[[Asked], list[Figure]]
    narrowed: tuple[str, ...] = ("doctor", "type", "room")


SECTIONS = (
    Section("visits", _l("Appointments"), "fa-calendar-check", STAFF, visits.figures),
    Section("missed", _l("Missed"), "fa-user-xmark", STAFF, missed.figures),
    Section("use", _l("Utilisation"), "fa-gauge-high", STAFF, use.figures, ("doctor", "room")),
    Section("times", _l("Waiting"), "fa-hourglass-half", STAFF, times.figures),
    Section("access", _l("Access"), "fa-person-walking-arrow-right", STAFF, access.figures),
    Section(
        "people", _l("Productivity"), "fa-user-check", PRODUCTIVITY, people.figures, ("doctor",)
    ),
    Section("codes", _l("Diagnoses and drugs"), "fa-prescription-bottle", CLINICAL, coded.figures),
    Section("messages", _l("Reminders"), "fa-bell", STAFF, messages.figures),
    Section("system", _l("System"), "fa-server", frozenset({Role.ADMIN}), system.figures, ()),
)
