"""What is known of a patient comes in exactly: measurements, problems, allergies, drugs."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.models import AllergyIntolerance, Condition, MedicationRequest, Observation
from tests.exchange import bundles as b
from tests.exchange.bundles import only


@pytest.mark.parametrize("value", [183.97338107017697, 0.1, 5e-324, 1.7976931348623157e308, -3])
def test_a_measurement_survives_exactly(session, bring_in, value):
    bring_in(b.visit(b.observation(valueQuantity={"value": value, "unit": "cm"})))
    found = only(session, Observation)
    assert (found.value, found.unit) == (value, "cm")


def test_a_blood_pressure_keeps_both_parts_exactly(session, bring_in):
    part = {
        "code": b.concept("http://loinc.org", "8462-4", "Diastolic"),
        "valueQuantity": {"value": 88.45723894039317, "unit": "mm[Hg]"},
    }
    bring_in(b.visit(b.observation(component=[part])))
    assert only(session, Observation).components == [
        {
            "system": "http://loinc.org",
            "code": "8462-4",
            "display": "Diastolic",
            "value": 88.45723894039317,
            "unit": "mm[Hg]",
        }
    ]


def test_a_coded_finding_keeps_its_code(session, bring_in):
    finding = b.concept("http://snomed.info/sct", "8517006", "Former smoker")
    bring_in(b.visit(b.observation(valueCodeableConcept=finding)))
    found = only(session, Observation)
    assert (found.value_text, found.value_code) == ("Former smoker", "8517006")


def test_a_bound_is_never_read_as_a_value(session, bring_in):
    bring_in(b.visit(b.observation(valueQuantity={"value": 5, "comparator": "<"})))
    found = only(session, Observation)
    assert (found.value, found.value_text) == (None, "< 5")


def test_a_condition_keeps_dates_as_dates(session, bring_in):
    problem = b.statement("Condition", onsetDateTime="1999-05", abatementDateTime="2001-02-03")
    bring_in(b.visit(problem))
    found = only(session, Condition)
    assert (found.onset, found.abatement) == ("1999-05", "2001-02-03")
    assert found.clinical_status == "resolved"


def test_an_allergy_says_what_it_does(session, bring_in):
    itching = {"manifestation": [b.concept("http://snomed.info/sct", "1", "Itching")]}
    allergy = b.statement(
        "AllergyIntolerance", patient={"reference": "urn:uuid:p"}, reaction=[itching]
    )
    bring_in(b.visit(allergy))
    assert only(session, AllergyIntolerance).reaction == "Itching"


def test_a_code_that_says_none_is_known_counts_wherever_it_stands(session, bring_in):
    local = {"system": "urn:elsewhere", "code": "NKA", "display": "NKA"}
    none = {"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}
    bring_in(b.visit(b.statement(
        "AllergyIntolerance", patient={"reference": "urn:uuid:p"}, code={"coding": [local, none]}
    )))  # fmt: skip
    found = only(session, AllergyIntolerance)
    assert (found.code, found.display, found.says_none) == ("716186003", "No known allergy", True)


def test_a_prescription_knows_its_reason_and_its_doctor(session, bring_in):
    drug = b.statement(
        "MedicationRequest",
        status="stopped",
        medicationCodeableConcept=b.concept("rxnorm", "834102", "Penicillin"),
        requester={"reference": "urn:uuid:d"},
        reasonReference=[{"reference": "urn:uuid:c"}],
    )
    bring_in(b.visit(b.statement("Condition", "c"), drug))
    found = only(session, MedicationRequest)
    assert found.reason_identifier == only(session, Condition).identifier
    assert (found.doctor.name, found.display) == ("Iva Kovač", "Penicillin")


def test_a_dosage_is_readable_and_kept_as_it_was(session, bring_in):
    dosage = {
        "timing": {"repeat": {"frequency": 1, "period": 4, "periodUnit": "h"}},
        "asNeededBoolean": True,
        "doseAndRate": [{"doseQuantity": {"value": 2}}],
    }
    bring_in(b.visit(b.statement("MedicationRequest", dosageInstruction=[dosage])))
    found = only(session, MedicationRequest)
    assert found.dosage == "dose 2; once every 4 hours; as needed"
    assert found.dosage_detail == [dosage]


def test_a_prescription_without_dosage_has_none(session, bring_in):
    bring_in(b.visit(b.statement("MedicationRequest")))
    unset = select(MedicationRequest).where(MedicationRequest.dosage_detail.is_(None))
    assert session.scalars(unset).one().dosage is None
