"""The demo clinic, step by step: its people, its team, the rota, the visits, the records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.exchange.demo.alerts import add_alerts
from app.exchange.demo.bulk import hand_on_numbering, insert_all, next_id, sign_all
from app.exchange.demo.counts import Counts
from app.exchange.demo.errands import add_errands
from app.exchange.demo.logins import add_logins
from app.exchange.demo.messages import add_messages
from app.exchange.demo.past import Past, why_cancelled
from app.exchange.demo.people import Person, allergy_rows, email, patient_rows, people
from app.exchange.demo.portal import add_portal
from app.exchange.demo.records import (
    Note,
    condition_rows,
    notes,
    prescription_rows,
    record_rows,
    signatures,
)  # fmt: skip
from app.exchange.demo.rota import Clock, Duty, doctors_rota, shift_rows, team_rota
from app.exchange.demo.state import quotas
from app.exchange.demo.team import (
    doctor_rows,
    doctors_for,
    physicians,
    room_rows,
    roster,
    staff_rows,
    visit_type_rows,
)  # fmt: skip
from app.exchange.demo.visits import Booker, Physician, Visit, appointment_rows
from app.exchange.demo.vitals import observation_rows
from app.exchange.demo.waiting import waiting_rows
from app.models import (
    AllergyIntolerance,
    Appointment,
    AppointmentHistory,
    Condition,
    Doctor,
    MedicalRecord,
    MedicationRequest,
    Observation,
    Patient,
    Room,
    Shift,
    Staff,
    VisitType,
    WaitlistEntry,
)  # fmt: skip

VISITS_A_YEAR = 3.75
SMALL = 3_000
MOST_CARRIED = 3.0  # visits that found no place in a shift and go to the next
DRAFT_AFTER = timedelta(weeks=3)


class Construction:
    """One build; each step adds its tables and hands on what the next one needs."""

    def __init__(
        self, session: Session, clock: Clock, rng: Random, patients: int, years: int
    ) -> None:
        self._session, self._clock, self._rng = session, clock, rng
        self._size, self._years = patients, years
        self._counts = Counts()

    def build(self) -> Counts:
        """Write the whole demo clinic; answers how many rows of each kind."""
        persons = self._people()
        doctors, kinds = self._team()
        duties = self._rota(doctors)
        visits = self._visits(doctors, duties, persons, kinds)
        waiting = waiting_rows(self._clock, persons, doctors, kinds)
        insert_all(self._session, WaitlistEntry, waiting)
        found = notes(self._rng, self._clock, visits, next_id(self._session, MedicalRecord))
        self._records(persons, found)
        hand_on_numbering(
            self._session, Patient, Staff, Doctor, Room, VisitType, Appointment, MedicalRecord
        )
        users = self._logins(persons, visits, found)
        chosen = self._session.scalars(
            select(Patient).where(Patient.user_id == users["patient"])
        ).one()
        add_portal(self._session, self._clock, chosen, persons, kinds)
        add_alerts(self._session, self._clock, users["doctor"])
        nurses = [member.staff_id for member in self._staff("nurse")]
        add_errands(self._session, self._clock, visits, found, kinds, nurses)
        team = list(self._session.scalars(select(Staff.staff_id).where(Staff.user_id.is_not(None))))
        add_messages(self._session, self._clock, visits, team)
        past = Past(self._clock, users).rows(visits)
        self._add(history=insert_all(self._session, AppointmentHistory, past))
        self._session.expire_all()
        return self._counts

    def _add(self, **added: Any) -> None:
        self._counts = replace(self._counts, **added)

    def _people(self) -> list[Person]:
        persons = people(self._rng, self._size, next_id(self._session, Patient), self._clock.today)
        self._add(
            patients=insert_all(self._session, Patient, patient_rows(persons, self._rng)),
            allergies=insert_all(
                self._session,
                AllergyIntolerance,
                allergy_rows(persons, self._rng, self._clock.today),
            ),
        )
        return persons

    def _team(self) -> tuple[list[Physician], dict[str, int]]:
        session = self._session
        everybody = roster(doctors_for(self._size))
        first_staff = next_id(session, Staff)
        doctors = list(doctor_rows(everybody, next_id(session, Doctor), first_staff))
        room_names = set(session.scalars(select(Room.name)))
        rooms = room_rows(len(doctors), next_id(session, Room), room_names)
        kind_names = set(session.scalars(select(VisitType.name)))
        kinds = list(visit_type_rows(next_id(session, VisitType), kind_names))
        self._add(
            staff=insert_all(session, Staff, staff_rows(everybody, first_staff)),
            doctors=insert_all(session, Doctor, doctors),
            rooms=insert_all(session, Room, rooms),
            visit_types=insert_all(session, VisitType, kinds),
        )
        ids = {row["name"].removesuffix(" (demo)"): row["visit_type_id"] for row in kinds}
        return physicians(doctors, rooms), ids

    def _staff(self, role: str) -> Sequence[Staff]:
        query = select(Staff).where(Staff.identifier.like("demo:%"), Staff.role == role)
        return self._session.scalars(query.order_by(Staff.staff_id)).all()

    def _rota(self, doctors: Sequence[Physician]) -> list[Duty]:
        """All shifts are added; those of the doctors are handed on."""
        first_day = self._clock.today - timedelta(days=365 * self._years)
        days_a_week = 3 if self._size < SMALL else 5
        duties = doctors_rota(
            self._clock, [doctor.staff_id for doctor in doctors], first_day, days_a_week
        )
        nurses = [member.staff_id for member in self._staff("nurse")]
        desk = [member.staff_id for member in self._staff("receptionist")]
        manager = [member.staff_id for member in self._staff("admin")]
        team = team_rota(self._clock, nurses + desk + manager, nurses[:3] + desk[:2])
        until = self._clock.today + DRAFT_AFTER
        rows = [*shift_rows(duties, max(duty.day for duty in duties)), *shift_rows(team, until)]
        self._add(shifts=insert_all(self._session, Shift, rows))
        return duties

    def _visits(
        self,
        doctors: Sequence[Physician],
        duties: Sequence[Duty],
        persons: Sequence[Person],
        kinds: dict[str, int],
    ) -> list[Visit]:
        booker = Booker(self._rng, self._clock, persons, next_id(self._session, Appointment))
        by_staff = {doctor.staff_id: doctor for doctor in doctors}
        target = round(self._size * self._years * VISITS_A_YEAR)
        visits: list[Visit] = []
        due = 0.0
        for duty, share in quotas(self._clock, duties, doctors[0].staff_id, target):
            due = min(due + share, share + MOST_CARRIED)
            booked = list(booker.fill(duty, by_staff[duty.staff_id], int(due)))
            due -= len(booked)
            visits += booked
        rows = appointment_rows(visits, kinds, why_cancelled)
        self._add(appointments=insert_all(self._session, Appointment, rows))
        self._mark_rooms(doctors, {v.room_id for v in visits if v.status == "in-room"})
        return visits

    def _mark_rooms(self, doctors: Sequence[Physician], occupied: set[int]) -> None:
        own = [doctor.rooms["Exam"][0] for doctor in doctors]
        shared = [room for rooms in doctors[0].rooms.values() for room in rooms]
        cleaning = [room for room in (*reversed(own), *shared) if room not in occupied][:1]
        for status, rooms in (("occupied", occupied), ("cleaning", cleaning)):
            self._session.execute(update(Room).where(Room.room_id.in_(rooms)).values(status=status))

    def _records(self, persons: Sequence[Person], found: Sequence[Note]) -> None:
        session, rng, clock = self._session, self._rng, self._clock
        conditions = condition_rows(rng, clock, persons, found)
        self._add(
            records=insert_all(session, MedicalRecord, record_rows(found)),
            conditions=insert_all(session, Condition, conditions),
            prescriptions=insert_all(
                session, MedicationRequest, prescription_rows(rng, clock, found)
            ),
            observations=insert_all(session, Observation, observation_rows(rng, clock, found)),
        )
        sign_all(session, signatures(clock, found))

    def _logins(
        self, persons: Sequence[Person], visits: Sequence[Visit], found: Sequence[Note]
    ) -> dict[str, int]:
        """The keys of the logins, by role."""
        chosen = self._session.get_one(Patient, self._patient(persons, visits, found).id)
        behind = {
            role: self._staff(role)[0] for role in ("admin", "doctor", "nurse", "receptionist")
        }
        faces = {
            role: (name := member.name.removeprefix("Dr. "), email(name))
            for role, member in behind.items()
        }
        faces["patient"] = (chosen.name, chosen.email or email(chosen.name))
        users = add_logins(self._session, faces, self._clock.now)
        for role, member in behind.items():
            member.user_id = users[role].id
        chosen.user_id = users["patient"].id
        self._session.flush()
        self._add(logins=len(users))
        return {role: user.id for role, user in users.items()}

    def _patient(
        self, persons: Sequence[Person], visits: Sequence[Visit], found: Sequence[Note]
    ) -> Person:
        """The first grown-up with a past, a signed record, an allergy, and a visit to come."""
        coming = {v.person.id for v in visits if v.status == "booked"}
        told = {note.visit.person.id for note in found if note.signed}
        return next(
            person
            for person in persons
            if person.id in coming & told
            and person.allergies
            and person.age(self._clock.today) >= 21
        )
