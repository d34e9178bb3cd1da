"""Two who write the same at the same moment on PostgreSQL: one waits, and nobody sees an error."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.extensions import db
from app.models.base.errors import Conflict
from app.views.generated.writing import transaction
from tests.cast import Cast
from tests.test_double_booking import book


@pytest.mark.parametrize("shared", ["doctor", "room"])
def test_whoever_books_a_doctor_or_a_room_waits_for_those_who_are_at_it(
    postgresql_app: Flask, shared: str
) -> None:
    cast = Cast.on(postgresql_app)
    later: dict[str, Any] = {"doctor": cast.diaz, "patient": cast.paula, "room": None}
    later.pop(shared)
    with postgresql_app.app_context(), Session(db.engine) as first, Session(db.engine) as second:
        book(first, cast)
        second.execute(text("SET LOCAL lock_timeout = '200ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            book(second, cast, start="2026-06-09 08:00:00", **later)


@pytest.mark.parametrize("state", ["deadlock_detected", "serialization_failure"])
def test_whoever_loses_a_race_is_told_so_as_a_conflict(postgresql_app: Flask, state: str) -> None:
    gave_way = text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")
    with (
        postgresql_app.app_context(),
        pytest.raises(Conflict, match="at that moment"),
        transaction(db.session()),
    ):
        db.session.execute(gave_way)
