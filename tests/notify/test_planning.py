"""What patients are told follows from what happens to their visits, in the same transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.models import Appointment, ContactPreference, Notification, NotificationRule, Patient
from app.models.base.itself import CLINIC
from app.models.messages import planning, reminders
from app.models.visits import booking, life
from tests.cast import Cast
from tests.notify.conftest import NOW, Planned

START = NOW + timedelta(days=3, hours=1)


def book(session: Session, cast: Cast, start: datetime = START, **facts: object) -> Appointment:
    columns = {"patient_id": cast.paula, "doctor_id": cast.diaz} | facts
    visit = Appointment(appointment_datetime=start, **columns)
    with session.no_autoflush:
        booking.prepare(session, CLINIC, visit, NOW)
    session.add(visit)
    session.commit()
    return visit


def move(session: Session, visit: Appointment, start: datetime, now: datetime) -> None:
    visit.appointment_datetime = start
    with session.no_autoflush:
        booking.prepare(session, CLINIC, visit, now)
    session.commit()


def cancel(session: Session, visit: Appointment, now: datetime) -> None:
    life.move_status(session, CLINIC, visit, "cancelled", now, None)
    session.commit()


def sent(session: Session, now: datetime) -> None:
    """As if everything that is due had gone out."""
    for row in session.query(Notification).filter(
        Notification.state == "planned", Notification.not_before <= now
    ):
        row.state, row.sent_at = "sent", now
    session.commit()


def test_a_booking_plans_its_message_and_its_reminder(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    assert planned(visit) == [
        ("reminder", "inbox", "planned"), ("reminder", "email", "planned"),
        ("booked", "inbox", "planned"), ("booked", "email", "planned"),
    ]  # fmt: skip
    assert planned(visit, "not_before")[1] == (START - timedelta(hours=24),)


def test_a_booking_that_is_rolled_back_plans_nothing(
    session: Session, desk: Cast, planned: Planned
) -> None:
    session.add(Appointment(patient_id=desk.paula, doctor_id=desk.diaz, appointment_datetime=START))
    session.flush()
    session.rollback()
    session.commit()
    assert planned() == []


def test_a_move_voids_what_is_stale_and_tells_what_was_known(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    sent(session, NOW + timedelta(minutes=5))
    move(session, visit, START + timedelta(days=1), NOW + timedelta(hours=1))
    rows = planned(visit, "rule", "channel", "state", "reason")
    assert [row for row in rows if row[1] == "email"] == [
        ("reminder", "email", "skipped", "The visit was moved."),
        ("booked", "email", "sent", None),
        ("reminder", "email", "planned", None),
        ("moved", "email", "planned", None),
    ]
    told = session.query(Notification).filter_by(rule="moved", channel="email").one()
    assert "It was:\nThursday, 4 June 2026 at 11:00 with Dr. Díaz" in told.body
    assert "Friday, 5 June 2026 at 11:00" in told.body


def test_a_move_before_anything_was_sent_is_told_as_the_booking_that_it_became(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    move(session, visit, START + timedelta(days=1), NOW + timedelta(seconds=20))
    waiting = [row for row in planned(visit) if row[2] == "planned" and row[1] == "email"]
    assert waiting == [("reminder", "email", "planned"), ("booked", "email", "planned")]


def test_a_move_there_and_back_within_the_grace_tells_nobody(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    sent(session, NOW + timedelta(minutes=5))
    move(session, visit, START + timedelta(days=1), NOW + timedelta(hours=1))
    move(session, visit, START, NOW + timedelta(hours=1, seconds=20))
    waiting = [row for row in planned(visit) if row[2] == "planned"]
    assert waiting == [("reminder", "inbox", "planned"), ("reminder", "email", "planned")]


def test_a_cancelled_visit_is_told_and_reminds_nobody(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    sent(session, NOW + timedelta(minutes=5))
    cancel(session, visit, NOW + timedelta(hours=1))
    waiting = [row for row in planned(visit) if row[2] == "planned"]
    assert waiting == [("cancelled", "inbox", "planned"), ("cancelled", "email", "planned")]


def test_a_cancellation_taken_back_within_the_grace_tells_nobody(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    sent(session, NOW + timedelta(minutes=5))
    cancel(session, visit, NOW + timedelta(hours=1))
    life.undo(session, CLINIC, visit, NOW + timedelta(hours=1, seconds=30))
    session.commit()
    waiting = [row for row in planned(visit) if row[2] == "planned"]
    assert waiting == [("reminder", "inbox", "planned"), ("reminder", "email", "planned")]


def test_a_visit_cancelled_before_it_was_told_of_is_not_told_of(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    cancel(session, visit, NOW + timedelta(seconds=30))
    assert {row[2] for row in planned(visit)} == {"skipped"}


def test_several_visits_of_one_patient_in_one_transaction_are_one_message(
    session: Session, desk: Cast, planned: Planned
) -> None:
    for days in range(3):
        start = START + timedelta(days=7 * days)
        visit = Appointment(patient_id=desk.paula, doctor_id=desk.diaz, appointment_datetime=start)
        with session.no_autoflush:
            booking.prepare(session, CLINIC, visit, NOW)
        session.add(visit)
    session.commit()
    told = session.query(Notification).filter_by(rule="booked", channel="email").one()
    assert told.body.count(" at 11:00 with Dr. Díaz") == 3
    assert planned(None, "rule", "channel").count(("reminder", "email")) == 3


def test_a_visit_that_is_silenced_is_not_told_of_but_reminded_of(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    sent(session, NOW + timedelta(minutes=5))
    planning.silence(session, visit)
    move(session, visit, START + timedelta(days=1), NOW + timedelta(hours=1))
    rows = [row for row in planned(visit) if row[2] == "planned" and row[1] == "email"]
    assert rows == [("reminder", "email", "planned")]


def test_a_reminder_whose_time_has_passed_at_the_booking_says_so(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk, NOW + timedelta(hours=5))
    rows = planned(visit, "rule", "state", "reason")
    assert ("reminder", "skipped", planning.BOOKED_LATER) in rows


def test_a_visit_of_the_past_tells_nobody(session: Session, desk: Cast, planned: Planned) -> None:
    visit = book(session, desk, NOW - timedelta(hours=2), status="arrived")
    assert planned(visit) == []


def test_who_wants_no_email_gets_a_text_message(
    session: Session, desk: Cast, planned: Planned
) -> None:
    session.add(ContactPreference(patient_id=desk.paula, email=False))
    visit = book(session, desk)
    assert ("booked", "sms", "planned") in planned(visit)


def test_who_cannot_be_reached_is_seen_on_the_visit(
    session: Session, desk: Cast, planned: Planned
) -> None:
    patient = session.get_one(Patient, desk.paula)
    patient.email, patient.phone = "no address", "555"
    visit = book(session, desk)
    rows = planned(visit, "rule", "channel", "state", "reason")
    assert ("booked", "email", "skipped", "There is no e-mail address.") in rows


def test_a_patient_who_died_is_written_nothing(
    session: Session, desk: Cast, planned: Planned
) -> None:
    session.get_one(Patient, desk.paula).deceased_on = "2026-05-30"
    visit = book(session, desk)
    assert {row[2] for row in planned(visit)} == {"skipped"}


def test_a_message_is_in_the_language_of_the_patient(session: Session, desk: Cast) -> None:
    session.add(ContactPreference(patient_id=desk.paula, language="es"))
    book(session, desk)
    told = session.query(Notification).filter_by(rule="booked", channel="email").one()
    assert told.subject == "Su cita del jue, 4 jun a las 11:00"
    assert "jueves, 4 de junio de 2026 a las 11:00 con Dr. Díaz" in told.body


def test_the_desk_sees_what_became_of_each_message(session: Session, desk: Cast) -> None:
    visit = book(session, desk)
    page = desk.client("rosa").get(f"/appointment/show/{visit.appointment_id}").text
    assert "Messages to the patient" in page
    assert "Reminder a day before" in page
    assert "paula@example.org" not in page


def test_the_desk_can_ask_who_is_told_and_tell_nobody(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk, datetime(2036, 6, 4, 9, tzinfo=NOW.tzinfo))
    key, client = visit.appointment_id, desk.client("rosa")
    said = client.get(f"/api/v1/appointment/{key}/told").json["result"]["moved"]
    assert said == "Paula O’Connor is told by e-mail, portal, in English."
    sent(session, NOW + timedelta(minutes=5))
    body = {"appointment_datetime": "2036-06-05T09:00:00Z", "tell": False, "version": 1}
    answer = client.post(f"/api/v1/appointment/{key}/move", json=body)
    assert answer.status_code == 200, answer.json
    assert "moved" not in {row[0] for row in planned(visit)}


def day_before(session: Session) -> NotificationRule:
    return session.query(NotificationRule).filter_by(event="reminder", active=True).one()


def test_a_rule_that_is_given_another_time_moves_the_reminders_that_wait(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    rule = day_before(session)
    rule.hours_before, rule.quiet_from, rule.quiet_to = 48, None, None
    session.commit()
    assert (
        planned(visit, "rule", "not_before")[:2] == [("reminder", START - timedelta(hours=48))] * 2
    )


def test_a_rule_that_is_switched_off_sends_nothing_and_plans_again_when_it_is_switched_on(
    session: Session, desk: Cast, planned: Planned
) -> None:
    visit = book(session, desk)
    day_before(session).active = False
    session.commit()
    assert planned(visit)[:2] == [
        ("reminder", "inbox", "skipped"),
        ("reminder", "email", "skipped"),
    ]
    session.query(NotificationRule).filter_by(name="Reminder a day before").one().active = True
    session.commit()
    reminders.plan_missing(session, START - timedelta(hours=40))
    session.commit()
    assert planned(visit)[:2] == [
        ("reminder", "inbox", "planned"),
        ("reminder", "email", "planned"),
    ]
