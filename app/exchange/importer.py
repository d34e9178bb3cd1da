"""Brings files in: each as a whole or not at all, and none twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.exchange import fhir, synthea_csv
from app.exchange.batch import Batch
from app.exchange.report import Report
from app.exchange.sources import CsvFolder, Source, sources
from app.exchange.store import only_patient, store
from app.models import AuditEvent, ClinicError

Progress = Callable[[int, int, str], None]
"""Called after each file with (files done, files in all, name of the file)."""


def import_paths(
    session: Session,
    paths: Iterable[str | Path],
    progress: Progress | None = None,
    *,
    now: datetime | None = None,
) -> Report:
    """Import FHIR R4 files, Synthea CSV folders, folders of either, and tar archives of FHIR.

    Commits once per file and rolls back for a file that fails, so hand over a session with
    nothing pending. Failures are in the report, never raised. `now` is an aware instant.
    """
    paths = list(paths)
    now = now or datetime.now(UTC)
    total = sum(1 for _ in sources(paths))
    report = Report()
    for done, source in enumerate(sources(paths), start=1):
        report.add(_import(session, source, now))
        if progress:
            progress(done, total, source.name)
    if report.new and session.get_bind().dialect.name == "postgresql":
        session.execute(text("ANALYZE"))  # its planner takes the tables for empty else
        session.commit()
    return report


def _import(session: Session, source: Source, now: datetime) -> Report:
    try:
        batch = _parse(source, now)  # before the transaction: SQLite's holds everybody else off
        report = store(session, batch, now)
        if report.new:
            session.add(_event(source.name, report, now, only_patient(session, batch)))
        session.commit()
    except (ClinicError, SQLAlchemyError, RecursionError, MemoryError) as error:
        session.rollback()
        return Report(failed=[(source.name, _sentence(error))])
    return report


def _parse(source: Source, now: datetime) -> Batch:
    if isinstance(source, CsvFolder):
        return synthea_csv.read(source.path, now)
    return fhir.read(source.read(), now)


def _event(file: str, report: Report, now: datetime, patient_id: int | None) -> AuditEvent:
    return AuditEvent(
        recorded=now,
        agent="import",
        action="import",
        entity="Patient",
        entity_id=str(patient_id) if patient_id else None,
        patient_id=patient_id,
        outcome="success",
        detail={"file": file, **report.counts()},
    )


def _sentence(error: Exception) -> str:
    cause = error.orig if isinstance(error, SQLAlchemyError) and hasattr(error, "orig") else error
    if isinstance(cause, RecursionError):
        return "It is nested too deeply."
    if isinstance(cause, ClinicError):
        return cause.message
    first_line = next(iter(str(cause).splitlines()), type(cause).__name__)
    return f"It could not be kept: {first_line}."
