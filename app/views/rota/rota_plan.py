"""Planning the rota: shifts drawn, moved and taken off, weeks copied, templates, publishing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Response, jsonify
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import _, _l
from app.models import Action, ClinicError, NotFound, RotaTemplate, Shift, Staff
from app.models.rota import rota
from app.models.rota.rota_templates import apply_template, save_template
from app.security.scope import as_key, load
from app.views.frame.bodies import read_body, read_reason, read_text, read_value
from app.views.generated import writing
from app.views.generated.guard import actor
from app.views.rota.rota_week import (
    PLANNERS,
    monday_in,
)

FIELDS = ("staff_id", "shift_date", "start_time", "end_time")
LABELS = {
    "staff_id": _l("Who"),
    "shift_date": _l("Date"),
    "start_time": _l("From"),
    "end_time": _l("To"),
}


class RotaPlanView(BaseView):
    """What who plans the rota changes; each answer is JSON."""

    route_base = "/rota"
    class_permission_name = "Rota"
    may = {"plan": PLANNERS}

    @expose("/shift", methods=["POST"])
    @has_access
    @permission_name("plan")
    def add(self) -> tuple[Response, int]:
        """A new shift, as a draft."""
        shift = Shift(published=False)
        _fill(shift, read_body(), FIELDS)
        writing.save(db.session(), actor(), shift, Action.ADD)
        return jsonify(_told(shift)), 201

    @expose("/shift/<pk>", methods=["POST"])
    @has_access
    @permission_name("plan")
    def change(self, pk: str) -> Response:
        """Another time or person for a shift. Raises Stale."""
        shift, said = load(db.session(), actor(), Shift, pk, Action.EDIT), read_body()
        writing.require_version(shift, said.get("version"))
        with db.session.no_autoflush:
            _fill(shift, said, [name for name in FIELDS if name in said])
        shift.published = False  # what was published was another shift
        writing.save(db.session(), actor(), shift, Action.EDIT)
        return jsonify(_told(shift))

    @expose("/shift/<pk>/delete", methods=["POST"])
    @has_access
    @permission_name("plan")
    def remove(self, pk: str) -> Response:
        """Take a shift away."""
        shift, said = load(db.session(), actor(), Shift, pk, Action.DELETE), read_body()
        writing.require_version(shift, said.get("version"))
        key = shift.shift_id
        writing.delete(db.session(), actor(), shift)
        return jsonify(id=key)

    @expose("/copy", methods=["POST"])
    @has_access
    @permission_name("plan")
    def copy(self) -> tuple[Response, int]:
        """Copy a week, the one before where none is named, over another."""
        said, session = read_body(), db.session()
        monday = monday_in(said.get("week"))
        source = monday_in(said["from"]) if "from" in said else monday - timedelta(days=7)
        laid = writing.keep(
            session, actor(), lambda: rota.copy_week(session, source, monday), _added
        )
        return jsonify(shifts=len(laid.shifts), left_out=laid.left_out), 201

    @expose("/template", methods=["POST"])
    @has_access
    @permission_name("plan")
    def keep(self) -> tuple[Response, int]:
        """Keep a week under a name."""
        said, session = read_body(), db.session()
        monday, name = monday_in(said.get("week")), read_text(said.get("name"), 100, _("Name"))
        if not name:
            raise ClinicError(_("Give the template a name."), field="name")
        template = writing.keep(
            session,
            actor(),
            lambda: save_template(session, monday, name),
            lambda row: [("edit" if row.version > 1 else "add", row)],
        )
        return jsonify(id=template.rota_template_id, name=template.name), 201

    @expose("/template/<pk>/apply", methods=["POST"])
    @has_access
    @permission_name("plan")
    def apply(self, pk: str) -> tuple[Response, int]:
        """Lay a template over a week."""
        key, session = _template(pk).rota_template_id, db.session()
        monday = monday_in(read_body().get("week"))
        laid = writing.keep(session, actor(), lambda: apply_template(session, key, monday), _added)
        return jsonify(shifts=len(laid.shifts), left_out=laid.left_out), 201

    @expose("/template/<pk>/delete", methods=["POST"])
    @has_access
    @permission_name("plan")
    def forget(self, pk: str) -> Response:
        """Delete a template."""
        template = _template(pk)
        key = template.rota_template_id
        writing.delete(db.session(), actor(), template)
        return jsonify(id=key)

    @expose("/publish", methods=["POST"])
    @has_access
    @permission_name("plan")
    def publish(self) -> Response:
        """Publish the drafts of a week; what speaks against it needs a reason."""
        said, session = read_body(), db.session()
        monday, reason = monday_in(said.get("week")), read_reason(said.get("reason"))

        def work() -> rota.Published:
            return rota.publish_week(session, actor(), monday, datetime.now(UTC), reason or None)

        done = writing.keep(session, actor(), work, lambda p: [("edit", row) for row in p.shifts])
        return jsonify(shifts=len(done.shifts), people=done.people)


def _fill(shift: Shift, said: dict[str, Any], names: Any) -> None:
    for name in names:
        found = read_value(name, Shift.columns()[name], said.get(name), LABELS[name])
        if name == "staff_id":
            found = writing.find_link(db.session(), actor(), Staff, found).staff_id
        if isinstance(found, time) and (found.second or found.microsecond):
            raise ClinicError(
                _("%(name)s: write a time like 14:30.", name=LABELS[name]), field=name
            )
        setattr(shift, name, found)
    if shift.start_time == shift.end_time:
        raise ClinicError(_("A shift cannot end when it begins."), field="end_time")


def _template(pk: str) -> RotaTemplate:
    found: RotaTemplate | None = db.session.get(RotaTemplate, as_key(pk))
    if found is None:
        raise NotFound(_("There is no such template."))
    return found


def _added(laid: rota.Laid) -> list[tuple[str, Any]]:
    return [("add", shift) for shift in laid.shifts]


def _told(shift: Shift) -> dict[str, Any]:
    """A shift as the page is told it."""
    day: date = shift.shift_date
    return {
        "id": shift.shift_id,
        "version": shift.version,
        "staff_id": shift.staff_id,
        "shift_date": day.isoformat(),
        "start_time": f"{shift.start_time:%H:%M}",
        "end_time": f"{shift.end_time:%H:%M}",
        "published": shift.published,
    }
