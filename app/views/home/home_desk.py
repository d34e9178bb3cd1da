"""The home of the reception."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from app.extensions import db
from app.language import _
from app.models.base.clock import clinic_zone, day_of
from app.models.homes import desk
from app.models.visits import today
from app.models.visits.appointment import EXPECTED, WAITING
from app.security.actor import Actor
from app.spelling import spelled
from app.views.generated.values import show
from app.views.home.home_parts import (
    Card,
    Home,
    Line,
    Panel,
    by_status,
    call,
    clock,
    sum_of,
    visit_lines,
    visit_of,
)


def receptionist(page: Home, person: Actor, now: datetime) -> None:
    """Who arrives next, and whom to call."""
    session, zone = db.session(), clinic_zone()
    start, end = day_of(now, zone)
    counts = today.counts_by_status(session, start, end)
    coming = today.visits(session, now - timedelta(minutes=30), end, statuses=EXPECTED, limit=10)
    to_call = desk.unconfirmed(session, *day_of(now, zone, days=1))
    listed = desk.waiting(session, now)
    board, waitlist = url_for("BoardView.show"), url_for("WaitingView.show")
    page.actions += [
        (_("Book a visit"), url_for("CalendarView.show"), "fa-calendar-plus"),
        (_("Board"), board, "fa-chart-simple"),
        (_("New patient"), url_for("PatientView.add"), "fa-user-plus"),
    ]
    page.cards += [
        Card(_("Visits today"), sum(counts.values()), by_status(counts), "fa-calendar-day",
             url_for("CalendarView.show")),
        Card(_("Waiting now"), sum_of(counts, WAITING), _("arrived, not yet in a room"), "fa-couch", board),
        Card(_("To call"), len(to_call), _("unconfirmed for tomorrow"), "fa-phone",
             tone="warn" if to_call else ""),
        Card(_("On the waiting list"), listed[0].all if listed else 0, _("would come sooner"),
             "fa-hourglass-half", waitlist),
    ]  # fmt: skip
    page.panels += [
        Panel(_("Arriving next"), "fa-person-walking-arrow-right", visit_lines(coming, by="doctor"),
              _("Nobody else is expected today."), (_("Board"), board)),
        Panel(_("To call: unconfirmed tomorrow"), "fa-phone", [_called(row) for row in to_call[:10]],
              _("All of tomorrow is confirmed."), None, len(to_call)),
        *_requests(desk.portal_requests(session)),
        Panel(_("Waiting list"), "fa-hourglass-half", [_listed(row) for row in listed],
              _("Nobody is on the waiting list."), (_("All"), waitlist), listed[0].all if listed else None),
        _without_phone(desk.without_phone(session, now)),
    ]  # fmt: skip


def _requests(asking: Sequence[Any]) -> list[Panel]:
    if not asking:
        return []
    every = (_("All"), url_for("PortalRegistrationView.list", _flt_0_state="waiting"))
    lines = [_asking(row) for row in asking]
    return [Panel(_("Portal requests"), "fa-user-plus", lines, "", every, asking[0].all)]


def _without_phone(rows: Sequence[Any]) -> Panel:
    nobody = _("Every patient with a visit to come can be called.")
    lines = [_unreached(row) for row in rows]
    return Panel(_("Without a phone number"), "fa-phone-slash", lines, nobody)


def _called(row: Any) -> Line:
    url, at = visit_of(row.appointment_id), clock(row.appointment_datetime)
    return Line(
        row.patient, row.doctor, at, "" if row.phone else _("no number"), url, call(row.phone)
    )


def _listed(row: Any) -> Line:
    url = url_for("WaitlistEntryView.show", pk=row.waitlist_entry_id)
    detail = f"{row.visit_type} · " + _("until %(day)s", day=show(row.latest.date()))
    return Line(row.patient, detail, url=url, act=call(row.phone))


def _asking(row: Any) -> Line:
    url = url_for("PortalRegistrationView.edit", pk=row.portal_registration_id)
    return Line(
        row.name, _("asked on %(day)s", day=show(row.created)), url=url, act=call(row.phone)
    )


def _unreached(row: Any) -> Line:
    edit = (_("Add a number"), url_for("PatientView.edit", pk=row.patient_id), "fa-pen")
    when = spelled(row.appointment_datetime.astimezone(clinic_zone()), "d MMM")
    return Line(row.patient, row.doctor, when, url=visit_of(row.appointment_id), act=edit)
