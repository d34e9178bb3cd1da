"""The page that says that a chart is restricted, with the form that breaks the glass."""

from __future__ import annotations

from typing import Any

from flask import url_for

from app.extensions import db
from app.models import ClinicError, Patient
from app.models.record.restriction import MINUTES, SHORTEST_REASON


def restricted_facts(
    error: ClinicError, reason: str = "", minutes: str = MINUTES[0]
) -> dict[str, Any]:
    """What the page shows; without a patient, only that it is closed."""
    patient = db.session.get(Patient, error.details.get("patient") or 0)
    return {
        "message": error.message,
        "patient": patient,
        "field": error.details.get("field"),
        "reason": reason,
        "minutes": minutes,
        "choices": MINUTES,
        "shortest": SHORTEST_REASON,
        "action": url_for("ChartAccessView.break_glass", patient_id=patient.patient_id)
        if patient
        else None,
    }
