"""What patients are told of a doctor's absence: one message each, whatever the number of visits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.models.base.clock import clinic_zone
from app.models.messages import outbox
from app.models.messages.notification import Notification
from app.models.people.staff import Doctor
from app.models.rota.absence import Absence, AbsenceRow


def tell_all(
    session: Session, absence: Absence, rows: Iterable[AbsenceRow], now: datetime
) -> list[Notification]:
    """Queue one message per patient; each row remembers which one speaks of it."""
    found = []
    for patient_id, mine in _by_patient(rows).items():
        words = _words(session, absence, mine)
        notice = _tell(session, "doctor_absent", absence, patient_id, words, now)
        for row in mine:
            row.notification = notice
        found.append(notice)
    return found


def take_back(session: Session, absence: Absence, rows: Iterable[AbsenceRow], now: datetime) -> int:
    """Withdraw what was not sent; what still holds is said anew, and who was told already is told
    that the visit stays. Returns how many messages were withdrawn."""
    withdrawn = 0
    for patient_id, mine in _by_patient(rows).items():
        notice = mine[0].notification
        back = [row for row in mine if row.not_restored is None]
        if not back:
            continue
        if notice is not None and notice.sent_at is not None:
            words = _words_back(session, back)
            _tell(session, "doctor_back", absence, patient_id, words, now)
            continue
        still = [row for row in mine if row.not_restored is not None]
        if notice is not None and still:
            for name, text in _words(session, absence, still).items():
                setattr(notice, name, text)
        elif notice is not None:
            for row in mine:
                row.notification = None
            session.flush()
            session.delete(notice)
            withdrawn += 1
    return withdrawn


def _tell(
    session: Session,
    rule: str,
    absence: Absence,
    patient_id: int,
    words: dict[str, str],
    now: datetime,
) -> Notification:
    cause = f"absence:{absence.absence_id}:patient:{patient_id}"
    return outbox.put(
        session, rule, cause, words["subject"], words["body"], now,
        patient_id=patient_id, channel="email",
    )  # fmt: skip


def _by_patient(rows: Iterable[AbsenceRow]) -> dict[int, list[AbsenceRow]]:
    found: dict[int, list[AbsenceRow]] = {}
    for row in rows:
        found.setdefault(row.visit.patient_id, []).append(row)
    return found


def _words(session: Session, absence: Absence, rows: list[AbsenceRow]) -> dict[str, str]:
    name = absence.doctor.name
    lines = [f"{name} cannot see you as planned; we are sorry."]
    for row in rows:
        if row.done == "cancelled":
            lines.append(f"Your visit on {_when(row.start_before)} does not take place.")
            lines.append("Please call us for a new time.")
        else:
            doctor = session.get_one(Doctor, row.visit.doctor_id)
            new = _when(row.visit.appointment_datetime)
            lines.append(
                f"Your visit on {_when(row.start_before)} is now on {new} with {doctor.name}."
            )
    moved = any(row.done == "moved" for row in rows)
    subject = "Your visit was moved" if moved else "Your visit was cancelled"
    return {"subject": subject, "body": "\n".join(lines)}


def _words_back(session: Session, rows: list[AbsenceRow]) -> dict[str, str]:
    lines = []
    for row in rows:
        doctor = session.get_one(Doctor, row.visit.doctor_id)
        lines.append(f"Your visit on {_when(row.start_before)} with {doctor.name} takes place.")
    return {"subject": "Your visit takes place as first planned", "body": "\n".join(lines)}


def _when(moment: datetime) -> str:
    wall = moment.astimezone(clinic_zone())
    return f"{wall:%A}, {wall:%-d} {wall:%B} {wall:%Y} at {wall:%H:%M}"
