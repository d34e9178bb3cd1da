"""Files of a chart: added, shown by their number, withdrawn."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response as AnyResponse

from app.extensions import db
from app.language import _
from app.models import Attachment, ClinicError, Forbidden, NotFound
from app.models.base.clock import clinic_zone
from app.models.record import chart
from app.models.record.attachment import LARGEST, attach, of_patient, share, withdraw
from app.security.scope import as_key
from app.views.chart.chart import show_chart
from app.views.chart.chart_page import Opened, chart_of, keep, open_chart, refused
from app.views.frame.bodies import read_reason, read_text
from app.views.generated.parsing import clean_text
from app.views.generated.writing import take_back


class ChartFilesView(BaseView):
    """A file is found by its number in a chart that the person may open, never by a path."""

    route_base = "/chart"
    class_permission_name = "Chart"
    may = {"show": (), "write": ()}  # who, is said by ChartView

    @expose("/<patient_id>/files", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def files(self, patient_id: str) -> AnyResponse | str | tuple[str, int]:
        """The files of the chart; by POST one is added."""
        if request.method == "GET":
            opened = open_chart(patient_id, "files")
            return show_chart(opened, "files", **_facts(opened))
        title = ""
        try:
            opened = chart_of(patient_id)
            title = read_text(request.form.get("title"), 200, _("Title"))
            keep("add", _attach(opened, title))
        except ClinicError as error:
            take_back(db.session(), error)
            opened = open_chart(patient_id, "files")
            facts = _facts(opened) | {"problem": error, "typed_title": title}
            return refused(show_chart(opened, "files", **facts), error)
        flash(_("The file is in the chart."), "success")
        return redirect(url_for("ChartFilesView.files", patient_id=patient_id))

    @expose("/<patient_id>/files/<key>")
    @has_access
    @permission_name("show")
    def file(self, patient_id: str, key: str) -> Response:
        """The file itself: a picture is shown, anything else is saved, nothing is run."""
        opened = open_chart(patient_id, "file", file=key[:10])
        row = _load(opened, key)
        return file_answer(row)

    @expose("/<patient_id>/files/<key>/share", methods=["POST"])
    @has_access
    @permission_name("write")
    def share(self, patient_id: str, key: str) -> AnyResponse:
        """Let the patient read a file in the portal, or no longer."""
        opened = chart_of(patient_id)
        row, on = _load(opened, key), request.form.get("share") == "yes"
        is_read = share(db.session(), opened.person, row, on, opened.now)
        keep("edit", row)
        if on and not is_read:
            flash(
                _(
                    "The file is shared, but nobody was told: %(name)s has no login for the "
                    "portal yet. The reception can invite them.",
                    name=opened.patient.name,
                ),
                "warning",
            )
        elif on:
            flash(_("The patient can read the file in the portal."), "success")
        else:
            flash(_("The file is shared no more."), "success")
        return redirect(url_for("ChartFilesView.files", patient_id=patient_id))

    @expose("/<patient_id>/files/<key>/withdraw", methods=["POST"])
    @has_access
    @permission_name("write")
    def withdraw(self, patient_id: str, key: str) -> AnyResponse:
        """Take a file out of sight, with the reason."""
        opened = chart_of(patient_id)
        row = _load(opened, key)
        try:
            why = read_reason(request.form.get("why"))
            withdraw(opened.person, row, why, opened.now)
            keep("edit", row)
        except Forbidden:
            raise
        except ClinicError as error:
            db.session.rollback()
            flash(error.message, "danger")
        else:
            flash(_("The file is withdrawn."), "success")
        return redirect(url_for("ChartFilesView.files", patient_id=patient_id))


def file_answer(row: Attachment) -> Response:
    """A picture to show, anything else to save; the browser runs nothing of it."""
    way = "inline" if row.is_picture else "attachment"
    answer = Response(row.content, mimetype=row.media_type)
    answer.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(row.filename)}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _attach(opened: Opened, title: str) -> Attachment:
    sent = request.files.get("file")
    session, patient_id = db.session(), opened.patient.patient_id
    own = chart.own_drafts(session, opened.person, patient_id, opened.now, clinic_zone())
    return attach(
        session, opened.person, patient_id, clean_text((sent.filename if sent else "") or ""),
        title, sent.read(LARGEST + 1) if sent else b"", opened.now,
        own[0].record_id if len(own) == 1 else None,
    )  # fmt: skip


def _load(opened: Opened, key: str) -> Attachment:
    row: Attachment | None = db.session.get(Attachment, as_key(key))
    mine = row is not None and opened.has(row)
    if row is None or not mine or row.withdrawn_at is not None:
        raise NotFound(_("There is no such file, or it is not yours to see."))
    return row


def _facts(opened: Opened) -> dict[str, Any]:
    files = of_patient(db.session(), opened.patient.patient_id)
    return {"files": files, "largest": LARGEST // 1024**2, "problem": None, "typed_title": ""}
