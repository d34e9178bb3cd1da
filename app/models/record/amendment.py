"""The versions of a signed record, and the hashes that prove each of them.

A hash is SHA-256 over who signed, when, and the text, spelled as JSON with sorted keys and no
spaces; that of an amendment also takes in its reason and the hash before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.entity import Entity
from app.models.base.grants import READ, Role
from app.models.base.screen import Screen
from app.models.base.sealed import SealedText
from app.models.base.types import Instant
from app.models.people.patient import Patient
from app.models.people.staff import Staff
from app.models.record.medical_record import MedicalRecord

TEXTS = ("diagnosis", "treatment", "notes")


class RecordAmendment(Entity):
    """A later version of a signed record, with its reason; rows are added, never changed."""

    __tablename__ = "record_amendment"
    __clinical__ = True
    __table_args__ = (UniqueConstraint("record_id", "number", name="record_amendment_number"),)

    amendment_id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("medical_record.record_id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"), index=True)
    number: Mapped[int] = mapped_column()
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"))
    at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(SealedText("record_amendment.reason"))
    diagnosis: Mapped[str | None] = mapped_column(SealedText("record_amendment.diagnosis"))
    treatment: Mapped[str | None] = mapped_column(SealedText("record_amendment.treatment"))
    notes: Mapped[str | None] = mapped_column(SealedText("record_amendment.notes"))
    content_hash: Mapped[str] = mapped_column(String(64))

    record: Mapped[MedicalRecord] = relationship()
    patient: Mapped[Patient] = relationship()
    author: Mapped[Staff] = relationship()

    __screen__ = Screen(
        title="Amendments",
        icon="fa-file-pen",
        columns=["at", "patient", "record", "number", "author", "reason"],
        search=["at", "patient", "author"],
        labels={"at": "When", "content_hash": "Hash of the text"},
        detail=[
            "at", "patient", "record", "number", "author", "reason", "diagnosis", "treatment",
            "notes", "content_hash",
        ],
        order="-at",
        empty="No signed record was amended.",
        grants={Role.DOCTOR: READ, Role.NURSE: READ},
    )  # fmt: skip

    def __str__(self) -> str:
        return _("Amendment %(number)s", number=self.number)


def amendments(session: Session, record_id: int) -> list[RecordAmendment]:
    """All of a record, in their order."""
    query = select(RecordAmendment).where(RecordAmendment.record_id == record_id)
    return list(session.scalars(query.order_by(RecordAmendment.number)))


def texts_of(row: Any) -> dict[str, str]:
    """The written text of a record or an amendment."""
    return {name: getattr(row, name) or "" for name in TEXTS}


def hash_of_record(record: MedicalRecord) -> str:
    """What `content_hash` of a signed record must be."""
    return _digest(record.record_id, record.patient_id, record.signed_by, record.signed_at, record)


def hash_of_amendment(row: RecordAmendment, before: str) -> str:
    """What `content_hash` of an amendment must be; `before` is the hash that it continues."""
    return _digest(row.record_id, row.patient_id, row.author_id, row.at, row, row.reason, before)


def hash_before(record: MedicalRecord, earlier: Sequence[RecordAmendment]) -> str:
    """The hash that the next amendment continues; an imported record has none of its own."""
    return earlier[-1].content_hash if earlier else record.content_hash or hash_of_record(record)


def intact(record: MedicalRecord, later: Sequence[RecordAmendment]) -> list[bool | None]:
    """Whether the text of each version is the one that was signed; None for an imported one."""
    own = None if record.content_hash is None else record.content_hash == hash_of_record(record)
    found: list[bool | None] = [own]
    for at, row in enumerate(later):
        found.append(row.content_hash == hash_of_amendment(row, hash_before(record, later[:at])))
    return found


def _digest(
    record: int, patient: int, author: int | None, at: datetime | None, row: Any, *more: str
) -> str:
    said = {
        "record": record,
        "patient": patient,
        "author": author,
        "at": at.astimezone(UTC).isoformat() if at else None,
        "text": texts_of(row),
        "more": list(more),
    }
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
