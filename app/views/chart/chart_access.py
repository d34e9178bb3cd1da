"""Who reads a chart: restricted to its team, opened from outside, and who did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _
from app.models import (
    Action,
    CareTeam,
    ChartRestriction,
    ClinicError,
    Forbidden,
    NotFound,
    Role,
    Staff,
)
from app.models.base.grants import CARE
from app.models.record import chart, closed, restricting
from app.security.scope import as_key, load
from app.views.chart.chart import show_chart
from app.views.chart.chart_page import (
    Opened,
    chart_of,
    keep,
    open_chart,
    refused,
    the_one_kept,
)
from app.views.chart.chart_words import name_of_part
from app.views.chart.restricted import restricted_facts
from app.views.frame.bodies import read_reason
from app.views.generated.guard import actor
from app.views.generated.parsing import clean_text
from app.views.generated.writing import take_back


class ChartAccessView(BaseView):
    """The doctors who treat the patient decide; everyone who reads the chart sees who else does."""

    route_base = "/chart"
    class_permission_name = "Chart"
    may = {"show": (), "break": CARE, "restrict": (Role.DOCTOR,)}  # `show` is ChartView's

    @expose("/<patient_id>/access")
    @has_access
    @permission_name("show")
    def access(self, patient_id: str) -> str:
        """The restriction, the team, and who opened the chart."""
        opened = open_chart(patient_id, "access")
        return show_chart(opened, "access", **_facts(opened))

    @expose("/<patient_id>/break", methods=["POST"])
    @has_access
    @permission_name("break")
    def break_glass(self, patient_id: str) -> Response | tuple[str, int]:
        """Open a restricted chart for a while, with the reason."""
        session, person = db.session(), actor()
        patient = the_one_kept(session, person, patient_id)
        chart_url = url_for("ChartView.show", patient_id=patient.patient_id)
        typed = clean_text(request.form.get("reason", ""))
        minutes, now = request.form.get("minutes", ""), datetime.now(UTC)
        try:
            closed.require_open(session, person, patient.patient_id, now)
        except closed.Restricted:
            pass
        else:
            return redirect(chart_url)
        try:
            reason = read_reason(typed)
            row = restricting.break_glass(session, person, patient, reason, minutes, now)
            keep("break-glass", row)
        except ClinicError as error:
            take_back(db.session(), error)
            error.details["patient"] = as_key(patient_id)
            facts = restricted_facts(error, typed, minutes)
            return render_template("restricted.html", **facts), error.status
        flash(
            _(
                "The chart is open to you for %(minutes)s minutes. The admin was told.",
                minutes=minutes,
            ),
            "warning",
        )
        return redirect(chart_url)

    @expose("/<patient_id>/restrict", methods=["POST"])
    @has_access
    @permission_name("restrict")
    def restrict(self, patient_id: str) -> Response | tuple[str, int]:
        """Close the chart to all but the team."""
        opened = _decide(patient_id)
        row = ChartRestriction(patient_id=opened.patient.patient_id)
        row.reason = read_reason(request.form.get("reason"))
        return _kept(opened, "add", [row], _("The chart is restricted to the team."))

    @expose("/<patient_id>/lift", methods=["POST"])
    @has_access
    @permission_name("restrict")
    def lift(self, patient_id: str) -> Response | tuple[str, int]:
        """Open the chart to all clinical staff again."""
        opened = _decide(patient_id)
        rows = restricting.active(db.session(), opened.patient.patient_id)
        if not rows:
            return redirect(_address(opened))
        for row in rows:
            row.state = "lifted"
        return _kept(opened, "edit", rows, _("The chart is open to all clinical staff again."))

    @expose("/<patient_id>/team", methods=["POST"])
    @has_access
    @permission_name("restrict")
    def name(self, patient_id: str) -> Response | tuple[str, int]:
        """Name a member of staff who reads the chart too."""
        opened = _decide(patient_id)
        try:
            staff = load(db.session(), opened.person, Staff, request.form.get("staff"), Action.LIST)
        except NotFound:
            return _again(opened, ClinicError(_("Choose one from the list."), field="staff"))
        row = CareTeam(patient_id=opened.patient.patient_id, staff_id=staff.staff_id)
        return _kept(opened, "add", [row], _("%(name)s reads the chart too.", name=staff.name))

    @expose("/<patient_id>/team/<key>/remove", methods=["POST"])
    @has_access
    @permission_name("restrict")
    def remove(self, patient_id: str, key: str) -> Response:
        """Take someone off the list again."""
        opened = _decide(patient_id)
        row = db.session.get(CareTeam, as_key(key))
        if row is None or not opened.has(row):
            raise NotFound(_("There is no such entry, or it is not yours to see."))
        db.session.delete(row)
        keep("delete", row)
        flash(_("Taken off the list."), "success")
        return redirect(_address(opened))


def _decide(patient_id: str) -> Opened:
    opened = chart_of(patient_id)
    restricting.require_team(db.session(), opened.person, opened.patient.patient_id)
    return opened


def _kept(
    opened: Opened, action: str, rows: Sequence[Any], said: str
) -> Response | tuple[str, int]:
    try:
        for row in rows:
            row.check(db.session(), opened.person, opened.now)
        db.session.add_all(rows)
        keep(action, *rows)
    except ClinicError as error:
        take_back(db.session(), error)
        return _again(chart_of(str(opened.patient.patient_id)), error)
    flash(said, "success")
    return redirect(_address(opened))


def _again(opened: Opened, error: ClinicError) -> tuple[str, int]:
    facts = _facts(opened) | {"problem": error, "typed": request.form.get("reason", "")}
    return refused(show_chart(opened, "access", **facts), error)


def _facts(opened: Opened) -> dict[str, Any]:
    session, patient_id = db.session(), opened.patient.patient_id
    try:
        restricting.require_team(session, opened.person, patient_id)
        decides = True
    except Forbidden:
        decides = False
    return {
        "restriction": next(iter(restricting.active(session, patient_id)), None),
        "team": restricting.team(session, patient_id),
        "breaks": restricting.breaks(session, patient_id),
        "openings": chart.openings(session, patient_id),
        "part": name_of_part,
        "decides": decides,
        "staff": restricting.nameable(session, patient_id) if decides else (),
        "problem": None,
        "typed": "",
    }


def _address(opened: Opened) -> str:
    return url_for("ChartAccessView.access", patient_id=opened.patient.patient_id)
