"""The home of who runs the house: the admin."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app, url_for

from app.extensions import db
from app.language import _, _l, _n
from app.models.base.clock import clinic_zone, day_of
from app.models.homes import house
from app.models.homes.house import Attention, Missing
from app.models.rota.rota_rules import Problem
from app.models.rota.shift import Shift
from app.models.visits import today
from app.models.visits.appointment import WAITING
from app.security.actor import Actor
from app.spelling import word
from app.views.home.home_parts import (
    Card,
    Home,
    Line,
    Panel,
    RoomTile,
    by_status,
    clock,
    sum_of,
)

SHOWN = 7
ROOM_WORDS = {
    "available": _l("free"),
    "cleaning": _l("to be cleaned"),
    "out of service": _l("out of service"),
}


def admin(page: Home, person: Actor, now: datetime) -> None:
    """The day at a glance, the rooms now, and all that waits for the admin."""
    session, zone = db.session(), clinic_zone()
    start, end = day_of(now, zone)
    counts = today.counts_by_status(session, start, end)
    waits = house.attention(session, now)
    rooms = house.rooms_now(session)
    missing = house.missing(session)
    gaps, shifts = house.rota_gaps(session, zone, start.date(), missing)
    duty = house.at_work(shifts, now, zone)
    here = house.signed_in(session, now, current_app.permanent_session_lifetime)
    free = sum(room.status == "available" for room in rooms)
    rota, board = url_for("RotaView.show"), url_for("BoardView.show")
    page.actions += [
        (_("Analytics"), url_for("AnalyticsView.show"), "fa-chart-line"),
        (_("Rota"), rota, "fa-table-cells"),
        (_("Operations"), url_for("ops.index"), "fa-gears"),
    ]
    page.cards += [
        Card(_("Visits today"), sum(counts.values()), by_status(counts), "fa-calendar-day", board),
        Card(_("Waiting now"), sum_of(counts, WAITING), _("arrived, not yet in a room"), "fa-couch", board),
        Card(_("At work now"), len(duty), _("by the published rota"), "fa-user-nurse", rota),
        Card(_("Rooms free"), free, _("of %(count)s", count=len(rooms)), "fa-door-open", url_for("RoomView.list")),
    ]  # fmt: skip
    page.rooms += [_room(room) for room in rooms]
    waiting = _first_steps(missing) + _attention(waits, _drafts(shifts, start.date()))
    sessions = url_for("LoginSessionView.list")
    page.panels += [
        Panel(_("Needs your attention"), "fa-bell", waiting, _("Nothing waits for you.")),
        Panel(_("Rota gaps to the end of next week"), "fa-calendar-xmark", [_gap(gap) for gap in gaps[:SHOWN]],
              _("The rota has no gap until the end of next week."), (_("Rota"), rota), len(gaps)),
        Panel(_("At work now"), "fa-user-nurse",
              [_on_duty(shift, until) for shift, until in duty[:SHOWN]],
              _("Nobody is on the rota at this hour."), (_("Rota"), rota), len(duty)),
        Panel(_("Signed in"), "fa-right-to-bracket", [_session(row) for row in here[:SHOWN]],
              _("Nobody is signed in."), (_("Sessions"), sessions), len(here)),
    ]  # fmt: skip


def _room(room: Any) -> RoomTile:
    occupied = f"{room.doctor}" if room.doctor else _("in use")
    detail = ROOM_WORDS.get(room.status, occupied)
    return RoomTile(room.name, room.status, detail, url_for("RoomView.show", pk=room.room_id))


def _on_duty(shift: Shift, until: datetime) -> Line:
    return Line(shift.staff.name, word(shift.staff.role), _("until %(time)s", time=clock(until)))


def _drafts(shifts: list[Shift], since: Any) -> int:
    return sum(not shift.published and shift.shift_date >= since for shift in shifts)


def _first_steps(missing: Missing) -> list[Line]:
    """A line for each thing that is missing before a first visit can be booked, in the order to add them."""
    steps = (
        (missing.room, _("There is no room yet"), _("a visit takes place in one"), "RoomView.add"),
        (missing.visit_type, _("There is no kind of visit yet"),
         _("it says how long a visit is"), "VisitTypeView.add"),
        (missing.doctor, _("There is no doctor yet"),
         _("the calendar has a column for each"), "DoctorView.add"),
        (missing.published_shift, _("There is no published shift yet"),
         _("visits are booked within them"), "RotaView.show"),
        (missing.patient, _("There is no patient yet"), _("add one, or import your records"), "PatientView.add"),
    )  # fmt: skip
    return [Line(said, why, url=url_for(page)) for lacks, said, why, page in steps if lacks]


def _attention(waits: Attention, drafts: int) -> list[Line]:
    """A line for each kind of thing that waits, the most urgent first."""
    named = (
        (waits.broken_glass,
         _n("%(num)s restricted chart was opened", "%(num)s restricted charts were opened", waits.broken_glass),
         _("from outside the team, not reviewed yet"),
         url_for("GlassBreakView.list", _flt_0_review="open"), "open"),
        (waits.failed_messages,
         _n("%(num)s message did not go out", "%(num)s messages did not go out", waits.failed_messages),
         _("in the last two weeks"), url_for("ops_dead.index_view"), "failed"),
        (waits.failed_logins,
         _n("%(num)s sign-in was refused", "%(num)s sign-ins were refused", waits.failed_logins),
         _("in the last 24 hours"),
         url_for("LoginSessionView.list"), "refused"),
        (waits.time_off,
         _n("%(num)s request for time off", "%(num)s requests for time off", waits.time_off),
         _("not answered yet"),
         url_for("TimeOffView.list", _flt_0_status="requested"), "waiting"),
        (waits.swaps,
         _n("%(num)s shift to be swapped", "%(num)s shifts to be swapped", waits.swaps), _("not answered yet"),
         url_for("ShiftSwapView.list", _flt_0_status="requested"), "waiting"),
        (drafts,
         _n("%(num)s shift is a draft", "%(num)s shifts are drafts", drafts), _("to the end of next week"),
         url_for("RotaView.show"), "draft"),
    )  # fmt: skip
    return [
        Line(said, detail, badge=badge, url=url)
        for count, said, detail, url, badge in named
        if count
    ]


def _gap(gap: Problem) -> Line:
    url = url_for("RotaView.show", week=gap.day.isoformat())
    return Line(gap.sentence, url=url)


def _session(row: Any) -> Line:
    devices = row.username
    if row.sessions > 1:
        devices = _n("%(num)s session", "%(num)s sessions", row.sessions)
    return Line(f"{row.first_name} {row.last_name}", devices, clock(row.seen))
