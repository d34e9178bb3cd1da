"""What was measured or found of a patient (FHIR R4 Observation)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, Index, String, inspect
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.models.base.acting import Acting
from app.models.base.screen import Screen
from app.models.base.sealed import PartlySealed, SealedText
from app.models.base.types import FhirDateTime, Instant
from app.models.record.clinical import CLINICAL, Coded, require_past
from app.models.record.finding_names import name_of_finding
from app.models.record.measures import require_sensible
from app.spelling import measured

UNITS = {"mm[Hg]": "mmHg", "Cel": "°C", "kg/m2": "kg/m²", "{score}": None}
"""Units of UCUM (https://ucum.org) that nobody writes so; a score has none."""


class Observation(Coded):
    """A measurement or finding (FHIR R4 Observation); a blood pressure has components."""

    __tablename__ = "observation"
    __table_args__ = (
        Index("ix_observation_patient_code", "patient_id", "code", "effective"),
        Index("ix_observation_patient_effective", "patient_id", "effective"),
    )

    observation_id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(20), default="final", server_default="final")
    category: Mapped[str | None] = mapped_column(String(40))
    effective: Mapped[str | None] = mapped_column(FhirDateTime)
    issued: Mapped[datetime | None] = mapped_column(Instant)
    value: Mapped[float | None] = mapped_column(Float(53))
    unit: Mapped[str | None] = mapped_column(String(40))
    value_text: Mapped[str | None] = mapped_column(SealedText("observation.value_text"))
    value_system: Mapped[str | None] = mapped_column(String(100))
    value_code: Mapped[str | None] = mapped_column(String(40))
    components: Mapped[list[dict[str, Any]] | None] = mapped_column(
        PartlySealed("observation.components")
    )

    __screen__ = Screen(
        title="Vital signs and findings",
        one="Measurement or finding",
        menu="Records",
        icon="fa-heart-pulse",
        columns=["display", "patient", "value", "unit", "value_text", "effective"],
        search=["display", "code", "patient", "category"],
        form=["patient", "display", "code", "category", "value", "unit", "value_text", "effective"],
        labels={"display": "What", "value_text": "Finding", "effective": "When"},
        order="-effective",
        grants=CLINICAL,
    )

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """A vital sign is one that a living person can have, any other number one that can be
        written down. What came from elsewhere is asked once its number or its day changes."""
        super().check(session, actor, now)
        state: Any = inspect(self).attrs
        if state.effective.history.has_changes():
            require_past(self, now, "effective")
        changed = any(state[name].history.has_changes() for name in ("value", "unit", "code"))
        if self.value is not None and changed:
            require_sensible(self.code, self.value, self.unit)

    def read(self, name: str) -> Any:
        """A panel's value is that of its parts, `128/78`; a unit is said as people write it."""
        if name == "value" and self.value is None:
            found = [part.get("value") for part in self.components or ()]
            numbers = [measured(one) for one in found if isinstance(one, (int, float))]
            return "/".join(numbers) if numbers and len(numbers) == len(found) else None
        if name == "display":
            return str(self)
        return UNITS.get(self.unit or "", self.unit) if name == "unit" else getattr(self, name)

    def __str__(self) -> str:
        return name_of_finding(self.code, self.display)
