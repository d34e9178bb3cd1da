"""What is to be prescribed, who writes it for whom, and what is known of the patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.base.acting import Acting
from app.models.people.linked import same_person
from app.models.people.patient import Patient
from app.models.record import chart
from app.models.record.clinical import MISTAKE
from app.models.record.drug_check import Facts
from app.models.record.measures import ADULT, WEIGHT
from app.models.record.medication_request import MedicationRequest
from app.models.record.observation import Observation

WEIGHT_HOLDS = {True: timedelta(days=365), False: timedelta(days=120)}
"""How long a weight counts, by whether the patient is grown up."""


@dataclass(frozen=True)
class Order:
    """What is to be prescribed, as it was typed; the fields are those of MedicationRequest."""

    display: str
    code: str | None
    dose_value: float | None
    dose_unit: str | None
    route: str | None
    timing: str | None
    as_needed: bool = False
    duration_days: int | None = None
    quantity: float | None = None
    quantity_unit: str | None = None
    repeats: int = 0
    instructions: str | None = None


@dataclass(frozen=True)
class Writing:
    """One person at one form: `attempt` is the form's own key, `now` an instant in UTC."""

    session: Session
    actor: Acting
    patient: Patient
    now: datetime
    zone: ZoneInfo
    attempt: str
    renews: MedicationRequest | None = None

    @property
    def today(self) -> date:
        """The date in the clinic at the moment of writing."""
        return self.now.astimezone(self.zone).date()


def facts_of(writing: Writing) -> Facts:
    """What the check asks of the patient; the prescription that is renewed does not count."""
    session, patient = writing.session, writing.patient
    taken = chart.medication(session, patient.patient_id, writing.today)
    renewed = writing.renews.medication_request_id if writing.renews else None
    return Facts(
        years=patient.age(writing.today),
        weight=_weight(writing),
        allergies=chart.allergies(session, patient.patient_id).active,
        medication=[row for row in taken if row.medication_request_id != renewed],
    )


def _weight(writing: Writing) -> float | None:
    """The last weight in kilograms, where it is recent enough to dose by."""
    oldest = writing.now - WEIGHT_HOLDS[writing.patient.age(writing.today) >= ADULT]
    return writing.session.scalar(
        select(Observation.value)
        .where(
            same_person(Observation.patient_id, writing.patient.patient_id),
            Observation.code == WEIGHT.code,
            Observation.unit == WEIGHT.unit,
            Observation.status != MISTAKE,
            Observation.effective >= oldest.date().isoformat(),
        )
        .order_by(Observation.effective.desc(), Observation.observation_id.desc())
        .limit(1)
    )
