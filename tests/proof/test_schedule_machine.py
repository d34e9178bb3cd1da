"""A machine of chance against a plain model: booking, holding, moving, cancelling, confirming,
expiring, shifts, time off and series agree with sets of half hours, on both databases."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import (
    Appointment,
    AppointmentHistory,
    AppointmentSeries,
    ClinicError,
    Doctor,
    Shift,
    TimeOff,
)
from app.models.base.clock import clinic_zone
from app.models.base.itself import CLINIC
from app.models.visits import availability, booking, holds, life, series, situations
from app.models.visits.availability import Wish
from app.models.visits.booking import SoftRule
from app.models.visits.series import Change
from app.models.visits.series_steps import SeriesClash
from tests.cast import Cast

FIRST_DAY, DAYS = date(2026, 6, 8), 3
MIDNIGHT = datetime(2026, 6, 8, tzinfo=UTC) - timedelta(hours=2)  # of Madrid, in June
CELL = timedelta(minutes=30)
PER_DAY = 48
ACTIVE = {"pending", "booked"}
FULL = 220
EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", FULL))

starts = st.integers(16, 40).flatmap(
    lambda cell: st.integers(0, DAYS - 1).map(lambda day: day * PER_DAY + cell)
)
lengths = st.integers(1, 3)
who = st.integers(0, 1)
some = st.integers(0, 1_000_000)


@dataclass(frozen=True)
class Visit:
    """What the model knows of a visit; its time is a run of half hours."""

    doctor: int
    patient: int
    cells: range
    status: str
    hold: datetime | None = None
    ran_out: bool = False


def moment(cell: int) -> datetime:
    return MIDNIGHT + cell * CELL


class Schedule(RuleBasedStateMachine):
    """Each rule does a thing to the clinic and to the model, and compares the two answers."""

    cast: ClassVar[Cast]
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).steps -= 1  # the invariants are asked before the first step too
        self.session = db.session()
        for table in (AppointmentHistory, Appointment, AppointmentSeries, Shift, TimeOff):
            self.session.execute(delete(table))
        self.session.commit()
        self.doctors, self.patients = (
            (self.cast.diaz, self.cast.eriksen), (self.cast.paula, self.cast.quentin),
        )  # fmt: skip
        self.staff = [self.session.get_one(Doctor, key).staff_id for key in self.doctors]
        self.now = datetime(2026, 6, 1, tzinfo=UTC)
        self.visits: dict[int, Visit] = {}
        self.shifts: dict[int, tuple[int, range]] = {}
        self.away: dict[int, tuple[int, range]] = {}

    # what the model says

    def expired(self, visit: Visit) -> bool:
        return visit.status == "pending" and visit.hold is not None and visit.hold <= self.now

    def overlapping(self, visit: Visit, but: int | None) -> dict[int, Visit]:
        return {
            key: other
            for key, other in self.visits.items()
            if key != but
            and other.status in ACTIVE
            and (other.doctor == visit.doctor or other.patient == visit.patient)
            and set(other.cells) & set(visit.cells)
        }

    def on_duty(self, doctor: int) -> set[int]:
        at_work = {c for who_, cells in self.shifts.values() if who_ == doctor for c in cells}
        return at_work - {c for who_, cells in self.away.values() if who_ == doctor for c in cells}

    def against_the_rules(self, visit: Visit) -> bool:
        on_rota = any(doctor == visit.doctor for doctor, _ in self.shifts.values())
        return on_rota and not set(visit.cells) <= self.on_duty(visit.doctor)

    def answer_to(self, visit: Visit, but: int | None = None, *, asks: bool = True) -> str:
        if asks and self.against_the_rules(visit):
            return "soft"
        taken = any(not self.expired(v) for v in self.overlapping(visit, but).values())
        return "taken" if taken else "ok"

    def keep(self, key: int, visit: Visit) -> None:
        """The expired holds in the way end; the visit stands."""
        for other, held in self.overlapping(visit, key).items():
            self.visits[other] = replace(held, status="cancelled", ran_out=True)
        self.visits[key] = visit

    # what the clinic says

    def attempt(self, step: Callable[[], Any]) -> str:
        try:
            with self.session.no_autoflush:
                step()
            self.session.commit()
        except SoftRule:
            self.session.rollback()
            return "soft"
        except (IntegrityError, SeriesClash):
            self.session.rollback()
            return "taken"
        except ClinicError:
            self.session.rollback()
            return "refused"
        return "ok"

    def row(self, key: int) -> Appointment:
        return self.session.get_one(Appointment, key)

    def one_of(self, number: int, rows: dict[int, Any]) -> int:
        return sorted(rows)[number % len(rows)]

    @rule(doctor=who, patient=who, start=starts, length=lengths, held=st.booleans())
    def book_or_hold(self, doctor: int, patient: int, start: int, length: int, held: bool) -> None:
        until = self.now + holds.HOLD if held else None
        status = "pending" if held else "booked"
        visit = Visit(doctor, patient, range(start, start + length), status, until)
        row = Appointment(
            doctor_id=self.doctors[doctor], patient_id=self.patients[patient],
            appointment_datetime=moment(start), minutes_duration=30 * length,
        )  # fmt: skip

        def step() -> None:
            if held:
                holds.hold(row, self.now)
            booking.prepare(self.session, CLINIC, row, self.now)
            self.session.add(row)

        expected = self.answer_to(visit)
        assert self.attempt(step) == expected
        if expected == "ok":
            self.keep(row.appointment_id, visit)

    @precondition(lambda self: self.active())
    @rule(which=some, doctor=who, start=starts, length=lengths)
    def move(self, which: int, doctor: int, start: int, length: int) -> None:
        key = self.one_of(which, self.active())
        before = self.visits[key]
        visit = replace(before, doctor=doctor, cells=range(start, start + length))

        def step() -> None:
            row = self.row(key)
            row.doctor_id, row.appointment_datetime = self.doctors[doctor], moment(start)
            row.minutes_duration = 30 * length
            booking.prepare(self.session, CLINIC, row, self.now)

        expected = self.answer_to(visit, key, asks=visit != before)
        assert self.attempt(step) == expected
        if expected == "ok":
            self.keep(key, visit) if visit != before else None

    @precondition(lambda self: self.visits)
    @rule(which=some)
    def cancel(self, which: int) -> None:
        key = self.one_of(which, self.visits)
        visit = self.visits[key]

        def step() -> None:
            life.move_status(self.session, CLINIC, self.row(key), "cancelled", self.now, None)

        assert self.attempt(step) == "ok"
        if visit.status != "cancelled":
            self.visits[key] = replace(visit, status="cancelled", ran_out=False)

    @precondition(lambda self: any(v.hold for v in self.visits.values()))
    @rule(which=some)
    def confirm(self, which: int) -> None:
        key = self.one_of(which, {k: v for k, v in self.visits.items() if v.hold})
        visit = self.visits[key]
        booked = replace(visit, status="booked", hold=None, ran_out=False)
        can = visit.status == "pending" or visit.ran_out
        expected = self.answer_to(booked, key, asks=False) if can else "refused"

        def step() -> None:
            holds.confirm(self.session, CLINIC, self.row(key), self.now)

        assert self.attempt(step) == expected
        if expected == "ok":
            self.keep(key, booked)

    @rule(minutes=st.integers(1, 12))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def expire(self) -> None:
        assert self.attempt(lambda: holds.expire(self.session, self.now)) == "ok"
        for key, visit in self.visits.items():
            if self.expired(visit):
                self.visits[key] = replace(visit, status="cancelled", ran_out=True)

    @rule(doctor=who, start=starts, length=st.integers(4, 20))
    def put_on_the_rota(self, doctor: int, start: int, length: int) -> None:
        day, cell = divmod(start, PER_DAY)
        end = min(cell + length, PER_DAY - 1)
        shift = Shift(
            staff_id=self.staff[doctor], shift_date=FIRST_DAY + timedelta(days=day),
            start_time=time(cell // 2, 30 * (cell % 2)), end_time=time(end // 2, 30 * (end % 2)),
        )  # fmt: skip
        cells = range(start, day * PER_DAY + end)
        twice = any(set(own) & set(cells) for at, own in self.shifts.values() if at == doctor)
        assert self.attempt(lambda: self.session.add(shift)) == ("taken" if twice else "ok")
        if not twice:
            self.shifts[shift.shift_id] = doctor, cells

    @precondition(lambda self: self.shifts)
    @rule(which=some)
    def take_off_the_rota(self, which: int) -> None:
        key = self.one_of(which, self.shifts)
        self.session.delete(self.session.get_one(Shift, key))
        self.session.commit()
        del self.shifts[key]

    @rule(doctor=who, start=starts, length=st.integers(2, 10))
    def give_time_off(self, doctor: int, start: int, length: int) -> None:
        away = TimeOff(
            staff_id=self.staff[doctor], start_at=moment(start), end_at=moment(start + length),
            status="approved",
        )  # fmt: skip
        self.session.add(away)
        self.session.commit()
        self.away[away.time_off_id] = doctor, range(start, start + length)

    @precondition(lambda self: self.away)
    @rule(which=some)
    def take_time_off_back(self, which: int) -> None:
        key = self.one_of(which, self.away)
        self.session.delete(self.session.get_one(TimeOff, key))
        self.session.commit()
        del self.away[key]

    @rule(
        doctor=who, patient=who, cell=st.integers(16, 40), length=lengths,
        count=st.integers(1, DAYS), skip=st.booleans(),
    )  # fmt: skip
    def book_a_series(
        self, doctor: int, patient: int, cell: int, length: int, count: int, skip: bool
    ) -> None:
        wished = [
            Visit(doctor, patient, range(c, c + length), "booked")
            for c in range(cell, cell + count * PER_DAY, PER_DAY)
        ]
        wanted = AppointmentSeries(
            doctor_id=self.doctors[doctor], patient_id=self.patients[patient],
            rrule=f"FREQ=DAILY;COUNT={count}", minutes=30 * length,
            start_wall=series.wall_of(moment(cell)),
        )  # fmt: skip
        done: list[Appointment] = []

        def step() -> None:
            found = series.create(self.session, CLINIC, wanted, self.now, skip=skip)
            done.extend(found.visits)

        had = [visit for visit in wished if self.answer_to(visit) == "ok"]
        expected = "ok" if had == wished or (skip and had) else "taken"
        assert self.attempt(step) == expected
        if expected == "ok":
            for row, visit in zip(done, had, strict=True):
                self.keep(row.appointment_id, visit)

    @precondition(lambda self: self.series_rows())
    @rule(which=some, by=st.integers(-4, 4).filter(bool))
    def move_a_series(self, which: int, by: int) -> None:
        """All that is open of a series, by some half hours; or nothing of it."""
        rows = self.series_rows()
        first = self.row(self.one_of(which, rows))
        keys = [row.appointment_id for row in series.reached(self.session, first, "all", self.now)]
        after = {
            key: replace(v, cells=range(v.cells.start + by, v.cells.stop + by))
            for key in keys
            for v in [self.visits[key]]
        }
        others = {k: v for k, v in self.visits.items() if k not in after}
        wall = series.wall_of(first.appointment_datetime) + by * CELL

        def step() -> None:
            change = Change(wall)
            series.move(self.session, CLINIC, first, "all", change, self.now)

        # visits of one series lie a day apart unless one was moved alone: then let the clinic say
        crowded = any(
            set(a.cells) & (set(b.cells) | set(after[j].cells) | set(self.visits[j].cells))
            for i, a in after.items() for j, b in after.items()
            if i != j
        )  # fmt: skip
        said = self.attempt(step)
        kept, self.visits = self.visits, others
        answers = {self.answer_to(visit) for visit in after.values()}
        self.visits = kept
        if not crowded:
            assert said == ("ok" if answers == {"ok"} else "taken")
        if said == "ok":
            for key, visit in after.items():
                self.visits[key] = visit
            for key, visit in after.items():
                self.keep(key, visit)

    @precondition(lambda self: self.series_rows())
    @rule(which=some, scope=st.sampled_from(("following", "all")))
    def cancel_a_series(self, which: int, scope: str) -> None:
        """What is open of it from the one on, or all; no visit of another series."""
        first = self.row(self.one_of(which, self.series_rows()))
        since = first.occurrence_wall if scope == "following" else datetime.min
        open_ones = select(Appointment.appointment_id).where(
            Appointment.series_id == first.series_id,
            Appointment.occurrence_wall >= since,
            Appointment.status == "booked",
        )
        keys = list(self.session.scalars(open_ones))

        def step() -> None:
            series.cancel(self.session, CLINIC, first, scope, None, None, self.now)

        assert self.attempt(step) == "ok"
        for key in keys:
            self.visits[key] = replace(self.visits[key], status="cancelled", ran_out=False)

    def active(self) -> dict[int, Visit]:
        return {key: visit for key, visit in self.visits.items() if visit.status in ACTIVE}

    def series_rows(self) -> dict[int, Visit]:
        query = select(Appointment.appointment_id).where(
            Appointment.series_id.is_not(None), Appointment.status == "booked"
        )
        return {key: self.visits[key] for key in self.session.scalars(query)}

    # the two agree

    @invariant()
    def a_step_is_counted(self) -> None:
        type(self).steps += 1

    @invariant()
    def the_clinic_holds_what_the_model_holds(self) -> None:
        self.session.rollback()
        self.session.expire_all()
        kept = {
            row.appointment_id: (
                self.doctors.index(row.doctor_id), self.patients.index(row.patient_id),
                row.appointment_datetime, row.end, row.status,
            )
            for row in self.session.scalars(select(Appointment))
        }  # fmt: skip
        assert kept == {
            key: (v.doctor, v.patient, moment(v.cells.start), moment(v.cells.stop), v.status)
            for key, v in self.visits.items()
        }

    @invariant()
    def free_is_on_duty_without_what_stands(self) -> None:
        zone = clinic_zone()
        window = availability.window_of(FIRST_DAY, DAYS, zone)
        now, wish = self.now, Wish(minutes=30, grid=30)
        found = situations.load(self.session, self.doctors, window, zone, None, now)
        for doctor, key in enumerate(self.doctors):
            taken = {
                cell
                for v in self.visits.values()
                if v.doctor == doctor and v.status in ACTIVE and not self.expired(v)
                for cell in v.cells
            }
            slots = {slot.start for slot in found.free(key, wish, now)}
            assert slots == {moment(cell) for cell in self.on_duty(doctor) - taken}

    def teardown(self) -> None:
        self.session.rollback()


def agree(cast: Cast, examples: int, steps: int) -> int:
    """How many steps were taken in which the two agreed."""
    machine = type("Machine", (Schedule,), {"cast": cast})
    chance = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=True,  # the same steps each time: a proof that is repeated, not a lottery
        suppress_health_check=list(HealthCheck),
    )
    with cast.app.app_context():
        run_state_machine_as_test(machine, settings=chance)
    return machine.steps


def test_clinic_and_model_agree_over_100_steps(cast: Cast) -> None:
    assert agree(cast, 4, 30) >= 100


@pytest.mark.proof
def test_clinic_and_model_agree_over_10_000_steps(cast: Cast) -> None:
    """On each database."""
    assert agree(cast, EXAMPLES, 60) >= 10_000 * EXAMPLES // FULL
