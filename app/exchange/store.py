"""Writes one batch: known rows are left alone, new ones go in by bulk statements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.exchange.batch import NOT_STATED, Batch, Broken, Row
from app.exchange.fitting import check
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
IN_CHUNK = 1000
TURN = 7_305_461_127  # any number that no other advisory lock of the clinic uses

Ids = dict[str, int]


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
    report["Patient"].add(_add_patients(session, rows["Patient"], now))
    everything = [row for kind in ("Encounter", *STATEMENTS) for row in rows[kind]]
    _name_people(session, everything)
    report["Encounter"].add(_add_encounters(session, rows["Encounter"], report))
    _name_records(session, [row for row in everything if row.get("record")], report)
    for kind, model in STATEMENTS.items():
        report[kind].add(_tally(rows[kind], _add(session, model, rows[kind], kind)))
    return report


def only_patient(session: Session, batch: Batch) -> int | None:
    """The patient whom the batch is about, where it is one."""
    numbers = list(
        _ids(session, Patient, (row["identifier"] for row in batch.rows["Patient"])).values()
    )
    return numbers[0] if len(numbers) == 1 else None


def _take_turns(session: Session) -> None:
    """Two imports of one file must not both find it new; SQLite lets one writer in anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(TURN)))


def _add_doctors(session: Session, rows: list[Row]) -> Tally:
    fresh = _add(session, Staff, rows, "Practitioner")
    staff = _ids(session, Staff, fresh)
    doctors = [row | {"staff_id": staff[key]} for key, row in fresh.items()]
    _insert(session, Doctor, doctors, "Practitioner")
    return _tally(rows, fresh)


def _add_patients(session: Session, rows: list[Row], now: datetime) -> Tally:
    for row in rows:
        Patient(dob=row["dob"]).check(session, None, now)
    fresh = _add(session, Patient, rows, "Patient")
    table = Patient.__table__
    numbered = [
        {"_id": number, "record_number": f"P-{number:06d}"}
        for number in _ids(session, Patient, fresh).values()
    ]
    if numbered:
        session.connection().execute(
            update(table).where(table.c.patient_id == bindparam("_id")), numbered
        )
    return _tally(rows, fresh)


def _who_is_kept(session: Session) -> dict[int, int]:
    """By the number of each patient who was merged into another, that of the other."""
    query = select(PatientLink.other_id, PatientLink.patient_id)
    rows = session.execute(query.where(PatientLink.undone_at.is_(None)))
    return {row.other_id: row.patient_id for row in rows}


def _name_people(session: Session, rows: list[Row]) -> None:
    """Turn the references `patient` and `doctor` into ids."""
    kept = _who_is_kept(session)
    found = _ids(session, Patient, (row["patient"] for row in rows))
    patients = {key: kept.get(number, number) for key, number in found.items()}
    doctors = _doctor_ids(session, (row.get("doctor") for row in rows))
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
    records = _ids(session, MedicalRecord, keys)
    column = MedicalRecord.identifier
    kept = _who_is_kept(session)
    found = _look_up(session, select(column, MedicalRecord.patient_id), column, keys)
    whose = {key: kept.get(number, number) for key, number in found.items()}
    for row in rows:
        if whose.get(row["record"], row["patient_id"]) != row["patient_id"]:
            raise Broken(f"{row['identifier'][:80]} names an encounter of another patient.")
        row["record_id"] = records.get(row["record"])
        if row["record_id"] is None:
            report.notes["statements name an encounter that is in no file; kept without it."] += 1


def _add_encounters(session: Session, rows: list[Row], report: Report) -> Tally:
    """One appointment and one signed record for each; the reason stays on the record."""
    _name_missing_doctors(session, rows, report)
    known = _ids(session, MedicalRecord, (row["identifier"] for row in rows))
    visits = [
        row | {"status": row["appointment_status"]}
        for row in rows
        if row["identifier"] not in known
    ]
    _add(session, Appointment, visits, "Encounter")
    appointments = _ids(session, Appointment, (row["identifier"] for row in rows))
    records = [
        row | {"status": "signed", "appointment_id": appointments.get(row["identifier"])}
        for row in rows
    ]
    return _tally(rows, _add(session, MedicalRecord, records, "Encounter"))


def _name_missing_doctors(session: Session, rows: list[Row], report: Report) -> None:
    nameless = [row for row in rows if row["doctor_id"] is None]
    if not nameless:
        return
    _add_doctors(session, [NOT_NAMED])
    (fallback,) = _doctor_ids(session, [NOT_NAMED["identifier"]]).values()
    for row in nameless:
        row["doctor_id"] = fallback
    sentence = f"encounters name no known practitioner; kept under “{NOT_NAMED['name']}”."
    report.notes[sentence] += len(nameless)


def _add(session: Session, model: type[Entity], rows: list[Row], kind: str) -> dict[str, Row]:
    """Insert the rows whose identifier is not there yet, and answer them by identifier."""
    known = _ids(session, model, (row["identifier"] for row in rows))
    fresh: dict[str, Row] = {}
    for row in rows:
        if row["identifier"] not in known:
            fresh.setdefault(row["identifier"], row)
    _insert(session, model, list(fresh.values()), kind)
    return fresh


def _insert(session: Session, model: type[Entity], rows: list[Row], kind: str) -> None:
    if not rows:
        return
    named = {key for row in rows for key in row}
    columns = [column for column in model.__table__.columns if column.key in named]
    for row in rows:
        check(columns, row, kind)
    statement = insert(model.__table__).values({c.key: _parameter(c) for c in columns})
    values = [{column.key: row.get(column.key) for column in columns} for row in rows]
    session.connection().execute(statement, values)


def _parameter(column: Column[Any]) -> Any:
    # None must become NULL, which a plain JSON column would write as the JSON value null
    kind = JSON(none_as_null=True) if isinstance(column.type, JSON) else column.type
    return bindparam(column.key, type_=kind)


def _ids(session: Session, model: type[Entity], keys: Iterable[str | None]) -> Ids:
    """The primary keys of the rows that are there, by identifier."""
    table = model.__table__
    (number,) = table.primary_key.columns
    return _look_up(session, select(table.c.identifier, number), table.c.identifier, keys)


def _doctor_ids(session: Session, keys: Iterable[str | None]) -> Ids:
    statement = select(Staff.identifier, Doctor.doctor_id).join(Doctor.staff)
    return _look_up(session, statement, Staff.identifier, keys)


def _look_up(session: Session, statement: Any, column: Any, keys: Iterable[str | None]) -> Ids:
    wanted = sorted({key for key in keys if key})
    found: Ids = {}
    for start in range(0, len(wanted), IN_CHUNK):
        chunk = wanted[start : start + IN_CHUNK]
        result = session.execute(statement.where(column.in_(chunk)))
        found.update((identifier, number) for identifier, number in result)
    return found


def _tally(rows: list[Row], fresh: dict[str, Row]) -> Tally:
    return Tally(new=len(fresh), known=len(rows) - len(fresh))
