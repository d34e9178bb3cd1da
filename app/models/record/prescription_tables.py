"""What stands beside a prescription: how it ended, what the check said of it, and the answers.

Rows are added and never changed: the database refuses it. So a prescription that hangs on a
signed visit can still be stopped without being rewritten.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.language import _l
from app.models.base.entity import Entity
from app.models.base.grants import READ, Role
from app.models.base.screen import Screen
from app.models.base.sealed import SealedText
from app.models.base.types import Instant, choice
from app.models.people.patient import Patient
from app.models.people.staff import Staff
from app.models.record.medication_request import MedicationRequest
from app.spelling import word

END_REASONS: dict[str, str] = {
    "renewed": _l("Renewed"),
    "completed": _l("Course completed"),
    "altchoice": _l("Another treatment is tried first"),
    "salg": _l("Allergy to it"),
    "sintol": _l("Not tolerated"),
    "sddi": _l("Interaction with another drug"),
    "sdupther": _l("Duplicate therapy"),
    "drughigh": _l("Level or dose too high"),
    "labint": _l("Would disturb a test"),
    "preg": _l("Pregnant or breastfeeding"),
    "surg": _l("Before an operation"),
    "hospadm": _l("Admitted to hospital"),
    "non-avail": _l("Not available"),
    "ineffective": _l("Does not work"),
    "wish": _l("The patient wishes so"),
    "error": _l("Written in error"),
}
"""Why a prescription ends: of FHIR R4 medicationrequest-status-reason where it has a word
(https://hl7.org/fhir/R4/valueset-medicationrequest-status-reason.html), with ours beside."""

OVERRIDE_REASONS: dict[str, str] = {
    "benefit": _l("The benefit outweighs the risk"),
    "tolerated": _l("Taken before without harm"),
    "monitored": _l("It will be monitored"),
    "adjusted": _l("The dose is adjusted for it"),
    "doubtful": _l("The entry that it rests on is wrong"),
    "elsewhere": _l("Checked by other means"),
    "other": _l("Another reason"),
}
KINDS = ("allergy", "interaction", "duplicate", "dose", "unknown", "missing")
LEVELS = ("notify", "warn", "block")
LIST_KINDS = ("drugs", "classes", "interactions", "doses", "icd-10-cm")


class ReferenceList(Entity):
    """A list that a check or a look-up works from, in one of its releases."""

    __tablename__ = "reference_list"

    list_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(choice("reference_list_kind", *LIST_KINDS))
    release: Mapped[str] = mapped_column(String(60))
    mode: Mapped[str] = mapped_column(choice("reference_list_mode", "replace", "extend"))
    entries: Mapped[int] = mapped_column()
    loaded_at: Mapped[datetime] = mapped_column(Instant)
    digest: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[str | None] = mapped_column(Text)

    __screen__ = Screen(
        title="Reference lists",
        menu="Administration",
        icon="fa-book-medical",
        columns=["kind", "release", "mode", "entries", "loaded_at"],
        search=["kind", "release"],
        detail=["kind", "release", "mode", "entries", "loaded_at", "digest"],
        labels={"loaded_at": "Loaded", "digest": "SHA-256", "mode": "Replaces or extends"},
        order="-loaded_at",
        empty="Nothing was loaded: the lists that come with the clinic hold. Larger ones are "
        "loaded by “flask clinic import-interactions”.",
        grants={Role.ADMIN: READ.hiding("content")},
    )

    def __str__(self) -> str:
        return f"{word(self.kind)} {self.release}"


class MedicationEnd(Entity):
    """How and why a prescription ended."""

    __tablename__ = "medication_end"
    __clinical__ = True
    __screen__ = None

    end_id: Mapped[int] = mapped_column(primary_key=True)
    medication_request_id: Mapped[int] = mapped_column(
        ForeignKey("medication_request.medication_request_id"), unique=True
    )
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"), index=True)
    reason: Mapped[str] = mapped_column(choice("medication_end_reason", *END_REASONS))
    note: Mapped[str | None] = mapped_column(SealedText("medication_end.note"))
    at: Mapped[datetime] = mapped_column(Instant)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.staff_id"))

    request: Mapped[MedicationRequest] = relationship()
    patient: Mapped[Patient] = relationship()
    staff: Mapped[Staff | None] = relationship()


class DrugAlert(Entity):
    """What the check said to someone who was about to prescribe; `attempt` is one form."""

    __tablename__ = "drug_alert"
    __clinical__ = True
    __screen__ = None
    __table_args__ = (
        UniqueConstraint(
            "attempt", "patient_id", "user_id", "kind", "level", "drug", "against",
            name="drug_alert_once",
        ),
        Index("ix_drug_alert_patient", "patient_id", "at"),
        Index("ix_drug_alert_at", "at"),
    )  # fmt: skip

    alert_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    attempt: Mapped[str] = mapped_column(String(36))
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.staff_id"))
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(choice("drug_alert_kind", *KINDS))
    level: Mapped[str] = mapped_column(choice("drug_alert_level", *LEVELS))
    drug: Mapped[str] = mapped_column(String(300))
    against: Mapped[str] = mapped_column(String(300))
    sentence: Mapped[str] = mapped_column(SealedText("drug_alert.sentence"))
    source: Mapped[str] = mapped_column(String(300))
    release: Mapped[str] = mapped_column(String(300))

    patient: Mapped[Patient] = relationship()
    staff: Mapped[Staff | None] = relationship()

    @property
    def must_be_answered(self) -> bool:
        """Whether the prescription needs a reason to be written against it."""
        return self.level != "notify"


class AlertAnswer(Entity):
    """Why a prescription was written against an alert. An alert without one was heeded."""

    __tablename__ = "alert_answer"
    __clinical__ = True
    __screen__ = None

    answer_id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("drug_alert.alert_id"), unique=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"), index=True)
    medication_request_id: Mapped[int] = mapped_column(
        ForeignKey("medication_request.medication_request_id"), index=True
    )
    reason: Mapped[str] = mapped_column(choice("alert_answer_reason", *OVERRIDE_REASONS))
    comment: Mapped[str | None] = mapped_column(SealedText("alert_answer.comment"))
    at: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))

    alert: Mapped[DrugAlert] = relationship()
    patient: Mapped[Patient] = relationship()
    request: Mapped[MedicationRequest] = relationship()
