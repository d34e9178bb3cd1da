"""The portal: a patient books, moves and cancels their own visits by the rules of the house."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.models import Appointment, AuditEvent, Doctor, Shift, VisitType
from app.models.base.clock import clinic_zone
from app.views.portal.portal import short_day
from tests.cast import Cast

DAYS = 3
"""The shifts of these tests begin so many days from now, far from the cut-off."""


@pytest.fixture(autouse=True)
def on_duty(cast: Cast) -> None:
    """Dr. Díaz works on three days to come, from 9 to 12."""
    with cast.app.app_context():
        today = datetime.now(UTC).astimezone(clinic_zone()).date()
        staff = db.session.get(Doctor, cast.diaz).staff_id
        for day in range(DAYS, DAYS + 3):
            db.session.add(
                Shift(
                    staff_id=staff, shift_date=today + timedelta(days=day), published=True,
                    start_time=time(9), end_time=time(12),
                )
            )  # fmt: skip
        db.session.commit()
        db.session.remove()


def offered(client: FlaskClient, url: str) -> list[str]:
    """The values of the buttons with a time, as the page has them."""
    return re.findall(r'name="time" value="([^"]+)"', client.get(url).text)


def test_a_visit_of_an_earlier_year_is_listed_with_its_year(cast: Cast) -> None:
    with cast.app.test_request_context():
        now, before = datetime(2026, 3, 1, tzinfo=UTC), datetime(2025, 12, 12, 9, tzinfo=UTC)
        assert short_day(before, now) == "12 Dec 2025"
        assert short_day(before, before) == "Fri 12 Dec"


def visits_of(cast: Cast, patient_id: int) -> list[Any]:
    with cast.app.app_context():
        columns = Appointment.appointment_id, Appointment.status, Appointment.version
        start = Appointment.appointment_datetime
        query = select(*columns, start).where(
            Appointment.patient_id == patient_id, start > datetime.now(UTC)
        )
        return list(db.session.execute(query.order_by(Appointment.appointment_id)))


def book(cast: Cast, name: str = "paula", index: int = 0) -> Any:
    """A visit that a patient has booked by the portal."""
    client, url = cast.client(name), f"/portal/book/{cast.visit_type}"
    kept = client.post(url, data={"time": offered(client, url)[index]})
    assert kept.status_code == 302, kept.text
    key = kept.location.rsplit("/", 1)[1]
    assert client.post(f"/portal/visit/{key}/confirm").status_code == 302
    return key


def test_the_patients_start_is_the_portal(cast: Cast) -> None:
    assert cast.client("paula").get("/").location == "/portal/"


def test_four_taps_book_a_visit(cast: Cast) -> None:
    client = cast.client("paula")
    assert "/portal/book/" in client.get("/portal/").text
    kind = f"/portal/book/{cast.visit_type}"
    assert kind in client.get("/portal/book/").text
    kept = client.post(kind, data={"time": offered(client, kind)[0]})
    client.post(kept.location.replace("/book/keep/", "/visit/") + "/confirm")
    (visit,) = visits_of(cast, cast.paula)
    assert visit.status == "booked"


def test_a_chosen_time_is_kept_until_it_is_confirmed(cast: Cast) -> None:
    paula, quentin = cast.client("paula"), cast.client("quentin")
    url = f"/portal/book/{cast.visit_type}"
    first = offered(paula, url)[0]
    paula.post(url, data={"time": first})
    assert first not in offered(quentin, url)
    assert quentin.post(url, data={"time": first}).status_code == 409


def test_another_choice_gives_the_first_one_back(cast: Cast) -> None:
    client, url = cast.client("paula"), f"/portal/book/{cast.visit_type}"
    first, second = offered(client, url)[:2]
    client.post(url, data={"time": first})
    client.post(url, data={"time": second})
    assert [v.status for v in visits_of(cast, cast.paula)] == ["cancelled", "pending"]


def test_a_time_that_was_taken_meanwhile_shows_what_is_still_free(cast: Cast) -> None:
    url = f"/portal/book/{cast.visit_type}"
    first = offered(cast.client("quentin"), url)[0]
    book(cast, "paula")
    answer = cast.client("quentin").post(url, data={"time": first})
    assert answer.status_code == 409
    assert "taken a moment ago" in answer.text
    assert re.search(r'name="time"', answer.text)


@pytest.mark.parametrize(
    "time", ["", "x", "2026-05-04T08:00:00", "2026-05-04T08:00:00Z", "2026-05-04T08:00:00Z x"]
)
def test_what_is_no_offered_time_is_refused(cast: Cast, time: str) -> None:
    answer = cast.client("paula").post(f"/portal/book/{cast.visit_type}", data={"time": time})
    assert answer.status_code in {404, 409, 422}
    assert visits_of(cast, cast.paula) == []


def test_a_doctor_without_a_rota_cannot_be_booked_by_a_patient(cast: Cast) -> None:
    start = (datetime.now(UTC) + timedelta(days=5)).strftime("%Y-%m-%dT10:00:00Z")
    form = {"time": f"{start} {cast.eriksen}"}
    assert (
        cast.client("paula").post(f"/portal/book/{cast.visit_type}", data=form).status_code == 409
    )


def test_a_kind_that_is_not_for_patients_is_not_there(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.get(VisitType, cast.visit_type).bookable_online = False
        db.session.commit()
        db.session.remove()
    client = cast.client("paula")
    assert "Consultation" not in client.get("/portal/book/").text
    assert client.get(f"/portal/book/{cast.visit_type}").status_code == 404


def test_nobody_has_more_visits_to_come_than_the_clinic_allows(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast.app.config, "PORTAL_MOST_OPEN", 1)
    client, url = cast.client("paula"), f"/portal/book/{cast.visit_type}"
    other = offered(client, url)[-1]
    book(cast)
    assert offered(client, url) == []
    answer = client.post(url, data={"time": other})
    assert answer.status_code == 422
    assert "more than one visit to come" in answer.text


def test_no_time_is_offered_in_which_the_patient_is_with_another_doctor(cast: Cast) -> None:
    client, url = cast.client("paula"), f"/portal/book/{cast.visit_type}"
    first, second = offered(client, url)[:2]
    with cast.app.app_context():
        start = datetime.fromisoformat(first.split()[0])
        visit = Appointment(
            patient_id=cast.paula, doctor_id=cast.eriksen, appointment_datetime=start,
            minutes_duration=10,
        )  # fmt: skip
        db.session.add(visit)
        db.session.commit()
        db.session.remove()
    assert first not in offered(client, url) and second in offered(client, url)


def test_times_beyond_the_horizon_are_not_offered(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast.app.config, "PORTAL_HORIZON_DAYS", DAYS - 1)
    assert offered(cast.client("paula"), f"/portal/book/{cast.visit_type}") == []


def test_a_visit_moves_in_place(cast: Cast) -> None:
    key = book(cast)
    (before,) = visits_of(cast, cast.paula)
    client, url = cast.client("paula"), f"/portal/book/move/{key}"
    later = offered(client, url)[-1]
    assert client.post(url, data={"time": later, "version": before.version}).status_code == 302
    (after,) = visits_of(cast, cast.paula)
    assert after.version == before.version + 1
    assert after.appointment_datetime > before.appointment_datetime


def test_a_visit_that_was_changed_meanwhile_is_not_moved(cast: Cast) -> None:
    key = book(cast)
    client, url = cast.client("paula"), f"/portal/book/move/{key}"
    answer = client.post(url, data={"time": offered(client, url)[-1], "version": "1"})
    assert answer.status_code == 412


def test_a_cancelled_visit_frees_its_time(cast: Cast) -> None:
    url = f"/portal/book/{cast.visit_type}"
    first = offered(cast.client("quentin"), url)[0]
    key = book(cast)
    assert first not in offered(cast.client("quentin"), url)
    assert cast.client("paula").post(f"/portal/visit/{key}/cancel").status_code == 302
    assert first in offered(cast.client("quentin"), url)


def test_who_chooses_a_time_within_the_cut_off_is_told_before_confirming(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    paula, url = cast.client("paula"), f"/portal/book/{cast.visit_type}"
    key = book(cast)
    said = []
    for hours in (0, 24 * 30):
        monkeypatch.setitem(cast.app.config, "PORTAL_CUTOFF_HOURS", hours)
        kept = paula.post(url, data={"time": offered(paula, url)[-1]})
        said.append("This is soon" in paula.get(kept.location).text)
        said.append("by the clinic only" in paula.get(f"/portal/book/move/{key}").text)
    assert said == [False, False, True, True]


@pytest.mark.parametrize("way", ["visit/{}/cancel", "book/move/{}"])
def test_after_the_cut_off_the_clinic_is_to_be_called(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    key = book(cast)
    times = offered(cast.client("paula"), f"/portal/book/move/{key}")
    monkeypatch.setitem(cast.app.config, "PORTAL_CUTOFF_HOURS", 24 * 30)
    client = cast.client("paula")
    answer = client.post("/portal/" + way.format(key), data={"time": times[-1]})
    assert answer.status_code == 422
    assert "call the clinic" in answer.text
    assert "Cancel the visit" not in client.get(f"/portal/visit/{key}").text


PAGES = (
    ("GET", "/portal/visit/{}"), ("GET", "/portal/visit/{}.ics"), ("POST", "/portal/visit/{}/confirm"),
    ("GET", "/portal/visit/{}/cancel"), ("POST", "/portal/visit/{}/cancel"),
    ("GET", "/portal/book/keep/{}"), ("GET", "/portal/book/move/{}"), ("POST", "/portal/book/move/{}"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "url"), PAGES)
def test_the_visit_of_another_is_not_there_and_the_try_is_kept(
    cast: Cast, method: str, url: str
) -> None:
    key = book(cast)
    answer = cast.client("quentin").open(url.format(key), method=method)
    assert answer.status_code == 404
    assert "Consultation" not in answer.text
    with cast.app.app_context():
        query = select(AuditEvent).where(AuditEvent.outcome == "refused")
        (event,) = db.session.scalars(query)
        assert (event.agent, event.entity_id) == ("quentin", key)
    assert [v.status for v in visits_of(cast, cast.paula)] == ["booked"]


@pytest.mark.parametrize("url", ["/portal/", "/portal/visits", "/portal/book/"])
def test_a_page_of_the_portal_costs_few_statements(
    cast: Cast, statements: list[str], url: str
) -> None:
    book(cast)
    client = cast.client("paula")
    statements.clear()
    assert client.get(url).status_code == 200
    assert len(statements) <= 8


def test_the_times_cost_the_same_statements_however_many_there_are(
    cast: Cast, statements: list[str]
) -> None:
    client = cast.client("paula")
    statements.clear()
    assert len(offered(client, f"/portal/book/{cast.visit_type}")) > 10
    assert len(statements) <= 14


def test_the_calendar_file_of_a_visit_names_no_patient(cast: Cast) -> None:
    key = book(cast)
    file = cast.client("paula").get(f"/portal/visit/{key}.ics")
    assert "BEGIN:VEVENT" in file.text
    assert "Paula" not in file.text
