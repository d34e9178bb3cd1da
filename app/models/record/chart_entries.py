"""Problems and allergies as they are kept in the chart.

An entry that hangs on a signed visit never changes; what is known later is an entry of its own
that replaces it in the chart, while the signed one stays where it was signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Forbidden
from app.models.base.grants import CARE
from app.models.record import chart, icd
from app.models.record.clinical import AllergyIntolerance, Condition
from app.models.record.code_systems import ICD_10_CM, SNOMED
from app.models.record.medical_record import MedicalRecord
from app.models.record.none_known import NONE_KNOWN, NOTHING_KNOWN

Entry = Condition | AllergyIntolerance
VERIFIED: dict[str, str] = {
    "confirmed": _l("Confirmed"),
    "provisional": _l("Provisional"),
    "unconfirmed": _l("Unconfirmed"),
    "refuted": _l("Refuted: it is not so"),
    "entered-in-error": _l("Entered in error"),
}
"""FHIR R4 condition-ver-status and allergyintolerance-verification."""
CATEGORIES: dict[str, str] = {
    "medication": _l("Drug"), "food": _l("Food"), "environment": _l("Environment"), "biologic": _l("Biologic"),
}  # fmt: skip
SUBSTANCES: dict[str, str] = {
    "Peanuts": "food", "Tree nuts": "food", "Cow's milk": "food", "Eggs": "food",
    "Wheat": "food", "Soya": "food", "Fish": "food", "Shellfish": "food", "Sesame": "food",
    "Bee venom": "environment", "Wasp venom": "environment", "House dust mite": "environment",
    "Birch pollen": "environment", "Grass pollen": "environment", "Cat dander": "environment",
    "Dog dander": "environment", "Mould": "environment", "Latex": "environment",
    "Nickel": "environment", "Adhesive plaster": "environment",
    "Iodinated contrast media": "medication",
}  # fmt: skip
"""What is often harmful beside drugs, with its category (FHIR R4)."""


def keep(
    session: Session,
    actor: Acting,
    entry: Entry,
    values: Mapping[str, Any],
    now: datetime,
    zone: ZoneInfo,
) -> Entry:
    """Put `values` into a new entry, an old one, or one that takes a signed one's place; answers
    the row that was written. Raises ClinicError."""
    if not actor.roles & CARE:
        raise Forbidden(_("Problems and allergies are kept by nurses and doctors."))
    if not values.get("display"):
        raise ClinicError(_("Say what it is."), field="display")
    row, before = entry, entry.display
    if entry.pk is not None and _is_signed(session, entry):
        row = type(entry)(
            patient_id=entry.patient_id,
            replaces_id=entry.pk,
            recorded=now.astimezone(zone).date().isoformat(),
        )
        if isinstance(row, AllergyIntolerance) and values["display"] == before:
            row.system, row.code = entry.system, entry.code
    elif entry.pk is None:
        row.recorded = now.astimezone(zone).date().isoformat()
        if isinstance(row, Condition):
            row.record_id = _open_note(session, actor, row.patient_id, now, zone)
    for name, value in values.items():
        setattr(row, name, value)
    _code(session, row, before)
    if isinstance(row, Condition):
        row.check(session, actor, now)
    session.add(row)
    if isinstance(row, AllergyIntolerance):
        row.end_denials(session)
    return row


def say_none_known(
    session: Session, actor: Acting, patient_id: int, now: datetime, zone: ZoneInfo
) -> AllergyIntolerance:
    """Keep that the patient was asked and knows of no allergy; an earlier such answer is replaced.
    Raises ClinicError where an allergy is recorded."""
    known = chart.allergies(session, patient_id)
    if known.active:
        raise ClinicError(_("An allergy is recorded. Change that entry first."))
    before = [row.pk for row in known.none if row.says_none_at_all]
    entry = AllergyIntolerance(
        patient_id=patient_id, system=SNOMED, code=NOTHING_KNOWN, clinical_status="active",
        verification_status="confirmed", replaces_id=before[0] if before else None,
    )  # fmt: skip
    keep(session, actor, entry, {"display": NONE_KNOWN}, now, zone)
    return entry


def latest(session: Session, entry: Entry) -> bool:
    """Whether no later entry replaces this one."""
    model: Any = type(entry)
    found = session.query(model).filter(model.replaces_id == entry.pk).limit(1)
    return found.one_or_none() is None


def _is_signed(session: Session, entry: Entry) -> bool:
    if entry.record_id is None:
        return False
    record = session.get(MedicalRecord, entry.record_id)
    return record is not None and record.status == "signed"


def _open_note(
    session: Session, actor: Acting, patient_id: int, now: datetime, zone: ZoneInfo
) -> int | None:
    """A diagnosis that a doctor makes while their note of today is open belongs to it."""
    own = chart.own_drafts(session, actor, patient_id, now, zone)
    return own[0].record_id if len(own) == 1 else None


def _code(session: Session, row: Entry, before: str | None) -> None:
    """A code stands for its own words only; typed over what was `before`, it is dropped."""
    if isinstance(row, AllergyIntolerance):
        row.drop_borrowed_code(before)
    if not isinstance(row, Condition) or not row.code:
        row.code, row.system = (row.code or None), (row.system if row.code else None)
        return
    if icd.name_of(session, row.code) is not None:
        row.system = ICD_10_CM
