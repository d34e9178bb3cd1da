"""The figures once more, counted by other means: whole tables in memory, loops, and sets of
minutes. It shares no line with what it is compared with."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import models

Row = dict[str, Any]
HELD = {"pending", "booked", "arrived", "checked-in", "in-room", "fulfilled", "noshow"}


class Count:
    """All that is counted of a period, `first` to `last` with both included, and the one before."""

    def __init__(self, session: Session, zone: ZoneInfo, first: date, last: date) -> None:
        self.zone, self.first, self.last = zone, first, last
        self.since = first - (last - first) - timedelta(days=1)
        self.tables = {model: rows(session, model) for model in READ}
        merges = [r for r in self.tables[models.PatientLink] if r["undone_at"] is None]
        self.kept = {r["other_id"]: r["patient_id"] for r in merges}
        self.doctors = {row["staff_id"]: row["doctor_id"] for row in self.tables[models.Doctor]}
        self.visits = self._visits()
        self._held = self._minutes_held()

    def era(self, day: date) -> int | None:
        if self.first <= day <= self.last:
            return 1
        return 0 if self.since <= day < self.first else None

    def counted(self, **wanted: int) -> list[Row]:
        return [
            visit
            for visit in self.visits
            if self.era(visit["day"]) is not None
            and visit["status"] != "entered-in-error"
            and all(visit[key] == value for key, value in wanted.items())
        ]

    def person(self, row: Row) -> int:
        """Who is kept for the patient of a row."""
        return self.kept.get(row["patient_id"], row["patient_id"])

    # -- figures, each as the function of the same name answers it --------------------------------

    def by_day(self, **wanted: int) -> Counter[Any]:
        return Counter((v["day"], v["status"], v["late"]) for v in self.counted(**wanted))

    def by_kind(self, **wanted: int) -> Counter[Any]:
        return Counter(
            (self.era(v["day"]), v["visit_type_id"])
            for v in self.counted(**wanted)
            if v["status"] != "cancelled"
        )

    def due(self, **wanted: int) -> dict[Any, list[int]]:
        """Seen, missed, late by weekday, hour, lead and familiarity."""
        found: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
        for v in self.counted(**wanted):
            if self.era(v["day"]) != 1:
                continue
            key = (v["day"].weekday(), v["hour"], lead_of(v["lead"]), v["known"])
            if v["status"] == "fulfilled":
                found[key][0] += 1
            elif v["status"] == "noshow":
                found[key][1] += 1
            elif v["late"]:
                found[key][2] += 1
        return dict(found)

    def waits(self, **wanted: int) -> Counter[Any]:
        return Counter(
            (v["day"], v["hour"], v["waited"])
            for v in self.counted(**wanted)
            if v["waited"] is not None
        )

    def lengths(self, **wanted: int) -> dict[Any, tuple[int, int, int]]:
        found: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
        for v in self.counted(**wanted):
            if v["taken"] is not None:
                sums = found[self.era(v["day"]), v["visit_type_id"]]
                sums[0] += 1
                sums[1] += v["minutes_duration"]
                sums[2] += v["taken"]
        return {key: tuple(sums) for key, sums in found.items()}  # type: ignore[misc]

    def new_patients(self, **wanted: int) -> Counter[date]:
        pairs = {(v["day"], self.person(v)) for v in self.counted(**wanted) if v["first"]}
        return Counter(day for day, _ in pairs)

    def seen(self, **wanted: int) -> dict[Any, tuple[int, int]]:
        found: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for v in self.counted(**wanted):
            if v["status"] == "fulfilled":
                sums = found[self.era(v["day"]), v["doctor_id"]]
                sums[0] += 1
                sums[1] += v["minutes_duration"]
        return {key: tuple(sums) for key, sums in found.items()}  # type: ignore[misc]

    def notes(self) -> dict[Any, tuple[int, int, int, int]]:
        found: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for record in self.tables[models.MedicalRecord]:
            era = self.era(record["visit_date"])
            if era is None:
                continue
            sums = found[era, record["doctor_id"]]
            sums[0] += 1
            sums[1] += record["status"] == "draft"
            if record["signed_at"] and record["ended_at"]:
                sums[2] += 1
                sums[3] += record["signed_at"] - record["ended_at"] <= timedelta(hours=24)
        return {key: tuple(sums) for key, sums in found.items()}  # type: ignore[misc]

    def handled(self) -> dict[str, tuple[int, int, int]]:
        names = {r["user_id"]: r["name"] for r in self.tables[models.Staff] if r["user_id"]}
        found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for move in self.tables[models.AppointmentHistory]:
            day = move["recorded"].astimezone(self.zone).date()
            if self.era(day) != 1 or move["user_id"] not in names:
                continue
            sums = found[names[move["user_id"]]]
            sums[0] += move["status_before"] is None
            sums[1] += move["status_after"] in ("arrived", "checked-in")
            sums[2] += move["status_after"] == "in-room"
        return {name: tuple(sums) for name, sums in found.items()}  # type: ignore[misc]

    def coded(self, model: Any, when: str, doctor_id: int | None = None) -> dict[str, list[int]]:
        """Patients in the period and before it, by code."""
        patients: dict[str, list[set[int]]] = defaultdict(lambda: [set(), set()])
        doctors = {r["record_id"]: r["doctor_id"] for r in self.tables[models.MedicalRecord]}
        for row in self.tables[model]:
            text = row[when]
            if not row["code"] or not text or len(text) < 10:
                continue
            if row.get("status") in ("draft", "entered-in-error"):
                continue
            if doctor_id is not None and doctors.get(row["record_id"]) != doctor_id:
                continue
            era = self.era(date.fromisoformat(text[:10]))
            if era is not None:
                patients[row["code"]][1 - era].add(self.person(row))
        return {code: [len(now), len(before)] for code, (now, before) in patients.items()}

    def use_of_doctors(self) -> dict[Any, tuple[int, int]]:
        found: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for day, doctor_id, _, minutes in self._duties():
            if (era := self.era(day)) is not None:
                add(found[era, doctor_id], minutes, self._held["doctor_id"][doctor_id])
        return {key: tuple(sums) for key, sums in found.items()}  # type: ignore[misc]

    def use_of_shifts(self) -> dict[Any, tuple[int, int]]:
        found: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for day, doctor_id, hour, minutes in self._duties():
            if self.era(day) == 1:
                part = 0 if hour < 11 else 1 if hour < 15 else 2
                add(found[day.weekday(), part], minutes, self._held["doctor_id"][doctor_id])
        return {key: tuple(sums) for key, sums in found.items()}  # type: ignore[misc]

    def use_of_rooms(self) -> dict[Any, tuple[int, int]]:
        on_duty: dict[date, set[int]] = defaultdict(set)
        for _, _, _, minutes in self._duties():
            for minute in minutes:
                day = datetime.fromtimestamp(minute * 60, self.zone).date()
                if self.era(day) is not None:
                    on_duty[day].add(minute)
        blocked: dict[int, set[int]] = defaultdict(set)
        for row in self.tables[models.Blocking]:
            blocked[row["room_id"]] |= minutes_of(row["start_at"], row["end_at"])
        found: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for day, minutes in on_duty.items():
            for room in self.tables[models.Room]:
                free = minutes - blocked[room["room_id"]]
                if free:
                    key = (self.era(day), room["room_id"])
                    add(found[key], free, self._held["room_id"][room["room_id"]])
        return {key: tuple(sums) for key, sums in found.items()}  # type: ignore[misc]

    # -- what they are counted from -----------------------------------------------------------------

    def _visits(self) -> list[Row]:
        moves: dict[int, list[Row]] = defaultdict(list)
        for move in self.tables[models.AppointmentHistory]:
            moves[move["appointment_id"]].append(move)
        first_seen: dict[int, tuple[datetime, int]] = {}
        for visit in self.tables[models.Appointment]:
            if visit["status"] == "fulfilled":
                when = (visit["appointment_datetime"], visit["appointment_id"])
                patient = self.person(visit)
                first_seen[patient] = min(when, first_seen.get(patient, when))
        return [
            self._visit(visit, moves[visit["appointment_id"]], first_seen.get(self.person(visit)))
            for visit in self.tables[models.Appointment]
        ]

    def _visit(self, visit: Row, moves: list[Row], first: tuple[datetime, int] | None) -> Row:
        start, me = visit["appointment_datetime"], visit["appointment_id"]
        asked = [m["recorded"] for m in moves if m["status_before"] is None]
        entered = last(moves, "in-room")
        left, cancelled = last(moves, "fulfilled"), last(moves, "cancelled")
        in_house = visit["status"] in ("in-room", "fulfilled")
        took_place = visit["status"] == "fulfilled"
        wall = start.astimezone(self.zone)
        late = (
            visit["status"] == "cancelled"
            and cancelled is not None
            and cancelled > start - timedelta(days=1)
            and visit["cancellation_reason"] in (None, "patient", "other")
        )
        return visit | {
            "day": wall.date(),
            "hour": wall.hour,
            "late": late,
            "known": first is not None and first < (start, me),
            "first": first == (start, me),
            "lead": days_between(min(asked), start) if asked else None,
            "waited": minutes_between(visit["arrived_at"], entered) if in_house else None,
            "taken": minutes_between(entered, left) if took_place else None,
        }

    def _duties(self) -> list[tuple[date, int, int, set[int]]]:
        """Day, doctor, hour of the start and minutes of each published shift of a doctor."""
        away: dict[int, set[int]] = defaultdict(set)
        for row in self.tables[models.TimeOff]:
            if row["status"] == "approved":
                away[row["staff_id"]] |= minutes_of(row["start_at"], row["end_at"])
        found = []
        for row in self.tables[models.Shift]:
            if not row["published"] or row["staff_id"] not in self.doctors:
                continue
            day = row["shift_date"]
            end_day = day if row["end_time"] > row["start_time"] else day + timedelta(days=1)
            start = datetime.combine(day, row["start_time"], self.zone)
            end = datetime.combine(end_day, row["end_time"], self.zone)
            minutes = minutes_of(start, end) - away[row["staff_id"]]
            found.append((day, self.doctors[row["staff_id"]], row["start_time"].hour, minutes))
        return found

    def _minutes_held(self) -> dict[str, dict[int, set[int]]]:
        held: dict[str, dict[int, set[int]]] = {
            "doctor_id": defaultdict(set),
            "room_id": defaultdict(set),
        }
        for visit in self.tables[models.Appointment]:
            start = visit["appointment_datetime"]
            end = start + timedelta(minutes=visit["minutes_duration"])
            for key in held:
                if visit["status"] in HELD and visit[key] is not None:
                    held[key][visit[key]] |= minutes_of(start, end)
        return held


READ: tuple[Any, ...] = (
    models.Appointment, models.AppointmentHistory, models.Shift, models.TimeOff, models.Blocking,
    models.Room, models.Doctor, models.Staff, models.MedicalRecord, models.Condition,
    models.MedicationRequest, models.PatientLink,
)  # fmt: skip
TEXTS = ("diagnosis", "treatment", "notes")


def rows(session: Session, model: Any) -> list[Row]:
    """A whole table, but for clinical texts."""
    columns = [c for c in model.__table__.columns if c.key not in TEXTS]
    return [dict(row._mapping) for row in session.execute(select(*columns))]


def minutes_of(start: datetime, end: datetime) -> set[int]:
    """Every minute, as its number since 1970."""
    return set(range(int(start.timestamp()) // 60, int(end.timestamp()) // 60))


def add(sums: list[int], available: set[int], held: set[int]) -> None:
    sums[0] += len(available)
    sums[1] += len(available & held)


def last(moves: list[Row], status: str) -> datetime | None:
    return max((m["recorded"] for m in moves if m["status_after"] == status), default=None)


def minutes_between(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None or end < start:
        return None
    return int((end - start).total_seconds() // 60)


def days_between(start: datetime, end: datetime) -> int | None:
    return None if end < start else int((end - start).total_seconds() // 86_400)


def lead_of(days: int | None) -> int:
    if days is None:
        return 5
    return next((n for n, until in enumerate((0, 6, 13, 27)) if days <= until), 4)


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[misc, arg-type]
