"""Questions before a visit, declared as rows: of one visit type, or of all (FHIR R4 Questionnaire,
QuestionnaireResponse)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _, _k
from app.models.base.acting import Acting
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import MANAGE, READ, Role
from app.models.base.screen import Screen
from app.models.base.sealed import SealedText
from app.models.base.types import Instant, choice
from app.models.clinic.visit_type import VisitType
from app.models.people.patient import Patient
from app.models.visits.appointment import Appointment

KINDS = ("text", "yes or no", "choice")
YES_OR_NO = (_k("Yes"), _k("No"))
"""As they are kept; each reads them in their own language."""
LONGEST = 1_000


class VisitQuestion(Entity):
    """One question that patients answer before they come."""

    __tablename__ = "visit_question"
    __table_args__ = (Index("ix_visit_question_type", "visit_type_id", "position"),)

    visit_question_id: Mapped[int] = mapped_column(primary_key=True)
    visit_type_id: Mapped[int | None] = mapped_column(ForeignKey("visit_type.visit_type_id"))
    position: Mapped[int] = mapped_column(default=1, server_default="1")
    question: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(
        choice("visit_question_kind", *KINDS), default="text", server_default="text"
    )
    choices: Mapped[str | None] = mapped_column(Text)
    required: Mapped[bool] = mapped_column(default=False, server_default="0")
    active: Mapped[bool] = mapped_column(default=True, server_default="1")
    visit_type: Mapped[VisitType | None] = relationship()

    __screen__ = Screen(
        title="Questions before a visit",
        one="Question",
        menu="Set-up",
        icon="fa-clipboard-question",
        columns=["question", "visit_type", "kind", "required", "active", "position"],
        search=["question", "visit_type", "kind", "active"],
        labels={"position": "Place"},
        help={
            "visit_type": "Left empty, it is asked before every visit.",
            "choices": "One answer a line, for a question with a choice.",
        },
        order="position",
        empty="Patients are asked nothing before a visit. Add a question.",
        grants={Role.ADMIN: MANAGE, Role.DOCTOR: READ, Role.NURSE: READ, Role.RECEPTIONIST: READ},
    )

    def __str__(self) -> str:
        return self.question

    @property
    def options(self) -> list[str]:
        """The answers to choose from; none where words are written."""
        if self.kind == "yes or no":
            return list(YES_OR_NO)
        lines = (line.strip() for line in (self.choices or "").splitlines())
        return [line for line in lines if line] if self.kind == "choice" else []

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        if self.kind == "choice" and len(self.options) < 2:
            raise ClinicError(_("Write two answers or more, one a line."), field="choices")


class VisitAnswer(Entity):
    """What a patient answered before one visit, with the question as it was asked."""

    __tablename__ = "visit_answer"
    __clinical__ = True
    __table_args__ = (
        UniqueConstraint("appointment_id", "visit_question_id", name="visit_answer_once"),
        Index("ix_visit_answer_patient", "patient_id"),
    )

    visit_answer_id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.appointment_id", ondelete="CASCADE")
    )
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    visit_question_id: Mapped[int | None] = mapped_column(
        ForeignKey("visit_question.visit_question_id", ondelete="SET NULL"), index=True
    )
    question: Mapped[str] = mapped_column(String(300))
    answer: Mapped[str] = mapped_column(SealedText("visit_answer.answer"))
    answered: Mapped[datetime] = mapped_column(Instant)
    appointment: Mapped[Appointment] = relationship()
    patient: Mapped[Patient] = relationship()
    visit_question: Mapped[VisitQuestion | None] = relationship()

    __screen__ = Screen(
        title="Answers before a visit",
        menu="Records",
        icon="fa-clipboard-check",
        columns=["answered", "patient", "question", "answer"],
        search=["answered", "patient", "question"],
        form=[],
        detail=["answered", "patient", "appointment", "question", "answer"],
        order="-answered",
        empty="No patient has answered a question yet; the admin writes them under Set-up.",
        grants={Role.DOCTOR: READ, Role.NURSE: READ},
    )

    def __str__(self) -> str:
        return _("Answer %(number)s", number=self.visit_answer_id)

    def read(self, name: str) -> Any:
        found = getattr(self, name)
        return _(found) if name == "answer" and found in YES_OR_NO else found


def questions(session: Session, visit: Appointment) -> list[VisitQuestion]:
    """What is asked before this visit."""
    query = select(VisitQuestion).where(
        VisitQuestion.active,
        or_(
            VisitQuestion.visit_type_id.is_(None),
            VisitQuestion.visit_type_id == visit.visit_type_id,
        ),
    )
    return list(
        session.scalars(query.order_by(VisitQuestion.position, VisitQuestion.visit_question_id))
    )


def answers(session: Session, visit: Appointment) -> dict[int | None, VisitAnswer]:
    """What was answered, by question."""
    query = select(VisitAnswer).where(VisitAnswer.appointment_id == visit.appointment_id)
    return {row.visit_question_id: row for row in session.scalars(query)}


def answer(
    session: Session, visit: Appointment, said: Mapping[int, str], now: datetime
) -> list[VisitAnswer]:
    """Keep the answers, in place of those given before. Raises ClinicError that names the
    question as its field."""
    before, kept = answers(session, visit), []
    for asked in questions(session, visit):
        words = said.get(asked.visit_question_id, "").strip()
        _require_answer(asked, words)
        row = before.get(asked.visit_question_id)
        if row is None:
            if not words:
                continue
            row = VisitAnswer(
                appointment_id=visit.appointment_id, patient_id=visit.patient_id,
                visit_question_id=asked.visit_question_id,
            )  # fmt: skip
            session.add(row)
        row.question, row.answer, row.answered = asked.question, words, now
        kept.append(row)
    return kept


def _require_answer(asked: VisitQuestion, words: str) -> None:
    field = f"q{asked.visit_question_id}"
    if asked.required and not words:
        raise ClinicError(_("This answer is needed."), field=field)
    if words and asked.options and words not in asked.options:
        raise ClinicError(_("Choose one of the answers."), field=field)
    if len(words) > LONGEST:
        raise ClinicError(_("At most %(most)s characters fit here.", most=LONGEST), field=field)
