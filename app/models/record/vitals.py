"""Vital signs as they are entered: what goes together, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Forbidden
from app.models.base.grants import CARE
from app.models.people.linked import same_person
from app.models.record.clinical import MISTAKE
from app.models.record.code_systems import LOINC
from app.models.record.measures import BMI, BY_CODE, ENTERED, HEIGHT, VITALS, Measure, Vital
from app.models.record.medical_record import MedicalRecord
from app.models.record.observation import Observation

CATEGORY = "vital-signs"
HEIGHT_KEEPS_YEARS = 3


def record_vitals(
    session: Session,
    actor: Acting,
    patient_id: int,
    values: Mapping[str, float],
    now: datetime,
    record_id: int | None = None,
) -> list[Observation]:
    """Add what was measured now, by the key of its measure; the caller commits.

    Raises ClinicError with `field` for a value that cannot be, and Forbidden for a person who
    is neither nurse nor doctor.
    """
    if not actor.roles & CARE:
        raise Forbidden(_("Vital signs are entered by nurses and doctors."))
    if not values:
        raise ClinicError(_("Nothing was measured: fill in at least one field."))
    if record_id is not None:
        _require_open(session, patient_id, record_id)
    _check(values)
    rows = [
        _observation(vital, values, patient_id, record_id, now)
        for vital in VITALS
        if all(measure.key in values for measure in vital.measures)
    ]
    if "weight" in values and (height := values.get("height") or _height(session, patient_id, now)):
        index = round(values["weight"] / (height / 100) ** 2, 1)
        if BMI.least <= index <= BMI.most:
            known = {BMI.key: index}
            rows.append(_observation(BY_CODE[BMI.code], known, patient_id, record_id, now))
    session.add_all(rows)
    return rows


def _check(values: Mapping[str, float]) -> None:
    for measure in ENTERED:
        value = values.get(measure.key)
        if value is not None:
            measure.require_plausible(value, measure.key)
    _check_whole(values)
    systolic, diastolic = values.get("systolic"), values.get("diastolic")
    if (systolic is None) != (diastolic is None):
        missing = "diastolic" if diastolic is None else "systolic"
        raise ClinicError(_("A blood pressure has two numbers."), field=missing)
    if systolic is not None and diastolic is not None and diastolic >= systolic:
        raise ClinicError(
            _("The diastolic pressure lies below the systolic one."), field="diastolic"
        )


def _check_whole(values: Mapping[str, float]) -> None:
    if "pain" in values and values["pain"] != int(values["pain"]):
        raise ClinicError(_("Pain is a whole number from 0 to 10."), field="pain")


def _require_open(session: Session, patient_id: int, record_id: int) -> None:
    record = session.get(MedicalRecord, record_id)
    if record is None or record.patient_id != patient_id:
        raise ClinicError(_("That visit is not one of this patient."))
    if record.status != "draft":
        raise ClinicError(_("That visit is signed; what hangs on it does not change."))


def _observation(
    vital: Vital,
    values: Mapping[str, float],
    patient_id: int,
    record_id: int | None,
    now: datetime,
) -> Observation:
    panel = len(vital.measures) > 1
    return Observation(
        patient_id=patient_id,
        record_id=record_id,
        status="final",
        category=CATEGORY,
        system=LOINC,
        code=vital.code,
        display=vital.display,
        effective=now.isoformat(timespec="seconds"),
        issued=now,
        value=None if panel else values[vital.key],
        unit=vital.measures[0].unit,
        components=[_component(m, values[m.key]) for m in vital.measures] if panel else None,
    )


def _component(measure: Measure, value: float) -> dict[str, Any]:
    return {
        "system": LOINC,
        "code": measure.code,
        "display": measure.display,
        "value": value,
        "unit": measure.unit,
    }


def _height(session: Session, patient_id: int, now: datetime) -> float | None:
    """The last height in centimetres, where it is not too old to still hold."""
    oldest = date(now.year - HEIGHT_KEEPS_YEARS, now.month, 1).isoformat()
    return session.scalar(
        select(Observation.value)
        .where(
            same_person(Observation.patient_id, patient_id),
            Observation.code == HEIGHT.code,
            Observation.unit == HEIGHT.unit,
            Observation.status != MISTAKE,
            Observation.effective >= oldest,
        )
        .order_by(Observation.effective.desc(), Observation.observation_id.desc())
        .limit(1)
    )
