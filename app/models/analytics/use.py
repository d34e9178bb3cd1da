"""How much of the time that there is was booked: of doctors, of their shifts, of rooms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.analytics.figure import Column, Figure, Total, Value, share
from app.models.analytics.scope import Asked, Scope
from app.models.analytics.tables import RoomFact, ShiftFact
from app.models.clinic.opening import WEEKDAYS

PARTS = (_l("Morning"), _l("Afternoon"), _l("Evening and night"))
NOON, EVENING = 11, 15

BOOKED = _l(
    "Booked is the time in it with a visit that was neither cancelled nor entered in error."
)
DOCTOR_MEANING = _l(
    "Booked ÷ available time of each doctor: the published shifts without approved time "
    "off. %(booked)s",
    booked=BOOKED,
)
SHIFT_MEANING = _l(
    "The same by the weekday on which a shift begins, and by its part of the day: a "
    "morning begins before 11:00, an afternoon before 15:00."
)
ROOM_MEANING = _l(
    "Booked ÷ available time of each room: the time in which any doctor is on duty and "
    "the room is not blocked. %(booked)s",
    booked=BOOKED,
)

Use = tuple[int, int]
"""Minutes available and booked."""


def doctors(session: Session, scope: Scope) -> dict[tuple[int, int], Use]:
    """By period (1 is the asked one) and doctor."""
    now = scope.in_now(ShiftFact.day)
    query = _shifts(scope, now, ShiftFact.doctor_id).where(scope.both(ShiftFact.day))
    return {(r.now, r.doctor_id): (r.available, r.booked) for r in session.execute(query)}


def shifts(session: Session, scope: Scope) -> dict[tuple[int, int], Use]:
    """By weekday and part of the day (a place in `PARTS`), in the period."""
    part = case((ShiftFact.hour < NOON, 0), (ShiftFact.hour < EVENING, 1), else_=2).label("part")
    query = _shifts(scope, ShiftFact.weekday, part).where(
        ShiftFact.day.between(scope.first, scope.last)
    )
    return {(r.weekday, r.part): (r.available, r.booked) for r in session.execute(query)}


def rooms(session: Session, scope: Scope) -> dict[tuple[int, int], Use]:
    """By period (1 is the asked one) and room."""
    now = scope.in_now(RoomFact.day)
    query = (
        select(now, RoomFact.room_id, *_sums(RoomFact))
        .where(scope.both(RoomFact.day))
        .group_by(now, RoomFact.room_id)
    )
    if scope.room_id is not None:
        query = query.where(RoomFact.room_id == scope.room_id)
    return {(r.now, r.room_id): (r.available, r.booked) for r in session.execute(query)}


def figures(asked: Asked) -> list[Figure]:
    """How much of the time of doctors, shifts and rooms was booked."""
    return [_doctors(asked), _shift_parts(asked), _rooms(asked)]


def _shifts(scope: Scope, *keys: Any) -> Any:
    query = select(*keys, *_sums(ShiftFact)).group_by(*keys)
    return query if scope.doctor_id is None else query.where(ShiftFact.doctor_id == scope.doctor_id)


def _sums(model: Any) -> tuple[Any, Any]:
    return func.sum(model.available).label("available"), func.sum(model.booked).label("booked")


def _doctors(asked: Asked) -> Figure:
    found = asked.once(doctors, asked.scope)
    shown = asked.shown(key for era, key in found)
    rows = [(asked.names.doctors[key], _row(found, key)) for key in shown]
    rows = [row for row in rows if row[1][0] is not None]
    whole, before = (
        _whole(u for (era, doctor), u in found.items() if era == now) for now in (1, 0)
    )
    all_of_them = [share(whole[1], whole[0]), share(before[1], before[0]), _hours(whole[0])]
    label = asked.names.doctors.get(asked.scope.doctor_id or 0, _("All doctors"))
    if asked.scope.doctor_id is not None:
        rows = []
    rows = [(label, all_of_them), *sorted(rows, key=lambda row: -float(row[1][0] or 0))]
    totals = [
        Total(_("Doctors’ time booked"), all_of_them[0], all_of_them[1], "%", 1),
        Total(_("Hours on duty"), _hours(whole[0]), _hours(before[0]), "h"),
    ]
    return Figure(
        "use-of-doctors", _("Utilisation of doctors"), DOCTOR_MEANING, "bars", _("Doctor"), _columns(), rows,
        totals, empty=_("No published shift in this period. Publish the rota, and it shows here."),
    )  # fmt: skip


def _shift_parts(asked: Asked) -> Figure:
    found = asked.once(shifts, asked.scope)
    days = sorted({day for day, part in found})
    rows: list[tuple[str, list[Value]]] = [
        (_(WEEKDAYS[day]), [_share_of(found.get((day, part))) for part in range(len(PARTS))])
        for day in days
    ]
    columns = [Column(part, "%") for part in PARTS]
    return Figure(
        "use-of-shifts",
        _("Utilisation of shifts"),
        SHIFT_MEANING,
        "columns",
        _("Weekday"),
        columns,
        rows,
    )


def _rooms(asked: Asked) -> Figure:
    found = asked.once(rooms, asked.scope)
    keys = [key for key in asked.names.rooms if (1, key) in found]
    rows = [(asked.names.rooms[key], _row(found, key)) for key in keys]
    whole, before = (
        _whole(u for (era, doctor), u in found.items() if era == now) for now in (1, 0)
    )
    totals = [
        Total(
            _("Rooms’ time booked"), share(whole[1], whole[0]), share(before[1], before[0]), "%", 1
        )
    ]
    return Figure(
        "use-of-rooms", _("Utilisation of rooms"), ROOM_MEANING, "bars", _("Room"), _columns(),
        sorted(rows, key=lambda row: -float(row[1][0] or 0)), totals,
    )  # fmt: skip


def _columns() -> list[Column]:
    return [
        Column(_("Booked"), "%"),
        Column(_("Period before"), "%"),
        Column(_("Available"), "h", drawn=False),
    ]


def _row(found: dict[tuple[int, int], Use], key: int) -> list[Value]:
    available = found.get((1, key), (0, 0))[0]
    return [_share_of(found.get((1, key))), _share_of(found.get((0, key))), _hours(available)]


def _share_of(use: Use | None) -> float | None:
    return share(use[1], use[0]) if use else None


def _whole(uses: Iterable[Use]) -> Use:
    sums: dict[int, int] = defaultdict(int)
    for use in uses:
        for place, minutes in enumerate(use):
            sums[place] += minutes
    return sums[0], sums[1]


def _hours(minutes: int) -> Value:
    return round(minutes / 60)
