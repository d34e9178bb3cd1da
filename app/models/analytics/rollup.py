"""Keeps the facts in step with the tables, and proves that they are.

The facts are computed by a job, not in the booking's transaction: a clinic's time zone, the
history of a visit and a patient's other visits are beyond a trigger, and a booking should not
wait for statistics. What a trigger can do is to note, in the transaction, what was changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from app.models.analytics.collect import Fact, room_facts, shift_facts, visit_facts
from app.models.analytics.tables import FactTouched, RoomFact, ShiftFact, VisitFact
from app.models.base.clock import clinic_zone
from app.models.people import linked
from app.models.rota.shift import Shift

CHUNK = 5000
MANY = 2000
"""Patients or days from which on everything is computed anew, which is quicker."""

LOCK = 7_021_305
"""One refresh at a time: the key of PostgreSQL's advisory lock. SQLite has one writer anyway."""

Days = tuple[date, date]


def refresh(session: Session, now: datetime) -> int:
    """The job: compute anew what was touched; answers how many changes that were."""
    if not _is_alone(session):
        return 0
    touched = session.execute(
        select(
            FactTouched.touched_id,
            FactTouched.first_day,
            FactTouched.last_day,
            FactTouched.patient_id,
        )
    ).all()
    if not touched:
        return 0
    zone = clinic_zone()
    patients = {row.patient_id for row in touched if row.patient_id is not None}
    days = _runs((row.first_day, row.last_day) for row in touched)
    if max(len(patients), sum((last - first).days for first, last in days)) > MANY:
        _rebuild(session, zone)
    else:
        _keep_visits(session, zone, linked.all_rows(session, patients))
        for first, last in days:
            _keep_days(session, zone, first, last)
    _forget(session, [row.touched_id for row in touched])
    return len(touched)


def pending(session: Session) -> bool:
    """Whether something has changed that the facts do not know yet."""
    return session.scalar(select(FactTouched.touched_id).limit(1)) is not None


def rollup_differences(session: Session, zone: ZoneInfo | None = None) -> list[str]:
    """One sentence for each kind of fact that is not what the tables say; none if all is well.

    Changes that wait for the next refresh are differences, too: refresh before you ask.
    """
    zone = zone or clinic_zone()
    span = _all_days(session)
    computed: list[tuple[Any, Iterable[Fact]]] = [(VisitFact, visit_facts(session, zone))]
    for model, collect in ((ShiftFact, shift_facts), (RoomFact, room_facts)):
        computed.append((model, collect(session, zone, *span) if span else []))
    said = []
    for model, facts in computed:
        kept = {tuple(row) for row in session.execute(select(*_columns(model)))}
        true = {tuple(fact[column.key] for column in _columns(model)) for fact in facts}
        if wrong := len(kept ^ true):
            said.append(f"{model.__tablename__}: {wrong} rows are not what the tables say.")
    return said


def _rebuild(session: Session, zone: ZoneInfo) -> None:
    _keep_visits(session, zone, None)
    for model in (ShiftFact, RoomFact):
        session.execute(delete(model))
    if span := _all_days(session):
        _insert(session, ShiftFact, shift_facts(session, zone, *span))
        _insert(session, RoomFact, room_facts(session, zone, *span))


def _keep_visits(session: Session, zone: ZoneInfo, patients: Collection[int] | None) -> None:
    theirs = delete(VisitFact)
    if patients is not None:
        theirs = theirs.where(VisitFact.patient_id.in_(patients))
    session.execute(theirs)
    _insert(session, VisitFact, visit_facts(session, zone, patients))


def _keep_days(session: Session, zone: ZoneInfo, first: date, last: date) -> None:
    for model, facts in (
        (ShiftFact, shift_facts(session, zone, first, last)),
        (RoomFact, room_facts(session, zone, first, last)),
    ):
        session.execute(delete(model).where(model.day.between(first, last)))
        _insert(session, model, facts)


def _insert(session: Session, model: Any, facts: Iterable[Fact]) -> None:
    remaining = iter(facts)
    while chunk := list(islice(remaining, CHUNK)):
        session.execute(insert(model), chunk)


def _forget(session: Session, keys: list[int]) -> None:
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        session.execute(delete(FactTouched).where(FactTouched.touched_id.in_(some)))


def _is_alone(session: Session) -> bool:
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK}))


def _all_days(session: Session) -> Days | None:
    """The first and the last day on which anybody works, and the night after."""
    first, last = session.execute(
        select(func.min(Shift.shift_date), func.max(Shift.shift_date))
    ).one()
    return (first, last + timedelta(days=1)) if first else None


def _runs(spans: Iterable[Days]) -> list[Days]:
    """The days around these, in as few runs as possible: a day in UTC is part of two of the
    clinic's, a night shift reaches from one into the next, and a visit may last a day."""
    return list(_joined(sorted(set(spans))))


def _joined(spans: list[Days]) -> Iterator[Days]:
    run: Days | None = None
    for start, end in spans:
        first, last = start - timedelta(days=2), end + timedelta(days=2)
        if run and first <= run[1] + timedelta(days=1):
            run = (run[0], max(run[1], last))
        else:
            if run:
                yield run
            run = (first, last)
    if run:
        yield run


def _columns(model: Any) -> list[Any]:
    return [column for column in model.__table__.columns if column.key != "version"]
