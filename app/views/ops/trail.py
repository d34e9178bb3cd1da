"""The audit trail: search by person, patient and period."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, current_app, render_template, request, stream_with_context
from flask_admin import expose
from sqlalchemy import func

from app import database
from app.exchange import audit_fhir
from app.language import _, _l
from app.models import AuditEvent
from app.models.trail.deeds import deed
from app.security import audit
from app.views.generated.guard import actor
from app.views.generated.pages import Cell, Column, Row, ShowPage
from app.views.generated.values import show
from app.views.ops import trail_words
from app.views.ops.filters import From, Is, IsDeed, IsNumber, IsOutcome, IsTable, Until
from app.views.ops.table import OpsTable, same_question
from app.views.ops.tabs import tabs

MOST_ROWS = 100
CHUNK = 1000


class TrailTable(OpsTable):
    """Every event, newest first."""

    icon = "fa-shoe-prints"
    one = _l("Event")
    links = (
        (_l("Report"), ".report", "fa-clipboard-list"),
        (_l("Export FHIR"), ".fhir", "fa-file-export"),
    )
    empty = _l("No event yet. Every read of a record and every change leaves one.")
    spoken = ("entity", "outcome")
    column_list = (
        "recorded", "agent", "action", "entity", "entity_id", "patient_id", "outcome",
    )  # fmt: skip
    column_sortable_list = ("recorded", "agent", "action", "entity")
    column_default_sort = ("audit_id", True)
    column_details_list = (*column_list, "address")
    leads = {"patient_id": "PatientView.show"}
    column_labels = {
        "recorded": _l("When"),
        "action": _l("Action"),
        "outcome": _l("Outcome"),
        "agent": _l("Who"),
        "entity": _l("What"),
        "entity_id": _l("Number"),
        "patient_id": _l("Whose record"),
        "address": _l("From where"),
    }
    column_filters = (
        Is(AuditEvent.agent, _l("Login name")),
        IsNumber(AuditEvent.patient_id, _l("Patient number"), data_type="number"),
        From(AuditEvent.recorded, _l("From")),
        Until(AuditEvent.recorded, _l("Until")),
        IsDeed(AuditEvent.action, _l("Action")),
        IsTable(AuditEvent.entity, _l("What")),
        IsOutcome(AuditEvent.outcome, _l("Outcome")),
    )

    def cell(self, row: Any, name: str) -> Cell:
        if name == "entity_id" and row.entity == "Backup":
            return Cell(trail_words.moment(row.entity_id) or "")
        if name == "action":
            return Cell(deed(row.action), "text")
        return super().cell(row, name)

    def show_page(self, row: Any) -> ShowPage:
        """With each line of the detail as a fact of its own."""
        page = super().show_page(row)
        page.facts = [*page.facts, *trail_words.lines(row.detail)]
        return page

    @expose("/report/")
    def report(self) -> str:
        """Who opened how much, and whose records, among the events that the filters leave."""
        audit.read(actor(), "list", AuditEvent, query=request.query_string.decode()[:200])
        return render_template(
            "ops/report.html",
            filters=self._inputs()[:4],
            people=self._table(AuditEvent.agent, _("Who"), _("Patients"), AuditEvent.patient_id),
            patients=self._table(
                AuditEvent.patient_id, _("Patient number"), _("People"), AuditEvent.agent
            ),
            all_url=same_question(".index_view"),
            tabs=tabs(),
        )

    @expose("/fhir/")
    def fhir(self) -> Response:
        """The events that the filters leave, as a FHIR R4 Bundle of AuditEvent."""
        return Response(
            stream_with_context(_bundle(self.asked(), current_app.config["CLINIC_NAME"])),
            mimetype="application/fhir+json",
            headers={"Content-Disposition": "attachment; filename=audit-events.json"},
        )

    def _table(self, by: Any, label: str, others: str, other: Any) -> dict[str, Any]:
        """Events grouped by a column, the busiest first, with how many of another they concern."""
        count = func.count(AuditEvent.audit_id)
        query = self.asked().order_by(None).filter(by.is_not(None)).group_by(by)
        found = query.with_entities(
            by, count, func.count(other.distinct()), func.min(AuditEvent.recorded),
            func.max(AuditEvent.recorded),
        ).order_by(count.desc(), by)  # fmt: skip
        names = [label, _("Events"), others, _("First"), _("Last")]
        kinds = ["text", "number", "number", "instant", "instant"]
        return {
            "columns": [
                Column(name, name, numeric=kind == "number")
                for name, kind in zip(names, kinds, strict=True)
            ],
            "rows": [
                Row(
                    row[0],
                    [Cell(show(value), kind) for value, kind in zip(row, kinds, strict=True)],
                )
                for row in found.limit(MOST_ROWS)
            ],
        }


def _bundle(query: Any, clinic: str) -> Iterator[str]:
    database.start_streaming()  # the request's own transaction ended when its headers left
    try:
        yield from audit_fhir.bundle(query.yield_per(CHUNK), clinic)
    finally:
        query.session.close()
