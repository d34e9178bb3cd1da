"""The trail: every read of a person's record, every write, every login (FHIR R4 AuditEvent).

A write's event stands in its transaction. A read's event is kept in a transaction of its own
before the answer leaves, because a read holds no write lock.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from flask import g, has_request_context, request
from sqlalchemy import insert, inspect
from sqlalchemy.orm import Session

from app import database
from app.models import AuditEvent, Entity
from app.security.actor import Actor


def note(
    session: Session,
    actor: Actor | None,
    action: str,
    entity: str,
    *,
    key: Any = None,
    patient_id: int | None = None,
    outcome: str = "success",
    detail: dict[str, Any] | None = None,
) -> None:
    """Record an event of this moment in the transaction of the session, which the caller commits."""
    facts = _facts(actor, action, entity, key, patient_id, detail)
    session.execute(KEEP, facts | {"outcome": outcome})


def _facts(
    actor: Actor | None,
    action: str,
    entity: str,
    key: Any,
    patient_id: int | None,
    detail: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "recorded": datetime.now(UTC),
        "user_id": actor.user_id if actor else None,
        "agent": actor.username if actor else None,
        "action": action,
        "entity": entity,
        "entity_id": None if key is None else str(key)[:40],
        "patient_id": patient_id,
        "address": request.remote_addr if has_request_context() else None,
        "detail": detail,
    }


def written(session: Session, actor: Actor | None, action: str, row: Any) -> None:
    """Record a write in its own transaction, with the names of the columns that change; of a row
    about two patients under either."""
    detail = None
    if action == "edit":
        columns = [a.key for a in inspect(row).attrs if a.history.has_changes()]
        detail = {"columns": sorted(columns)} if columns else None
    if action != "delete":
        session.flush()
    key = inspect(row).identity[0] if inspect(row).identity else None
    name = type(row).__name__
    facts = [_facts(actor, action, name, key, patient_id, detail) for patient_id in _whose(row)]
    session.execute(KEEP, facts)


def read(
    actor: Actor | None, action: str, model: type[Any], row: Any = None, **detail: Any
) -> None:
    """Record a read of a person's record, to be kept when the request ends well."""
    if not (issubclass(model, Entity) and model.patient_column()):
        return
    key = row.pk if row is not None else None
    if model.__clinical__:
        detail = _without_words(detail)
    g.setdefault("reads", []).extend(
        _facts(actor, action, model.__name__, key, patient_id, detail or None)
        for patient_id in _whose(row)
    )


def _without_words(detail: dict[str, Any]) -> dict[str, Any]:
    """What was searched for in a chart can tell a diagnosis: the trail keeps by which fields."""
    kept = {name: value for name, value in detail.items() if name not in ("words", "query")}
    asked = {name for name, _value in parse_qsl(detail.get("query", ""))}
    return kept | ({"query": " ".join(sorted(asked))} if asked else {})


def keep_reads(session: Session) -> None:
    """Write what `read` collected; a failure refuses the answer, for a read that leaves no
    trace must not happen."""
    reads = g.pop("reads", [])
    if not reads:
        return
    if len(reads) == 1:
        with database.one_statement(session) as connection:
            connection.execute(KEEP, reads)
        return
    session.close()
    database.start_writing()
    with session.get_bind().engine.begin() as connection:
        connection.execute(KEEP, reads)


def refused(session: Session, actor: Actor, action: str, model: type[Any], key: Any) -> None:
    """Record a try at a row that is not this person's, at once and on its own: nothing else of
    the request is kept."""
    session.rollback()
    database.start_writing()
    note(session, actor, action, model.__name__, key=key, outcome="refused")
    session.commit()
    g.refused = True


def keep_refusal(session: Session, actor: Actor) -> None:
    """Record that this request asked for a row by its key and was answered 403 or 404, unless it
    is recorded already. It says which page, not what it was about: that is not this person's."""
    if g.get("refused"):
        return
    session.rollback()
    database.start_writing()
    key = next(iter((request.view_args or {}).values()), None)
    page = str(request.endpoint)[:60]
    note(session, actor, request.method.lower(), page, key=key, outcome="refused")
    session.commit()


def _whose(row: Any) -> tuple[int | None, ...]:
    return row.whose() if isinstance(row, Entity) else (None,)


KEEP = insert(inspect(AuditEvent).local_table).inline()
