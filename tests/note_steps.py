"""Steps of those who write notes: begin, save, sign, amend, as a browser sends them."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import AllergyIntolerance, Condition, MedicationRequest, Observation
from tests.cast import Cast

JSON = {"Accept": "application/json"}
HANGING: dict[str, type[Any]] = {
    "observation": Observation,
    "condition": Condition,
    "medication_request": MedicationRequest,
    "allergy_intolerance": AllergyIntolerance,
}


def note(cast: Cast, record_id: int = 0) -> str:
    return f"/chart/{cast.paula}/note/{record_id or cast.record_of_diaz}"


def save(client: FlaskClient, url: str, version: int, **texts: str) -> TestResponse:
    return client.post(f"{url}/draft", json={"version": version, **texts}, headers=JSON)


def sign(client: FlaskClient, url: str, version: int, **texts: str) -> TestResponse:
    return client.post(f"{url}/sign", data={"version": version, **texts})


def amend(client: FlaskClient, url: str, after: int = 0, **form: str) -> TestResponse:
    return client.post(f"{url}/amend", data={"after": after, **form})


def begun(cast: Cast, client: FlaskClient, **form: Any) -> int:
    place = client.post(f"/chart/{cast.paula}/note/new", data=form).location
    return int(place.rsplit("/", 1)[1])


def signed(cast: Cast) -> str:
    """A note of Dr. Díaz on Paula, with a row of every kind that can hang on it, signed."""
    url = note(cast)
    with cast.app.app_context():
        for model in HANGING.values():
            db.session.add(
                model(patient_id=cast.paula, record_id=cast.record_of_diaz, display="Hangs on it")
            )
        db.session.commit()
        db.session.remove()
    assert sign(cast.client("diaz"), url, 1, notes="Cough.", diagnosis="Cold").status_code == 302
    return url
