"""A series on screen: its visits, what was left out, and how it is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.models.visits.recurrence import in_words
from tests.calendar_rows import visits
from tests.cast import Cast
from tests.test_series import FIRST, URL, block, book, wish


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=WEEKLY;COUNT=4", "every week"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=4", "every 2 weeks on Mon, Thu"),
        ("RRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=3", "every month on Tue"),
        ("FREQ=DAILY;UNTIL=20260601", "every day"),
    ],
)
def test_a_rule_is_said_in_words(rule: str, words: str) -> None:
    assert in_words(rule) == words


def test_the_page_lists_the_visits_and_leads_each_to_the_calendar(cast: Cast) -> None:
    key, booked = book(cast.client("rosa"), cast)
    page = cast.client("rosa").get(f"/series/{key}").text
    assert all(f"visit={visit}" in page for visit in booked)
    assert "Could not be booked" not in page


def test_what_was_left_out_stays_named(cast: Cast) -> None:
    rosa = cast.client("rosa")
    block(rosa, cast, 1)
    answer = rosa.post(URL, json=wish(cast, skip=True))
    assert [missed["soft"] for missed in answer.json["missed"]] == [False]
    page = rosa.get(f"/series/{answer.json['id']}").text
    assert "Could not be booked" in page
    assert page.count("Find another time") == 1


def test_a_cancelled_visit_was_not_left_out(cast: Cast) -> None:
    rosa = cast.client("rosa")
    key, booked = book(rosa, cast)
    body = {"appointment_id": booked[1], "scope": "one", "cancellation_reason": "patient"}
    assert rosa.post(f"{URL}{key}/cancel", json=body).status_code == 200
    assert "Could not be booked" not in rosa.get(f"/series/{key}").text


def test_a_series_that_is_not_there_is_not_found(cast: Cast) -> None:
    assert cast.client("rosa").get("/series/999").status_code == 404


def test_the_calendar_tells_which_visit_belongs_to_a_series(cast: Cast) -> None:
    key, booked = book(cast.client("rosa"), cast)
    day, after = FIRST.date(), FIRST.date() + timedelta(days=1)
    found = visits(cast, url=f"/calendar/events?start={day}&end={after}")
    assert [(row["id"], row["series_id"]) for row in found] == [(booked[0], key)]
