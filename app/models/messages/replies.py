"""What patients answer to a text message: STOP, and START again (CTIA's words, and Spanish ones)."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.messages import contact_preference
from app.models.messages.contact_preference import ContactPreference
from app.models.messages.reach import mobile_of
from app.models.people.patient import Patient

STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ALTO", "BAJA", "PARAR"}
START = {"START", "UNSTOP", "YES", "ALTA", "SI", "SÍ"}


def take(session: Session, number: str, text: str) -> list[ContactPreference]:
    """End or begin text messages to whoever has this number; answers what was changed. Another
    word changes nothing."""
    word = text.strip().strip(".!").upper()
    if word not in STOP | START:
        return []
    region = current_app.config["CLINIC_COUNTRY"]
    wanted = mobile_of(f"+{number.lstrip('+')}", region) or mobile_of(number, region)
    if wanted is None:
        return []
    ends_alike = Patient.phone.like(f"%{wanted[-1]}")
    query = select(Patient.patient_id, Patient.phone).where(ends_alike)
    keys = [
        row.patient_id for row in session.execute(query) if mobile_of(row.phone, region) == wanted
    ]
    changed = [contact_preference.of(session, key) for key in keys]
    for said in changed:
        said.sms = word in START
    session.flush()
    return changed
