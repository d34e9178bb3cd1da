"""What is known of a patient beside the notes: problems, allergies, measurements; `Coded` is their base.

The names and meanings of the columns are those of the FHIR R4 resources; `system`, `code` and
`display` are its Coding (https://hl7.org/fhir/R4/datatypes.html#Coding).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, ForeignKey, Index, String, exists, inspect
from sqlalchemy.orm import Mapped, Session, aliased, declared_attr, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone
from app.models.base.entity import Entity
from app.models.base.grants import EDIT, READ, Grant, Role
from app.models.base.naming import new_identifier
from app.models.base.screen import Screen
from app.models.base.sealed import PartlySealed, SealedText
from app.models.base.types import FhirDateTime, Instant, choice
from app.models.people.patient import Patient
from app.models.record.finding_names import name_of_finding
from app.models.record.medical_record import MedicalRecord
from app.models.record.none_known import NONE_OF
from app.spelling import measured

CLINICAL: dict[Role, Grant] = {Role.DOCTOR: EDIT, Role.NURSE: EDIT}


class Coded(Entity):
    """A coded statement about one patient, made at a visit or outside one."""

    __abstract__ = True
    __clinical__ = True

    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    record_id: Mapped[int | None] = mapped_column(
        ForeignKey("medical_record.record_id"), index=True
    )
    system: Mapped[str | None] = mapped_column(String(100))
    code: Mapped[str | None] = mapped_column(String(40))
    display: Mapped[str] = mapped_column(String(300))
    identifier: Mapped[str | None] = mapped_column(String(200), unique=True, default=new_identifier)

    @declared_attr
    def patient(cls) -> Mapped[Patient]:
        return relationship(Patient)

    @declared_attr
    def record(cls) -> Mapped[MedicalRecord | None]:
        return relationship(MedicalRecord)

    def __str__(self) -> str:
        return self.display


class Condition(Coded):
    """A problem or diagnosis (FHIR R4 Condition)."""

    __tablename__ = "condition"
    __table_args__ = (
        Index("ix_condition_patient_onset", "patient_id", "onset"),
        Index("ix_condition_recorded", "recorded"),
        Index("ix_condition_replaces", "replaces_id", unique=True),
    )

    condition_id: Mapped[int] = mapped_column(primary_key=True)
    clinical_status: Mapped[str] = mapped_column(
        choice(
            "condition_clinical_status",
            "active", "recurrence", "relapse", "inactive", "remission", "resolved",
        ),
        default="active",
        server_default="active",
    )  # fmt: skip
    verification_status: Mapped[str | None] = mapped_column(String(20))
    onset: Mapped[str | None] = mapped_column(FhirDateTime)
    abatement: Mapped[str | None] = mapped_column(FhirDateTime)
    recorded: Mapped[str | None] = mapped_column(FhirDateTime)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("condition.condition_id"))

    __screen__ = Screen(
        title="Conditions",
        menu="Records",
        icon="fa-list-check",
        columns=["display", "patient", "clinical_status", "onset", "abatement"],
        search=["display", "code", "patient", "clinical_status"],
        form=["patient", "display", "code", "clinical_status", "onset", "abatement"],
        labels={"display": "Condition", "clinical_status": "Status", "abatement": "Ended"},
        help={"onset": "A year, a month or a day: 2024, 2024-05 or 2024-05-31."},
        order="-onset",
        grants=CLINICAL,
    )


NOT_SO = ("refuted", "entered-in-error")


class AllergyIntolerance(Coded):
    """A substance that harms the patient, or that none is known (FHIR R4 AllergyIntolerance)."""

    __tablename__ = "allergy_intolerance"
    __table_args__ = (
        Index("ix_allergy_patient", "patient_id"),
        Index("ix_allergy_intolerance_replaces", "replaces_id", unique=True),
    )

    allergy_id: Mapped[int] = mapped_column(primary_key=True)
    clinical_status: Mapped[str] = mapped_column(
        choice("allergy_clinical_status", "active", "inactive", "resolved"),
        default="active",
        server_default="active",
    )
    verification_status: Mapped[str | None] = mapped_column(String(20))
    type: Mapped[str | None] = mapped_column(String(20))
    category: Mapped[str | None] = mapped_column(String(20))
    criticality: Mapped[str | None] = mapped_column(
        choice("allergy_criticality", "low", "high", "unable-to-assess")
    )
    reaction: Mapped[str | None] = mapped_column(SealedText("allergy_intolerance.reaction"))
    recorded: Mapped[str | None] = mapped_column(FhirDateTime)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("allergy_intolerance.allergy_id"))

    __screen__ = Screen(
        title="Allergies",
        one="Allergy",
        menu="Records",
        icon="fa-hand-dots",
        columns=["display", "patient", "criticality", "reaction", "clinical_status"],
        search=["display", "patient", "criticality", "clinical_status"],
        form=["patient", "display", "code", "criticality", "reaction", "clinical_status"],
        labels={"display": "Substance", "clinical_status": "Status"},
        order="display",
        grants={**CLINICAL, Role.RECEPTIONIST: READ},
    )

    @property
    def says_none(self) -> bool:
        """Whether this is the answer that no allergy is known, or none of a kind. What names a
        reaction or a risk is an allergy, whatever its code."""
        return self.code in NONE_OF and not self.reaction and not self.criticality

    @property
    def says_none_at_all(self) -> bool:
        return self.says_none and NONE_OF[self.code or ""] is None

    @property
    def named(self) -> str:
        """What it is, to a reader; an answer of one kind keeps the words it came with."""
        if self.says_none_at_all:
            return _("No known allergies")
        return self.display.removesuffix(" (situation)") if self.says_none else self.display

    @property
    def holds(self) -> bool:
        return self.clinical_status == "active" and self.verification_status not in NOT_SO

    def came_after(self, other: AllergyIntolerance) -> bool:
        """By the days on which they were recorded, else by the order in which they were entered."""
        if self.recorded and other.recorded:
            return self.recorded > other.recorded
        return bool(self.pk > other.pk)

    def speaks_against(self, answer: AllergyIntolerance) -> bool:
        """Whether this allergy is of what the `answer` denies, and stands or was found later."""
        denied = NONE_OF[answer.code or ""]
        alike = denied is None or self.category in (None, denied)
        return alike and (self.holds or self.came_after(answer))

    def drop_borrowed_code(self, before: str | None) -> None:
        """A code stands for its own words: an allergy that is typed over the answer that there is
        none, which stood in the words `before`, is one."""
        same = self.display == before or (self.display or "").lower().startswith("no known ")
        if self.code in NONE_OF and not same:
            self.system = self.code = None

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """A new entry has its day; for its code see `drop_borrowed_code`."""
        state: Any = inspect(self).attrs
        written = state.display.history.has_changes() or state.code.history.has_changes()
        self.drop_borrowed_code(None if written else self.display)
        if self.pk is None and self.recorded is None:
            self.recorded = now.astimezone(clinic_zone()).date().isoformat()


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


def unreplaced(model: type[Condition] | type[AllergyIntolerance]) -> ColumnElement[bool]:
    """Rows that no later one replaces."""
    later = aliased(model)
    return ~exists().where(later.replaces_id == getattr(model, model.pk_name()))
