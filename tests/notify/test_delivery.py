"""What is due goes out once, in the words of that moment; what fails waits, and says why."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import Message
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy.orm import Session

from app.jobs import backoff, claiming, delivery
from app.jobs.lease import LEASE
from app.models import (
    Appointment,
    ClinicError,
    ContactPreference,
    Notification,
    NotificationTemplate,
    Patient,
)
from app.models.base.itself import CLINIC
from app.models.messages import by_hand, outbox
from app.models.visits import life
from tests.cast import Cast
from tests.notify.conftest import NOW
from tests.notify.sink import Sink
from tests.notify.test_planning import START, book, cancel, move

LATER = NOW + timedelta(minutes=2)


def write(session: Session, cast: Cast, count: int = 1, **facts: Any) -> list[Notification]:
    """Messages to Paula, due now."""
    columns = {"patient_id": cast.paula, "channel": "email", "expires": None} | facts
    rows = [
        outbox.put(session, "notice", f"test:{n}", f"Subject {n}", "Body", NOW, **columns)
        for n in range(count)
    ]
    session.commit()
    return rows


def run(session: Session, now: datetime = LATER) -> int:
    settled = delivery.drain(session, now)
    session.expire_all()
    return settled


def text_of(message: Message) -> str:
    return message.get_body(("plain",)).get_content()  # type: ignore[attr-defined, no-any-return]


def test_a_booking_reaches_the_patients_mailbox_in_text_and_html(
    session: Session, desk: Cast, sink: Sink
) -> None:
    book(session, desk)
    run(session)
    ((address, message),) = sink.took
    assert address == "paula@example.org"
    assert message["Subject"] == "Your visit on Thu 4 Jun at 11:00"
    assert "Thursday, 4 June 2026 at 11:00 with Dr. Díaz" in text_of(message)
    html = message.get_body(("html",)).get_content()  # type: ignore[attr-defined]
    assert "Thursday, 4 June 2026" in html
    assert "/visit/cancel/" in html
    assert "because you have a visit" in html and "prefers-color-scheme: dark" in html


def calendar_in(message: Message) -> tuple[str, Any]:
    """The method and the one event of the calendar file in a mail."""
    (part,) = message.iter_attachments()  # type: ignore[attr-defined]
    calendar = Calendar.from_ical(part.get_content())
    (event,) = calendar.walk("VEVENT")
    assert part["Content-Type"].params["method"] == calendar["METHOD"]
    return str(calendar["METHOD"]), event


def test_a_visits_mails_bring_their_event_and_its_changes_into_a_calendar(
    session: Session, desk: Cast, sink: Sink
) -> None:
    visit = book(session, desk, reason="Secret reason")
    run(session)
    move(session, visit, START + timedelta(days=1), NOW + timedelta(hours=1))
    run(session, NOW + timedelta(hours=2))
    cancel(session, visit, NOW + timedelta(hours=3))
    run(session, NOW + timedelta(hours=4))
    found = [calendar_in(message) for _, message in sink.took]
    assert [method for method, _ in found] == ["REQUEST", "REQUEST", "CANCEL"]
    events = [event for _, event in found]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2]
    assert [event["DTSTART"].dt for event in events[:2]] == [START, START + timedelta(days=1)]
    assert str(events[2]["STATUS"]) == "CANCELLED"
    assert str(events[0]["ATTENDEE"]) == "mailto:paula@example.org"
    assert str(events[0]["SUMMARY"]) == "Clinic, Dr. Díaz"


def test_what_was_sent_says_when_to_whom_and_in_which_words(
    session: Session, desk: Cast, sink: Sink
) -> None:
    book(session, desk)
    run(session)
    row = session.query(Notification).filter_by(rule="booked", channel="email").one()
    assert (row.state, row.address, row.attempts) == ("sent", "paula@example.org", 1)
    assert row.sent_at is not None
    assert sink.message_ids == [row.message_id]


def test_a_mail_program_can_offer_to_stop_the_messages(
    session: Session, desk: Cast, sink: Sink
) -> None:
    write(session, desk)
    run(session)
    message = sink.took[0][1]
    assert "/messages/stop/" in message["List-Unsubscribe"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_many_messages_go_over_one_connection(session: Session, desk: Cast, sink: Sink) -> None:
    write(session, desk, 30)
    assert run(session) == 30
    assert (len(sink.took), sink.connections) == (30, 1)


def test_a_message_that_another_worker_holds_is_left_alone(
    session: Session, desk: Cast, sink: Sink
) -> None:
    (row,) = write(session, desk)
    key = row.notification_id
    claiming.claim(session.connection(), key, "another", LATER)
    session.commit()
    delivery.deliver(session.get_bind(), [key], lambda: LATER)
    assert sink.took == []


def test_what_a_dead_worker_held_is_given_back_when_its_lease_has_run_out(
    session: Session, desk: Cast, sink: Sink
) -> None:
    (row,) = write(session, desk)
    claiming.claim(session.connection(), row.notification_id, "dead", LATER)
    session.commit()
    assert claiming.give_back(session, LATER + LEASE / 2) == 0
    after = LATER + LEASE + timedelta(seconds=1)
    assert claiming.give_back(session, after) == 1
    session.commit()
    run(session, after)
    assert sink.message_ids == [row.message_id]


def test_one_bad_address_never_stops_a_batch(session: Session, desk: Cast, sink: Sink) -> None:
    session.get_one(Patient, desk.quentin).email = "bad@example.org"
    write(session, desk, 1)
    bad = outbox.put(
        session, "notice", "bad", "S", "B", NOW - timedelta(hours=1), patient_id=desk.quentin,
        channel="email",
    )  # fmt: skip
    session.commit()
    sink.at_rcpt = lambda address: "550 no such user" if "bad" in address else None
    run(session)
    assert sink.addresses == ["paula@example.org"]
    assert (bad.state, bad.reason) == ("dead", "The mail server said 550: no such user")


def test_a_passing_refusal_is_tried_again_later_under_the_same_message_id(
    session: Session, desk: Cast, sink: Sink
) -> None:
    (row,) = write(session, desk)
    sink.at_rcpt = lambda _address: "451 try again"
    run(session)
    assert row.state == "failed"
    assert row.not_before > LATER
    sink.at_rcpt = lambda _address: None
    run(session, LATER + timedelta(hours=1))
    assert (row.state, row.attempts) == ("sent", 2)
    assert sink.message_ids == [row.message_id]


def test_a_server_that_dies_after_the_data_gets_the_same_message_id_again(
    session: Session, desk: Cast, sink: Sink
) -> None:
    (row,) = write(session, desk)
    sink.at_data = lambda _address, _message: "vanish"
    run(session)
    sink.at_data = lambda _address, _message: None
    run(session, LATER + timedelta(hours=1))
    assert sink.message_ids == [row.message_id] * 2


def test_a_server_that_is_down_is_asked_once_a_run_and_the_others_wait(
    session: Session, desk: Cast, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = write(session, desk, 20)
    monkeypatch.setattr(desk.app.extensions["mail"], "port", 1)
    run(session)
    assert [row.attempts for row in rows].count(1) == 1
    assert all(row.not_before > LATER for row in rows)
    assert all("cannot be reached" in (row.reason or "") for row in rows)


def test_a_message_that_fails_too_often_is_given_up_and_can_be_sent_anew(
    session: Session, desk: Cast, sink: Sink
) -> None:
    (row,) = write(session, desk)
    row.attempts = backoff.MOST_ATTEMPTS - 1
    session.commit()
    sink.at_rcpt = lambda _address: "451 try again"
    run(session)
    assert row.state == "dead"
    sink.at_rcpt = lambda _address: None
    by_hand.resend(session, row.notification_id, LATER)
    session.commit()
    run(session)
    assert sink.message_ids == [row.message_id]


def test_what_was_sent_is_not_sent_anew(session: Session, desk: Cast, sink: Sink) -> None:
    (row,) = write(session, desk)
    run(session)
    with pytest.raises(ClinicError, match="not sent a second time"):
        by_hand.resend(session, row.notification_id, LATER)


def test_a_pause_grows_and_is_never_the_same_for_all() -> None:
    pauses = [backoff.pause(attempts).total_seconds() for attempts in range(1, 30)]
    assert 7 <= pauses[0] <= 15
    assert 1800 <= pauses[-1] <= 3600
    assert len({backoff.pause(5) for _ in range(20)}) > 15


@pytest.mark.parametrize("change", ["moved", "cancelled", "opted out", "died", "deleted"])
def test_what_changed_a_second_before_is_not_sent_stale(
    session: Session, desk: Cast, sink: Sink, change: str
) -> None:
    """By statements of their own, which plan nothing: the last look alone must find it."""
    visit = book(session, desk)
    table = Appointment.__table__
    key = table.c.appointment_id == visit.appointment_id
    steps: dict[str, Any] = {
        "moved": table.update().where(key).values(appointment_datetime=START + timedelta(hours=1)),
        "cancelled": table.update().where(key).values(status="cancelled"),
        "opted out": ContactPreference.__table__.insert().values(
            patient_id=desk.paula, stopped_at=NOW, email=True, sms=True
        ),
        "died": Patient.__table__.update().values(deceased_on="2026-06-01"),
        "deleted": Notification.__table__.delete(),
    }
    session.execute(steps[change])
    session.commit()
    run(session)
    assert sink.took == []
    assert {state for (state,) in session.query(Notification.state).filter_by(channel="email",
            rule="booked")} <= {"skipped"}  # fmt: skip


def test_a_reminder_never_goes_when_the_visit_has_begun(
    session: Session, desk: Cast, sink: Sink
) -> None:
    book(session, desk)
    run(session, START)
    assert sink.took == []
    row = session.query(Notification).filter_by(rule="reminder", channel="email").one()
    assert (row.state, row.reason) == ("skipped", "It was too late to send this.")


def test_of_several_visits_those_that_changed_are_left_out(
    session: Session, desk: Cast, sink: Sink
) -> None:
    first = Appointment(patient_id=desk.paula, doctor_id=desk.diaz, appointment_datetime=START)
    second = Appointment(
        patient_id=desk.paula, doctor_id=desk.diaz, appointment_datetime=START + timedelta(days=7)
    )
    session.add_all([first, second])
    life.remember(session, CLINIC, first, NOW)
    session.commit()
    move(session, second, START + timedelta(days=8), NOW + timedelta(seconds=10))
    run(session)
    booked = [text_of(m) for _, m in sink.took if "booked" in text_of(m)]
    assert len(booked) == 1
    assert "4 June 2026" in booked[0]
    assert "11 June 2026" not in booked[0]


def test_the_words_are_those_of_the_moment_it_goes(
    session: Session, desk: Cast, sink: Sink
) -> None:
    book(session, desk)
    for text in session.query(NotificationTemplate).filter(NotificationTemplate.language == "en"):
        text.subject = "New words for {{ name }}"
    session.commit()
    run(session)
    assert sink.took[0][1]["Subject"] == "New words for Paula O’Connor"


def test_without_a_mail_server_messages_are_kept_here(session: Session, desk: Cast) -> None:
    (row,) = write(session, desk)
    run(session)
    assert (row.state, row.provider_id) == ("sent", "console")


def test_a_name_can_bring_no_header_along(session: Session, desk: Cast, sink: Sink) -> None:
    session.get_one(Patient, desk.paula).name = "Paula\r\nBcc: all@example.org"
    for text in session.query(NotificationTemplate).filter(NotificationTemplate.language == "en"):
        text.subject = "For {{ name }}"
    book(session, desk)
    run(session)
    message = sink.took[0][1]
    assert message["Bcc"] is None
    assert message["Subject"] == "For Paula Bcc: all@example.org"
