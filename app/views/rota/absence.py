"""`/absence/`: a doctor is away; every visit concerned gets a new time in one step, or goes back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flask import Response, jsonify, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import func, not_, select

from app.extensions import db
from app.language import _, _k
from app.models import (
    Absence,
    Action,
    Appointment,
    ClinicError,
    Doctor,
    NotFound,
    Patient,
    Staff,
)
from app.models.base.clock import clinic_zone, day_of, today
from app.models.base.grants import DESK
from app.models.rota import sick, sick_plan, sick_undo
from app.models.rota.sick_undo import Undone
from app.models.visits import holds
from app.security import audit
from app.security.scope import as_key, load, may, row_scope
from app.views.frame.bodies import read_body, read_flag, read_text, read_value
from app.views.generated import writing
from app.views.generated.guard import BadQuery, actor
from app.views.generated.parsing import read_date

ACTIONS = ("move", "cancel", "leave")
MOST_ROWS = 500


class AbsenceView(BaseView):
    """Choose a doctor and days, look at what is proposed, confirm it all, take it back."""

    route_base = "/absence"
    default_view = "show"
    class_permission_name = "Absence"
    may = {"show": DESK, "confirm": DESK, "undo": DESK}
    menu = ("Team", "Sick day", "fa-user-clock")

    @expose("/")
    @has_access
    @permission_name("show")
    def show(self) -> str:
        """What the days of a doctor hold, and a time proposed for each visit."""
        page: dict[str, Any] = {
            "doctors": _doctors(), "plan": None, "problem": None, "recent": _recent(), "left": [],
            "doctor": request.args.get("doctor", ""),
            "first": request.args.get("first") or today().isoformat(),
            "last": request.args.get("last") or request.args.get("first") or today().isoformat(),
        }  # fmt: skip
        if page["doctor"]:
            try:
                page["plan"] = _plan(page)
            except ClinicError as error:
                if isinstance(error, NotFound):
                    raise
                page["problem"] = error.message
        else:
            page["left"] = _left_today()
        return render_template("absence.html", page=page, zone=clinic_zone())

    @expose("/", methods=["POST"])
    @has_access
    @permission_name("confirm")
    def confirm(self) -> tuple[Response, int]:
        """Do what was chosen for each visit, all of it or nothing. Raises ClinicError."""
        said, session, person = read_body(), db.session(), actor()
        doctor = load(session, person, Doctor, said.get("doctor_id"), Action.LIST)
        rows = said.get("visits")
        if not isinstance(rows, list) or len(rows) > MOST_ROWS:
            raise ClinicError(_("visits is a list of at most %(most)s.", most=MOST_ROWS))
        reason = read_text(said.get("reason"), 200, _("Reason")) or _k("Doctor away")
        choices = sick.Choices(
            doctor.doctor_id, _day(said.get("first")), _day(said.get("last")),
            [_choice(row) for row in rows],
        )  # fmt: skip

        def work() -> sick.Done:
            return sick.confirm(session, person, choices, reason, datetime.now(UTC))

        done = writing.keep(
            session, person, work,
            lambda d: [
                *(("add", row) for row in (d.absence, d.absence.time_off) if row is not None),
                *(("edit", visit) for visit in d.changed),
            ],
        )  # fmt: skip
        key = done.absence.absence_id
        address = url_for("AbsenceView.result", pk=key)
        return jsonify(id=key, changed=len(done.changed), left=done.left, url=address), 201

    @expose("/<pk>")
    @has_access
    @permission_name("show")
    def result(self, pk: str) -> str:
        """What became of each visit of an absence."""
        absence = _absence(pk)
        rows = sick_undo.rows_of(db.session(), absence.absence_id)
        audit.read(actor(), "list", Patient, page="absence", rows=len(rows))
        names = db.session.execute(select(Doctor.doctor_id, Doctor.name))
        doctors = {row.doctor_id: row.name for row in names}
        page = {"absence": absence, "rows": rows, "doctors": doctors, "seen": _sees}
        return render_template("absence_result.html", page=page, zone=clinic_zone())

    @expose("/<pk>/undo", methods=["POST"])
    @has_access
    @permission_name("undo")
    def undo(self, pk: str) -> Response:
        """Take back what still can be."""
        key, session, person = _absence(pk).absence_id, db.session(), actor()

        def work() -> Undone:
            return sick_undo.undo(session, person, key, datetime.now(UTC))

        done = writing.keep(
            session, person, work,
            lambda d: [
                ("edit", d.absence),
                *(("delete", row) for row in (d.time_off,) if row is not None),
                *(("edit", visit) for visit in d.restored),
            ],
        )  # fmt: skip
        return jsonify(
            restored=len(done.restored),
            not_restored=[
                {"appointment_id": row.appointment_id, "why": row.not_restored}
                for row in done.not_restored
            ],
            withdrawn=done.withdrawn,
        )


def _plan(page: dict[str, Any]) -> sick.Plan:
    """The plan for what the address asks, without visits that are not the person's to change."""
    session, person = db.session(), actor()
    doctor = load(session, person, Doctor, page["doctor"], Action.LIST)
    plan = sick.absence_plan(
        session, doctor.doctor_id, _day(page["first"]), _day(page["last"]), datetime.now(UTC)
    )
    plan.proposals = [p for p in plan.proposals if may(person, p.visit, Action.EDIT)]
    audit.read(person, "list", Patient, page="absence", rows=len(plan.proposals))
    return plan


def _choice(raw: Any) -> sick.Choice:
    """One line of the plan as it was sent. Raises ClinicError."""
    if not isinstance(raw, dict) or raw.get("action") not in ACTIONS:
        raise ClinicError(_("Say of each visit one of: %(choices)s.", choices=", ".join(ACTIONS)))
    session, person, columns = db.session(), actor(), Appointment.columns()
    visit = load(session, person, Appointment, raw.get("appointment_id"), Action.EDIT)
    version = read_value("version", columns["version"], raw.get("version"), _("Version"))
    if raw["action"] != "move":
        return sick.Choice(visit.appointment_id, version, raw["action"])
    doctor = load(session, person, Doctor, raw.get("doctor_id"), Action.LIST)
    return sick.Choice(
        visit.appointment_id,
        version,
        "move",
        read_value(
            "appointment_datetime", columns["appointment_datetime"], raw.get("start"), _("New time")
        ),
        doctor.doctor_id,
        read_value("room_id", columns["room_id"], raw.get("room_id"), _("Room")),
        read_flag(raw.get("override", False), "override"),
    )


def _absence(pk: str) -> Absence:
    found: Absence | None = db.session.get(Absence, as_key(pk))
    if found is None:
        raise NotFound(_("There is no such absence."))
    return found


def _doctors() -> list[Any]:
    query = (
        select(Doctor.doctor_id, Doctor.name, Doctor.specialization)
        .join(Staff, Staff.staff_id == Doctor.staff_id)
        .where(Staff.active, row_scope(actor(), Doctor, Action.LIST))
        .order_by(Doctor.name)
    )
    return list(db.session.execute(query))


def _left_today() -> list[Any]:
    """The doctors who still have visits today, with how many, by name."""
    now, person = datetime.now(UTC), actor()
    query = (
        select(Doctor.doctor_id, Doctor.name, func.count().label("visits"))
        .join(Appointment, Appointment.doctor_id == Doctor.doctor_id)
        .where(
            Appointment.status.in_(sick_plan.MOVABLE),
            not_(holds.held()),
            Appointment.appointment_datetime > now,
            Appointment.appointment_datetime < day_of(now, clinic_zone())[1],
            row_scope(person, Doctor, Action.LIST),
            row_scope(person, Appointment, Action.EDIT),
        )
        .group_by(Doctor.doctor_id, Doctor.name)
        .order_by(Doctor.name)
    )
    return list(db.session.execute(query))


def _recent() -> list[Absence]:
    query = select(Absence).order_by(Absence.absence_id.desc()).limit(5)
    return list(db.session.scalars(query))


def _sees(row: Any) -> bool:
    return may(actor(), row.visit.patient, Action.LIST)


def _day(raw: Any) -> date:
    try:
        return read_date(raw)
    except ClinicError as error:
        raise BadQuery(error.message) from None
