"""A rule books its visits together; each keeps its time on the wall and lives its own life."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from time import thread_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.extensions import db
from app.models import Appointment, AppointmentSeries, ClinicError, Notification
from app.models.messages import message_defaults
from app.models.visits.recurrence import occurrences
from app.models.visits.series import instant_of
from tests.cast import Cast

MADRID = ZoneInfo("Europe/Madrid")
URL = "/api/v1/series/"
MONDAY = datetime.now(MADRID).date() + timedelta(days=28 - datetime.now(MADRID).weekday())
FIRST = datetime.combine(MONDAY, time(9))


def wish(cast: Cast, **changes: Any) -> dict[str, Any]:
    facts = {
        "patient_id": cast.paula, "doctor_id": cast.eriksen, "visit_type_id": cast.visit_type,
        "start": FIRST.isoformat(), "rrule": "FREQ=WEEKLY;COUNT=4",
    }  # fmt: skip
    return facts | changes


def book(rosa: FlaskClient, cast: Cast, **changes: Any) -> tuple[int, list[int]]:
    answer = rosa.post(URL, json=wish(cast, **changes))
    assert answer.status_code == 201, answer.json
    return answer.json["id"], [row["appointment_id"] for row in answer.json["result"]]


def walls(cast: Cast, status: str = "booked") -> list[str]:
    """The times on the wall of the series' visits."""
    with cast.app.app_context():
        query = select(Appointment.appointment_datetime).where(
            Appointment.series_id.is_not(None), Appointment.status == status
        )
        found = db.session.scalars(query.order_by(Appointment.appointment_datetime))
        return [f"{moment.astimezone(MADRID):%y-%m-%d %H:%M}" for moment in found]


def said(*weeks: int, hour: int = 9, days: int = 0) -> list[str]:
    moments = (FIRST.replace(hour=hour) + timedelta(weeks=week, days=days) for week in weeks)
    return [f"{moment:%y-%m-%d %H:%M}" for moment in moments]


def block(rosa: FlaskClient, cast: Cast, week: int, hour: int = 9) -> None:
    start = FIRST.replace(hour=hour) + timedelta(weeks=week)
    body = {
        "patient_id": cast.quentin, "doctor_id": cast.eriksen,
        "appointment_datetime": start.isoformat(),
    }  # fmt: skip
    assert rosa.post("/api/v1/appointment/", json=body).status_code == 201


@pytest.mark.parametrize(
    ("start", "rule", "offsets"),
    [
        (datetime(2026, 3, 22, 9), "FREQ=WEEKLY;COUNT=2", [1, 2]),  # spring in Madrid: 29 March
        (datetime(2026, 10, 18, 9), "FREQ=WEEKLY;COUNT=2", [2, 1]),  # autumn: 25 October
    ],
)
def test_nine_stays_nine_over_a_change_of_the_clock(
    start: datetime, rule: str, offsets: list[int], sqlite_cast: Cast
) -> None:
    with sqlite_cast.app.app_context():
        moments = [instant_of(wall) for wall in occurrences(rule, start, MADRID)]
    assert [m.astimezone(MADRID).hour for m in moments] == [9, 9]
    assert [9 - m.hour for m in moments] == offsets


def test_a_year_of_nines_is_booked_at_nine(rosa: FlaskClient, cast: Cast) -> None:
    book(rosa, cast, rrule="FREQ=WEEKLY;COUNT=52")
    assert {wall[-5:] for wall in walls(cast)} == {"09:00"}
    with cast.app.app_context():
        hours = {
            m.hour
            for m in db.session.scalars(
                select(Appointment.appointment_datetime).where(Appointment.series_id.is_not(None))
            )
        }
    assert hours == {7, 8}  # fmt: skip


def test_a_time_that_the_clock_skips_is_read_with_the_offset_before(sqlite_cast: Cast) -> None:
    with sqlite_cast.app.app_context():
        moment = instant_of(datetime(2026, 3, 29, 2, 30))
    assert moment == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;COUNT=3", ["01-05", "01-12", "01-19"]),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", ["01-05", "01-07", "01-12"]),
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=2", ["01-05", "02-02"]),
        ("FREQ=DAILY;INTERVAL=2;UNTIL=20260109", ["01-05", "01-07", "01-09"]),
        ("FREQ=DAILY;UNTIL=20260106T080000Z", ["01-05", "01-06"]),
        ("FREQ=DAILY;UNTIL=20260106T075959Z", ["01-05"]),
    ],
)
def test_a_rule_means_these_days(rule: str, expected: list[str]) -> None:
    found = occurrences(rule, datetime(2026, 1, 5, 9), MADRID)
    assert [f"{wall:%m-%d}" for wall in found] == expected


@pytest.mark.parametrize(
    "rule",
    [
        "", "x", "FREQ=WEEKLY", "FREQ=SECONDLY;COUNT=2", "FREQ=DAILY;COUNT=61", "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=2;UNTIL=20260201", "FREQ=DAILY;UNTIL=20290101", "FREQ=DAILY;UNTIL=20260401",
        "FREQ=YEARLY;COUNT=3", "FREQ=DAILY;INTERVAL=0;COUNT=2", "FREQ=DAILY;COUNT=2;BYDAY=XX",
        "FREQ=DAILY;COUNT=2;COUNT=3", "FREQ=DAILY;COUNT=2\nEXDATE:20260101", "FREQ=DAILY;UNTIL=soon",
        "FREQ=MONTHLY;BYMONTHDAY=99;COUNT=2", "FREQ=DAILY;UNTIL=20250101",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
    ],
)  # fmt: skip
def test_a_rule_without_sense_or_end_is_refused_in_words(rule: str) -> None:
    with pytest.raises(ClinicError):
        occurrences(rule, datetime(2026, 1, 5, 9), MADRID)


@pytest.mark.parametrize("start", [datetime(2026, 1, 5, 9), datetime(2028, 2, 29, 9),
                                   datetime(2099, 8, 31, 9)])  # fmt: skip
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=9", "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU", "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=29,-1", "FREQ=YEARLY;BYMONTH=2,9;BYDAY=TU", "FREQ=YEARLY",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
    ],
)  # fmt: skip
def test_a_rule_is_read_as_the_library_reads_it(rule: str, start: datetime) -> None:
    last = start + timedelta(days=500)
    expected = list(rrulestr(f"{rule};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=start))[:60]
    assert occurrences(f"{rule};UNTIL={last:%Y%m%dT%H%M%S}", start, MADRID) == expected


@pytest.mark.parametrize(
    "rule", ["BYMONTH=2;BYMONTHDAY=30", "BYMONTH=4;BYMONTHDAY=31", "INTERVAL=7;BYDAY=TU",
             "BYMONTHDAY=1;BYSETPOS=9"],
)  # fmt: skip
def test_a_day_that_never_comes_is_soon_refused(rule: str) -> None:
    began = thread_time()
    with pytest.raises(ClinicError):
        occurrences(f"FREQ=DAILY;{rule};COUNT=3", datetime(2026, 1, 5, 9), MADRID)
    assert thread_time() - began < 0.5  # seconds; to the end of the calendar it takes several


def test_all_occurrences_are_booked_at_once(rosa: FlaskClient, cast: Cast) -> None:
    book(rosa, cast)
    assert walls(cast) == said(0, 1, 2, 3)


def test_one_that_cannot_be_had_keeps_all_from_being_booked(rosa: FlaskClient, cast: Cast) -> None:
    block(rosa, cast, 2)
    answer = rosa.post(URL, json=wish(cast))
    assert (answer.status_code, answer.json["code"]) == (409, "series_conflict")
    assert [m["start"] for m in answer.json["missed"]] == [
        (FIRST + timedelta(weeks=2)).replace(tzinfo=MADRID).astimezone(UTC)
        .isoformat().replace("+00:00", "Z")
    ]  # fmt: skip
    assert "alternatives" in answer.json["missed"][0]
    assert walls(cast) == []
    with cast.app.app_context():
        assert db.session.scalar(select(func.count(AppointmentSeries.series_id))) == 0


def test_those_that_cannot_be_had_may_be_left_out(rosa: FlaskClient, cast: Cast) -> None:
    block(rosa, cast, 2)
    answer = rosa.post(URL, json=wish(cast, skip=True))
    assert answer.status_code == 201
    assert len(answer.json["missed"]) == 1
    assert walls(cast) == said(0, 1, 3)
    with cast.app.app_context():
        kept = db.session.get_one(AppointmentSeries, answer.json["id"])
        assert kept.exceptions == [(FIRST + timedelta(weeks=2)).isoformat()]


@pytest.mark.parametrize(
    ("scope", "left"), [("one", [0, 2, 3]), ("following", [0]), ("all", [])]
)  # fmt: skip
def test_cancelling_reaches_as_far_as_is_said(
    rosa: FlaskClient, cast: Cast, scope: str, left: list[int]
) -> None:
    series, visits = book(rosa, cast)
    body = {"appointment_id": visits[1], "scope": scope, "cancellation_reason": "patient"}
    assert rosa.post(f"{URL}{series}/cancel", json=body).status_code == 200
    assert walls(cast) == said(*left)


@pytest.mark.parametrize(
    ("scope", "moved"), [("one", [1]), ("following", [1, 2, 3]), ("all", [0, 1, 2, 3])]
)  # fmt: skip
def test_moving_reaches_as_far_as_is_said(
    rosa: FlaskClient, cast: Cast, scope: str, moved: list[int]
) -> None:
    series, visits = book(rosa, cast)
    to = (FIRST + timedelta(weeks=1)).replace(hour=11).isoformat()
    body = {"appointment_id": visits[1], "scope": scope, "appointment_datetime": to}
    assert rosa.post(f"{URL}{series}/move", json=body).status_code == 200
    stayed = [week for week in range(4) if week not in moved]
    assert walls(cast) == sorted(said(*stayed) + said(*moved, hour=11))


@pytest.mark.parametrize(("tell", "told"), [(True, 1), (False, 0)])
def test_the_patient_is_told_of_a_moved_series_once_or_not_at_all(
    rosa: FlaskClient, cast: Cast, tell: bool, told: int
) -> None:
    with cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
    series, visits = book(rosa, cast)
    with cast.app.app_context():
        db.session.query(Notification).delete()  # as if the booking had been told of
        db.session.commit()
    to = (FIRST + timedelta(weeks=1)).replace(hour=11).isoformat()
    body = {"appointment_id": visits[1], "scope": "all", "appointment_datetime": to, "tell": tell}
    assert rosa.post(f"{URL}{series}/move", json=body).status_code == 200
    with cast.app.app_context():
        moved = db.session.query(Notification).filter_by(rule="moved", channel="inbox").count()
    assert moved == told


@pytest.mark.parametrize("weeks", [1, -1])
def test_a_series_moves_onto_its_own_times(rosa: FlaskClient, cast: Cast, weeks: int) -> None:
    series, visits = book(rosa, cast)
    to = (FIRST + timedelta(weeks=weeks)).isoformat()
    body = {"appointment_id": visits[0], "scope": "all", "appointment_datetime": to}
    assert rosa.post(f"{URL}{series}/move", json=body).status_code == 200
    assert walls(cast) == said(*(week + weeks for week in range(4)))


def test_a_move_that_one_cannot_make_moves_none(rosa: FlaskClient, cast: Cast) -> None:
    series, visits = book(rosa, cast)
    block(rosa, cast, 2, hour=11)
    to = FIRST.replace(hour=11).isoformat()
    body = {"appointment_id": visits[0], "scope": "all", "appointment_datetime": to}
    assert rosa.post(f"{URL}{series}/move", json=body).status_code == 409
    assert walls(cast) == said(0, 1, 2, 3)
    assert rosa.post(f"{URL}{series}/move", json=body | {"skip": True}).status_code == 200
    assert walls(cast) == sorted(said(2) + said(0, 1, 3, hour=11))


@pytest.mark.parametrize("what", ["move", "cancel"])
def test_a_series_is_not_changed_from_what_one_saw_before_another_moved_it(
    rosa: FlaskClient, cast: Cast, what: str
) -> None:
    series, visits = book(rosa, cast)
    moved = {"appointment_datetime": FIRST.replace(hour=11).isoformat()}
    assert rosa.post(f"/api/v1/appointment/{visits[0]}/move", json=moved).status_code == 200
    later = {"appointment_datetime": FIRST.replace(hour=12).isoformat()} if what == "move" else {}
    body = {"appointment_id": visits[0], "scope": "all", "version": 1} | later
    assert rosa.post(f"{URL}{series}/{what}", json=body).status_code == 412
    assert walls(cast) == sorted(said(0, hour=11) + said(1, 2, 3))
    assert rosa.post(f"{URL}{series}/{what}", json=body | {"version": 2}).status_code == 200


def test_the_status_of_one_never_touches_the_others(rosa: FlaskClient, cast: Cast) -> None:
    _, visits = book(rosa, cast)
    rosa.post(f"/api/v1/appointment/{visits[1]}/status", json={"status": "arrived"})
    rosa.put(f"/api/v1/appointment/{visits[2]}", json={"reason": "only this one"})
    with cast.app.app_context():
        rows = [db.session.get_one(Appointment, key) for key in visits]
        assert [row.status for row in rows] == ["booked", "arrived", "booked", "booked"]
        assert [row.reason for row in rows] == [None, None, "only this one", None]
        assert [row.version for row in rows] == [1, 2, 2, 1]


def test_what_has_begun_is_not_moved_with_the_others(rosa: FlaskClient, cast: Cast) -> None:
    series, visits = book(rosa, cast)
    rosa.post(f"/api/v1/appointment/{visits[0]}/status", json={"status": "arrived"})
    body = {"scope": "all", "cancellation_reason": "clinic"}
    assert rosa.post(f"{URL}{series}/cancel", json=body).status_code == 200
    assert walls(cast, "arrived") == said(0)
    assert walls(cast) == []


def test_a_doctor_books_series_of_their_own_only(cast: Cast) -> None:
    diaz = cast.client("diaz")
    assert diaz.post(URL, json=wish(cast)).status_code == 403
    assert diaz.post(URL, json=wish(cast, doctor_id=cast.diaz)).status_code == 201


def test_the_series_of_another_doctor_is_not_there(rosa: FlaskClient, cast: Cast) -> None:
    series, _ = book(rosa, cast)
    answer = cast.client("diaz").post(f"{URL}{series}/cancel", json={"scope": "all"})
    assert answer.status_code == 404
    assert len(walls(cast)) == 4


def test_a_doctor_does_not_change_the_visits_of_their_series_that_are_anothers(
    rosa: FlaskClient, cast: Cast
) -> None:
    series, visits = book(rosa, cast, doctor_id=cast.diaz)
    to = (FIRST + timedelta(weeks=3)).replace(hour=11).isoformat()
    moved = {"appointment_id": visits[3], "scope": "one", "appointment_datetime": to}
    moved_away = moved | {"doctor_id": cast.eriksen}
    assert rosa.post(f"{URL}{series}/move", json=moved_away).status_code == 200
    diaz = cast.client("diaz")
    gone = {"scope": "all", "cancellation_reason": "patient"}
    assert diaz.post(f"{URL}{series}/cancel", json=gone).status_code == 403
    later = {
        "appointment_id": visits[0],
        "scope": "all",
        "appointment_datetime": FIRST.replace(hour=14).isoformat(),
    }
    assert diaz.post(f"{URL}{series}/move", json=later).status_code == 403
    assert walls(cast) == said(0, 1, 2) + said(3, hour=11)


def test_a_visit_of_another_series_is_not_there(rosa: FlaskClient, cast: Cast) -> None:
    series, _ = book(rosa, cast)
    body = {"appointment_id": cast.visit, "scope": "one"}
    assert rosa.post(f"{URL}{series}/cancel", json=body).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"rrule": None}, {"rrule": 3}, {"start": "soon"}, {"start": None}, {"patient_id": 999},
        {"minutes": 0}, {"minutes": 1441}, {"minutes": "x"}, {"skip": "yes"}, {"unknown": 1},
        {"start": "2020-01-06T09:00"}, {"rrule": "FREQ=DAILY;COUNT=2", "minutes": 1440 * 2},
        {"start": "2199-12-31T09:00"}, {"rrule": "a\x00b"}, {"room_id": []}, {"reason": {}},
    ],
)  # fmt: skip
def test_a_body_without_sense_is_refused_in_words(
    rosa: FlaskClient, cast: Cast, changes: dict[str, Any]
) -> None:
    answer = rosa.post(URL, json=wish(cast, **changes))
    sensible = changes.get("start") == "2199-12-31T09:00"
    assert answer.status_code in ((201,) if sensible else (400, 422)), answer.json


def test_visits_of_one_rule_that_overlap_are_refused(rosa: FlaskClient, cast: Cast) -> None:
    body = wish(cast, rrule="FREQ=DAILY;COUNT=2", minutes=1440)
    assert rosa.post(URL, json=body).status_code == 201  # they touch only
