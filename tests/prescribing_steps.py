"""Steps of those who prescribe, as a browser sends them."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import MedicationRequest
from tests.cast import Cast

AMOXICILLIN = {
    "display": "Amoxicillin 500 mg capsule", "code": "J01CA04", "dose_value": "1",
    "dose_unit": "capsule", "route": "oral", "timing": "TID", "duration_days": "7",
    "quantity": "21", "quantity_unit": "capsule", "repeats": "0",
    "instructions": "With a glass of water",
}  # fmt: skip

MADRID = ZoneInfo("Europe/Madrid")
"""The zone of the tests' clinic: a note of today is of its day there, also when UTC is a day behind."""


def order(**more: str) -> dict[str, str]:
    return AMOXICILLIN | {"attempt": str(uuid4()), "renews": ""} | more


def prescribe(client: FlaskClient, patient_id: int, form: dict[str, str]) -> TestResponse:
    return client.post(f"/chart/{patient_id}/prescribe", data=form)


def overridden(
    page: str, reason: str = "tolerated", comment: str = "Took it last year"
) -> dict[str, str]:
    """An answer to every alert on the page that asks for one."""
    keys = re.findall(r'name="reason-(\d+)"', page)
    return {f"reason-{key}": reason for key in keys} | {f"comment-{key}": comment for key in keys}


def add(cast: Cast, *rows: Any) -> None:
    with cast.app.app_context():
        db.session.add_all(rows)
        db.session.commit()
        db.session.remove()


def requests(cast: Cast) -> list[MedicationRequest]:
    with cast.app.app_context():
        query = select(MedicationRequest).order_by(MedicationRequest.medication_request_id)
        rows = list(db.session.scalars(query))
        db.session.expunge_all()
        db.session.remove()
    return rows
