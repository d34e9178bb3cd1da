"""What staff ask of the rota: time off, swaps; and the answers. Messages that were read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, jsonify
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import spelling
from app.extensions import db
from app.language import _
from app.models import (
    Action,
    ClinicError,
    Conflict,
    Notification,
    Role,
    Shift,
    ShiftSwap,
    Staff,
    TimeOff,
)
from app.models.base.clock import clinic_zone, midnight, today
from app.models.base.grants import STAFF
from app.models.messages import inbox
from app.models.rota import swaps as rules
from app.security.scope import load, row_scope
from app.views.frame.bodies import read_body, read_flag, read_reason, read_text
from app.views.generated import writing
from app.views.generated.guard import actor
from app.views.generated.parsing import read_date
from app.views.rota.rota_week import PLANNERS

OFFERED_DAYS = 42
LONGEST_LEAVE = timedelta(days=366)


class RotaRequestsView(BaseView):
    """Asking is everyone's who works here; deciding is the planner's."""

    route_base = "/rota"
    class_permission_name = "Rota"
    may = {"ask": STAFF, "plan": PLANNERS}

    @expose("/time-off", methods=["POST"])
    @has_access
    @permission_name("ask")
    def time_off(self) -> tuple[Response, int]:
        """Ask for whole days off, from clinic midnight to midnight. Raises ClinicError."""
        said, person = read_body(), actor()
        first, last = _day(said.get("first"), _("From")), _day(said.get("last"), _("Until"))
        if last < first:
            raise ClinicError(_("The last day lies before the first."), field="last")
        if last < today() or last - first > LONGEST_LEAVE:
            raise ClinicError(_("Ask for days to come, at most a year of them."), field="last")
        row = TimeOff(
            start_at=midnight(first, clinic_zone()), end_at=midnight(last + timedelta(days=1), clinic_zone()),
            note=read_text(said.get("note"), 200, _("Note")) or None, status="requested",
            staff_id=person.staff_id,
        )  # fmt: skip
        if Role.ADMIN in person.roles and said.get("staff_id"):
            row.staff_id = writing.find_link(db.session(), person, Staff, said["staff_id"]).staff_id
        if row.staff_id is None:
            raise ClinicError(_("Your login belongs to no member of staff; ask the admin."))
        writing.save(db.session(), person, row, Action.ADD)
        return jsonify(id=row.time_off_id, status=spelling.said(row.status)), 201

    @expose("/time-off/<pk>/decide", methods=["POST"])
    @has_access
    @permission_name("plan")
    def decide_time_off(self, pk: str) -> Response:
        """Approve or decline days off. Raises Conflict where that is done."""
        row, said = load(db.session(), actor(), TimeOff, pk, Action.EDIT), read_body()
        writing.require_version(row, said.get("version"))
        if row.status != "requested":
            raise Conflict(
                _("This request is %(status)s already.", status=spelling.said(row.status))
            )
        row.status = "approved" if read_flag(said.get("approve"), "approve") else "declined"
        writing.save(db.session(), actor(), row, Action.EDIT)
        return jsonify(id=row.time_off_id, status=spelling.said(row.status))

    @expose("/shift/<pk>/others")
    @has_access
    @permission_name("ask")
    def others(self, pk: str) -> Response:
        """The shifts to come for which this one may be swapped."""
        shift = load(db.session(), actor(), Shift, pk, Action.SHOW, ["staff"])
        query = (
            select(Shift)
            .join(Staff, Staff.staff_id == Shift.staff_id)
            .where(
                Shift.published,
                Shift.shift_date.between(today(), today() + timedelta(days=OFFERED_DAYS)),
                Staff.role == shift.staff.role,
                Staff.active,
                row_scope(actor(), Shift, Action.LIST),
            )
            .options(joinedload(Shift.staff))
            .order_by(Shift.shift_date, Shift.start_time, Shift.shift_id)
            .limit(400)
        )
        around = db.session.scalars(query).all()
        theirs = [row for row in around if row.staff_id != shift.staff_id]
        fit = rules.fitting(shift, theirs, around)
        found = [{"id": row.shift_id, "text": _offered(row)} for row in fit]
        return jsonify(result=found)

    @expose("/swap", methods=["POST"])
    @has_access
    @permission_name("ask")
    def swap(self) -> tuple[Response, int]:
        """Ask a colleague to swap two shifts."""
        said, session, person = read_body(), db.session(), actor()
        mine = load(session, person, Shift, said.get("shift_id"), Action.SHOW, ["staff"])
        other = load(session, person, Shift, said.get("other_shift_id"), Action.SHOW, ["staff"])
        asked = writing.keep(
            session,
            person,
            lambda: rules.swap(session, person, mine, other, datetime.now(UTC)),
            lambda row: [("add", row)],
        )
        return jsonify(id=asked.shift_swap_id, status=asked.status), 201

    @expose("/swap/<pk>/answer", methods=["POST"])
    @has_access
    @permission_name("ask")
    def answer_swap(self, pk: str) -> Response:
        """The colleague agrees or not."""
        said, session, person = read_body(), db.session(), actor()
        asked = load(session, person, ShiftSwap, pk, Action.SHOW)
        writing.require_version(asked, said.get("version"))
        agrees = read_flag(said.get("agree"), "agree")
        writing.keep(
            session,
            person,
            lambda: rules.answer(session, person, asked, agrees, datetime.now(UTC)),
            lambda row: [("edit", row)],
        )
        return jsonify(id=asked.shift_swap_id, status=asked.status)

    @expose("/swap/<pk>/decide", methods=["POST"])
    @has_access
    @permission_name("plan")
    def decide_swap(self, pk: str) -> Response:
        """Approve or decline what both agreed on."""
        said, session, person = read_body(), db.session(), actor()
        asked = load(session, person, ShiftSwap, pk, Action.SHOW)
        writing.require_version(asked, said.get("version"))
        approve = read_flag(said.get("approve"), "approve")
        reason = read_reason(said.get("reason")) or None

        def work() -> ShiftSwap:
            return rules.decide(session, asked, approve, datetime.now(UTC), reason)

        def rows(row: ShiftSwap) -> list[tuple[str, Any]]:
            shifts = (row.shift, row.other_shift) if approve else ()
            return [("edit", row), *(("edit", shift) for shift in shifts)]

        writing.keep(session, person, work, rows)
        return jsonify(id=asked.shift_swap_id, status=asked.status)

    @expose("/message/<pk>/read", methods=["POST"])
    @has_access
    @permission_name("ask")
    def read(self, pk: str) -> Response:
        """Mark one of the messages on the page as read."""
        session, person = db.session(), actor()
        notice = load(session, person, Notification, pk, Action.SHOW)
        key, mine = notice.notification_id, inbox.of_staff(person.user_id, person.staff_id)
        writing.keep(
            session, person,
            lambda: inbox.mark_read(session, mine, datetime.now(UTC), key),
            lambda _new: [("edit", notice)],
        )  # fmt: skip
        return jsonify(id=key)


def _offered(shift: Shift) -> str:
    hours = f"{shift.start_time:%H:%M}–{shift.end_time:%H:%M}"
    return f"{spelling.spelled(shift.shift_date, 'EEE d MMM')} {hours}, {shift.staff.name}"


def _day(raw: Any, label: str) -> date:
    try:
        return read_date(raw)
    except ClinicError as error:
        raise ClinicError(f"{label}: {error.message}") from None
