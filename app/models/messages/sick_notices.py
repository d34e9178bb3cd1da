"""What patients are told of a doctor's absence: one message each, whatever the number of visits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.base.clock import clinic_zone
from app.models.messages import outbox, planning, wording
from app.models.messages.notification import Notification
from app.models.messages.visits_told import Known, Told
from app.models.people.staff import Doctor
from app.models.rota.absence import Absence, AbsenceRow

ABSENT, BACK = "doctor_absent", "doctor_back"


def tell_all(
    session: Session, absence: Absence, rows: Iterable[AbsenceRow], now: datetime
) -> list[Notification]:
    """Announce it to each patient; each row remembers a message that speaks of it."""
    found: list[Notification] = []
    for patient_id, mine in _by_patient(rows).items():
        found += _tell_absent(session, absence, patient_id, mine, now)
    return found


def take_back(session: Session, absence: Absence, rows: Iterable[AbsenceRow], now: datetime) -> int:
    """Withdraw what was not sent; what still holds is said anew, and who was told already is told
    that the visit stays. Returns how many patients are told nothing any more."""
    withdrawn = 0
    for patient_id, mine in _by_patient(rows).items():
        back = [row for row in mine if row.not_restored is None]
        if not back:
            continue
        has_left = _withdraw(session, absence, patient_id, mine)
        still = [row for row in mine if row.not_restored is not None]
        if has_left:
            told = [_told(session, row, "back") for row in back]
            _announce(session, BACK, absence, patient_id, told, now)
        elif still:
            _tell_absent(session, absence, patient_id, still, now)
        else:
            withdrawn += 1
    return withdrawn


def _tell_absent(
    session: Session, absence: Absence, patient_id: int, rows: Sequence[AbsenceRow], now: datetime
) -> list[Notification]:
    told = [_told(session, row, row.done) for row in rows]
    planned = _announce(session, ABSENT, absence, patient_id, told, now)
    goes_out = next((row for row in planned if row.state != "skipped"), None)
    for row in rows:
        row.notification = goes_out
    return planned


def _withdraw(
    session: Session, absence: Absence, patient_id: int, rows: Sequence[AbsenceRow]
) -> bool:
    """Take away what has not left; answers whether something has, or is just leaving."""
    query = select(Notification).where(
        Notification.patient_id == patient_id,
        Notification.rule == ABSENT,
        Notification.once.contains(f":{_cause(absence)}:", autoescape=True),
    )
    notices = session.scalars(query.with_for_update(of=Notification)).all()
    gone = [row for row in notices if row.state in ("claimed", "sent")]
    for row in rows:
        if row.notification not in gone:
            row.notification = gone[0] if gone else None
    session.flush()
    for notice in notices:
        if notice not in gone:
            session.delete(notice)
    session.flush()
    return bool(gone)


def _announce(
    session: Session,
    event: str,
    absence: Absence,
    patient_id: int,
    visits: Sequence[Told],
    now: datetime,
) -> list[Notification]:
    """It waits a little, so that an absence taken back at once tells nobody; what was changed again
    by then is not said (`visits_told.still_true`)."""
    return outbox.announce(
        session, event, _cause(absence), now, patient_id=patient_id, visits=visits,
        context={"doctor": absence.doctor.name}, not_before=now + planning.GRACE,
    )  # fmt: skip


def _cause(absence: Absence) -> str:
    return f"absence:{absence.absence_id}"


def _by_patient(rows: Iterable[AbsenceRow]) -> dict[int, list[AbsenceRow]]:
    found: dict[int, list[AbsenceRow]] = {}
    for row in rows:
        found.setdefault(row.visit.patient_id, []).append(row)
    return found


def _told(session: Session, row: AbsenceRow, what: str) -> Told:
    """A visit as the absence, or its end, leaves it, with the line that says what becomes of it."""
    visit = row.visit
    doctor, zone = session.get_one(Doctor, visit.doctor_id).name, clinic_zone()

    def said(code: str) -> str:
        before = wording.moment_words(row.start_before, code, zone)
        now = wording.moment_words(visit.appointment_datetime, code, zone)
        words = wording.shipped(code)["absence"][what]
        return words.format(before=before, now=f"{now}{wording.with_doctor(code)}{doctor}")

    known = Known(visit.appointment_datetime, visit.doctor_id)
    return Told(visit.appointment_id, known, status=visit.status, line=wording.in_each(said))
