"""`GET /api/v1/slot/`: the times that can be had, and on request why the others cannot."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flask import request
from flask_appbuilder.api import BaseApi, expose, protect, safe
from flask_appbuilder.security.decorators import permission_name
from sqlalchemy import select

from app.extensions import db
from app.language import _
from app.models import Action, Doctor, VisitType
from app.models.base.clock import clinic_zone, day_at, holidays_between
from app.models.base.grants import STAFF
from app.models.visits import availability, reasons, situations
from app.models.visits.availability import Missing, Slot, Wish
from app.security.scope import as_key, load, row_scope
from app.views.generated.api import in_words
from app.views.generated.guard import BadQuery, actor
from app.views.generated.values import encode

MOST_DAYS = 62


class SlotApi(BaseApi):
    """Free time of one doctor, of a specialization, or of anyone; `first=1` for the first only."""

    resource_name = "slot"
    class_permission_name = "Slot"
    allow_browser_login = True
    openapi_spec_tag = "Free times"
    may = {"slots": STAFF}

    @expose("/", methods=["GET"])
    @protect()
    @safe
    @permission_name("slots")
    def slots(self) -> Any:
        """Free times
        ---
        get:
          parameters:
          - {in: query, name: doctor_id, schema: {type: integer}}
          - {in: query, name: specialization, schema: {type: string}}
          - {in: query, name: visit_type_id, schema: {type: integer}}
          - {in: query, name: start, schema: {type: string, format: date}}
          - {in: query, name: days, schema: {type: integer, maximum: 62}}
          - {in: query, name: first, schema: {type: integer}}
          - {in: query, name: explain, schema: {type: integer}}
          responses:
            200:
              description: The times, earliest first
        """
        return self._slots()

    @in_words
    def _slots(self) -> Any:
        now, zone = datetime.now(UTC), clinic_zone()
        start, days = _start(now), _days()
        window = availability.window_of(start, days, zone)
        wish, doctors = Wish.of(_kind()), _doctors()
        closed = holidays_between(start, window.end.astimezone(zone).date())
        situation = situations.load(db.session(), doctors, window, zone, closed)
        slots = availability.free_slots(situation, doctors, wish, now)
        answer: dict[str, Any] = {
            "result": [dump(s) for s in slots[: 1 if _flag("first") else None]]
        }
        if _flag("explain"):
            missing = reasons.explain(situation, doctors, wish, now)
            answer["missing"] = [_dump_missing(m) for m in missing]
        return self.response(200, **answer)


def dump(slot: Slot) -> dict[str, Any]:
    """A slot as the API spells it; instants in UTC."""
    return {
        "start": encode(slot.start),
        "end": encode(slot.end),
        "doctor_id": slot.doctor_id,
        "room_id": slot.room_id,
    }


def _dump_missing(missing: Missing) -> dict[str, Any]:
    return {
        "start": encode(missing.start),
        "doctor_id": missing.doctor_id,
        "reasons": list(missing.reasons),
    }


def _kind() -> VisitType | None:
    raw = request.args.get("visit_type_id")
    return load(db.session(), actor(), VisitType, raw, Action.LIST) if raw else None


def _doctors() -> list[int]:
    """The keys of the doctors asked for. Raises NotFound for one that is not there."""
    if raw := request.args.get("doctor_id"):
        return [load(db.session(), actor(), Doctor, as_key(raw), Action.LIST).doctor_id]
    query = select(Doctor.doctor_id).where(row_scope(actor(), Doctor, Action.LIST))
    if specialization := request.args.get("specialization"):
        query = query.where(Doctor.specialization == specialization)
    return list(db.session.scalars(query.order_by(Doctor.doctor_id)))


def _start(now: datetime) -> date:
    raw = request.args.get("start")
    if not raw:
        return day_at(now)
    try:
        day = date.fromisoformat(raw[:10])
    except ValueError:
        raise BadQuery(_("start must be a date like 2026-05-31.")) from None
    if not 1900 <= day.year <= 2200:
        raise BadQuery(_("start must lie between 1900 and 2200."))
    return day


def _days() -> int:
    raw = request.args.get("days", "1")
    if not (raw.isascii() and raw.isdecimal()) or not 1 <= int(raw[:6]) <= MOST_DAYS:
        raise BadQuery(_("days must be a whole number from 1 to %(most)s.", most=MOST_DAYS))
    return int(raw)


def _flag(name: str) -> bool:
    return request.args.get(name, "").lower() in {"1", "true", "yes"}
