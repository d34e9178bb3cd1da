"""What the pages of the rota share: reading a body, keeping several rows, telling them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from flask import request
from sqlalchemy import Column
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.models import ClinicError, Role, Stale
from app.models.clock import clinic_zone
from app.models.refusals import sentence_for
from app.models.rota_rules import week_of
from app.security import audit
from app.security.actor import Actor
from app.views import writing
from app.views.guard import BadQuery
from app.views.values import YEARS, clean_text, parse, read_date

STAFF = (Role.ADMIN, Role.DOCTOR, Role.NURSE, Role.RECEPTIONIST)
PLANNERS = (Role.ADMIN,)

Answer = TypeVar("Answer")
Written = Iterable[tuple[str, Any]]


def keep_all(
    session: Session, person: Actor, work: Callable[[], Answer], rows: Callable[[Answer], Written]
) -> Answer:
    """Do a piece of work over several rows in one transaction, with an audit event for each row
    that `rows` names with its action. Raises ClinicError and keeps nothing."""
    try:
        answer = work()
        session.flush()
        events = [
            audit.event(
                person, action, type(row).__name__, key=row.pk,
                patient_id=getattr(row, "patient_id", None),
            )
            for action, row in rows(answer)
        ]  # fmt: skip
        session.add_all(events)
        session.commit()
    except IntegrityError as error:
        session.rollback()
        raise sentence_for(error) from None
    except StaleDataError:
        session.rollback()
        raise Stale(writing.CHANGED) from None
    except Exception:
        session.rollback()
        raise
    return answer


def body() -> dict[str, Any]:
    """The JSON object of this request. Raises BadQuery."""
    found = request.get_json(silent=True)
    if not isinstance(found, dict):
        raise BadQuery("Send one JSON object.")
    return found


def value(column: Column[Any], raw: Any, label: str) -> Any:
    """What `raw` means in a column. Raises ClinicError that names the field."""
    try:
        return parse(column, raw)
    except ClinicError as error:
        raise ClinicError(f"{label}: {error.message}", field=column.key) from None


def text(raw: Any, longest: int, label: str) -> str:
    """Words without those around them; empty where there are none. Raises ClinicError."""
    said = clean_text(raw or "").strip()
    if len(said) > longest:
        raise ClinicError(f"{label}: at most {longest} characters fit here.")
    return said


def flag(raw: Any, label: str) -> bool:
    if not isinstance(raw, bool):
        raise ClinicError(f"{label} is true or false.")
    return raw


def monday_in(raw: Any) -> date:
    """The Monday of a day that was named. Raises BadQuery."""
    try:
        named = re.fullmatch(r"\d{4}-\d\d-\d\d", raw, re.ASCII) if isinstance(raw, str) else None
        day = read_date(raw if named else None)
    except ClinicError:
        raise BadQuery("week must be a date like 2026-05-31.") from None
    if not YEARS[0] < day.year < YEARS[-1]:
        raise BadQuery(f"week must lie between {YEARS[0]} and {YEARS[-1]}.")
    return week_of(day)


def require_version(row: Any, told: Any) -> None:
    """Compare the version that an edit was made from. Raises Stale."""
    writing.require_version(row, None if told is None else str(told))


def today() -> date:
    return datetime.now(UTC).astimezone(clinic_zone()).date()
