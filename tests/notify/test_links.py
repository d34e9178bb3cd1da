"""Links in messages: one purpose each, without a login, and opening one changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import Session

from app.models import Appointment, AppointmentHistory, ContactPreference
from app.models.messages import links
from app.models.messages.links import Link
from app.models.visits import confirming
from tests.cast import Cast

START = (datetime.now(UTC) + timedelta(days=5)).replace(hour=9, minute=0, second=0, microsecond=0)


@pytest.fixture
def visit(session: Session, desk: Cast) -> Appointment:
    row = Appointment(patient_id=desk.paula, doctor_id=desk.diaz, appointment_datetime=START)
    session.add(row)
    session.commit()
    return row


def path(purpose: str, visit: Appointment) -> str:
    return links.path_of_visit(purpose, visit.appointment_id, visit.appointment_datetime)


@pytest.mark.parametrize("purpose", links.OF_VISIT)
def test_opening_a_link_a_hundred_times_changes_nothing(
    session: Session, desk: Cast, visit: Appointment, purpose: str
) -> None:
    client, address = desk.client("anonymous"), path(purpose, visit)
    before = session.query(AppointmentHistory).count()
    for _ in range(100 if purpose == "cancel" else 3):
        answer = client.get(address)
        assert answer.status_code == 200
        client.head(address)
    session.expire_all()
    assert (visit.version, visit.status) == (1, "booked")
    assert session.query(AppointmentHistory).count() == before
    assert "Dr. Díaz" in answer.text


def test_a_click_cancels_the_visit_and_a_second_one_finds_it_cancelled(
    session: Session, desk: Cast, visit: Appointment
) -> None:
    client, address = desk.client("anonymous"), path("cancel", visit)
    assert "Your visit is cancelled" in client.post(address).text
    session.expire_all()
    assert (visit.status, visit.cancellation_reason) == ("cancelled", "patient")
    assert "This visit is cancelled." in client.post(address).text


def test_a_click_confirms_once(session: Session, desk: Cast, visit: Appointment) -> None:
    client, address = desk.client("anonymous"), path("confirm", visit)
    for _ in range(3):
        assert client.post(address).status_code == 200
    session.expire_all()
    assert confirming.confirmed_at(session, visit) is not None
    assert [row.reason for row in session.query(AppointmentHistory)].count(confirming.SAID) == 1


def test_a_link_of_another_purpose_opens_nothing(
    session: Session, desk: Cast, visit: Appointment
) -> None:
    token = links.token(Link("see", visit.appointment_id, START))
    assert desk.client("anonymous").post(f"/visit/cancel/{token}").status_code == 404
    assert desk.client("anonymous").post(f"/messages/stop/{token}").status_code == 404
    session.expire_all()
    assert visit.status == "booked"


@pytest.mark.parametrize("change", ["x", "", "A" * 5000, "é"])
def test_a_link_that_was_tampered_with_opens_nothing(
    desk: Cast, visit: Appointment, change: str
) -> None:
    address = path("cancel", visit)[:-3] + change
    assert desk.client("anonymous").post(address).status_code in (404, 405)


def test_a_link_goes_on_under_an_earlier_secret_key_while_that_is_named(
    desk: Cast, visit: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, address = desk.app.config, path("see", visit)
    earlier = config["SECRET_KEY"]
    monkeypatch.setitem(config, "SECRET_KEY", "another key, long enough to be taken too")
    assert desk.client("anonymous").get(address).status_code == 404
    monkeypatch.setitem(config, "SECRET_KEY_FALLBACKS", [earlier])
    assert desk.client("anonymous").get(address).status_code == 200
    assert path("see", visit) != address


def test_a_link_ends_when_its_visit_begins(desk: Cast, visit: Appointment) -> None:
    token = links.token(Link("cancel", visit.appointment_id, START))
    assert links.read("cancel", token, START - timedelta(seconds=1)) is not None
    assert links.read("cancel", token, START) is None


def test_a_link_to_a_visit_that_was_moved_says_so_and_does_nothing(
    session: Session, desk: Cast, visit: Appointment
) -> None:
    address = path("cancel", visit)
    visit.appointment_datetime = START + timedelta(hours=2)
    session.commit()
    assert "has changed since" in desk.client("anonymous").post(address).text
    session.expire_all()
    assert visit.status == "booked"


def test_a_link_knows_no_kind_of_visit_and_no_reason(
    session: Session, desk: Cast, visit: Appointment
) -> None:
    visit.reason, visit.visit_type_id = "secret reason", desk.visit_type
    session.commit()
    said = desk.client("anonymous").get(path("see", visit)).text
    assert "secret reason" not in said
    assert "Consultation" not in said


def test_a_page_is_in_the_language_of_the_patient(
    session: Session, desk: Cast, visit: Appointment
) -> None:
    session.add(ContactPreference(patient_id=desk.paula, language="es"))
    session.commit()
    said = desk.client("anonymous").get(path("cancel", visit)).text
    assert '<html lang="es">' in said
    assert "¿Anular esta cita?" in said


def stop_path(cast: Cast) -> str:
    return urlsplit(links.to_stop(cast.paula, datetime.now(UTC))).path


def stopped(session: Session, cast: Cast) -> bool:
    session.expire_all()
    row = session.query(ContactPreference).filter_by(patient_id=cast.paula).one_or_none()
    return row is not None and row.stopped_at is not None


def test_one_click_stops_all_messages_and_another_begins_them_again(
    session: Session, desk: Cast
) -> None:
    client, address = desk.client("anonymous"), stop_path(desk)
    assert client.get(address).status_code == 200
    assert not stopped(session, desk)
    session.rollback()  # the test's session outlives the request that read by it
    answer = client.post(address, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert stopped(session, desk)
    client.post(address, data={"do": "start"})
    assert not stopped(session, desk)


@pytest.mark.parametrize(
    ("text", "wanted"), [("STOP", False), (" stop. ", False), ("BAJA", False), ("thank you", None)]
)
def test_the_word_stop_ends_text_messages_to_that_number(
    session: Session, desk: Cast, text: str, wanted: bool | None
) -> None:
    address = urlsplit(links.for_replies()).path
    answer = desk.client("anonymous").post(address, data={"From": "+34600123456", "Body": text})
    assert answer.status_code == 204
    session.expire_all()
    rows = session.query(ContactPreference).filter_by(patient_id=desk.paula).all()
    assert [row.sms for row in rows] == ([] if wanted is None else [wanted])


def test_nobody_else_can_post_replies(session: Session, desk: Cast) -> None:
    answer = desk.client("anonymous").post(
        "/messages/reply/forged", data={"From": "+34600123456", "Body": "STOP"}
    )
    assert answer.status_code == 404
    assert session.query(ContactPreference).count() == 0


def test_forms_behind_links_need_no_cookie(
    session: Session, desk: Cast, visit: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(desk.app.config, "WTF_CSRF_ENABLED", True)
    client = desk.client("anonymous")
    assert client.post(stop_path(desk)).status_code == 200
    assert client.post(path("confirm", visit)).status_code == 200
