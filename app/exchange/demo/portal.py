"""What the demo's patient finds in the portal: a child to act for, messages, documents, requests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.demo.bulk import insert_all
from app.exchange.demo.people import Person
from app.exchange.demo.rota import Clock
from app.models import (
    Attachment,
    CorrectionRequest,
    MedicalRecord,
    Patient,
    PatientReport,
    PortalAccess,
    VisitQuestion,
    WaitlistEntry,
)
from app.models.messages import outbox

GROWN_UP = 16
QUESTIONS = (
    (None, "Has anything changed in what you take since your last visit?", "yes or no", None, True),
    ("Consultation", "What would you like to talk about?", "text", None, False),
    ("Minor procedure", "Do you take a blood thinner?", "yes or no", None, True),
    ("Annual check-up", "How often do you move so that you sweat?", "choice",
     "Hardly ever\nOnce or twice a week\nThree times a week or more", False),
)  # fmt: skip
MESSAGES = (
    # days ago, the oldest first: subject, words, read
    (9, "Your visit is booked", "Your next visit is booked. You can move or cancel it here.", True),
    (2, "Reminder: please tell us what you take",
     "Before your next visit a few questions wait for you in the portal. They take a minute.", False),
    (0, "There is something new for you",
     "Something new is in the portal for you: an answer or a document.", False),
)  # fmt: skip
LETTERS = (
    (3, "Letter of the cardiologist", "cardiology-letter.txt",
     "Thank you for sending your patient.\n\nThe ultrasound of the heart is normal. We see no need\n"
     "for a further appointment with us; please go on as agreed.\n"),
    (30, "Results of the laboratory", "laboratory.txt",
     "Haemoglobin A1c  5.6 %\nLDL cholesterol  118 mg/dL\nCreatinine       0.9 mg/dL\n"),
)  # fmt: skip


def add_portal(
    session: Session, clock: Clock, patient: Patient, persons: Sequence[Person],
    kinds: dict[str, int],
) -> None:  # fmt: skip
    """Add it all for the patient who has the login."""
    insert_all(session, VisitQuestion, _questions(kinds))
    session.add(_guardian(clock, patient, persons))
    _messages(session, clock, patient.patient_id)
    records = _signed(session, patient.patient_id)
    session.add_all(_letters(clock, patient.patient_id, records[0].doctor.staff_id))
    session.add_all(_corrections(clock, records))
    session.add(
        PatientReport(
            patient_id=patient.patient_id, kind="medication", display="Ibuprofen 400 mg",
            detail="One tablet for headaches, about twice a month.", created=_ago(clock, 1),
        )
    )  # fmt: skip
    session.add(
        WaitlistEntry(
            patient_id=patient.patient_id, visit_type_id=kinds["Skin check"],
            earliest=clock.now, latest=clock.now + timedelta(weeks=6), created=_ago(clock, 4),
        )
    )  # fmt: skip
    session.flush()


def _questions(kinds: dict[str, int]) -> Iterator[dict[str, Any]]:
    for place, (kind, question, form, choices, required) in enumerate(QUESTIONS, start=1):
        yield {
            "visit_type_id": kinds[kind] if kind else None,
            "position": place,
            "question": question,
            "kind": form,
            "choices": choices,
            "required": required,
        }


def _guardian(clock: Clock, patient: Patient, persons: Sequence[Person]) -> PortalAccess:
    """A child of the same home where there is one."""
    own = next(person for person in persons if person.id == patient.patient_id)
    children = [p for p in persons if 0 <= p.age(clock.today) < GROWN_UP]
    child = next((p for p in children if p.home == own.home), children[0])
    return PortalAccess(
        user_id=patient.user_id, patient_id=child.id, relation="parent", holder=patient.name,
        since=_ago(clock, 60),
    )  # fmt: skip


def _messages(session: Session, clock: Clock, patient_id: int) -> None:
    for days, subject, body, read in MESSAGES:
        at = _ago(clock, days)
        row = outbox.put(
            session, "record_shared", f"demo:{days}", subject, body, at, patient_id=patient_id
        )
        row.read_at = at + timedelta(hours=3) if read else None


def _signed(session: Session, patient_id: int) -> Sequence[MedicalRecord]:
    query = select(MedicalRecord).where(
        MedicalRecord.patient_id == patient_id, MedicalRecord.status == "signed"
    )
    return session.scalars(query.order_by(MedicalRecord.visit_date.desc()).limit(2)).all()


def _letters(clock: Clock, patient_id: int, staff_id: int | None) -> Iterator[Attachment]:
    for days, title, filename, words in LETTERS:
        content = words.encode()
        yield Attachment(
            patient_id=patient_id, title=title, filename=filename, media_type="text/plain",
            size=len(content), digest=hashlib.sha256(content).hexdigest(), content=content,
            uploaded_at=_ago(clock, days), shared_at=_ago(clock, days), staff_id=staff_id,
        )  # fmt: skip


def _corrections(clock: Clock, records: Sequence[MedicalRecord]) -> Iterator[CorrectionRequest]:
    """The newest visit’s waits for an answer, the one before has it."""
    said = (
        ("It was the left knee, not the right one.", "open", None),
        ("I have never smoked.", "corrected", "You are right; it is corrected. Thank you."),
    )
    for days, (record, (wish, state, answer)) in enumerate(zip(records, said, strict=False), 1):
        yield CorrectionRequest(
            patient_id=record.patient_id, record_id=record.record_id, doctor_id=record.doctor_id,
            wish=wish, state=state, answer=answer, created=_ago(clock, days),
        )  # fmt: skip


def _ago(clock: Clock, days: int) -> datetime:
    return clock.now - timedelta(days=days, minutes=5)
