"""What the check said when the demo's doctor prescribed, and how it was answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.demo.bulk import hand_on_numbering, insert_all, next_id
from app.exchange.demo.rota import Clock
from app.models import AlertAnswer, Doctor, DrugAlert, MedicationRequest, Staff

DAYS = 90
MOST = 40


class Said(NamedTuple):
    """An alert that such a prescription could have met."""

    kind: str
    drug: str
    against: str
    sentence: str
    source: str
    release: str


BY_CODE = {
    "M01AE01": Said("duplicate", "ibuprofen", "Naproxen 500 mg tablet",
                    "Naproxen 500 mg tablet is of the same class, NSAIDs.",
                    "WHO ATC group M01A", "classes 2026.11"),
    "N02BE01": Said("dose", "paracetamol", "a day",
                    "5000 mg of paracetamol a day; usual is at most 4000 mg from 12 years.",
                    "US prescribing information of acetaminophen", "doses 2026.11"),
    "C08CA01": Said("duplicate", "amlodipine", "Nifedipine 30 mg tablet",
                    "Nifedipine 30 mg tablet is of the same class, Dihydropyridine calcium blockers.",
                    "WHO ATC group C08CA", "classes 2026.11"),
    "C10AA05": Said("interaction", "atorvastatin", "Clarithromycin 500 mg tablet",
                    "Atorvastatin with Clarithromycin 500 mg tablet: Clarithromycin raises "
                    "atorvastatin: at most 20 mg a day or pause the statin.",
                    "US prescribing information of atorvastatin", "interactions 2026.11"),
    "N06AB06": Said("interaction", "sertraline", "Ibuprofen 400 mg tablet",
                    "Sertraline with Ibuprofen 400 mg tablet: Bleeding from the stomach; think of "
                    "protection.", "US prescribing information of sertraline",
                    "interactions 2026.11"),
}  # fmt: skip
REASONS = ("monitored", "benefit", None, "adjusted", None)
"""How they were answered, in turn; None was heeded."""


def add_alerts(session: Session, clock: Clock, user_id: int) -> None:
    """Alerts of the past months at prescriptions of the one who has this login."""
    since = (clock.now - timedelta(days=DAYS)).isoformat()
    query = (
        select(MedicationRequest, Staff.staff_id)
        .join(Doctor, Doctor.doctor_id == MedicationRequest.doctor_id)
        .join(Staff, Staff.staff_id == Doctor.staff_id)
        .where(
            Staff.user_id == user_id,
            MedicationRequest.authored >= since,
            MedicationRequest.code.in_(BY_CODE),
        )
        .order_by(MedicationRequest.medication_request_id)
    )
    chosen = session.execute(query.limit(MOST * 3)).all()[::3]
    first = next_id(session, DrugAlert)
    alerts: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for number, (row, staff_id) in enumerate(chosen):
        at, reason = datetime.fromisoformat(str(row.authored)), REASONS[number % len(REASONS)]
        alert = BY_CODE[str(row.code)]._asdict() | {
            "alert_id": first + number, "patient_id": row.patient_id, "user_id": user_id,
            "staff_id": staff_id, "at": at, "level": "warn", "attempt": f"demo-{first + number}",
        }  # fmt: skip
        alerts.append(alert)
        if reason:
            answers.append(
                {
                    "alert_id": first + number, "patient_id": row.patient_id, "reason": reason,
                    "medication_request_id": row.medication_request_id, "at": at,
                    "user_id": user_id,
                }
            )  # fmt: skip
    insert_all(session, DrugAlert, alerts)
    insert_all(session, AlertAnswer, answers)
    if alerts:
        hand_on_numbering(session, DrugAlert)
