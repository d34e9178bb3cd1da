"""`/rota/`: the week as a grid of staff and days; what it shows, and what may be published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, jsonify, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.language import _, _l
from app.models import Action, Notification, RotaTemplate, Shift, ShiftSwap, Staff, TimeOff
from app.models.base.clock import clinic_zone, holidays_between, today
from app.models.base.grants import STAFF
from app.models.messages import inbox
from app.models.people.staff import STAFF_ROLES
from app.models.rota import rota
from app.models.rota.rota_rules import Duty, Problem, week_of
from app.security.actor import Actor
from app.security.policy import of_the_application
from app.security.scope import row_scope
from app.spelling import spelled
from app.views.generated.guard import actor
from app.views.rota.rota_week import PLANNERS, away, monday_in

HEADS = {
    "doctor": _l("Doctors"), "nurse": _l("Nurses"), "receptionist": _l("Reception"), "admin": _l("Administration"),
    "other": _l("Others"),
}  # fmt: skip


@dataclass
class Day:
    """A column: its date and what is special about it."""

    date: date
    holiday: str = ""
    today: bool = False


@dataclass
class Cell:
    """One person on one day."""

    day: Day
    shifts: list[Shift] = field(default_factory=list)
    leave: str = ""


@dataclass
class Line:
    """One person's week."""

    staff: Staff
    mine: bool
    cells: list[Cell]
    hours: str = ""


class RotaView(BaseView):
    """Everyone who works here reads the week; who plans it drags, copies and publishes."""

    route_base = "/rota"
    default_view = "show"
    class_permission_name = "Rota"
    may = {"show": STAFF, "plan": PLANNERS}
    menu = ("Team", "Rota", "fa-table-cells")

    @expose("/")
    @has_access
    @permission_name("show")
    def show(self) -> str:
        """One week. Raises BadQuery for an address that names none."""
        raw = request.args.get("week", "")
        monday = monday_in(raw) if raw else week_of(today())
        return render_template("rota.html", page=_page(actor(), monday))

    @expose("/problems")
    @has_access
    @permission_name("plan")
    def problems(self) -> Response:
        """What speaks against publishing a week, and how many people would be told of it."""
        monday = monday_in(request.args.get("week", ""))
        week = rota.shifts_between(db.session(), monday, monday + timedelta(days=6))
        unpublished = [shift for shift in week if not shift.published]
        drafts = {shift.shift_id for shift in unpublished}
        told = rota.still_to_come(unpublished, datetime.now(UTC))
        found = rota.problems_of(db.session(), monday)
        return jsonify(
            drafts=len(drafts),
            people=len({shift.staff_id for shift in told}),
            problems=[rota.told(problem, drafts) for problem in found],
        )


def _page(person: Actor, monday: date) -> dict[str, Any]:
    session, now = db.session(), datetime.now(UTC)
    last = monday + timedelta(days=6)
    plans = of_the_application().allows(person.roles, "can_plan", RotaView.class_permission_name)
    shifts = _reached(rota.shifts_between(session, monday, last), person, Shift)
    leave = _reached(rota.leave_between(session, monday, last), person, TimeOff)
    problems = rota.problems_of(session, monday) if plans else []
    return {
        "monday": monday,
        "title": _span(monday, last),
        "number": monday.isocalendar().week,
        "days": (days := _days(monday)),
        "groups": _groups(person, days, shifts, leave),
        "drafts": sum(not shift.published for shift in shifts),
        "shifts": len(shifts),
        "problems": problems,
        "worst": _worst(problems, shifts),
        "published": rota.last_publication(session, monday),
        "plans": plans,
        "me": person.staff_id,
        "now": now,
        "time_off": _open_time_off(person, plans, now),
        "swaps": _swaps(person),
        "notices": [(row, inbox.words(row)) for row in _notices(person)],
        "templates": session.scalars(select(RotaTemplate).order_by(RotaTemplate.name)).all(),
        "zone": clinic_zone(),
        "away": away,
        "before": _address(monday - timedelta(days=7)),
        "after": _address(monday + timedelta(days=7)),
    }


def _worst(problems: Iterable[Problem], shifts: Iterable[Shift]) -> int:
    """How many of the problems stop the drafts of the week."""
    drafts = {shift.shift_id for shift in shifts if not shift.published}
    return sum(problem.blocks and bool(drafts & set(problem.shift_ids)) for problem in problems)


def _reached(rows: Iterable[Any], person: Actor, model: type[Any]) -> list[Any]:
    """Those rows that the person's grants show, asked once for all of them."""
    rows = list(rows)
    key = model.columns()[model.pk_name()]
    seen = set(
        db.session.scalars(
            select(key).where(key.in_([r.pk for r in rows]), row_scope(person, model, Action.LIST))
        )
    )
    return [row for row in rows if row.pk in seen]


def _days(monday: date) -> list[Day]:
    closed = holidays_between(monday, monday + timedelta(days=6))
    days = (monday + timedelta(days=n) for n in range(7))
    return [Day(day, closed.get(day, ""), day == today()) for day in days]


def _groups(
    person: Actor, days: list[Day], shifts: list[Shift], leave: list[TimeOff]
) -> list[tuple[str, list[Line]]]:
    """The people by role: those who work here now, and those who stand in this week."""
    working = {shift.staff_id for shift in shifts}
    query = (
        select(Staff)
        .where(Staff.active | Staff.staff_id.in_(working), row_scope(person, Staff, Action.LIST))
        .order_by(Staff.name, Staff.staff_id)
    )
    lines: dict[str, list[Line]] = {}
    for staff in db.session.scalars(query):
        mine = [shift for shift in shifts if shift.staff_id == staff.staff_id]
        off = [row for row in leave if row.staff_id == staff.staff_id]
        cells = [_cell(day, mine, off) for day in days]
        line = Line(staff, staff.staff_id == person.staff_id, cells, _hours(mine))
        lines.setdefault(staff.role, []).append(line)
    return [(HEADS[role], lines[role]) for role in STAFF_ROLES if role in lines]


def _cell(day: Day, shifts: list[Shift], off: list[TimeOff]) -> Cell:
    zone, cell = clinic_zone(), Cell(day)
    cell.shifts = [shift for shift in shifts if shift.shift_date == day.date]
    for row in off:
        first = row.start_at.astimezone(zone).date()
        last = (row.end_at - timedelta(seconds=1)).astimezone(zone).date()
        if first <= day.date <= last and row.status != "declined" and cell.leave != "approved":
            cell.leave = row.status
    return cell


def _hours(shifts: Iterable[Shift]) -> str:
    spans = (Duty.of(shift, clinic_zone()).span for shift in shifts)
    hours = sum((span.end - span.start).total_seconds() for span in spans) / 3600
    return f"{hours:.1f}".removesuffix(".0") if hours else ""


def _open_time_off(person: Actor, plans: bool, now: datetime) -> list[TimeOff]:
    """What waits for an answer; for who does not plan, what of their own is to come."""
    query = (
        select(TimeOff)
        .where(TimeOff.end_at > now, row_scope(person, TimeOff, Action.LIST))
        .options(joinedload(TimeOff.staff))
        .order_by(TimeOff.start_at)
        .limit(50)
    )
    mine = TimeOff.staff_id == person.staff_id
    query = query.where(TimeOff.status == "requested") if plans else query.where(mine)
    return list(db.session.scalars(query))


def _swaps(person: Actor) -> list[ShiftSwap]:
    query = (
        select(ShiftSwap)
        .where(ShiftSwap.status == "requested", row_scope(person, ShiftSwap, Action.LIST))
        .options(
            joinedload(ShiftSwap.staff), joinedload(ShiftSwap.other),
            joinedload(ShiftSwap.shift), joinedload(ShiftSwap.other_shift),
        )
        .order_by(ShiftSwap.created)
        .limit(50)
    )  # fmt: skip
    return list(db.session.scalars(query))


def _notices(person: Actor) -> list[Notification]:
    """The person's own unread messages, newest first."""
    query = (
        select(Notification)
        .where(inbox.of_staff(person.user_id, person.staff_id), Notification.read_at.is_(None))
        .where(row_scope(person, Notification, Action.LIST))
        .order_by(Notification.notification_id.desc())
        .limit(5)
    )
    return list(db.session.scalars(query)) if person.staff_id else []


def _span(first: date, last: date) -> str:
    if first.month == last.month:
        return f"{first.day}–{spelled(last, _('d MMMM y'))}"
    return f"{spelled(first, 'd MMM')}–{spelled(last, 'd MMM y')}"


def _address(monday: date) -> str:
    return url_for("RotaView.show", week=monday.isoformat())
