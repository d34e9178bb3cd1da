"""Vital signs: what is measured, in which unit, what is plausible, and what is normal.

Codes are LOINC and units UCUM, after the vital signs profile of FHIR R4
(https://hl7.org/fhir/R4/observation-vitalsigns.html); pain is LOINC 72514-3. Plausible is what a
living person can have: beyond it someone misread or mistyped. Normal is of an adult at rest: WHO
for the body mass index, ESC/ESH 2018 for the pressure, 36.0–37.9 °C without fever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import _, _k, _l
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Forbidden
from app.models.base.grants import Role
from app.models.people.linked import same_person
from app.models.record.clinical import Observation
from app.models.record.medical_record import MedicalRecord
from app.spelling import measured

LOINC = "http://loinc.org"
CATEGORY = "vital-signs"
ADULT = 18
HEIGHT_KEEPS_YEARS = 3


@dataclass(frozen=True)
class Measure:
    """One number that is measured. `display` is its English name, which is kept with what is
    measured; `normal` is None where no range holds for every adult."""

    key: str
    code: str
    display: str
    unit: str
    shown: str
    least: float
    most: float
    normal: tuple[float | None, float | None] | None = None
    step: float = 1
    hint: str = ""

    @property
    def name(self) -> str:
        return _(self.display)

    def flag(self, value: float) -> str:
        """`low`, `high` or nothing, against the normal range of an adult."""
        low, high = self.normal or (None, None)
        if low is not None and value < low:
            return "low"
        return "high" if high is not None and value > high else ""


@dataclass(frozen=True)
class Vital:
    """One Observation: a number of its own, or a panel of several."""

    code: str
    display: str
    measures: tuple[Measure, ...]

    @property
    def name(self) -> str:
        return _(self.display)

    @property
    def key(self) -> str:
        return self.measures[0].key

    @property
    def unit(self) -> str:
        return self.measures[0].shown


SYSTOLIC = Measure(
    _k("systolic"), "8480-6", _k("Systolic blood pressure"), "mm[Hg]", "mmHg", 50, 300, (90, 139)
)
DIASTOLIC = Measure(
    _k("diastolic"), "8462-4", _k("Diastolic blood pressure"), "mm[Hg]", "mmHg", 20, 200, (60, 89)
)
PULSE = Measure("pulse", "8867-4", _k("Heart rate"), "/min", "/min", 20, 300, (60, 100))
TEMPERATURE = Measure(
    "temperature", "8310-5", _k("Body temperature"), "Cel", "°C", 25, 45, (36.0, 37.9), 0.1,
    _l("Was it read in Fahrenheit?"),
)  # fmt: skip
OXYGEN = Measure("oxygen", "2708-6", _k("Oxygen saturation"), "%", "%", 40, 100, (94, None))
PAIN = Measure("pain", "72514-3", _k("Pain (0–10)"), "{score}", _l("of 10"), 0, 10)
HEIGHT = Measure(
    "height",
    "8302-2",
    _k("Body height"),
    "cm",
    "cm",
    25,
    275,
    None,
    0.1,
    _l("Was it read in metres?"),
)
WEIGHT = Measure("weight", "29463-7", _k("Body weight"), "kg", "kg", 0.2, 650, None, 0.1)
BMI = Measure("bmi", "39156-5", _k("Body mass index"), "kg/m2", "kg/m²", 5, 200, (18.5, 24.9), 0.1)

VITALS: tuple[Vital, ...] = (
    Vital("85354-9", _k("Blood pressure"), (SYSTOLIC, DIASTOLIC)),
    *(Vital(m.code, m.display, (m,)) for m in (PULSE, TEMPERATURE, OXYGEN, PAIN)),
    *(Vital(m.code, m.display, (m,)) for m in (WEIGHT, HEIGHT, BMI)),
)
ENTERED: tuple[Measure, ...] = (
    SYSTOLIC, DIASTOLIC, PULSE, TEMPERATURE, OXYGEN, PAIN, WEIGHT, HEIGHT,
)  # fmt: skip
"""What is typed in; the body mass index is computed."""
BY_CODE: dict[str, Vital] = {vital.code: vital for vital in VITALS}


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
    if not actor.roles & {Role.NURSE, Role.DOCTOR}:
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
        if value is not None and not measure.least <= value <= measure.most:
            raise ClinicError(
                _(
                    "%(name)s: %(value)s %(unit)s is not plausible; expected is %(least)s to %(most)s. "
                    "%(hint)s",
                    name=measure.name,
                    value=measured(value),
                    unit=measure.shown,
                    least=measured(measure.least),
                    most=measured(measure.most),
                    hint=measure.hint,
                ).strip(),
                field=measure.key,
            )
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
            Observation.status != "entered-in-error",
            Observation.effective >= oldest,
        )
        .order_by(Observation.effective.desc(), Observation.observation_id.desc())
        .limit(1)
    )
