"""Paula tries at everything that is Quentin's: probes generated from the application's routes.

Quentin's rows have keys that no other row has, and every text of them carries a mark.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import func, select

from app.extensions import db
from app.models import (
    AllergyIntolerance,
    Appointment,
    Attachment,
    AuditEvent,
    Condition,
    ContactPreference,
    CorrectionRequest,
    MedicalRecord,
    MedicationRequest,
    Notification,
    Observation,
    Patient,
    PatientReport,
    PortalAccess,
    PortalRegistration,
    PortalToken,
    VisitAnswer,
    WaitlistEntry,
    WaitlistOffer,
)
from tests.cast import Cast

MARK = "Quokka"
FIRST_KEY = 50_001
STEP = 10
NOW = datetime.now(UTC)
METHODS = ("GET", "POST", "PUT", "DELETE")
QUERIES = (
    "", "?export=csv", "?patient_id={key}", "?patient={key}", "?q=" + MARK, "?_flt_0_patient={key}",
    "?acting_for={key}", "?page_size=100", "?from=2020-01-01&doctor={key}",
    "?q=(filters:!((col:patient_id,opr:eq,value:{key})))", "?q=(page_size:100,page:0)",
)  # fmt: skip
OUTSIDE = ("/static/", "/portal/join/", "/portal/forgot", "/portal/register", "/login/", "/logout/")
"""Pages before one is signed in, which have tests of their own, and files."""


@dataclass(frozen=True)
class Probe:
    method: str
    path: str
    key: int | None
    """The key of Quentin’s that stands in the path; the answer must be a refusal."""


def fill(cast: Cast) -> dict[str, int]:
    """Rows of Quentin’s in every table about a patient; answers their keys by table."""
    with cast.app.app_context():
        person = db.session.get_one(Patient, cast.quentin)
        person.name, person.email = f"{MARK} Quist", f"{MARK}@example.org"
        person.contact_info = person.insurance_details = MARK
        for row in _rows(cast):
            db.session.add(row)
            db.session.flush()
        db.session.commit()
        db.session.remove()
    names = (type(row).__tablename__ for row in _rows(cast))
    return {name: FIRST_KEY + STEP * n for n, name in enumerate(names)}


def _rows(cast: Cast) -> list[Any]:
    him, said = cast.quentin, f"{MARK} said so"
    keys = iter(range(FIRST_KEY, FIRST_KEY + 1000, STEP))
    visit, record = next(keys), next(keys)
    start = NOW.replace(minute=0, second=0, microsecond=0) + timedelta(days=9)
    signed = {"status": "signed", "signed_at": NOW, "diagnosis": said, "notes": said}
    return [
        Appointment(
            appointment_id=visit, patient_id=him, doctor_id=cast.eriksen, reason=said,
            visit_type_id=cast.visit_type, appointment_datetime=start,
        ),
        MedicalRecord(
            record_id=record, patient_id=him, doctor_id=cast.eriksen, visit_date=date(2026, 1, 2),
            **signed,
        ),
        Condition(condition_id=next(keys), patient_id=him, display=said),
        AllergyIntolerance(allergy_id=next(keys), patient_id=him, display=said),
        MedicationRequest(medication_request_id=next(keys), patient_id=him, display=said),
        Observation(
            observation_id=next(keys), patient_id=him, display=said, effective="2026-01-02",
            value_text=said,
        ),
        WaitlistEntry(
            waitlist_entry_id=(entry := next(keys)), patient_id=him, created=NOW, earliest=NOW,
            visit_type_id=cast.visit_type, latest=NOW + timedelta(days=90),
        ),
        WaitlistOffer(
            waitlist_offer_id=next(keys), waitlist_entry_id=entry, patient_id=him,
            appointment_id=visit, offered_at=NOW, expires_at=NOW + timedelta(hours=9),
        ),
        CorrectionRequest(
            correction_request_id=next(keys), patient_id=him, record_id=record,
            doctor_id=cast.eriksen, wish=said, created=NOW,
        ),
        PatientReport(
            patient_report_id=next(keys), patient_id=him, kind="allergy", display=said, created=NOW
        ),
        VisitAnswer(
            visit_answer_id=next(keys), appointment_id=visit, patient_id=him, question=said,
            answer=said, answered=NOW,
        ),
        ContactPreference(contact_preference_id=next(keys), patient_id=him),
        Notification(
            notification_id=next(keys), once=said, rule="booked", patient_id=him, subject=said,
            body=said, created=NOW, not_before=NOW, message_id=said, state="sent", sent_at=NOW,
        ),
        Attachment(
            attachment_id=next(keys), patient_id=him, title=said, filename=f"{MARK}.txt",
            media_type="text/plain", size=9, digest="0" * 64, content=said.encode(),
            uploaded_at=NOW,
        ),
        PortalAccess(
            portal_access_id=next(keys), patient_id=him, user_id=cast.users["quentin"],
            relation="carer", holder=said, since=NOW,
        ),
        PortalRegistration(
            portal_registration_id=next(keys), patient_id=him, name=said, dob=date(1955, 12, 31),
            email=f"{MARK}@example.org", created=NOW,
        ),
        PortalToken(
            portal_token_id=next(keys), purpose="invitation", patient_id=him, holder=said,
            token_hash=MARK, created=NOW, expires_at=NOW + timedelta(days=7),
        ),
    ]  # fmt: skip


def probes(cast: Cast, keys: dict[str, int], count: int, seed: int) -> list[Probe]:
    """`count` probes by chance, half of them at the portal with a key of Quentin’s in the address
    as far as there are so many."""
    every, his = list(_every(cast, keys)), set(keys.values())
    aimed = [
        p for p in every if p.key in his and p.path.startswith("/portal/") and "?" not in p.path
    ]
    aimed_at = set(aimed)
    rest = [p for p in every if p not in aimed_at]
    chance = random.Random(seed)
    chance.shuffle(aimed)
    first = aimed[: count // 2]
    return first + chance.sample(rest, count - len(first))


def _every(cast: Cast, keys: dict[str, int]) -> Iterator[Probe]:
    near = [key + by for key in (*keys.values(), cast.quentin) for by in (0, 1, -1)]
    near = [key for key in near if key != cast.paula]
    for rule in cast.app.url_map.iter_rules():
        if rule.rule.startswith(OUTSIDE):
            continue
        keyed = "<" in rule.rule.replace("<version>", "v1")
        for method, key, query in product(METHODS, near, QUERIES):
            if method in (rule.methods or ()):
                path = rule.rule.replace("<version>", "v1")
                path = re.sub(r"<any\((\w+)[^>]*>", r"\1", path)
                if path.count("<") > 1:  # a row of his below him, such as a file of his chart
                    path = path.replace("<patient_id>", str(cast.quentin))
                path = re.sub(r"<[^>]+>", str(key), path)
                yield Probe(method, path + query.format(key=key), key if keyed else None)


def try_all(cast: Cast, tries: list[Probe], keys: dict[str, int]) -> list[tuple[Any, ...]]:
    """Send them as Paula; answers what went wrong: a byte of Quentin’s, no refusal where the
    address names a row of his, or a refusal without its event."""
    client, wrong, before, told = cast.client("paula"), [], refusals(cast), 0
    his = set(keys.values())
    ids = {
        "patient": cast.quentin,
        "patient_id": cast.quentin,
        "appointment_id": keys["appointment"],
    }
    for probe in tries:
        body: dict[str, Any] = {}
        if probe.method in ("POST", "PUT"):
            body = {"json": ids} if "/api/" in probe.path else {"data": ids}
        answer = client.open(probe.path, method=probe.method, **body)
        if MARK.encode() in answer.data.replace(f"q={MARK}".encode(), b""):
            wrong.append((probe, answer.status_code, "a byte of his"))
        if answer.status_code >= 500:
            wrong.append((probe, answer.status_code, "broke"))
        if probe.key in his and answer.status_code not in (400, 401, 403, 404, 405):
            wrong.append((probe, answer.status_code, "no refusal"))
        told += probe.key in his and answer.status_code in (403, 404)
        answer.close()
    if refusals(cast) - before < told:
        wrong.append((told, refusals(cast) - before, "events are missing"))
    return wrong


def refusals(cast: Cast) -> int:
    with cast.app.app_context():
        query = select(func.count()).where(
            AuditEvent.outcome == "refused", AuditEvent.user_id == cast.users["paula"]
        )
        return int(db.session.scalar(query) or 0)


def state_of(cast: Cast) -> list[Any]:
    """Quentin’s rows as they are, to see that none was touched."""
    with cast.app.app_context():
        found = []
        for row in _rows(cast):
            model = type(row)
            kept = db.session.scalars(select(model).where(model.patient_id == cast.quentin)).all()
            found.append((model.__name__, sorted((one.pk, one.version) for one in kept)))
        db.session.remove()
        return found
