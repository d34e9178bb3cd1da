"""The register of patients: what is refused, and on whose calendar a child is born."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.extensions import db
from app.models import ClinicError, Patient, PortalRegistration
from tests.cast import Cast

NIGHT = datetime(2026, 5, 4, 20, tzinfo=UTC)
"""In Auckland the fifth of May."""


def test_a_child_is_born_on_the_calendar_of_the_clinic(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite_cast.app.config, "CLINIC_TIMEZONE", "Pacific/Auckland")
    with sqlite_cast.app.app_context():
        for model in (Patient, PortalRegistration):
            model(name="Noa", dob=date(2026, 5, 5)).check(db.session(), None, NIGHT)
            with pytest.raises(ClinicError) as refused:
                model(name="Noa", dob=date(2026, 5, 6)).check(db.session(), None, NIGHT)
            assert refused.value.details["field"] == "dob"


@pytest.mark.parametrize("email", ["notmail", "a@example.org\r\nBcc: b@example.org", "a@b@c.org"])
def test_what_is_no_email_address_is_refused_at_its_field(sqlite_cast: Cast, email: str) -> None:
    body = {"name": "Noa Nord", "dob": "2020-01-01", "email": email}
    rosa, token = sqlite_cast.client("rosa"), sqlite_cast.token("rosa")
    answer = rosa.post("/api/v1/patient/", json=body, headers=token)
    assert answer.status_code in {400, 422}
    assert "email" in str(answer.json), answer.json
    page = rosa.post("/patient/add", data=body | {"sex": "unknown"})
    assert page.status_code == 422


def test_an_address_of_the_house_is_one(sqlite_cast: Cast) -> None:
    body = {"name": "Noa Nord", "dob": "2020-01-01", "email": "noa@clinic.local"}
    assert sqlite_cast.client("rosa").post("/api/v1/patient/", json=body).status_code == 201


def test_an_address_that_came_with_a_patient_stands_in_nobodys_way(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        session = db.session()
        session.get_one(Patient, sqlite_cast.paula).email = "none"
        session.commit()
        patient = session.get_one(Patient, sqlite_cast.paula)
        patient.phone = "+34600123456"
        patient.check(session, None, NIGHT)


def test_no_kind_of_visit_keeps_more_than_half_a_day_free(sqlite_cast: Cast) -> None:
    amina, token = sqlite_cast.client("amina"), sqlite_cast.token("amina")
    for name in ("buffer_before", "buffer_after"):
        for minutes, status in ((720, {201}), (721, {400, 422})):
            body = {"name": f"{name} {minutes}", name: minutes}
            answer = amina.post("/api/v1/visit_type/", json=body, headers=token)
            assert answer.status_code in status, answer.text
            assert ("12 hours" in answer.text) == (minutes == 721)
