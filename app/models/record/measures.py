"""Vital signs: what is measured, in which unit, what is plausible, and what is normal.

Codes are LOINC and units UCUM, after the vital signs profile of FHIR R4
(https://hl7.org/fhir/R4/observation-vitalsigns.html); pain is LOINC 72514-3. Plausible is what a
living person can have: beyond it someone misread or mistyped. Normal is of an adult at rest: WHO
for the body mass index, ESC/ESH 2018 for the pressure, 36.0–37.9 °C without fever.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.language import _, _k, _l
from app.models.base.errors import ClinicError
from app.spelling import LONG, measured

ADULT = 18


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
        """The name in the reader's language."""
        return _(self.display)

    def is_in(self, unit: str | None) -> bool:
        """Whether `unit` is that of the chart, which a number without one is taken to be in."""
        return unit in {self.unit, self.shown, None}

    def require_plausible(self, value: float, field: str) -> None:
        """Raises ClinicError where no living person has this value, in the unit of the chart."""
        if self.least <= value <= self.most:
            return
        raise ClinicError(
            _(
                "%(name)s: %(value)s %(unit)s is not plausible; expected is %(least)s to %(most)s. "
                "%(hint)s",
                name=self.name,
                value=measured(value),
                unit=self.shown,
                least=measured(self.least),
                most=measured(self.most),
                hint=self.hint,
            ).strip(),
            field=field,
        )

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
        """The name in the reader's language."""
        return _(self.display)

    @property
    def key(self) -> str:
        """The name in a form, which is that of its first measure."""
        return self.measures[0].key

    @property
    def unit(self) -> str:
        """The unit that is shown beside its values."""
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
MEASURES: dict[str, Measure] = {m.code: m for vital in VITALS for m in vital.measures}
"""Every single number by its code, those within a panel too."""
LARGEST = LONG
"""No finding of a body is as large."""


def require_sensible(code: str | None, value: float, unit: str | None) -> None:
    """Raises ClinicError for the `value` of an Observation that cannot be: of a vital sign in the
    unit of the chart by its limits, of all else by its size."""
    measure = MEASURES.get(code or "")
    if measure is not None and measure.is_in(unit):
        measure.require_plausible(value, "value")
    if not abs(value) < LARGEST:
        raise ClinicError(_("No measurement is this large."), field="value")
