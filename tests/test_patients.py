"""The register of patients: what is refused, and on whose calendar a child is born."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.extensions import db
from app.models import ClinicError, Patient, PortalRegistration
from tests.cast import Cast

NIGHT = datetime(2026, 5, 4, 20, tzinfo=UTC)
"""In Auckland the fifth of May."""


def test_a_child_is_born_on_the_calendar_of_the_clinic(sqlite_cast: Cast) -> None:
    sqlite_cast.app.config["CLINIC_TIMEZONE"] = "Pacific/Auckland"
    with sqlite_cast.app.app_context():
        for model in (Patient, PortalRegistration):
            model(name="Noa", dob=date(2026, 5, 5)).check(db.session(), None, NIGHT)
            with pytest.raises(ClinicError) as refused:
                model(name="Noa", dob=date(2026, 5, 6)).check(db.session(), None, NIGHT)
            assert refused.value.details["field"] == "dob"
