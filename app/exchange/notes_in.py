"""Notes that this clinic sent, read again: each version of a note is a DocumentReference.

The first version becomes the text of its visit, each later one an amendment. A note of another kind, or
one that was not signed, is left out.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.batch import Broken, Row
from app.exchange.fhir_out_notes import AMENDED, NOTE
from app.exchange.fhir_rows import Context
from app.exchange.node import Node, coding
from app.exchange.values import instant
from app.models import Doctor, MedicalRecord, RecordAmendment, Staff
from app.models.record.amendment import TEXTS, amendments, hash_before, hash_of_amendment

SIGNED = ("final", "amended")


def version(context: Context, resource: Node) -> Row | None:
    """One version of a note: its visit, its author, when, why, and its texts. Raises Broken."""
    if coding(resource.node("type"))["code"] != NOTE["code"]:
        return None
    if resource.text("docStatus") not in SIGNED:
        return None
    found = resource.node("context").first("encounter")
    record = context.references.find(found, resource, context.key)[0]
    texts = _texts(resource)
    at = resource.text("date")
    if record is None or at is None or not texts:
        return None
    return {
        "record": record,
        "author": context.doctor(resource, resource.first("author")),
        "at": instant(at, f"{resource.path}.date"),
        "reason": (resource.text("description") or "").removeprefix(AMENDED),
        "texts": texts,
    }


def first_texts(versions: Iterable[Row]) -> dict[str, Row]:
    """By the key of its visit, the texts of the first version."""
    found: dict[str, Row] = {}
    for row in _in_order(versions):
        found.setdefault(row["record"], row["texts"])
    return found


def amend(session: Session, versions: Iterable[Row], fresh: Mapping[str, Any]) -> None:
    """Put the later versions to the visits that are new, each sealed by a hash of its own."""
    later: dict[str, list[Row]] = {}
    for row in _in_order(versions):
        later.setdefault(row["record"], []).append(row)
    for key, rows in later.items():
        if key in fresh and len(rows) > 1:
            query = select(MedicalRecord).where(MedicalRecord.identifier == key)
            _amend(session, session.scalars(query).one(), rows[1:])


def _amend(session: Session, record: MedicalRecord, rows: list[Row]) -> None:
    for row in rows:
        earlier = amendments(session, record.record_id)
        added = RecordAmendment(
            record_id=record.record_id, patient_id=record.patient_id, number=len(earlier) + 1,
            author_id=_author(session, record, row["author"]), at=row["at"].replace(microsecond=0),
            reason=row["reason"] or "–", **row["texts"],
        )  # fmt: skip
        added.content_hash = hash_of_amendment(added, hash_before(record, earlier))
        session.add(added)
        session.flush()


def _author(session: Session, record: MedicalRecord, key: str | None) -> int:
    """Who is named, else the doctor of the visit."""
    known = session.scalar(select(Staff.staff_id).where(Staff.identifier == key)) if key else None
    return known or session.get_one(Doctor, record.doctor_id).staff_id


def _in_order(versions: Iterable[Row]) -> list[Row]:
    return sorted(versions, key=lambda row: _moment(row["at"]))


def _moment(at: datetime) -> float:
    return at.timestamp()


def _texts(resource: Node) -> Row:
    """What stands under each heading; nothing where it is not a text of ours."""
    attachment = resource.first("content").node("attachment")
    if not (attachment.text("contentType") or "").startswith("text/plain"):
        return {}
    try:
        rest = b64decode(attachment.text("data") or "", validate=True).decode()
    except (Error, UnicodeError):
        raise Broken(f"{resource.path} holds a text that cannot be read.") from None
    found: Row = {}
    for at, name in enumerate(TEXTS):
        heading = f"{name.capitalize()}: "
        if not rest.startswith(heading):
            continue
        rest = rest.removeprefix(heading)
        ends = (rest.find(f"\n\n{later.capitalize()}: ") for later in TEXTS[at + 1 :])
        cut = min((end for end in ends if end >= 0), default=len(rest))
        found[name], rest = rest[:cut], rest[cut:].removeprefix("\n\n")
    return {} if rest else found
