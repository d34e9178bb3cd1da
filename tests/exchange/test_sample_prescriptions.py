"""The check over what the shared sample's patients really take."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange import import_paths
from app.models import AllergyIntolerance, MedicationRequest, Patient
from app.models.record import drug_lists
from app.models.record.drug_check import Facts, check
from app.models.record.drug_names import names_of
from tests.exchange.bundles import shared


def test_no_prescription_of_the_hundred_patients_meets_an_allergy(session: Session) -> None:
    """Their allergies are pollen, dust and food; each drug is known by its ingredients."""
    import_paths(session, [shared("synthea-fhir-r4", "dev-100.tar.xz")])
    lists = drug_lists.current(session)
    today = datetime.now(UTC).date()
    requests, wrong, unknown = 0, [], set()
    for patient in session.scalars(select(Patient)).all():
        mine = AllergyIntolerance.patient_id == patient.patient_id
        allergies = session.scalars(select(AllergyIntolerance).where(mine)).all()
        own = MedicationRequest.patient_id == patient.patient_id
        for row in session.scalars(select(MedicationRequest).where(own)).all():
            requests += 1
            answer = check(lists, Facts(patient.age(today), None, allergies, ()), row)
            wrong += [alert.sentence for alert in answer.alerts if alert.kind == "allergy"]
            unknown |= {alert.drug for alert in answer.alerts if alert.kind == "unknown"}
            assert names_of(lists).meaning(row.display).ingredients
    assert (requests, wrong, unknown) == (683, [], set())
    assert len(session.scalars(select(AllergyIntolerance)).all()) == 32
