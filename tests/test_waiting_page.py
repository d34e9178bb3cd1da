"""The waiting list on screen: who waits, what is offered, and that the patient is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Appointment, Notification, WaitlistEntry, WaitlistOffer
from app.models.base.itself import CLINIC
from app.models.messages import message_defaults
from app.models.visits import life
from tests.cast import Cast

START = (datetime.now(UTC) + timedelta(days=30)).replace(hour=9, minute=0, second=0, microsecond=0)


def wish(cast: Cast) -> dict[str, object]:
    return {
        "patient_id": cast.paula,
        "visit_type_id": cast.visit_type,
        "doctor_id": cast.eriksen,
        "earliest": (START - timedelta(days=5)).isoformat(),
        "latest": (START + timedelta(days=5)).isoformat(),
    }


@pytest.fixture
def offered(cast: Cast) -> int:
    """Paula waits; Quentin's visit is cancelled and its time is offered to her."""
    with cast.app.app_context():
        message_defaults.seed(db.session())
        visit = Appointment(
            patient_id=cast.quentin, doctor_id=cast.eriksen, appointment_datetime=START
        )
        db.session.add(visit)
        db.session.commit()
        answer = cast.client("rosa").post("/api/v1/waitlist_entry/", json=wish(cast))
        assert answer.status_code == 201, answer.text
        life.move_status(db.session(), CLINIC, visit, "cancelled", datetime.now(UTC), "called")
        db.session.commit()
        return db.session.scalars(select(WaitlistOffer.waitlist_offer_id)).one()


def test_an_empty_list_says_what_to_do(cast: Cast) -> None:
    page = cast.client("rosa").get("/waitlist/").text
    assert "Nobody is waiting. Put a patient on the list here" in page


def test_who_waits_is_listed_with_the_way_to_a_time(cast: Cast) -> None:
    cast.client("rosa").post("/api/v1/waitlist_entry/", json=wish(cast))
    page = cast.client("rosa").get("/waitlist/").text
    assert "Paula O’Connor" in page
    assert f"/calendar/?patient={cast.paula}" in page


def test_an_open_offer_can_be_answered_by_the_desk_alone(cast: Cast, offered: int) -> None:
    assert f'data-answer="{offered}/accept"' in cast.client("rosa").get("/waitlist/").text
    assert "data-answer" not in cast.client("nora").get("/waitlist/").text


def test_the_patient_is_told_of_the_offer_and_until_when(cast: Cast, offered: int) -> None:
    with cast.app.app_context():
        query = select(Notification).where(Notification.patient_id == cast.paula)
        told = db.session.scalars(query.where(Notification.once.contains("offer:"))).all()
        offer = db.session.get_one(WaitlistOffer, offered)
        assert told
        assert {row.expires for row in told} == {offer.expires_at}


def test_an_accepted_offer_moves_to_those_made_lately(cast: Cast, offered: int) -> None:
    answer = cast.client("rosa").post(f"/api/v1/waitlist/offer/{offered}/accept", json={})
    assert answer.status_code == 200
    page = cast.client("rosa").get("/waitlist/").text
    assert "Nobody is waiting" in page
    assert 'data-value="taken"' in page


def test_the_calendar_opens_the_panel_for_the_patient_of_an_entry(cast: Cast) -> None:
    page = cast.client("rosa").get(f"/calendar/?patient={cast.paula}&entry=1").text
    assert f'"patient": {{"id": {cast.paula}' in page


def test_a_patient_who_is_not_there_opens_no_panel(cast: Cast) -> None:
    assert cast.client("rosa").get("/calendar/?patient=999999").status_code == 404


def test_the_page_takes_the_same_statements_however_many_wait(
    cast: Cast, statements: list[str]
) -> None:
    rosa = cast.client("rosa")
    rosa.get("/waitlist/")
    statements.clear()
    rosa.get("/waitlist/")
    before = len(statements)
    with cast.app.app_context():
        for _ in range(20):
            facts = {**wish(cast), "earliest": START, "latest": START + timedelta(days=1)}
            db.session.add(WaitlistEntry(**facts, created=datetime.now(UTC)))
        db.session.commit()
    statements.clear()
    rosa.get("/waitlist/")
    assert len(statements) == before
