"""The JSON body of a hand-written endpoint: read field by field, kept in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from flask import request
from sqlalchemy import Column, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.extensions import db
from app.models import (
    Action,
    Appointment,
    AppointmentSeries,
    ClinicError,
    Doctor,
    Patient,
    Room,
    Stale,
    VisitType,
    series,
)
from app.models.refusals import sentence_for, words
from app.security import audit
from app.security.actor import Actor
from app.views import writing
from app.views.guard import BadQuery, actor
from app.views.values import parse

LINKS = {"patient_id": Patient, "doctor_id": Doctor, "room_id": Room, "visit_type_id": VisitType}

Answer = TypeVar("Answer")


def keep(
    session: Session,
    person: Actor,
    action: Action,
    step: Callable[[], Answer],
    rows: Callable[[Answer], Iterable[Any]],
) -> Answer:
    """Take a step over several rows with an audit event for each of them, in one transaction or
    not at all. Raises ClinicError."""
    try:
        answer = step()
        session.flush()
        for row in rows(answer):
            event = audit.event(
                person, action, type(row).__name__, key=row.pk, patient_id=row.patient_id
            )
            session.add(event)
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


def read_body(known: set[str]) -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadQuery("Send one JSON object.")
    if unknown := sorted(set(body) - known):
        raise ClinicError(f"There is no field {unknown[0][:40]!r} to set here.", field=unknown[0])
    return body


def read_value(name: str, column: Column[Any], raw: Any) -> Any:
    try:
        return parse(column, raw)
    except ClinicError as error:
        said = f"{words(name).capitalize()}: {error.message}"
        raise ClinicError(said, field=name) from None


def read_link(name: str, raw: Any, *, needed: bool = True) -> Any:
    """The key of a row that the person may see."""
    column = inspect(AppointmentSeries).columns[name]
    if raw is None and not needed:
        return None
    key = read_value(name, column, raw)
    if key is not None:
        writing.find_link(db.session(), actor(), LINKS[name], key)
    return key


def read_minutes(raw: Any) -> int | None:
    column = inspect(Appointment).columns["minutes_duration"]
    return None if raw is None else int(read_value("minutes", column, raw))


def read_scope(body: Mapping[str, Any]) -> str:
    scope = body.get("scope", "one")
    if scope not in series.SCOPES:
        raise ClinicError(f"Choose one of: {', '.join(series.SCOPES)}.", field="scope")
    return str(scope)


def read_skip(body: Mapping[str, Any]) -> bool:
    skip = body.get("skip", False)
    if not isinstance(skip, bool):
        raise ClinicError("skip is true or false.", field="skip")
    return skip
