"""What happens on the rota and at the desk is told by the rules that the admin can change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.jobs import delivery
from app.models import (
    Notification,
    NotificationRule,
    NotificationTemplate,
    PortalRegistration,
    RotaPublication,
    Shift,
    ShiftSwap,
    Staff,
    TimeOff,
)
from app.models.base.clock import clinic_zone
from app.models.messages import message_defaults, outbox, wording
from app.models.people import login_told
from app.models.people.login_setting import LoginSetting
from app.models.portal import joining
from app.models.rota import telling
from tests.cast import Cast
from tests.notify.conftest import NOW
from tests.notify.sink import Sink

MONDAY = date(2026, 6, 8)


@pytest.fixture
def spanish(desk: Cast) -> Iterator[None]:
    before = desk.app.config["CLINIC_LANGUAGE"]
    desk.app.config["CLINIC_LANGUAGE"] = "es"
    yield
    desk.app.config["CLINIC_LANGUAGE"] = before


def shift(session: Session, who: str, days: int) -> Shift:
    staff = session.scalars(select(Staff).where(Staff.name == who)).one()
    row = Shift(
        staff=staff, shift_date=MONDAY + timedelta(days=days), start_time=time(8),
        end_time=time(16), published=True,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def swap(session: Session) -> ShiftSwap:
    """Dr. Díaz asks Dr. Eriksen."""
    mine, other = shift(session, "Dr. Díaz", 0), shift(session, "Dr. Eriksen", 1)
    row = ShiftSwap(
        shift=mine, other_shift=other, staff_id=mine.staff_id, other_id=other.staff_id,
        status="requested", created=NOW,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def told(session: Session) -> set[tuple[Any, ...]]:
    rows = session.scalars(select(Notification))
    return {(row.staff.name if row.staff else None, row.rule, row.channel) for row in rows}


@pytest.mark.parametrize(
    ("step", "event", "to"),
    [
        (lambda s, row: telling.swap_asked(s, row, NOW), "swap_asked", {"Dr. Eriksen"}),
        (lambda s, row: telling.swap_answered(s, row, True, NOW), "swap_agreed", {"Dr. Díaz"}),
        (lambda s, row: telling.swap_answered(s, row, False, NOW), "swap_declined", {"Dr. Díaz"}),
        (
            lambda s, row: telling.swap_decided(s, row, NOW), "swap_refused",
            {"Dr. Díaz", "Dr. Eriksen"},
        ),
    ],
)  # fmt: skip
def test_a_swap_is_told_in_the_inbox_and_by_mail(
    desk: Cast, session: Session, step: Any, event: str, to: set[str]
) -> None:
    step(session, swap(session))
    assert told(session) == {(who, event, way) for who in to for way in ("inbox", "email")}
    rows = session.scalars(select(Notification)).all()
    assert all(" June 2026, 08:00–16:00" in row.body for row in rows)
    assert not any("{{" in row.subject + row.body for row in rows)


def test_each_of_two_who_swapped_reads_of_their_own_shift(desk: Cast, session: Session) -> None:
    asked = swap(session)
    asked.status = "approved"
    telling.swap_decided(session, asked, NOW)
    rows = session.scalars(select(Notification).where(Notification.channel == "inbox"))
    assert {row.staff.name: ("8 June" in row.body, "9 June" in row.body) for row in rows} == {
        "Dr. Díaz": (True, False), "Dr. Eriksen": (False, True),
    }  # fmt: skip


def test_a_message_to_staff_is_in_the_language_of_the_clinic(
    desk: Cast, session: Session, spanish: None
) -> None:
    telling.swap_asked(session, swap(session), NOW)
    row = session.scalars(select(Notification).where(Notification.channel == "inbox")).one()
    assert row.subject == "Dr. Díaz le propone cambiar un turno"
    assert "lunes, 8 de junio de 2026, 08:00–16:00" in row.body


def test_a_message_to_staff_is_in_the_language_of_their_pages(
    desk: Cast, session: Session, spanish: None
) -> None:
    session.add(LoginSetting(user_id=desk.users["eriksen"], language="en"))
    session.commit()
    telling.swap_asked(session, swap(session), NOW)
    row = session.scalars(select(Notification).where(Notification.channel == "inbox")).one()
    assert row.subject == "Dr. Díaz asks to swap a shift with you"
    languages = [
        outbox.reach_of(session, outbox.To(user_id=desk.users[who])).language
        for who in ("eriksen", "diaz")
    ]
    assert languages == ["en", "es"]


def test_published_shifts_are_one_message_that_leads_to_the_week(
    desk: Cast, session: Session
) -> None:
    shifts = [shift(session, "Nora Novak", days) for days in (0, 2)]
    publication = RotaPublication(monday=MONDAY, recorded=NOW, shifts=2)
    session.add(publication)
    session.flush()
    telling.published(session, publication, shifts, NOW)
    assert told(session) == {("Nora Novak", "shift_published", way) for way in ("inbox", "email")}
    row = session.scalars(select(Notification).where(Notification.channel == "inbox")).one()
    assert row.body.count("08:00–16:00") == 2
    assert row.context["more"]["link"] == "/rota/?week=2026-06-08"


@pytest.mark.parametrize("status", ["approved", "declined"])
def test_time_off_is_told_with_its_last_whole_day(
    desk: Cast, session: Session, status: str
) -> None:
    nora = session.scalars(select(Staff).where(Staff.name == "Nora Novak")).one()
    start = datetime(2026, 6, 8, tzinfo=clinic_zone()).astimezone(UTC)
    row = TimeOff(
        staff=nora, start_at=start, end_at=start + timedelta(days=2), status=status
    )  # fmt: skip
    session.add(row)
    session.flush()
    telling.time_off_decided(session, row, NOW)
    words = session.scalars(select(Notification).where(Notification.channel == "inbox")).one().body
    assert status in words and "8 June 2026" in words and "9 June 2026" in words


def test_a_rule_that_is_off_tells_nobody(desk: Cast, session: Session) -> None:
    session.execute(update(NotificationRule).values(active=False))
    telling.swap_asked(session, swap(session), NOW)
    assert told(session) == set()


def test_who_asked_for_the_portal_in_vain_is_told_by_mail(
    desk: Cast, session: Session, sink: Sink
) -> None:
    asked = PortalRegistration(
        name="Nina Neu", dob=date(1990, 1, 1), email="nina@example.org", created=NOW
    )
    session.add(asked)
    session.flush()
    joining.tell_declined(session, asked, NOW)
    joining.tell_declined(session, asked, NOW)
    session.commit()
    delivery.drain(session, NOW)
    (letter,) = sink.took
    address, message = letter
    assert address == "nina@example.org"
    assert "Nina Neu" in message.get_body(("plain",)).get_content()


def test_a_message_goes_to_one_and_no_more(desk: Cast, session: Session) -> None:
    asked = PortalRegistration(
        name="Nina Neu", dob=date(1990, 1, 1), email="nina@example.org", created=NOW
    )
    session.add(asked)
    session.flush()
    outbox.put(
        session, "booked", "two", "To two", "Words", NOW, channel="email",
        patient_id=desk.paula, portal_registration_id=asked.portal_registration_id,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="notification_to_one"):
        session.flush()


def test_what_is_told_of_a_login_follows_its_rule_in_the_language_of_its_pages(
    desk: Cast, session: Session
) -> None:
    rosa = desk.users["rosa"]
    session.add(LoginSetting(user_id=rosa, language="es"))
    session.query(NotificationRule).filter_by(event="login_paused").update({"active": False})
    login_told.factor_changed(session, rosa, "It was set up.", NOW)
    login_told.locked(session, rosa, NOW)
    told = session.scalars(select(Notification).where(Notification.user_id == rosa)).all()
    assert {row.rule for row in told} == {"factor_changed"}
    assert {row.channel for row in told} == {"inbox", "email"}
    assert all("Se ha configurado." in row.body for row in told)


def test_a_clinic_with_earlier_rules_gets_the_new_ones(desk: Cast, session: Session) -> None:
    later = ("swap_asked", "access_declined")
    keys = select(NotificationRule.notification_rule_id).where(NotificationRule.event.in_(later))
    words = NotificationTemplate.notification_rule_id.in_(keys)
    session.execute(delete(NotificationTemplate).where(words))
    session.execute(delete(NotificationRule).where(NotificationRule.event.in_(later)))
    assert message_defaults.seed(session) == 2
    assert set(session.scalars(select(NotificationRule.event))) == set(wording.VARIABLES)
