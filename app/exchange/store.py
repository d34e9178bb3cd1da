"""Writes one batch: known rows are left alone, new ones go in by bulk statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from app.exchange import notes_in
from app.exchange.batch import NOT_STATED, Batch, Broken, Row
from app.exchange.bulk import Ids, add, doctor_ids, ids_of, insert_all, look_up, tally
from app.exchange.report import Report, Tally
from app.models import (
    AllergyIntolerance,
    Appointment,
    Condition,
    Doctor,
    Entity,
    MedicalRecord,
    MedicationRequest,
    Observation,
    Patient,
    PatientLink,
    Staff,
)

STATEMENTS: dict[str, type[Entity]] = {
    "Condition": Condition,
    "MedicationRequest": MedicationRequest,
    "AllergyIntolerance": AllergyIntolerance,
    "Observation": Observation,
}
NOT_NAMED: Row = {
    "identifier": "clinic:practitioner-not-named",
    "name": "Practitioner not named",
    "role": "doctor",
    "specialization": NOT_STATED,
    "active": False,
}
TURN = 7_305_461_127  # any number that no other advisory lock of the clinic uses


def store(session: Session, batch: Batch, now: datetime) -> Report:
    """Add what is new in `batch` and answer the counts; the caller commits.

    Raises Broken, or what the database raises, where the batch cannot be kept as a whole.
    """
    _take_turns(session)
    report = Report(files=1, notes=batch.notes.copy())
    for (kind, reason), count in batch.skipped.items():
        report[kind].skipped[reason] += count
    rows = batch.rows
    report["Practitioner"].add(_add_doctors(session, rows["Practitioner"]))
    new = _add_patients(session, rows["Patient"], now)
    report["Patient"].add(tally(rows["Patient"], new))
    everything = [row for kind in ("Encounter", *STATEMENTS) for row in rows[kind]]
    _name_people(session, everything)
    report["Encounter"].add(_add_encounters(session, batch, report))
    _name_records(session, [row for row in everything if row.get("record")], report)
    for kind, model in STATEMENTS.items():
        report[kind].add(tally(rows[kind], _add_in_turn(session, model, rows[kind], kind)))
    _link_patients(session, rows["Patient"], new, now)
    return report


def only_patient(session: Session, batch: Batch) -> int | None:
    """The patient whom the batch is about, where it is one."""
    kept = _who_is_kept(session)
    found = ids_of(session, Patient, (row["identifier"] for row in batch.rows["Patient"])).values()
    numbers = {kept.get(number, number) for number in found}
    return numbers.pop() if len(numbers) == 1 else None


def _take_turns(session: Session) -> None:
    """Two imports of one file must not both find it new; SQLite lets one writer in anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(TURN)))


def _add_doctors(session: Session, rows: list[Row]) -> Tally:
    fresh = add(session, Staff, rows, "Practitioner")
    staff = ids_of(session, Staff, fresh)
    doctors = [row | {"staff_id": staff[key]} for key, row in fresh.items()]
    insert_all(session, Doctor, doctors, "Practitioner")
    return tally(rows, fresh)


def _add_patients(session: Session, rows: list[Row], now: datetime) -> dict[str, Row]:
    for row in rows:
        Patient(dob=row["dob"]).check(session, None, now)
    fresh = add(session, Patient, rows, "Patient")
    table = Patient.__table__
    numbered = [
        {"_id": number, "record_number": f"P-{number:06d}"}
        for number in ids_of(session, Patient, fresh).values()
    ]
    if numbered:
        session.connection().execute(
            update(table).where(table.c.patient_id == bindparam("_id")), numbered
        )
    return fresh


def _link_patients(
    session: Session, rows: list[Row], new: Mapping[str, Row], now: datetime
) -> None:
    """Take over who is kept for whom, of patients who were not in the clinic before: a file merges
    nobody who is known here."""
    ids = ids_of(
        session,
        Patient,
        [key for row in rows for key in (row["identifier"], row.get("replaced_by"))],
    )
    links = {row["identifier"]: row.get("replaced_by") for row in rows if row["identifier"] in new}
    for other, kept in links.items():
        if kept in ids and kept != other and not links.get(kept):
            session.add(
                PatientLink(
                    patient_id=ids[kept], other_id=ids[other], reason="Merged where it came from.",
                    moved={}, linked_at=now,
                )
            )  # fmt: skip
            session.flush()


def _who_is_kept(session: Session) -> dict[int, int]:
    """By the number of each patient who was merged into another, that of the other."""
    query = select(PatientLink.other_id, PatientLink.patient_id)
    rows = session.execute(query.where(PatientLink.undone_at.is_(None)))
    return {row.other_id: row.patient_id for row in rows}


def _whose(session: Session, model: Any, keys: list[str]) -> Ids:
    """By identifier, whose row it is; of who was merged, who is kept."""
    kept, column = _who_is_kept(session), model.identifier
    found = look_up(session, select(column, model.patient_id), column, keys)
    return {key: kept.get(number, number) for key, number in found.items()}


def _name_people(session: Session, rows: list[Row]) -> None:
    """Turn the references `patient` and `doctor` into ids."""
    kept = _who_is_kept(session)
    found = ids_of(session, Patient, (row["patient"] for row in rows))
    patients = {key: kept.get(number, number) for key, number in found.items()}
    doctors = doctor_ids(session, (row.get("doctor") for row in rows))
    for row in rows:
        if row["patient"] not in patients:
            raise Broken(
                f"{row['identifier']} belongs to the patient {row['patient'][:80]}, "
                "who is neither in the file nor in the clinic."
            )
        row["patient_id"] = patients[row["patient"]]
        row["doctor_id"] = doctors.get(row.get("doctor") or "")


def _name_records(session: Session, rows: list[Row], report: Report) -> None:
    """Turn the reference `record` into an id; it must be a visit of the same patient."""
    keys = [row["record"] for row in rows]
    records = ids_of(session, MedicalRecord, keys)
    whose = _whose(session, MedicalRecord, keys)
    for row in rows:
        if whose.get(row["record"], row["patient_id"]) != row["patient_id"]:
            raise Broken(f"{row['identifier'][:80]} names an encounter of another patient.")
        row["record_id"] = records.get(row["record"])
        if row["record_id"] is None:
            report.notes["statements name an encounter that is in no file; kept without it."] += 1


def _add_encounters(session: Session, batch: Batch, report: Report) -> Tally:
    """One appointment and one signed record for each, with its note; the reason stays on the
    record."""
    rows, texts = batch.rows["Encounter"], notes_in.first_texts(batch.versions)
    _name_missing_doctors(session, rows, report)
    known = ids_of(session, MedicalRecord, (row["identifier"] for row in rows))
    visits = [
        row | {"status": row["appointment_status"]}
        for row in rows
        if row["identifier"] not in known
    ]
    add(session, Appointment, visits, "Encounter")
    appointments = ids_of(session, Appointment, (row["identifier"] for row in rows))
    records = [
        row
        | {"status": "signed", "appointment_id": appointments.get(row["identifier"])}
        | texts.get(row["identifier"], {})
        for row in rows
    ]
    fresh = add(session, MedicalRecord, records, "Encounter")
    notes_in.amend(session, batch.versions, fresh)
    return tally(rows, fresh)


def _name_missing_doctors(session: Session, rows: list[Row], report: Report) -> None:
    nameless = [row for row in rows if row["doctor_id"] is None]
    if not nameless:
        return
    _add_doctors(session, [NOT_NAMED])
    (fallback,) = doctor_ids(session, [NOT_NAMED["identifier"]]).values()
    for row in nameless:
        row["doctor_id"] = fallback
    sentence = f"encounters name no known practitioner; kept under “{NOT_NAMED['name']}”."
    report.notes[sentence] += len(nameless)


def _add_in_turn(
    session: Session, model: type[Entity], rows: list[Row], kind: str
) -> dict[str, Row]:
    """`_add`, an entry that takes the place of another after that one. Raises Broken."""
    fresh: dict[str, Row] = {}
    while rows:
        waiting = {row["identifier"] for row in rows}
        ready = [row for row in rows if row.get("replaces") not in waiting]
        if not ready:
            raise Broken(f"{rows[0]['identifier'][:80]} takes its own place.")
        rows = [row for row in rows if row.get("replaces") in waiting]
        replacing = [row for row in ready if row.get("replaces")]
        earlier = ids_of(session, model, (row["replaces"] for row in replacing))
        whose = _whose(session, model, [row["replaces"] for row in replacing])
        for row in replacing:
            if whose.get(row["replaces"], row["patient_id"]) != row["patient_id"]:
                raise Broken(
                    f"{row['identifier'][:80]} takes the place of another patient's entry."
                )
            row["replaces_id"] = earlier.get(row["replaces"])
        fresh |= add(session, model, ready, kind)
    return fresh
