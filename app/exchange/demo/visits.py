"""The visits of the demo clinic, set into the shifts of its doctors so that none overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from app.exchange.demo.cases import CHRONIC, Case, sees, suits
from app.exchange.demo.cast import KINDS, MIX, Kind
from app.exchange.demo.complaints import CASES
from app.exchange.demo.people import Person
from app.exchange.demo.rota import Clock, Duty, instant
from app.exchange.demo.state import state

CELL = 5
BEFORE, AFTER = 105, 35
"""Minutes around now in which one consultation follows upon the other. The longest visit, its
buffer and its grid take less than the former, so that somebody is with the doctor now."""
HALF_HOUR = 30
FEW = 3
"""Visits to come of the patient with the login: fewer than may be booked in the portal."""
KIND = {kind.name: kind for kind in KINDS}


@dataclass(slots=True)
class Physician:
    """A doctor as visits need one; rooms by type, the exam room being the doctor's own."""

    doctor_id: int
    staff_id: int
    specialization: str
    rooms: dict[str, list[int]]


@dataclass(slots=True)
class Visit:
    """An appointment before it is a row; times are minutes since 1970 in UTC."""

    id: int
    person: Person
    physician: Physician
    room_id: int
    kind: Kind
    case: Case
    start: int
    status: str = "booked"
    arrived: int | None = None

    @property
    def end(self) -> int:
        """Its end, in the minutes in which it begins."""
        return self.start + self.kind.minutes


class Diary:
    """Which patient comes on which day, and when the rooms that doctors share are taken."""

    def __init__(self) -> None:
        self._days: set[tuple[int, int]] = set()
        self._cells: set[tuple[int, int]] = set()

    def is_free(self, person: Person, start: int, end: int) -> bool:
        """Nobody comes twice on a day (UTC): so no two visits of a patient meet."""
        return not self._days.intersection(_days(person, start, end))

    def room(self, rooms: Sequence[int], start: int, end: int) -> int | None:
        """The first of the rooms that is free all that time; None where none is."""
        for room_id in rooms:
            if not self._cells.intersection(_cells(room_id, start, end)):
                return room_id
        return None

    def enter(self, visit: Visit) -> None:
        """Take the day of the patient and the time of the room; an `Exam` room is its doctor's own."""
        self._days.update(_days(visit.person, visit.start, visit.end))
        if visit.kind.room_type != "Exam":
            taken_until = visit.end + visit.kind.buffer_after
            self._cells.update(_cells(visit.room_id, visit.start, taken_until))


def _days(person: Person, start: int, end: int) -> set[tuple[int, int]]:
    return {(person.id, start // 1440), (person.id, end // 1440)}


def _cells(room_id: int, start: int, end: int) -> set[tuple[int, int]]:
    return {(room_id, cell) for cell in range(start // CELL, -(-end // CELL))}


class Booker:
    """Fills one shift after another; the same shifts and people give the same visits."""

    def __init__(
        self, rng: Random, clock: Clock, patients: Sequence[Person], first_id: int
    ) -> None:
        self._rng = rng
        self._clock = clock
        self._diary = Diary()
        self._next_id = first_id
        self._with_login, self._her_visits_ahead = patients[0], 0
        self._kinds = {
            specialization: [KIND[name] for name, share in mix for _ in range(share)]
            for specialization, mix in MIX.items()
        }
        self._pools = {name: _pool(name, patients, clock) for name in MIX}

    def fill(self, duty: Duty, physician: Physician, wanted: int) -> Iterator[Visit]:
        """Up to `wanted` visits within a shift, on the grid of their kind, with free time left
        between them; around now one follows upon the other."""
        cursor, left, lunch = duty.start, wanted, self._lunch(duty)
        while left > 0 and cursor < duty.end:
            near = duty.around_now and -BEFORE <= cursor - self._clock.minute <= AFTER
            kind = KIND["Consultation"] if near else self._kind(physician)
            start = cursor if near else cursor + self._pause(duty, cursor, left)
            start = _on_grid(start, kind.grid, duty.offset)
            if lunch < start + kind.minutes and start < lunch + HALF_HOUR:
                start = _on_grid(lunch + HALF_HOUR, kind.grid, duty.offset)
            if start + kind.minutes > duty.end:
                return
            visit = self._visit(duty, physician, kind, start)
            if visit is None:
                cursor += CELL
                continue
            cursor, left = visit.end + kind.buffer_after, left - 1
            yield visit

    def _lunch(self, duty: Duty) -> int:
        """When half an hour of rest begins; none in a short shift or right now."""
        middle = _on_grid((duty.start + duty.end) // 2, HALF_HOUR, duty.offset)
        busy = duty.around_now and abs(middle - self._clock.minute) < 2 * BEFORE
        return duty.end if busy or duty.end - duty.start < 7 * 60 else middle

    def _kind(self, physician: Physician) -> Kind:
        return self._rng.choice(self._kinds[physician.specialization])

    def _pause(self, duty: Duty, cursor: int, left: int) -> int:
        slack = duty.end - cursor - left * HALF_HOUR
        pause = self._rng.randint(0, max(0, 2 * slack // (left + 1)))
        until = self._clock.minute - BEFORE - cursor
        return min(pause, until) if duty.around_now and until > 0 else pause

    def _visit(self, duty: Duty, physician: Physician, kind: Kind, start: int) -> Visit | None:
        end = start + kind.minutes
        room_id = self._diary.room(physician.rooms[kind.room_type], start, end + kind.buffer_after)
        person = self._person(duty, physician, kind, start, end)
        if room_id is None or person is None:
            return None
        case = self._case(duty, physician, kind, person)
        visit = Visit(self._next_id, person, physician, room_id, kind, case, start)
        visit.status, visit.arrived = state(self._rng, start, end, self._clock.minute)
        self._next_id += 1
        self._her_visits_ahead += person is self._with_login and start > self._clock.minute
        self._diary.enter(visit)
        return visit

    def _person(
        self, duty: Duty, physician: Physician, kind: Kind, start: int, end: int
    ) -> Person | None:
        pool = self._pools[physician.specialization]
        for _ in range(40):
            person = self._rng.choice(pool)
            fits = sees(physician.specialization, person.age(duty.day), person.sex)
            fits = fits and (not kind.cases or bool(_fitting(kind.cases, duty, person)))
            fits = fits and not self._keeps_room(person, start)
            if fits and self._diary.is_free(person, start, end):
                return person
        return None

    def _keeps_room(self, person: Person, start: int) -> bool:
        """Whether it is the one with the portal's login, who could else book nothing more there."""
        ahead = person is self._with_login and start > self._clock.minute
        return ahead and self._her_visits_ahead >= FEW

    def _case(self, duty: Duty, physician: Physician, kind: Kind, person: Person) -> Case:
        follow_up = kind.name in {"Follow-up", "Consultation", "Long consultation"}
        lasting = [c.case for c in person.chronic if physician.specialization in c.seen_by]
        if follow_up and lasting and self._rng.random() < 0.6:
            return self._rng.choice(lasting)
        name = kind.cases or physician.specialization
        return self._rng.choice(_fitting(name, duty, person) or CASES[name][-1:])


def _fitting(name: str, duty: Duty, person: Person) -> list[Case]:
    """The cases of this name that can be the person's."""
    age = person.age(duty.day)
    return [case for case in CASES[name] if suits(case, age, person.sex)]


def _pool(specialization: str, patients: Sequence[Person], clock: Clock) -> list[Person]:
    """Who may come to a specialization, each as often as they want to come."""
    mine = {c.code for c in CHRONIC if specialization in c.seen_by}
    return [
        person
        for person in patients
        if sees(specialization, person.age(clock.today), person.sex)
        for _ in range(
            person.visits_wanted(clock.today) if mine & {c.code for c in person.chronic} else 1
        )
    ]


def _on_grid(minute: int, grid: int, offset: int) -> int:
    """The first minute from `minute` on that lies on the grid of the clinic's clock."""
    return -(-(minute + offset) // grid) * grid - offset


def appointment_rows(
    visits: Sequence[Visit], kinds: dict[str, int], why: Callable[[Visit], str | None]
) -> Iterator[dict[str, Any]]:
    """Visits as rows of `appointment`; `kinds` gives the ids of visit types by name, `why` who
    cancelled."""
    for visit in visits:
        yield {
            "appointment_id": visit.id,
            "patient_id": visit.person.id,
            "doctor_id": visit.physician.doctor_id,
            "room_id": visit.room_id,
            "visit_type_id": kinds[visit.kind.name],
            "appointment_datetime": instant(visit.start),
            "minutes_duration": visit.kind.minutes,
            "status": visit.status,
            "reason": visit.case.reason,
            "cancellation_reason": why(visit),
            "arrived_at": None if visit.arrived is None else instant(visit.arrived),
        }
