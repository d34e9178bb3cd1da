"""What is known of a patient beside the notes: problems and allergies; `Coded` is their base.

The names and meanings of the columns are those of the FHIR R4 resources; `system`, `code` and
`display` are its Coding (https://hl7.org/fhir/R4/datatypes.html#Coding).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, and_, exists, inspect, select
from sqlalchemy.orm import Mapped, Session, aliased, declared_attr, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone, day_at
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import EDIT, READ, Grant, Role
from app.models.base.naming import new_identifier
from app.models.base.screen import Screen
from app.models.base.sealed import SealedText
from app.models.base.types import FhirDateTime, choice
from app.models.people.linked import same_person
from app.models.people.patient import Patient
from app.models.record.medical_record import MedicalRecord
from app.models.record.none_known import NONE_OF

ENDED = ("inactive", "remission", "resolved")
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
        """Whom it is about."""
        return relationship(Patient)

    @declared_attr
    def record(cls) -> Mapped[MedicalRecord | None]:
        """The note that it was written with; None where it was noted by itself."""
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

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """It began, and ended after that, and neither lies in the future."""
        super().check(session, actor, now)
        require_past(self, now, "onset", "abatement")
        if self.onset and self.abatement:
            onset, end = FhirDateTime.normal(self.onset), FhirDateTime.normal(self.abatement)
            shorter = min(len(onset), len(end), 10)
            if end[:shorter] < onset[:shorter]:
                raise ClinicError(_("It cannot end before it began."), field="abatement")
        if self.abatement and self.clinical_status not in ENDED:
            raise ClinicError(_("What has ended is inactive, in remission or resolved."),
                              field="clinical_status")  # fmt: skip


MISTAKE = "entered-in-error"
NOT_SO = ("refuted", MISTAKE)


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
        """Whether it says that no allergy of any kind is known."""
        return self.says_none and NONE_OF[self.code or ""] is None

    @property
    def named(self) -> str:
        """What it is, to a reader; an answer of one kind keeps the words it came with."""
        if self.says_none_at_all:
            return _("No known allergies")
        return self.display.removesuffix(" (situation)") if self.says_none else self.display

    @property
    def holds(self) -> bool:
        """Whether it is to be heeded: active, and neither refuted nor an error."""
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

    def end_denials(self, session: Session) -> None:
        """An allergy that is found ends the answer that none is known; what was signed stays."""
        self.clinical_status = self.clinical_status or "active"  # as the database has a new one
        if not self.holds or self.says_none:
            return
        about = same_person(AllergyIntolerance.patient_id, self.patient_id)
        for row in session.scalars(select(AllergyIntolerance).where(about, _IS_OPEN_ANSWER)):
            if row.says_none and self.speaks_against(row):
                row.clinical_status = "inactive"

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """A new entry has its day; for its code see `drop_borrowed_code`, for what it ends
        `end_denials`."""
        state: Any = inspect(self).attrs
        written = state.display.history.has_changes() or state.code.history.has_changes()
        self.drop_borrowed_code(None if written else self.display)
        if self.pk is None and self.recorded is None:
            self.recorded = day_at(now).isoformat()
        self.end_denials(session)


_IS_OPEN_ANSWER = and_(
    AllergyIntolerance.code.in_(NONE_OF),
    AllergyIntolerance.clinical_status == "active",
    AllergyIntolerance.record_id.is_(None),
)


def require_past(row: Coded, now: datetime, *names: str) -> None:
    """Raises ClinicError where one of these dates is yet to come on the calendar of the clinic."""
    for name in names:
        value = getattr(row, name)
        if value and FhirDateTime.lies_ahead(value, now, clinic_zone()):
            raise ClinicError(_("This lies in the future."), field=name)


def unreplaced(model: type[Condition] | type[AllergyIntolerance]) -> ColumnElement[bool]:
    """Rows that no later one replaces."""
    later = aliased(model)
    return ~exists().where(later.replaces_id == getattr(model, model.pk_name()))
