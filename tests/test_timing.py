"""Answers are timed by the pattern of their address, and counted once a minute."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select

from app import create_app
from app.extensions import db
from app.models import AnswerTime
from tests.conftest import SETTINGS


def test_an_answer_is_counted_under_the_pattern_of_its_address(sqlite_app: Flask) -> None:
    settings: dict[str, Any] = SETTINGS | {"TIMES_EVERY": 0}
    timed = create_app(
        SQLALCHEMY_DATABASE_URI=sqlite_app.config["SQLALCHEMY_DATABASE_URI"], **settings
    )
    client = timed.test_client()
    for path in ("/health", "/static/img/mark.svg", "/chart/5", "/nothing-here"):
        client.get(path).close()
    with timed.app_context():
        rows = db.session.scalars(select(AnswerTime)).all()
        assert {row.page: row.answers for row in rows} == {"/health": 1, "/chart/<patient_id>": 1}
        db.session.remove()
        db.engine.dispose()
