"""Fixtures for the tests of what comes in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.exchange import import_paths
from app.exchange.demo import build
from app.extensions import db
from tests.databases import filled
from tests.exchange import bundles
from tests.exchange.demo_clinic import SMALL


@pytest.fixture
def bring_in(session, tmp_path):
    """Import one document and answer the report, which must name no failure."""

    def run(document, name="file.json"):
        path = bundles.write(tmp_path, name, document)
        report = import_paths(session, [path], now=bundles.NOW)
        assert report.failed == []
        return report

    return run


@pytest.fixture
def demo(sqlite_app):
    """The demo clinic as it was built at a time; on SQLite, where the database does not matter."""
    with sqlite_app.app_context():
        yield _building(sqlite_app)


@pytest.fixture
def demo_of_either(app):
    """The same on both databases."""
    with app.app_context():
        yield _building(app)


def _building(application: Flask) -> Callable[[datetime], Session]:
    def at(now: datetime) -> Session:
        def fill() -> None:
            build(db.session(), **SMALL, now=now)
            db.session.commit()

        filled(application, f"demo_{now:%Y%m%d%H%M}", fill)
        return db.session()

    return at
