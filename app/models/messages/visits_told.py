"""What a message says of visits: which ones, when they were to be, and what was known before.

It is kept in the message (`context`), so that right before sending each visit can be compared with
what it is by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.language import _k
from app.models.base.clock import clinic_zone
from app.models.messages import wording
from app.models.people.staff import Doctor
from app.models.visits.appointment import Appointment

STATUSES = {
    "cancelled": ("cancelled",),
    "waitlist_offer": ("pending",),
    "running_late": ("booked", "arrived", "checked-in"),
}
"""In which status a visit must be for a message of that kind; else it must be booked. Where the
message says itself in which it left the visit (`Told.status`), that one counts."""

EVEN_BEGUN = ("running_late", "doctor_absent")
"""What a patient may be told of a visit whose time has come."""


@dataclass(frozen=True)
class Known:
    """When a visit is, and with whom."""

    start: datetime
    doctor_id: int

    def dump(self) -> list[Any]:
        """For the row of a message: the start in UTC as ISO 8601."""
        return [self.start.isoformat(), self.doctor_id]

    @classmethod
    def load(cls, said: Sequence[Any]) -> Known:
        """The way back of `dump`."""
        return cls(datetime.fromisoformat(said[0]), said[1])


@dataclass(frozen=True)
class Told:
    """One visit in a message: as it is meant there, and as the patient knew it before."""

    appointment_id: int
    now: Known
    before: Known | None = None
    status: str | None = None
    line: Mapping[str, str] | None = None
    """What is said of it in a list, by language."""

    def dump(self) -> dict[str, Any]:
        """For the row of a message; what is empty is left out."""
        before = self.before.dump() if self.before else None
        said: dict[str, Any] = {"id": self.appointment_id, "now": self.now.dump(), "before": before}
        more = {"status": self.status, "line": self.line and dict(self.line)}
        return said | {name: value for name, value in more.items() if value}

    @classmethod
    def load(cls, said: dict[str, Any]) -> Told:
        """The way back of `dump`."""
        before = Known.load(said["before"]) if said["before"] else None
        now = Known.load(said["now"])
        return cls(said["id"], now, before, said.get("status"), said.get("line"))


@dataclass(frozen=True)
class Current:
    """A visit as the database has it at this moment, with its doctor's name where that was read."""

    known: Known
    status: str
    doctor: str = ""


def told_in(context: dict[str, Any] | None) -> list[Told]:
    """The visits that a message speaks of; none where it is not about visits."""
    return [Told.load(said) for said in (context or {}).get("visits", [])]


_visit: Any = Appointment.__table__
_doctor: Any = Doctor.__table__
_CURRENT = (
    select(
        _visit.c.appointment_id, _visit.c.appointment_datetime, _visit.c.doctor_id,
        _visit.c.status, _doctor.c.name,
    )
    .select_from(_visit.join(_doctor))
    .where(_visit.c.appointment_id.in_(bindparam("keys", expanding=True)))
)  # fmt: skip
_DOCTORS = select(_doctor.c.doctor_id, _doctor.c.name).where(
    _doctor.c.doctor_id.in_(bindparam("keys", expanding=True))
)
"""Both made once, for they are asked before each message that leaves."""


def current(session: Session, keys: Iterable[int]) -> dict[int, Current]:
    """Past the session's own memory: another process may have changed them."""
    return {
        key: Current(Known(start, doctor_id), status, doctor)
        for key, start, doctor_id, status, doctor in session.execute(
            _CURRENT, {"keys": list(set(keys))}
        )
    }


def still_true(event: str, told: Told, found: Current | None, now: datetime) -> str | None:
    """Why a message about `event` must not speak of this visit any more; None where it may."""
    if found is None:
        return _k("The visit is not there any more.")
    meant = (told.status,) if told.status else STATUSES.get(event, ("booked",))
    if found.status not in meant:
        return f"The visit is {found.status}."
    if found.known != told.now:
        return _k("The visit was moved.")
    if told.now.start <= now and event not in EVEN_BEGUN:
        return _k("The visit has begun.")
    return None


def doctors_in(told: Iterable[Told]) -> set[int]:
    """The doctors that the visits have, or had before."""
    return {known.doctor_id for one in told for known in (one.now, one.before) if known}


def doctors_of(
    session: Session, told: Iterable[Told], found: Iterable[Current] = ()
) -> dict[int, str]:
    """The names of the doctors in a message; those in `found` are not asked for again."""
    there = {one.known.doctor_id: one.doctor for one in found}
    keys = doctors_in(told)
    if keys <= there.keys():
        return there
    rows = session.execute(_DOCTORS, {"keys": list(keys)})
    return {row.doctor_id: row.name for row in rows}


def values_of(told: Sequence[Told], doctors: Mapping[int, str], language: str) -> dict[str, str]:
    """What the words of a message are filled in with; several visits are lines of one list."""
    zone, first = clinic_zone(), told[0].now

    def said(known: Known) -> str:
        words = wording.moment_words(known.start, language, zone)
        return f"{words}{wording.with_doctor(language)}{doctors.get(known.doctor_id, '')}"

    before = [said(one.before) for one in told if one.before]
    return {
        "when": "\n".join(said(one.now) for one in told),
        "before": "\n".join(before),
        "lines": "\n".join(one.line.get(language, "") for one in told if one.line),
        "date": wording.short_day(first.start, language, zone),
        "time": wording.clock(first.start, language, zone),
        "doctor": doctors.get(first.doctor_id, ""),
    }
