"""`/`: the start of one's day, by role: a few numbers and lists, in one page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import redirect, render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.models import Patient, Role, today
from app.models.clock import clinic_zone
from app.security import audit
from app.security.actor import Actor
from app.views.guard import actor
from app.views.values import show

Card = tuple[str, object, str, str | None, str]


@dataclass(frozen=True)
class Line:
    title: str
    detail: str = ""
    time: str = ""
    badge: str = ""
    url: str | None = None


@dataclass
class Home:
    """A greeting, cards (label, number, hint, address, icon), lists (title, icon, lines,
    what to say of an empty one, address of all)."""

    greeting: str
    cards: list[Card] = field(default_factory=list)
    lists: list[tuple[str, str, list[Line], str, str | None]] = field(default_factory=list)


class HomeView(BaseView):
    """Each role's own start page; someone with several roles starts with the first of `HOMES`."""

    route_base = ""
    default_view = "index"
    class_permission_name = "Home"
    may = {"home": tuple(Role)}

    @expose("/")
    @has_access
    @permission_name("home")
    def index(self) -> str | Response:
        person, now = actor(), datetime.now(UTC)
        if person.roles == {Role.PATIENT}:
            return redirect(url_for("PortalView.home"))
        page = Home(f"{_part_of_day(now)}, {person.name.split()[0]}")
        build = next(build for role, build in HOMES if role in person.roles)
        build(page, person, now)
        audit.read(person, "list", Patient, page="home")
        return render_template("home.html", page=page)


def _admin(page: Home, person: Actor, now: datetime) -> None:
    session, zone = db.session(), clinic_zone()
    start, end = today.day_of(now, zone)
    counts, rooms = today.counts_by_status(session, start, end), today.rooms_by_status(session)
    duty = today.on_duty(session, now, zone)
    page.cards += [
        ("Visits today", sum(counts.values()), _by_status(counts), _all_visits(), "fa-calendar-day"),
        ("Waiting now", _sum(counts, today.WAITING), "arrived, not yet in a room", None, "fa-couch"),
        ("At work now", len(duty), "by the published rota", url_for("ShiftView.list"), "fa-user-nurse"),
        ("Rooms free", rooms.get("available", 0), f"of {sum(rooms.values())}",
         url_for("RoomView.list"), "fa-door-open"),
    ]  # fmt: skip
    page.lists += [
        ("At work now", "fa-user-nurse", [_duty_line(*who) for who in duty[:12]],
         "Nobody is on the rota at this hour.", url_for("ShiftView.list")),
        ("Next visits", "fa-calendar-day", _lines(_to_come(now, end), by="doctor"),
         "No more visits today.", _all_visits()),
    ]  # fmt: skip


def _doctor(page: Home, person: Actor, now: datetime) -> None:
    session = db.session()
    start, end = today.day_of(now, clinic_zone())
    mine = person.doctor_id or 0
    counts = today.counts_by_status(session, start, end, mine)
    day = today.visits(session, start, end, doctor_id=mine, limit=30)
    unsigned = today.drafts(session, mine)
    page.cards += [
        ("My visits today", sum(counts.values()), _by_status(counts), _all_visits(), "fa-calendar-day"),
        ("Waiting for me", _sum(counts, today.WAITING), "arrived or checked in", None, "fa-couch"),
        ("Still to come", _sum(counts, today.TO_COME), "booked for today", None, "fa-hourglass-half"),
        ("Unsigned notes", len(unsigned), "drafts of mine",
         url_for("MedicalRecordView.list", _flt_0_status="draft"), "fa-pen-to-square"),
    ]  # fmt: skip
    page.lists += [
        ("My day", "fa-calendar-day", _lines(day, by="visit_type", chart=True), "No visit today.", _all_visits()),
        ("Unsigned notes", "fa-pen-to-square", [_draft_line(row) for row in unsigned],
         "All is signed.", url_for("MedicalRecordView.list")),
    ]  # fmt: skip


def _nurse(page: Home, person: Actor, now: datetime) -> None:
    session = db.session()
    start, end = today.day_of(now, clinic_zone())
    counts, rooms = today.counts_by_status(session, start, end), today.rooms_by_status(session)
    waiting = today.visits(session, start, end, statuses=today.WAITING)
    page.cards += [
        ("To prepare", _sum(counts, today.WAITING), "arrived or checked in", None, "fa-couch"),
        ("In a room", counts.get("in-room", 0), "with doctor or nurse", None, "fa-stethoscope"),
        ("Rooms to clean", rooms.get("cleaning", 0), "then free again",
         url_for("RoomView.list", _flt_0_status="cleaning"), "fa-broom"),
        ("Still to come", _sum(counts, today.TO_COME), "booked for today", _all_visits(), "fa-hourglass-half"),
    ]  # fmt: skip
    page.lists += [
        ("To prepare", "fa-couch", _lines(waiting, by="doctor", chart=True), "Nobody is waiting.",
         _all_visits()),
        ("Coming next", "fa-calendar-day", _lines(_to_come(now, end), by="visit_type", chart=True),
         "No more visits today.", _all_visits()),
    ]  # fmt: skip


def _receptionist(page: Home, person: Actor, now: datetime) -> None:
    session, zone = db.session(), clinic_zone()
    start, end = today.day_of(now, zone)
    tomorrow = today.day_of(now, zone, days=1)
    counts = today.counts_by_status(session, start, end)
    unconfirmed = today.visits(session, *tomorrow, statuses=("pending",))
    without_phone = today.patients_without_phone(session, start.date())
    page.cards += [
        ("Visits today", sum(counts.values()), _by_status(counts), _all_visits(), "fa-calendar-day"),
        ("Waiting now", _sum(counts, today.WAITING), "arrived, not yet in a room", None, "fa-couch"),
        ("To call", len(unconfirmed), "unconfirmed for tomorrow", None, "fa-phone"),
        ("Without a number", without_phone, "patients with a visit to come",
         url_for("PatientView.list"), "fa-phone-slash"),
    ]  # fmt: skip
    page.lists += [
        ("Arriving next", "fa-person-walking-arrow-right", _lines(_to_come(now, end), by="doctor"),
         "Nobody else is expected today.", _all_visits()),
        ("To call: unconfirmed tomorrow", "fa-phone", _lines(unconfirmed, by="doctor"),
         "All of tomorrow is confirmed.", _all_visits()),
    ]  # fmt: skip


HOMES: tuple[tuple[Role, Callable[[Home, Actor, datetime], None]], ...] = (
    (Role.DOCTOR, _doctor),
    (Role.NURSE, _nurse),
    (Role.RECEPTIONIST, _receptionist),
    (Role.ADMIN, _admin),
)


def _to_come(now: datetime, end: datetime) -> Any:
    return today.visits(
        db.session(), now - timedelta(minutes=30), end, statuses=today.TO_COME, limit=10
    )


def _lines(rows: Iterable[Any], *, by: str, chart: bool = False) -> list[Line]:
    zone = clinic_zone()
    return [
        Line(
            title=row.patient,
            detail=getattr(row, by) or "",
            time=f"{row.appointment_datetime.astimezone(zone):%H:%M}",
            badge=row.status,
            url=url_for("ChartView.show", patient_id=row.patient_id)
            if chart
            else url_for("AppointmentView.show", pk=row.appointment_id),
        )
        for row in rows
    ]


def _duty_line(name: str, role: str, end: datetime) -> Line:
    return Line(name, role, f"– {end.astimezone(clinic_zone()):%H:%M}")


def _draft_line(row: Any) -> Line:
    url = url_for("ChartNotesView.find", record_id=row.record_id)
    return Line(row.name, "Draft", show(row.visit_date), url=url)


def _all_visits() -> str:
    return url_for("AppointmentView.list")


def _sum(counts: dict[str, int], statuses: Iterable[str]) -> int:
    return sum(counts.get(status, 0) for status in statuses)


def _by_status(counts: dict[str, int]) -> str:
    named = (("fulfilled", "done"), ("cancelled", "cancelled"), ("noshow", "missed"))
    return ", ".join(f"{counts[s]} {word}" for s, word in named if counts.get(s)) or "by status"


def _part_of_day(now: datetime) -> str:
    hour = now.astimezone(clinic_zone()).hour
    return (
        "Good morning"
        if 4 <= hour < 12
        else "Good afternoon"
        if 12 <= hour < 18
        else "Good evening"
    )
