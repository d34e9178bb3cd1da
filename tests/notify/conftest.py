"""The rules and words that a clinic starts with, and Paula and Quentin with addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Appointment, Notification, Patient
from app.models.messages import message_defaults
from tests.cast import Cast
from tests.notify.sink import Sink, listening

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def desk(session: Session, cast: Cast) -> Cast:
    """The cast at a clinic that has its message rules; both patients can be written to."""
    message_defaults.seed(session)
    for name, key in (("paula", cast.paula), ("quentin", cast.quentin)):
        session.execute(
            update(Patient)
            .where(Patient.patient_id == key)
            .values(email=f"{name}@example.org", phone="+34600123456")
        )
    session.commit()
    return cast


Planned = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def planned(session: Session) -> Planned:
    """The messages of a visit (else all), as (rule, channel, state) or the columns asked for."""

    def read(visit: Appointment | None = None, *columns: str) -> list[tuple[Any, ...]]:
        query = select(Notification).order_by(Notification.notification_id)
        if visit is not None:
            query = query.where(Notification.appointment_id == visit.appointment_id)
        names = columns or ("rule", "channel", "state")
        session.expire_all()
        return [tuple(getattr(row, n) for n in names) for row in db.session.scalars(query)]

    return read


@pytest.fixture
def sink(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """A mail server, and the clinic set up to send by it."""
    with listening() as running:
        monkeypatch.setitem(app.config, "MAIL_SERVER", "127.0.0.1")
        state = app.extensions["mail"]
        for name, value in (("server", "127.0.0.1"), ("port", running.port), ("suppress", False)):
            monkeypatch.setattr(state, name, value)
        yield running
