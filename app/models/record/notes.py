"""The rules of a note: drafted, saved as one types, signed once, and then only amended.

A signature keeps who signed, when, and a hash of both and the text: what FHIR R4 calls the
attester of a Composition
(https://hl7.org/fhir/R4/composition-definitions.html#Composition.attester).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.base.acting import Acting
from app.models.base.clock import day_of
from app.models.base.errors import ClinicError, Forbidden, NotFound, Stale
from app.models.base.grants import CARE, Role
from app.models.people.staff import Doctor
from app.models.record.amendment import (
    TEXTS,
    RecordAmendment,
    amendments,
    hash_before,
    hash_of_amendment,
    hash_of_record,
    texts_of,
)
from app.models.record.medical_record import MedicalRecord
from app.models.record.observation import Observation
from app.models.record.vitals import CATEGORY
from app.models.visits.appointment import HERE, Appointment

LONGEST = 100_000
HAS_BEGUN = (*HERE, "fulfilled")
CHANGED = _l("Someone else has changed this note since you opened it. Both texts are kept below.")
SIGNED = _l(
    "This note was signed while you were writing. Your text is kept below; it can be an amendment."
)
NOT_THERE = _l("There is no such visit of this patient.")


def start(
    session: Session,
    actor: Acting,
    patient_id: int,
    now: datetime,
    zone: ZoneInfo,
    *,
    appointment_id: int | None = None,
    doctor_id: int | None = None,
) -> MedicalRecord:
    """A new draft, or the one that the visit has already. A doctor writes in their own name, a
    nurse for the doctor of the visit or the one they name. Raises ClinicError."""
    visit = _visit(session, patient_id, appointment_id) if appointment_id else None
    if visit and (record := _record_of(session, visit)):
        return record
    doctor_id = actor.doctor_id or (visit.doctor_id if visit else doctor_id)
    if not actor.roles & CARE or actor.staff_id is None:
        raise Forbidden(_("Notes are written by doctors and nurses who are entered as staff."))
    if doctor_id is None or session.get(Doctor, doctor_id) is None:
        raise ClinicError(_("Choose the doctor who is to sign the note."), field="doctor_id")
    record = MedicalRecord(
        patient_id=patient_id,
        doctor_id=doctor_id,
        author_id=actor.staff_id,
        appointment_id=appointment_id,
        visit_date=now.astimezone(zone).date(),
        status="draft",
        started_at=now,
        encounter_status="in-progress",
        encounter_class="AMB",
        type_display=visit.visit_type.name if visit and visit.visit_type else None,
        reason_display=(visit.reason or "")[:300] or None if visit else None,
    )
    session.add(record)
    session.flush()
    _adopt_vitals(session, record, day_of(now, zone)[0])
    return record


def can_write(actor: Acting, record: MedicalRecord) -> bool:
    """The doctor named in a draft, and the one who began it."""
    mine = actor.doctor_id is not None and actor.doctor_id == record.doctor_id
    begun = actor.staff_id is not None and actor.staff_id == record.author_id
    return record.status == "draft" and (mine or begun)


def save_draft(
    actor: Acting, record: MedicalRecord, texts: Mapping[str, str], version: str
) -> bool:
    """Put `texts` into the draft; whether they differ from what is there. Raises Stale with both
    texts where the record is no longer what `version` was."""
    yours = {name: _tidy(texts.get(name, "")) for name in TEXTS}
    there = texts_of(record)
    if record.status != "draft" or str(record.version) != version:
        signed = record.status != "draft"
        said = SIGNED if signed else CHANGED
        raise Stale(said, yours=yours, current=there, version=record.version, signed=signed)
    if not can_write(actor, record):
        raise Forbidden(_("A draft is written by its doctor and by the one who began it."))
    for name in (name for name in TEXTS if yours[name] != there[name]):
        if len(yours[name]) > LONGEST:
            raise ClinicError(
                _("At most %(most)s characters fit here.", most=f"{LONGEST:,}"), field=name
            )
        setattr(record, name, yours[name] or None)
    return yours != there


def can_sign(actor: Acting, record: MedicalRecord) -> bool:
    """Only the doctor named in it signs a draft; a nurse's draft waits for them."""
    named = actor.doctor_id is not None and actor.doctor_id == record.doctor_id
    return record.status == "draft" and named and Role.DOCTOR in actor.roles


def sign(actor: Acting, record: MedicalRecord, now: datetime) -> None:
    """Lock the draft with signer, time and hash; from then on the database refuses a change."""
    if record.status != "draft":
        raise ClinicError(_("This note is signed already."))
    if not can_sign(actor, record):
        raise Forbidden(_("A note is signed by the doctor named in it."))
    if not any(texts_of(record).values()):
        raise ClinicError(_("An empty note is not signed: write something first."), field="notes")
    record.status = "signed"
    record.signed_at = now.astimezone(UTC).replace(microsecond=0)
    record.signed_by = actor.staff_id
    record.ended_at = record.ended_at or record.signed_at
    record.encounter_status = "finished"
    record.content_hash = hash_of_record(record)


def can_amend(actor: Acting, record: MedicalRecord) -> bool:
    """Only the doctor of a signed record adds to it."""
    named = actor.doctor_id is not None and actor.doctor_id == record.doctor_id
    return record.status == "signed" and named and Role.DOCTOR in actor.roles


def amend(
    session: Session,
    actor: Acting,
    record: MedicalRecord,
    texts: Mapping[str, str],
    *,
    reason: str,
    after: int,
    now: datetime,
) -> RecordAmendment:
    """Add a version that follows version `after` (0: the signed text). Raises Stale with both
    texts where someone else has amended since."""
    if not can_amend(actor, record):
        raise Forbidden(_("A signed note is amended by its doctor."))
    _queue_up(session, record)
    earlier = amendments(session, record.record_id)
    yours = {name: _tidy(texts.get(name, "")) for name in TEXTS}
    last = texts_of(earlier[-1] if earlier else record)
    if len(earlier) != after:
        raise Stale(CHANGED, yours=yours, current=last, version=len(earlier))
    if not reason.strip():
        raise ClinicError(_("Say why the note is amended."), field="reason")
    if yours == last:
        raise ClinicError(_("The text is the same as before: nothing to amend."), field="notes")
    row = RecordAmendment(
        record_id=record.record_id,
        patient_id=record.patient_id,
        number=after + 1,
        author_id=cast(int, actor.staff_id),
        at=now.astimezone(UTC).replace(microsecond=0),
        reason=_tidy(reason),
        **{name: text or None for name, text in yours.items()},
    )
    row.content_hash = hash_of_amendment(row, hash_before(record, earlier))
    session.add(row)
    return row


def _queue_up(session: Session, record: MedicalRecord) -> None:
    """Two amendments of one record come one after the other."""
    key = MedicalRecord.record_id == record.record_id
    session.execute(select(MedicalRecord.record_id).where(key).with_for_update())


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _visit(session: Session, patient_id: int, appointment_id: int) -> Appointment:
    visit = session.get(Appointment, appointment_id)
    if visit is None or visit.patient_id != patient_id:
        raise NotFound(NOT_THERE)
    if visit.status not in HAS_BEGUN:
        raise ClinicError(_("This visit has not begun: check the patient in first."))
    return visit


def _record_of(session: Session, visit: Appointment) -> MedicalRecord | None:
    key = MedicalRecord.appointment_id == visit.appointment_id
    return session.scalars(select(MedicalRecord).where(key)).one_or_none()


def _adopt_vitals(session: Session, record: MedicalRecord, since: datetime) -> None:
    """What the nurse measured today, before there was a note, belongs to this visit."""
    loose = select(Observation).where(
        Observation.patient_id == record.patient_id,
        Observation.record_id.is_(None),
        Observation.category == CATEGORY,
        Observation.issued >= since,
    )
    for row in session.scalars(loose):
        row.record_id = record.record_id
