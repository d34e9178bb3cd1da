"""Notes: begun, saved as one types, signed, amended, and read in all their versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _
from app.models import Action, ClinicError, Forbidden, MedicalRecord, NotFound, Stale
from app.models.base.clock import clinic_zone
from app.models.record import notes
from app.models.record.amendment import TEXTS
from app.security.scope import as_key, load
from app.views.chart.chart_note_pages import address, choose_page, editor_page, read_page
from app.views.chart.chart_page import (
    chart_of,
    keep,
    load_record,
    open_chart,
    refused,
)
from app.views.generated.guard import BadQuery, actor
from app.views.generated.parsing import clean_text
from app.views.generated.values import encode
from app.views.generated.writing import take_back


class ChartNotesView(BaseView):
    """One address a note: a form where the person may write the draft, else a page to read."""

    route_base = "/chart"
    class_permission_name = "Chart"
    may = {"show": (), "write": (), "sign": ()}  # who, is said by ChartView

    @expose("/note/<record_id>")
    @has_access
    @permission_name("show")
    def find(self, record_id: str) -> Response:
        """To a note of which only the number is known."""
        return redirect(address(load(db.session(), actor(), MedicalRecord, record_id, Action.SHOW)))

    @expose("/<patient_id>/note/new", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def new(self, patient_id: str) -> Response | str | tuple[str, int]:
        """What the note is of; by POST the draft is begun."""
        if request.method == "GET":
            return choose_page(open_chart(patient_id, "new note"))
        try:
            opened = chart_of(patient_id)
            record = notes.start(
                db.session(), opened.person, opened.patient.patient_id, opened.now, clinic_zone(),
                appointment_id=_key("appointment_id"), doctor_id=_key("doctor_id"),
            )  # fmt: skip
            keep("add", record)
        except NotFound:
            raise
        except ClinicError as error:
            db.session.rollback()
            return refused(choose_page(open_chart(patient_id, "new note"), error), error)
        return redirect(address(record))

    @expose("/<patient_id>/note/<record_id>")
    @has_access
    @permission_name("show")
    def note(self, patient_id: str, record_id: str) -> str:
        """The form for those who may write the draft, the text in its versions for others."""
        opened = open_chart(patient_id, "note", record=record_id[:10])
        record = load_record(patient_id, record_id, Action.SHOW)
        if notes.can_write(opened.person, record):
            return editor_page(opened, record)
        return read_page(opened, record)

    @expose("/<patient_id>/note/<record_id>/draft", methods=["POST"])
    @has_access
    @permission_name("write")
    def draft(self, patient_id: str, record_id: str) -> Any:
        """Save the text: as one types by JSON, `{"version", "saved"}` or 412; by form a page."""
        said = request.get_json(silent=True) if request.is_json else dict(request.form)
        if not isinstance(said, dict):
            raise BadQuery(_("The text could not be read."))
        try:
            record = _save(patient_id, record_id, said)
        except Stale as error:
            if request.is_json:
                raise
            take_back(db.session(), error)
            return _again(patient_id, record_id, _texts(said), error)
        if not request.is_json:
            flash(_("The draft is saved."), "success")
            return redirect(address(record))
        return {"version": record.version, "saved": encode(_now())}

    @expose("/<patient_id>/note/<record_id>/sign", methods=["POST"])
    @has_access
    @permission_name("sign")
    def sign(self, patient_id: str, record_id: str) -> Response | tuple[str, int]:
        """Save the text as it stands in the form, and lock it."""
        try:
            record = _save(patient_id, record_id, request.form)
            notes.sign(actor(), record, _now())
            keep("sign", record)
        except ClinicError as error:
            take_back(db.session(), error)
            return _again(patient_id, record_id, _texts(request.form), error)
        flash(_("Signed. The note is locked; what follows is an amendment."), "success")
        return redirect(address(record))

    @expose("/<patient_id>/note/<record_id>/amend", methods=["POST"])
    @has_access
    @permission_name("sign")
    def amend(self, patient_id: str, record_id: str) -> Response | tuple[str, int]:
        """Add a version with its reason to a signed note."""
        record = load_record(patient_id, record_id, Action.EDIT)
        texts, reason = _texts(request.form), clean_text(request.form.get("reason", ""))
        try:
            after, session = _key("after") or 0, db.session()
            row = notes.amend(
                session, actor(), record, texts, reason=reason, after=after, now=_now()
            )
            keep("amend", row)
        except Forbidden:
            raise
        except ClinicError as error:
            db.session.rollback()
            return _again(patient_id, record_id, texts | {"reason": reason}, error)
        flash(
            _(
                "Amendment %(number)s is signed and stands beside the first text.",
                number=row.number,
            ),
            "success",
        )
        return redirect(address(record))


def _save(patient_id: str, record_id: str, said: Mapping[str, Any]) -> MedicalRecord:
    """Put the text into the draft and keep it; another's change in between comes as Stale with
    both texts."""
    texts, version = _texts(said), str(said.get("version", ""))
    record = load_record(patient_id, record_id, Action.EDIT)
    if notes.save_draft(actor(), record, texts, version):
        try:
            keep("edit", record)
        except Stale:
            record = load_record(patient_id, record_id, Action.EDIT)
            notes.save_draft(actor(), record, texts, version)
            raise
    return record


def _again(
    patient_id: str, record_id: str, typed: Mapping[str, str], error: ClinicError
) -> tuple[str, int]:
    """The form with what was typed and what is wrong with it."""
    opened = open_chart(patient_id, "note", record=record_id[:10])
    record = load_record(patient_id, record_id, Action.SHOW)
    view = editor_page if notes.can_write(opened.person, record) else read_page
    return refused(view(opened, record, typed, error), error)


def _texts(said: Mapping[str, Any]) -> dict[str, str]:
    return {name: clean_text(said.get(name) or "") for name in TEXTS}


def _key(name: str) -> int | None:
    """A row number from the form, or None where it is left empty."""
    raw = request.form.get(name, "").strip()
    return as_key(raw) if raw else None


def _now() -> datetime:
    return datetime.now(UTC)
