"""The audit trail: search by person, patient and period."""

from __future__ import annotations

from app.models import AuditEvent
from app.views.ops.filters import From, Is, IsNumber, Until
from app.views.ops.table import OpsTable


class TrailTable(OpsTable):
    """Every event, newest first."""

    icon = "fa-shoe-prints"
    one = "Event"
    empty = "No event yet. Every read of a record and every change leaves one."
    column_list = (
        "recorded", "agent", "action", "entity", "entity_id", "patient_id", "outcome",
    )  # fmt: skip
    column_sortable_list = ("recorded", "agent", "action", "entity")
    column_default_sort = ("audit_id", True)
    column_details_list = (*column_list, "address", "detail")
    column_labels = {
        "recorded": "When",
        "agent": "Who",
        "entity": "What",
        "entity_id": "Number",
        "patient_id": "Whose record",
        "address": "From where",
    }
    column_filters = (
        Is(AuditEvent.agent, "Login name"),
        IsNumber(AuditEvent.patient_id, "Patient number", data_type="number"),
        From(AuditEvent.recorded, "From"),
        Until(AuditEvent.recorded, "Until"),
        Is(AuditEvent.action, "Action"),
        Is(AuditEvent.entity, "What"),
        Is(AuditEvent.outcome, "Outcome"),
    )
