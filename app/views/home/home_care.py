"""The homes of those who treat: the doctor's day, and whom the nurse prepares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from app.extensions import db
from app.language import _, _n
from app.models.base.clock import clinic_zone, day_at, day_of
from app.models.homes import care, house
from app.models.visits import today
from app.models.visits.appointment import ACTIVE, EXPECTED, WAITING
from app.security.actor import Actor
from app.spelling import spelled
from app.views.generated.values import show
from app.views.home.home_parts import (
    Card,
    Home,
    Line,
    Panel,
    by_status,
    chart_of,
    clock,
    sum_of,
    visit_lines,
)

SHOWN = 8


def doctor(page: Home, person: Actor, now: datetime) -> None:
    """My day, the notes I have to sign, the results I have not looked at."""
    session, mine = db.session(), person.doctor_id or 0
    start, end = day_of(now, clinic_zone())
    counts = today.counts_by_status(session, start, end, mine)
    day = today.visits(session, start, end, doctor_id=mine, limit=60)
    drafts = care.notes_to_sign(session, mine, person.staff_id)
    found = care.results(session, person, now)
    calendar = url_for("CalendarView.show", doctor=mine)
    all_drafts = url_for("MedicalRecordView.list", _flt_0_status="draft")
    page.actions += [
        (_("My calendar"), calendar, "fa-calendar-days"),
        (_("Board"), url_for("BoardView.show", doctor=mine), "fa-chart-simple"),
    ]
    page.cards += [
        Card(_("My visits today"), sum(counts.values()), by_status(counts), "fa-calendar-day", calendar),
        Card(_("Waiting for me"), sum_of(counts, WAITING), _("arrived or checked in"), "fa-couch",
             url_for("BoardView.show", doctor=mine)),
        Card(_("Notes to sign"), len(drafts), _oldest(drafts, now), "fa-pen-to-square", all_drafts,
             "warn" if drafts and _age(drafts[0], now) > 1 else ""),
        Card(_("Results to look at"), len(found), _("since I last opened the chart"), "fa-flask"),
    ]  # fmt: skip
    ahead = [visit for visit in day if visit.status in ACTIVE]
    page.panels += [
        Panel(_("My day from now on"), "fa-calendar-day", visit_lines(ahead, by="visit_type", chart=True),
              _("Nobody else comes to you today."), (_("Calendar"), calendar)),
        Panel(_("Notes to sign"), "fa-pen-to-square", [_draft(row) for row in drafts[:SHOWN]],
              _("All your notes are signed."), (_("All"), all_drafts), len(drafts)),
        Panel(_("Results to look at"), "fa-flask", [_result(row) for row in found],
              _("No new result since you last opened your patients’ charts.")),
    ]  # fmt: skip


def nurse(page: Home, person: Actor, now: datetime) -> None:
    """Who is here and to be prepared, whose vital signs are missing, which rooms to clean."""
    session = db.session()
    start, end = day_of(now, clinic_zone())
    here = care.in_house(session, person, start, end, now)
    rooms = house.rooms_now(session)
    coming = today.visits(session, now - timedelta(minutes=30), end, statuses=EXPECTED, limit=8)
    prepare = [visit for visit in here if visit.status != "in-room"]
    missing = [visit for visit in here if not visit.measured]
    dirty = [room for room in rooms if room.status == "cleaning"]
    board = url_for("BoardView.show")
    page.actions += [
        (_("Board"), board, "fa-chart-simple"),
        (_("Calendar"), url_for("CalendarView.show"), "fa-calendar-days"),
    ]
    page.cards += [
        Card(_("To prepare"), len(prepare), _("arrived or checked in"), "fa-couch", board),
        Card(_("Vital signs missing"), len(missing),
             _n("of %(num)s patient here", "of %(num)s patients here", len(here)), "fa-heart-pulse",
             tone="warn" if missing else ""),
        Card(_("In a room"), len(here) - len(prepare), _("with doctor or nurse"), "fa-stethoscope", board),
        Card(_("Rooms to clean"), len(dirty), _("then free again"), "fa-broom",
             url_for("RoomView.list", _flt_0_status="cleaning"), "warn" if dirty else ""),
    ]  # fmt: skip
    page.panels += [
        Panel(_("To prepare"), "fa-couch", [_prepared(visit) for visit in prepare[:SHOWN]],
              _("Nobody is waiting."), (_("Board"), board), len(prepare)),
        Panel(_("Vital signs missing"), "fa-heart-pulse", [_unmeasured(visit) for visit in missing[:SHOWN]],
              _("Everybody who is here has been measured today."), None, len(missing)),
        Panel(_("Rooms to clean"), "fa-broom", [_dirty(room) for room in dirty],
              _("No room waits to be cleaned.")),
        Panel(_("Coming next"), "fa-calendar-day", visit_lines(coming, by="visit_type", chart=True),
              _("No more visits today."), (_("Calendar"), url_for("CalendarView.show"))),
    ]  # fmt: skip


def _age(draft: Any, now: datetime) -> int:
    age: timedelta = day_at(now) - draft.visit_date
    return age.days


def _oldest(drafts: Any, now: datetime) -> str:
    if not drafts:
        return _("all signed")
    days = _age(drafts[0], now)
    if days < 1:
        return _("all of today")
    return _n("the oldest of %(num)s day ago", "the oldest of %(num)s days ago", days)


def _draft(row: Any) -> Line:
    begun = _("begun by %(name)s", name=row.author) if row.author else _("begun by me")
    url = url_for("ChartNotesView.find", record_id=row.record_id)
    return Line(row.name, begun, show(row.visit_date), "draft", url)


def _result(row: Any) -> Line:
    said = _n("%(num)s new finding", "%(num)s new findings", row.found)
    url = chart_of(row.patient_id) + "?section=vitals"
    return Line(row.name, said, spelled(row.at.astimezone(clinic_zone()), "d MMM"), url=url)


def _prepared(visit: Any) -> Line:
    waits = _("here since %(time)s", time=clock(visit.arrived_at)) if visit.arrived_at else ""
    detail = " · ".join(filter(None, (visit.doctor, visit.room, waits)))
    time, url = clock(visit.appointment_datetime), chart_of(visit.patient_id)
    return Line(visit.patient, detail, time, visit.status, url)


def _unmeasured(visit: Any) -> Line:
    url = chart_of(visit.patient_id)
    measure = (_("Measure"), f"{url}?section=vitals#record", "fa-heart-pulse")
    where = visit.room if visit.status == "in-room" and visit.room else _("in the waiting room")
    return Line(visit.patient, where, clock(visit.appointment_datetime), url=url, act=measure)


def _dirty(room: Any) -> Line:
    url = url_for("RoomView.edit", pk=room.room_id)
    return Line(room.name, room.room_type, badge=room.status, url=url)
