"""Files of a chart: letters, pictures, results. Kept encrypted, never changed, never deleted.

What a file is, its first bytes say, not its name. One that was added by mistake is withdrawn: it
stays, with the reason, and is not shown any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, defer, mapped_column, relationship

from app.language import _, _l
from app.models.base.acting import Acting
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError, Forbidden
from app.models.base.grants import CARE
from app.models.base.sealed import SealedBytes, SealedText
from app.models.base.types import Instant
from app.models.messages import outbox
from app.models.people.linked import same_person
from app.models.people.patient import Patient
from app.models.people.staff import Staff
from app.models.portal import portal_access
from app.models.record.medical_record import MedicalRecord

LARGEST = 10 * 1024 * 1024
MOST = 200
SIGNATURES: tuple[tuple[bytes, int, str, str], ...] = (
    (b"%PDF-", 0, "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png", "png"),
    (b"\xff\xd8\xff", 0, "image/jpeg", "jpg"),
    (b"GIF87a", 0, "image/gif", "gif"),
    (b"GIF89a", 0, "image/gif", "gif"),
    (b"WEBP", 8, "image/webp", "webp"),
)
"""First bytes, where they stand, media type, ending of the name."""
TEXT = ("text/plain", "txt")
KINDS = _l("PDF, PNG, JPEG, GIF, WebP or plain text")


class Attachment(Entity):
    """A file about a patient, of one visit or of none."""

    __tablename__ = "attachment"
    __clinical__ = True
    __screen__ = None
    __table_args__ = (
        Index("ix_attachment_patient", "patient_id", "uploaded_at"),
        CheckConstraint("size > 0", name="attachment_size"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_why IS NULL)", name="attachment_withdrawn"
        ),
    )

    attachment_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    record_id: Mapped[int | None] = mapped_column(
        ForeignKey("medical_record.record_id"), index=True
    )
    title: Mapped[str] = mapped_column(SealedText("attachment.title"))
    filename: Mapped[str] = mapped_column(SealedText("attachment.filename"))
    media_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int] = mapped_column()
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(SealedBytes("attachment.content"))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.staff_id"))
    shared_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("staff.staff_id"))
    withdrawn_why: Mapped[str | None] = mapped_column(SealedText("attachment.withdrawn_why"))

    patient: Mapped[Patient] = relationship()
    record: Mapped[MedicalRecord | None] = relationship()
    staff: Mapped[Staff | None] = relationship(foreign_keys=[staff_id])

    @property
    def is_picture(self) -> bool:
        """Whether a browser can show the file in the page."""
        return self.media_type.startswith("image/")

    @property
    def size_in_words(self) -> str:
        """`340 kB`."""
        return (
            f"{self.size / 1e6:.1f} MB" if self.size >= 1e6 else f"{max(1, self.size // 1000)} kB"
        )


def kind_of(content: bytes) -> tuple[str, str] | None:
    """Media type and ending by what the file holds; None where it is nothing that is taken."""
    for mark, at, media_type, ending in SIGNATURES:
        if content[at : at + len(mark)] == mark and (at == 0 or content[:4] == b"RIFF"):
            return media_type, ending
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    plain = all(c.isprintable() or c in "\r\n\t\f\ufeff" for c in text)
    return TEXT if plain and not text.lstrip("\ufeff \r\n\t").startswith("<") else None


def attach(
    session: Session, actor: Acting, patient_id: int, name: str, title: str, content: bytes,
    now: datetime, record_id: int | None = None,
) -> Attachment:  # fmt: skip
    """Add a file to a chart; the caller commits. Raises ClinicError."""
    _require_clinical(actor)
    if not content:
        raise ClinicError(_("Choose a file that is not empty."), field="file")
    if len(content) > LARGEST:
        raise ClinicError(
            _("A file has at most %(most)s MB; this has more.", most=LARGEST // 1024**2),
            field="file",
        )
    kind = kind_of(content)
    if kind is None:
        raise ClinicError(
            _("This file is not taken, whatever its name says: choose %(kinds)s.", kinds=KINDS),
            field="file",
        )
    filename = _tidy(name, kind[1])
    row = Attachment(
        patient_id=patient_id, record_id=record_id, title=title.strip() or filename,
        filename=filename, media_type=kind[0], size=len(content),
        digest=hashlib.sha256(content).hexdigest(), content=content, uploaded_at=now,
        staff_id=actor.staff_id,
    )  # fmt: skip
    session.add(row)
    return row


def withdraw(actor: Acting, row: Attachment, why: str, now: datetime) -> None:
    """Take a file out of sight, with the reason. Raises ClinicError."""
    _require_clinical(actor)
    if row.withdrawn_at is not None:
        raise ClinicError(_("This file was withdrawn already."))
    if not why.strip():
        raise ClinicError(_("Say why the file is withdrawn."), field="why")
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_why = now, actor.staff_id, why.strip()


def share(session: Session, actor: Acting, row: Attachment, on: bool, now: datetime) -> bool:
    """Let the patient read a file in the portal, or no longer; who has a login there is told that
    something is new, once a file. Answers whether somebody has. Raises ClinicError."""
    _require_clinical(actor)
    if row.withdrawn_at is not None:
        raise ClinicError(_("This file was withdrawn already."))
    row.shared_at = (row.shared_at or now) if on else None
    is_read = portal_access.is_read(session, row.patient_id, now)
    if on and is_read:
        outbox.announce(
            session, "record_shared", f"file:{row.attachment_id}", now,
            patient_id=row.patient_id, context={"link": "/portal/record/#documents"},
        )  # fmt: skip
    return is_read


def of_patient(session: Session, patient_id: int) -> Sequence[Any]:
    """The files of a chart without their content, newest first, with who added them."""
    query = (
        select(Attachment, Staff.name.label("by"))
        .outerjoin(Staff, Staff.staff_id == Attachment.staff_id)
        .where(same_person(Attachment.patient_id, patient_id), Attachment.withdrawn_at.is_(None))
        .options(defer(Attachment.content))
        .order_by(Attachment.uploaded_at.desc(), Attachment.attachment_id.desc())
    )
    return session.execute(query.limit(MOST)).all()


def _require_clinical(actor: Acting) -> None:
    if not actor.roles & CARE:
        raise Forbidden(_("Files are added by nurses and doctors."))


def _tidy(name: str, ending: str) -> str:
    """A name without a path and with the ending of what the file is."""
    stem = PurePath(name.replace("\\", "/")).stem[:120]
    kept = "".join(c for c in stem if c.isprintable() and c not in '<>:"|?*/').strip(". ")
    return f"{kept or 'file'}.{ending}"
