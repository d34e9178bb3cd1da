"""Notes and files as FHIR R4 DocumentReference, each version of a note one of its own."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from app.exchange.fhir_names import Resource, filled, full_url
from app.exchange.fhir_out_rows import Going, instant
from app.models import Attachment, MedicalRecord, RecordAmendment
from app.models.record.amendment import TEXTS, texts_of
from app.models.record.code_systems import LOINC

NOTE = {"system": LOINC, "code": "11506-3", "display": "Progress note"}
AMENDED = "Amended: "
"""What stands before the reason of an amendment."""
MOST_INLINE = 20_000_000
"""Bytes of files that a bundle holds in all; of the rest it says that they are there."""


def notes(going: Going, amendments: Sequence[RecordAmendment]) -> Iterator[Resource]:
    """Every note with a text and its amendments; of a shared bundle the latest version alone."""
    later: dict[int, list[RecordAmendment]] = {}
    for row in amendments:
        later.setdefault(row.record_id, []).append(row)
    for record in going.records.values():
        versions = [record, *later.get(record.record_id, ())]
        written = [row for row in versions if any(texts_of(row).values())]
        for at, row in enumerate(written):
            last = row is written[-1]
            if last or not going.shared:
                before = None if going.shared or not at else written[at - 1]
                yield _note(going, record, row, before, last)


def files(going: Going, rows: Sequence[Attachment]) -> Iterator[Resource]:
    """The files of the chart that were not withdrawn, with what they hold while there is room."""
    room = MOST_INLINE
    for row in rows:
        fits = row.size <= room
        room -= row.size if fits else 0
        name = f"Attachment {row.attachment_id} {row.digest}"
        held = b64encode(row.content).decode() if fits else None
        yield filled(
            _begun(going, name)
            | {
                "status": "current",
                "date": instant(row.uploaded_at),
                "author": _by(going, row.staff_id),
                "description": row.title,
                "content": [
                    {
                        "attachment": filled(
                            {
                                "contentType": row.media_type,
                                "data": held,
                                "size": row.size,
                                "title": row.filename,
                            }
                        )
                    }
                ],
                "context": _context(going, row.record_id),
            }
        )


def _note(going: Going, record: MedicalRecord, row: Any, before: Any, last: bool) -> Resource:
    amended = isinstance(row, RecordAmendment)
    by = row.author_id if amended else record.signed_by or record.author_id
    author = _by(going, by) or list(filter(None, [going.doctor(record.doctor_id)]))
    state = "amended" if amended else "final"
    replaced = [{"code": "replaces", "target": {"reference": _url(_name(record, before))}}]
    text = "\n\n".join(f"{n.capitalize()}: {getattr(row, n)}" for n in TEXTS if getattr(row, n))
    reason = f"{AMENDED}{row.reason}" if amended and not going.shared else None
    return filled(
        _begun(going, _name(record, row))
        | {
            "status": "current" if last else "superseded",
            "docStatus": state,
            "type": {"coding": [NOTE], "text": "Progress note"},
            "date": instant(row.at if amended else record.signed_at or record.started_at),
            "author": author,
            "relatesTo": replaced if before is not None else [],
            "description": reason,
            "content": [
                {
                    "attachment": {
                        "contentType": "text/plain; charset=utf-8",
                        "data": b64encode(text.encode()).decode(),
                        "title": str(record),
                    }
                }
            ],
            "context": _context(going, record.record_id),
        }
    )


def _begun(going: Going, name: str) -> Resource:
    number = _url(name).removeprefix("urn:uuid:")
    return {"resourceType": "DocumentReference", "id": number, "subject": going.subject}


def _name(record: MedicalRecord, row: Any) -> str:
    number = row.number if isinstance(row, RecordAmendment) else 0
    return f"{full_url('Encounter', record)} {number}"


def _url(name: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"


def _by(going: Going, staff_id: int | None) -> list[Resource]:
    named = going.practitioner(going.staff.get(staff_id or 0))
    return [named] if named else []


def _context(going: Going, record_id: int | None) -> Resource:
    encounter = going.encounter(record_id)
    return {"encounter": [encounter]} if encounter else {}
