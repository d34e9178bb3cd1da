"""Clinics by chance, to see that every time which the portal offers can be had.

Each has a rota with night shifts over a change of the clock, leave, opening hours, blocked rooms,
visits of Paula and of others, holds that stand and that ran out, an offer of the waitlist, and terms
of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import (
    Appointment,
    Blocking,
    Doctor,
    OpeningHours,
    Role,
    Room,
    Shift,
    TimeOff,
    VisitType,
    WaitlistEntry,
    WaitlistOffer,
)
from app.models.base.clock import clinic_zone
from app.models.clinic.opening import WEEKDAYS
from app.models.portal import portal, portal_times
from app.models.portal.portal_times import Ask, Terms
from app.models.visits import holds
from app.security.actor import Actor
from tests.cast import Cast

CHANGES_OF_THE_CLOCK = (date(2026, 10, 25), date(2027, 3, 28), date(2026, 12, 7))
DAYS = 12
LEAD, CUT_OFF = timedelta(hours=3), timedelta(hours=24)


@dataclass
class World:
    """What a generated clinic is asked about; `now` lies some days before the clock changes."""

    now: datetime
    terms: Terms
    actor: Actor
    kinds: list[VisitType]
    doctors: list[int]
    own: list[Appointment]

    def days(self, ask: Ask, doctors: list[int]) -> list[portal_times.Day]:
        first = self.now.astimezone(clinic_zone()).date()
        return portal_times.days_with_times(db.session(), ask, doctors, first, self.now, self.terms)

    def can_be_booked(self, kind: VisitType, start: datetime, doctor_id: int) -> bool:
        visit = Appointment(
            patient_id=self.actor.patient_id, visit_type_id=kind.visit_type_id,
            appointment_datetime=start, doctor_id=doctor_id,
        )  # fmt: skip
        session = db.session()
        with taken_back():
            with session.no_autoflush:
                portal.hold(session, self.actor, visit, self.now, self.terms)
            session.add(visit)
            session.flush()
            with session.no_autoflush:
                holds.confirm(session, self.actor, visit, self.now + timedelta(minutes=9))
            session.flush()
            return visit.status == "booked"

    def can_be_moved(self, visit: Appointment, start: datetime, doctor_id: int) -> bool:
        session = db.session()
        with taken_back():
            with session.no_autoflush:
                portal.move(session, self.actor, visit, start, doctor_id, self.now, self.terms)
            session.flush()
            return visit.appointment_datetime == start


@contextmanager
def taken_back() -> Iterator[None]:
    """Nothing of what is done within stays."""
    savepoint = db.session().begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


def make(cast: Cast, seed: int) -> World:
    """A clinic by chance, in the open session of `cast`."""
    chance = random.Random(seed)
    change = CHANGES_OF_THE_CLOCK[seed % len(CHANGES_OF_THE_CLOCK)]
    noon = datetime.combine(change - timedelta(days=chance.randint(1, 4)), time(12), UTC)
    now = noon + timedelta(minutes=chance.randint(-700, 700))
    terms = Terms(
        chance.choice([timedelta(0), CUT_OFF]), chance.choice([timedelta(0), LEAD]),
        chance.randint(2, DAYS), chance.choice([4, 30, 30]),
    )  # fmt: skip
    actor = Actor(
        cast.users["paula"], "paula", "Paula", frozenset({Role.PATIENT}), patient_id=cast.paula
    )
    doctors = [cast.diaz, cast.eriksen]
    _rota(chance, doctors, now.date())
    kinds = _kinds(chance)
    own = _visits(chance, cast, kinds, now)
    return World(now, terms, actor, kinds, doctors, own)


def _rota(chance: random.Random, doctors: list[int], first: date) -> None:
    session, zone = db.session(), clinic_zone()
    for doctor in doctors:
        staff = session.get_one(Doctor, doctor).staff_id
        for n in range(DAYS):
            start, end = chance.choice(
                [("08:00", "12:10"), ("13:30", "18:00"), ("21:30", "04:15"), ("00:00", "06:00")]
            )
            _try(
                Shift(
                    staff_id=staff, shift_date=first + timedelta(days=n),
                    start_time=time.fromisoformat(start), end_time=time.fromisoformat(end),
                )
            )  # fmt: skip
        away = datetime.combine(first + timedelta(days=chance.randrange(DAYS)), time(9), zone)
        _try(
            TimeOff(
                staff_id=staff, status="approved", start_at=away.astimezone(UTC),
                end_at=away.astimezone(UTC) + timedelta(hours=chance.randint(2, 30)),
            )
        )  # fmt: skip
    if chance.random() < 0.4:
        for day in WEEKDAYS[: chance.randint(4, 7)]:
            _try(OpeningHours(weekday=day, start_time=time(1, 30), end_time=time(17, 45)))


def _kinds(chance: random.Random) -> list[VisitType]:
    session = db.session()
    for n in range(2):
        session.add(Room(name=f"Ultrasound {n}", room_type="ultrasound"))
    kinds = [
        VisitType(
            name=f"Kind {n}", minutes=chance.choice([10, 25, 30, 60]),
            grid_minutes=chance.choice([5, 15, 20, 45]), buffer_before=chance.choice([0, 10]),
            buffer_after=chance.choice([0, 0, 15]), room_type=room,
            specialization=chance.choice([None, None, "Cardiology"]),
        )
        for n, room in enumerate((None, "exam", "ultrasound"))
    ]  # fmt: skip
    session.add_all(kinds)
    session.flush()
    return kinds


def _visits(
    chance: random.Random, cast: Cast, kinds: list[VisitType], now: datetime
) -> list[Appointment]:
    """Visits of both patients at any time; what overlaps is not taken. Answers Paula’s."""
    session = db.session()
    rooms = [None, *session.scalars(db.select(Room.room_id))]
    own = []
    for _ in range(60):
        visit = Appointment(
            patient_id=chance.choice([cast.paula, *[cast.quentin] * 4]),
            doctor_id=chance.choice([cast.diaz, cast.eriksen]), room_id=chance.choice(rooms),
            visit_type_id=chance.choice(kinds).visit_type_id,
            appointment_datetime=_some_time(chance, now),
            minutes_duration=chance.choice([10, 30, 30, 75]),
        )  # fmt: skip
        if chance.random() < 0.3:
            visit.status = "pending"
            visit.hold_until = now + timedelta(minutes=chance.randint(-20, 40))
        if _try(visit) and visit.patient_id == cast.paula:
            own.append(visit)
            if visit.hold_until is not None and chance.random() < 0.5:
                _offer(visit, now)
    for room in rooms[1:]:
        start = _some_time(chance, now)
        end = start + timedelta(hours=chance.randint(1, 20))
        _try(Blocking(room_id=room, start_at=start, end_at=end, reason="cleaning"))
    return own


def _some_time(chance: random.Random, now: datetime) -> datetime:
    start = now.replace(minute=0, second=0) - timedelta(hours=3)
    return start + timedelta(minutes=5 * chance.randrange(12 * 24 * 6))


def _offer(visit: Appointment, now: datetime) -> None:
    entry = WaitlistEntry(
        patient_id=visit.patient_id, visit_type_id=visit.visit_type_id, earliest=now,
        latest=now + timedelta(days=90), created=now,
    )  # fmt: skip
    db.session.add(entry)
    db.session.flush()
    _try(
        WaitlistOffer(
            waitlist_entry_id=entry.waitlist_entry_id, patient_id=visit.patient_id,
            appointment_id=visit.appointment_id, offered_at=now,
            expires_at=visit.hold_until or now,
        )
    )  # fmt: skip


def _try(row: Any) -> bool:
    """Add a row unless the database refuses it."""
    savepoint = db.session().begin_nested()
    try:
        db.session.add(row)
        db.session.flush()
    except IntegrityError:
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def refused(cast: Cast, seed: int, most: int) -> tuple[int, list[Any]]:
    """How many of the offered times of a clinic were tried, and which of them cannot be had; of
    each question at most `most`, by chance."""
    with cast.app.app_context():
        world, chance = make(cast, seed), random.Random(seed)
        tried, wrong = 0, []
        for kind in world.kinds:
            known = [d.doctor_id for d in portal_times.doctors_for(db.session(), kind)]
            for doctors in (known, *([key] for key in known)):
                shown = world.days(Ask(cast.paula, kind), doctors)
                for slot in _some(chance, shown, most):
                    tried += 1
                    _note(
                        wrong,
                        seed,
                        slot,
                        lambda s=slot, k=kind: world.can_be_booked(k, s.start, s.doctor_id),
                    )
        for visit in world.own:
            if not world.terms.open_to_change(visit, world.now) or visit.hold_until:
                continue
            shown = world.days(Ask(cast.paula, visit.visit_type, visit), world.doctors)
            known = {d.doctor_id for d in portal_times.doctors_for(db.session(), visit.visit_type)}
            for slot in _some(chance, shown, most):
                if slot.doctor_id in known:
                    tried += 1
                    _note(
                        wrong,
                        seed,
                        slot,
                        lambda s=slot, v=visit: world.can_be_moved(v, s.start, s.doctor_id),
                    )
        db.session.rollback()
        db.session.remove()
    return tried, wrong


def _some(chance: random.Random, days: list[portal_times.Day], most: int) -> list[Any]:
    slots = [slot for day in days for slot in day.slots]
    return chance.sample(slots, min(most, len(slots)))


def _note(wrong: list[Any], seed: int, slot: Any, attempt: Any) -> None:
    try:
        had = attempt()
    except Exception as error:
        had = False
        slot = (slot, repr(error))
    if not had:
        wrong.append((seed, slot))
