"""The calendar files are RFC 5545, tell no name and no clinical word, and open for no one else."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User
from icalendar import Calendar
from sqlalchemy import select, update

from app.exchange.ical import Entry, initials, uid_of, write
from app.extensions import db
from app.models import Appointment, AuditEvent, CalendarFeed, Doctor, Shift
from tests.cast import Cast

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime.now(UTC).replace(microsecond=0)


def entry(**changes: Any) -> Entry:
    start = datetime(2026, 6, 8, 8, tzinfo=UTC)
    facts: dict[str, Any] = {
        "key": "appointment/7", "start": start, "end": start + timedelta(minutes=30),
        "summary": "Consultation", "modified": datetime(2026, 6, 1, tzinfo=UTC),
    }  # fmt: skip
    return Entry(**(facts | changes))


def written(*entries: Entry, zone: ZoneInfo = MADRID) -> bytes:
    return write("Dr. Díaz", "Clinic", zone, entries)


def events(data: bytes) -> list[Any]:
    return list(Calendar.from_ical(data).walk("VEVENT"))


def utc(event: Any, name: str) -> datetime:
    found: datetime = event[name].dt.astimezone(UTC)
    return found


@pytest.mark.parametrize(
    ("zone", "start", "minutes"),
    [
        ("Europe/Madrid", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 60),  # over the gap
        ("Europe/Madrid", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 60),  # 02:30 to 02:30
        ("Europe/Madrid", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 60),  # the second 02:30
        ("America/New_York", datetime(2026, 11, 1, 6, 15, tzinfo=UTC), 30),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, 0, tzinfo=UTC), 45),
        ("Asia/Kolkata", datetime(2026, 6, 8, 20, 0, tzinfo=UTC), 300),
        ("UTC", datetime(2026, 6, 8, 8, 0, tzinfo=UTC), 30),
    ],
)
def test_a_reader_finds_the_same_instants(zone: str, start: datetime, minutes: int) -> None:
    end = start + timedelta(minutes=minutes)
    (event,) = events(written(entry(start=start, end=end), zone=ZoneInfo(zone)))
    assert (utc(event, "DTSTART"), utc(event, "DTEND")) == (start, end)


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25)])
def test_the_zone_in_the_file_says_what_the_zone_says(day: date) -> None:
    """A reader that knows no zone by name goes by VTIMEZONE alone."""
    start = datetime.combine(day, time(12), MADRID)
    data = written(entry(start=start, end=start + timedelta(hours=1)))
    (zone,) = Calendar.from_ical(data).walk("VTIMEZONE")
    defined = zone.to_tz(lookup_tzid=False)
    noon = datetime.combine(day, time(12))
    assert noon.replace(tzinfo=defined).utcoffset() == start.utcoffset()


def test_a_time_is_told_on_the_wall_with_its_zone() -> None:
    text = written(entry()).decode()
    assert "DTSTART;TZID=Europe/Madrid:20260608T100000\r\n" in text
    assert "DTEND;TZID=Europe/Madrid:20260608T103000\r\n" in text


def test_what_must_be_there_is_there() -> None:
    calendar = Calendar.from_ical(written(entry()))
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    (event,) = calendar.walk("VEVENT")
    for name in ("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "LAST-MODIFIED", "STATUS"):
        assert len(event.property_items()) and name in event
    assert not [e for c in calendar.walk() for e in c.errors]


NAMES = [
    "a;b,c\\d",
    "line\nbreak",
    "é" * 90,
    "日本語" * 40,
    "😀" * 40,
    '"quoted"',
    "a:b",
    "\x07bell",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_text_comes_back_as_it_was(name: str) -> None:
    (event,) = events(written(entry(summary=name)))
    assert str(event["SUMMARY"]) == name.replace("\x07", "")


@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_longer_than_75_octets_and_each_ends_in_crlf(name: str) -> None:
    data = written(entry(summary=name))
    lines = data.split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert b"\n" not in data.replace(b"\r\n", b"")
    for line in lines:
        line.decode()  # no character is cut in two


def test_the_uid_is_of_the_row_and_of_the_house() -> None:
    assert uid_of("Clinic", "appointment/7") == uid_of("Clinic", "appointment/7")
    others = {uid_of("Clinic", "appointment/8"), uid_of("Other", "appointment/7"),
              uid_of("Clinic", "shift/7")}  # fmt: skip
    assert len(others | {uid_of("Clinic", "appointment/7")}) == 4


@pytest.mark.parametrize(
    ("name", "short"),
    [("Paula O’Connor", "P. O."), ("Ana María López", "A. M. L."), ("", ""), ("李 明", "李. 明.")],
)
def test_a_name_is_told_by_its_initials(name: str, short: str) -> None:
    assert initials(name) == short


@pytest.fixture
def diaz(cast: Cast) -> FlaskClient:
    """Dr. Díaz, with a visit of Paula's tomorrow that has a telling reason, and a shift."""
    with cast.app.app_context():
        visit = db.session.get_one(Appointment, cast.visit)
        visit.appointment_datetime = NOW + timedelta(days=1)
        visit.reason, visit.visit_type_id = "a secret diagnosis", cast.visit_type
        staff = db.session.get_one(Doctor, cast.diaz).staff_id
        day = NOW.astimezone(MADRID).date() + timedelta(days=1)
        db.session.add(Shift(staff_id=staff, shift_date=day, start_time=time(22), end_time=time(6)))
        db.session.commit()
    return cast.client("diaz")


def made(client: FlaskClient) -> str:
    answer = client.post(
        "/account/feed", data={"do": "make"}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 200
    return re.sub(r"^https?://[^/]+", "", answer.json["url"])


def visits(data: bytes) -> list[Any]:
    return [event for event in events(data) if event["SUMMARY"] != "Shift"]


def test_a_feed_opens_without_a_login(cast: Cast, diaz: FlaskClient) -> None:
    answer = cast.client("anonymous").get(made(diaz))
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert [str(e["SUMMARY"]) for e in visits(answer.data)] == ["Consultation (P. O.)"]


def test_a_feed_names_no_patient_and_nothing_clinical(cast: Cast, diaz: FlaskClient) -> None:
    text = cast.client("anonymous").get(made(diaz)).text.replace("\r\n ", "")
    assert not [word for word in ("Paula", "Connor", "secret", "diagnosis", "555") if word in text]


def test_a_feed_holds_the_shifts_too(cast: Cast, diaz: FlaskClient) -> None:
    data = cast.client("anonymous").get(made(diaz)).data
    (shift,) = [event for event in events(data) if event["SUMMARY"] == "Shift"]
    assert shift["DTEND"].dt - shift["DTSTART"].dt == timedelta(hours=8)


def test_a_feed_speaks_the_language_of_its_owners_pages(cast: Cast, diaz: FlaskClient) -> None:
    diaz.post("/language/", data={"language": "es"})
    data = cast.client("anonymous").get(made(diaz), headers={"Accept-Language": "en"}).data
    assert "Turno" in [str(event["SUMMARY"]) for event in events(data)]


def test_one_who_is_no_doctor_has_a_feed_of_shifts(cast: Cast) -> None:
    answer = cast.client("anonymous").get(made(cast.client("nora")))
    assert answer.status_code == 200
    assert events(answer.data) == []


def test_a_change_counts_and_keeps_the_uid(cast: Cast, diaz: FlaskClient) -> None:
    url, rosa = made(diaz), cast.client("rosa")
    (before,) = visits(rosa.get(url).data)
    body = {"appointment_datetime": (NOW + timedelta(days=2)).isoformat(), "override_reason": "x"}
    assert rosa.post(f"/api/v1/appointment/{cast.visit}/move", json=body).status_code == 200
    (after,) = visits(rosa.get(url).data)
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert utc(after, "LAST-MODIFIED") >= NOW


@pytest.mark.parametrize(
    ("status", "told"),
    [("booked", "CONFIRMED"), ("pending", "TENTATIVE"), ("cancelled", "CANCELLED"),
     ("noshow", "CANCELLED"), ("fulfilled", "CONFIRMED")],
)  # fmt: skip
def test_the_status_is_told_in_the_words_of_the_standard(
    cast: Cast, diaz: FlaskClient, status: str, told: str
) -> None:
    with cast.app.app_context():
        db.session.execute(update(Appointment).values(status=status))
        db.session.commit()
    (event,) = visits(cast.client("anonymous").get(made(diaz)).data)
    assert event["STATUS"] == told


def test_only_the_near_past_and_future_are_told(cast: Cast, diaz: FlaskClient) -> None:
    url = made(diaz)
    for days, there in [(-31, 0), (-29, 1), (179, 1), (181, 0)]:
        with cast.app.app_context():
            moment = NOW + timedelta(days=days)
            db.session.execute(update(Appointment).values(appointment_datetime=moment))
            db.session.commit()
        assert len(visits(cast.client("anonymous").get(url).data)) == there


def test_a_new_address_closes_the_old_one(cast: Cast, diaz: FlaskClient) -> None:
    old, new = made(diaz), made(diaz)
    nobody = cast.client("anonymous")
    assert (nobody.get(old).status_code, nobody.get(new).status_code) == (404, 200)


def test_a_closed_address_opens_no_more(cast: Cast, diaz: FlaskClient) -> None:
    url = made(diaz)
    diaz.post("/account/feed", data={"do": "revoke"})
    assert cast.client("anonymous").get(url).status_code == 404


def test_the_address_of_one_who_may_not_sign_in_any_more_opens_nothing(
    sqlite_cast: Cast,
) -> None:
    url, nobody = made(sqlite_cast.client("nora")), sqlite_cast.client("anonymous")
    assert nobody.get(url).status_code == 200
    with sqlite_cast.app.app_context():
        db.session.get_one(User, sqlite_cast.users["nora"]).active = False
        db.session.commit()
    assert nobody.get(url).status_code == 404


@pytest.mark.parametrize("token", ["x", "a" * 43, "%2e%2e", "é", "a" * 5000])
def test_an_unknown_address_is_not_there(cast: Cast, token: str) -> None:
    assert cast.client("anonymous").get(f"/feed/{token}.ics").status_code == 404


def test_an_unknown_address_costs_as_much_as_a_closed_one(
    cast: Cast, diaz: FlaskClient, statements: list[str]
) -> None:
    url = made(diaz)
    diaz.post("/account/feed", data={"do": "revoke"})
    costs = []
    for address in (url, "/feed/unknown.ics"):
        statements.clear()
        cast.client("anonymous").get(address)
        costs.append(len(statements))
    assert costs == [1, 1]


def test_a_feed_costs_at_most_four_statements(
    cast: Cast, diaz: FlaskClient, statements: list[str]
) -> None:
    url = made(diaz)
    nobody = cast.client("anonymous")
    statements.clear()
    assert nobody.get(url).status_code == 200
    assert len(statements) <= 4


def test_the_address_itself_is_kept_nowhere(cast: Cast, diaz: FlaskClient) -> None:
    token = made(diaz).removeprefix("/feed/").removesuffix(".ics")
    with cast.app.app_context():
        kept = db.session.scalars(select(CalendarFeed)).one()
        assert token not in str([getattr(kept, c) for c in CalendarFeed.columns()])


def test_a_reading_of_a_feed_leaves_its_trace(cast: Cast, diaz: FlaskClient) -> None:
    cast.client("anonymous").get(made(diaz))
    with cast.app.app_context():
        query = select(AuditEvent).where(AuditEvent.action == "export")
        assert db.session.scalars(query).one().detail["rows"] == 1


def test_the_address_is_shown_once(diaz: FlaskClient) -> None:
    assert "/feed/" in diaz.post("/account/feed", data={"do": "make"}).text
    page = diaz.get("/account/feed")
    assert page.status_code == 200
    assert "/feed/" not in page.text.replace("/account/feed", "")


def test_a_login_without_staff_has_no_calendar(cast: Cast) -> None:
    answer = cast.client("amina").post("/account/feed", data={"do": "make"})
    assert answer.status_code == 422
    assert cast.client("paula").get("/account/feed").status_code in (302, 403)


def test_one_visit_is_a_file(cast: Cast, diaz: FlaskClient) -> None:
    answer = diaz.get(f"/appointment/ics/{cast.visit}")
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    (event,) = events(answer.data)
    assert str(event["SUMMARY"]) == "Consultation, Dr. Díaz"
    assert utc(event, "DTSTART") == NOW + timedelta(days=1)


def test_a_visit_that_is_not_there_is_no_file(cast: Cast) -> None:
    assert cast.client("rosa").get("/appointment/ics/999").status_code == 404
    assert cast.client("anonymous").get(f"/appointment/ics/{cast.visit}").status_code == 302
