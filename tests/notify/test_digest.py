"""The weekly digest: once a week, by e-mail, to those whom the admin chose, with its plots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs import delivery
from app.models import (
    Appointment,
    DigestReader,
    Doctor,
    LoginSetting,
    Notification,
    NotificationRule,
    Staff,
)
from app.models.analytics import rollup
from app.models.messages import digest, message_defaults
from tests.cast import Cast
from tests.notify.sink import Sink

MONDAY = datetime(2026, 6, 8, 5, 30, tzinfo=UTC)  # half past seven in Madrid


@pytest.fixture
def reader(session: Session, cast: Cast) -> Cast:
    """A clinic with six visits last week, and Nora who wants to read of them."""
    message_defaults.seed(session)
    for day in range(6):
        start = MONDAY - timedelta(days=7 - day)
        visit = Appointment(
            patient_id=cast.paula, doctor_id=cast.diaz, appointment_datetime=start,
            minutes_duration=30, status="fulfilled",
        )  # fmt: skip
        session.add(visit)
    nora = session.scalars(select(Staff).where(Staff.user_id == cast.users["nora"])).one()
    session.add(DigestReader(staff_id=nora.staff_id))
    session.flush()
    rollup.refresh(session, MONDAY)
    session.commit()
    return cast


def test_it_comes_once_a_week_however_often_the_job_runs(session: Session, reader: Cast) -> None:
    assert [digest.send(session, MONDAY + timedelta(hours=h)) for h in (0, 1, 30)] == [1, 0, 0]
    assert digest.send(session, MONDAY + timedelta(days=7)) == 1


def test_what_it_says_is_asked_once_for_all_languages(
    session: Session, reader: Cast, statements: list[str]
) -> None:
    said = digest.content(session, MONDAY.date() - timedelta(days=7), MONDAY)
    assert len(said["lines"]) > 1
    asked = [one for one in statements if "_fact" in one]
    assert len(asked) > 4
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("early", [timedelta(hours=1), timedelta(days=3)])
def test_it_comes_on_monday_from_seven_on(session: Session, reader: Cast, early: timedelta) -> None:
    assert digest.send(session, MONDAY - early) == 0


def test_nobody_gets_it_who_was_not_chosen_or_has_left(session: Session, reader: Cast) -> None:
    session.query(Staff).update({"active": False})
    assert digest.send(session, MONDAY) == 0


def test_the_mail_has_the_numbers_as_text_and_table_and_the_plots_as_pictures(
    session: Session, reader: Cast, sink: Sink
) -> None:
    digest.send(session, MONDAY)
    session.commit()
    delivery.drain(session, MONDAY + timedelta(minutes=2))
    ((_, message),) = sink.took
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == "The week from 1 June to 7 June 2026"
    assert "All visits: 6 (week before: 0)" in message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert "cid:visits-by-status" in html
    assert ">1 Jun</td>" in html
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert next(part["Content-ID"] for part in pictures) == "<visits-by-status>"
    for part in pictures:
        assert Image.open(BytesIO(part.get_content())).size == (1040, 480)


def test_it_speaks_the_language_of_its_reader(session: Session, reader: Cast) -> None:
    session.add(LoginSetting(user_id=reader.users["nora"], language="es"))
    session.flush()
    digest.send(session, MONDAY)
    row = session.scalars(select(Notification).where(Notification.rule == "digest")).one()
    assert row.subject == "La semana del 1 de junio al 7 de junio de 2026"
    assert "(semana anterior: 0)" in row.body
    assert "(week before" not in row.body


def test_the_admin_switches_it_off_by_its_rule(session: Session, reader: Cast) -> None:
    session.query(NotificationRule).filter_by(event="digest").update({"active": False})
    assert digest.send(session, MONDAY) == 0


def test_it_names_no_doctor(session: Session, reader: Cast) -> None:
    digest.send(session, MONDAY)
    row = session.scalars(select(Notification).where(Notification.rule == "digest")).one()
    said = row.body + str(row.context)
    assert [name for name in session.scalars(select(Doctor.name)) if name in said] == []
