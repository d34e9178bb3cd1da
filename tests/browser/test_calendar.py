"""The day of the reception in a real browser: look, drag, clash, book, walk over the board."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from app.extensions import db
from app.models import Appointment
from app.models.base.clock import clinic_zone, day_of
from tests.cast import Cast

pytestmark = pytest.mark.browser

PageOf = Callable[..., Any]
HOUR = 104  # pixels


def visit(page: Any, name: str) -> Any:
    return page.locator(f".ec-event:not(.ec-preview):not(.ec-ghost):has-text('{name}')")


def opened(page: Any, day: str, query: str = "view=day") -> Any:
    page.goto(f"/calendar/?{query}&date={day}")
    page.locator(".ec-event .ev-button").first.wait_for()
    page.wait_for_timeout(300)  # the grid scrolls to the hour
    return page


def drag(page: Any, name: str, pixels: int, answer: str = "Move and tell") -> None:
    box = visit(page, name).bounding_box()
    x, y = box["x"] + 40, box["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    for part in (0.3, 0.6, 1):
        page.mouse.move(x, y + pixels * part, steps=4)
    page.mouse.up()
    page.click(f"#telling >> text={answer}")


def starts(cast: Cast, patient: int) -> list[str]:
    with cast.app.app_context():
        query = db.select(Appointment.appointment_datetime).filter_by(patient_id=patient)
        query = query.where(Appointment.appointment_datetime > datetime.now(UTC))
        found = db.session.scalars(query.order_by(Appointment.appointment_datetime)).all()
        return [f"{at.astimezone(clinic_zone()):%H:%M}" for at in found]


def test_the_day_shows_a_column_for_each_doctor_in_the_clinics_time(
    page_of: PageOf, day: str
) -> None:
    page = opened(page_of("rosa"), day)
    assert page.locator(".col-name").all_inner_texts()[0].startswith("Dr. Díaz")
    assert "10:00–10:30 · Booked" in visit(page, "Paula").inner_text()


def test_a_drag_moves_the_visit_and_can_be_taken_back(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    page = opened(page_of("rosa"), day)
    drag(page, "Paula", HOUR // 2)
    page.locator(".toast", has_text="10:30").wait_for()
    assert starts(sqlite_cast, sqlite_cast.paula) == ["10:30"]
    page.click(".toast >> text=Undo")
    page.locator(".toast", has_text="back at 10:00").wait_for()
    assert starts(sqlite_cast, sqlite_cast.paula) == ["10:00"]


def test_a_drag_asks_first_who_is_told_and_leaves_the_visit_where_it_was_on_a_no(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    page = opened(page_of("rosa"), day)
    before = visit(page, "Paula").bounding_box()["y"]
    drag(page, "Paula", HOUR // 2, "Leave it")
    said = page.locator("#telling-told")
    said.filter(has_text="Paula O’Connor is not told").wait_for(state="attached")
    page.wait_for_timeout(300)
    assert visit(page, "Paula").bounding_box()["y"] == before
    assert starts(sqlite_cast, sqlite_cast.paula) == ["10:00"]


def test_a_stretch_makes_the_visit_longer(page_of: PageOf, day: str, sqlite_cast: Cast) -> None:
    page = opened(page_of("rosa"), day)
    box = visit(page, "Paula").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 3 + HOUR // 2, steps=8)
    page.mouse.up()
    page.locator(".toast", has_text="60 min").wait_for()
    assert starts(sqlite_cast, sqlite_cast.paula) == ["10:00"]


def test_a_drag_onto_a_taken_time_is_undone_and_free_times_are_offered(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    page = opened(page_of("rosa"), day)
    before = visit(page, "Paula").bounding_box()["y"]
    drag(page, "Paula", 2 * HOUR)
    page.locator("#refusal[open]").wait_for()
    assert visit(page, "Paula").bounding_box()["y"] == before
    assert "another visit at that time" in page.inner_text("#refusal-text")
    offers = page.locator(".refusal-slots button")
    assert offers.count() == 3
    offers.first.click()
    page.locator(".toast", has_text=re.compile("Paula.*")).wait_for()
    (now,) = starts(sqlite_cast, sqlite_cast.paula)
    assert now not in ("10:00", "12:00")


def test_a_visit_that_another_moved_meanwhile_is_not_moved_over(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    page = opened(page_of("rosa"), day)
    with sqlite_cast.app.app_context():
        visit_of_paula = db.session.scalars(
            db.select(Appointment).filter_by(patient_id=sqlite_cast.paula, status="booked")
            .order_by(Appointment.appointment_datetime.desc())
        ).first()  # fmt: skip
        visit_of_paula.reason = "changed by another"
        db.session.commit()
        db.session.remove()
    drag(page, "Paula", HOUR // 2)
    page.locator("#refusal[open]").wait_for()
    assert page.inner_text("#refusal-title") == "Someone else was quicker"
    assert starts(sqlite_cast, sqlite_cast.paula) == ["10:00"]


def test_a_click_on_an_empty_time_books_there(page_of: PageOf, day: str, sqlite_cast: Cast) -> None:
    page = opened(page_of("rosa"), day)
    box = visit(page, "Paula").bounding_box()
    page.mouse.click(box["x"] + 40, box["y"] + HOUR + 5)  # 11:00 with Dr. Díaz
    page.locator("#booking[open]").wait_for()
    page.click("#booking-send")
    assert "Choose the patient" in page.inner_text(".field:has(:focus) > .error")
    page.locator("#booking-patient").press_sequentially("Quen")
    page.locator(".option", has_text="Quentin Quist").click()
    page.locator(".slot[aria-pressed=true]", has_text="11:00").wait_for()
    page.click("#booking-send")
    page.locator(".toast", has_text="11:00").wait_for()
    assert starts(sqlite_cast, sqlite_cast.quentin) == ["11:00", "12:00"]
    assert visit(page, "Quentin").count() == 2


def test_a_rule_of_the_house_asks_for_a_reason(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    page = opened(page_of("rosa"), day)
    page.keyboard.press("n")
    page.locator("#booking[open]").wait_for()
    page.locator("#booking-patient").press_sequentially("Paul")
    page.locator(".option", has_text="Paula").click()
    page.select_option("#booking-doctor", label="Dr. Díaz")
    page.fill("#booking-other", f"{day}T19:00")
    page.click("#booking-send")
    page.locator("#refusal[open]").wait_for()
    page.click("#refusal-yes")
    assert "why" in page.inner_text(".field:has(:focus) > .error")
    page.fill("#refusal-reason", "Only then can she come")
    page.click("#refusal-yes")
    page.locator(".toast", has_text="19:00").wait_for()
    assert starts(sqlite_cast, sqlite_cast.paula) == ["10:00", "19:00"]


def test_the_card_of_a_visit_opens_by_key_and_cancels_with_a_reason(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    page = opened(page_of("rosa"), day)
    visit(page, "Paula").locator("button").focus()
    page.keyboard.press("Enter")
    page.locator("#visit-card[open]").wait_for()
    page.click("#visit-card >> text=Cancel…")
    page.select_option("#cancelling-code", "patient")
    page.click("#cancelling >> button:has-text('Cancel the visit')")
    page.locator(".toast", has_text="cancelled").wait_for()
    visit(page, "Paula").wait_for(state="detached")


def test_why_a_patient_comes_is_told_of_the_visit_that_is_opened(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    with sqlite_cast.app.app_context():
        for row in db.session.scalars(
            db.select(Appointment).filter_by(patient_id=sqlite_cast.paula)
        ):
            row.reason = "Coughs since May"
        db.session.commit()
    page = page_of("rosa")
    with page.expect_response(lambda answer: "/calendar/events" in answer.url) as told:
        opened(page, day)
    assert "Coughs" not in told.value.text()
    visit(page, "Paula").locator("button").press("Enter")
    page.locator("#visit-card .visit-list", has_text="Coughs since May").wait_for()


def test_a_late_answer_fills_only_the_card_that_it_is_of(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    with sqlite_cast.app.app_context():
        for row in db.session.scalars(db.select(Appointment)):
            who = "Paula" if row.patient_id == sqlite_cast.paula else "Quentin"
            row.reason = f"What {who} comes for"
        db.session.commit()
    page = opened(page_of("rosa"), day)
    asked: list[Any] = []
    page.route("**/api/v1/appointment/*", lambda route: asked.append(route))
    for name in ("Paula", "Quentin"):
        visit(page, name).locator("button").press("Enter")
        page.locator("#visit-card[open] #visit-title", has_text=name).wait_for()
        if name == "Paula":
            page.keyboard.press("Escape")
    card = page.locator("#visit-card")
    page.wait_for_timeout(100)
    for route in reversed(asked):  # Quentin's first, then Paula's, whose card is closed
        with page.expect_response(route.request.url):
            route.continue_()
        card.locator("text=What Quentin comes for").wait_for()
        page.wait_for_timeout(100)
        where = card.bounding_box()
        if route is asked[-1]:
            first = where
    assert "Paula" not in card.inner_text()
    assert where == first


def test_a_day_that_could_not_be_had_is_asked_for_again(page_of: PageOf, day: str) -> None:
    page = page_of("rosa")
    refused = {"status": 429, "json": {"message": "Too many at once."}}
    page.route("**/calendar/events*", lambda route: route.fulfill(**refused))
    page.goto(f"/calendar/?view=day&date={day}")
    fault = page.locator("#cal-fault")
    fault.locator("text=Too many at once.").wait_for()
    assert page.locator(".ec-event .ev-button").count() == 0
    page.unroute("**/calendar/events*")
    fault.locator("button").click()
    visit(page, "Paula").wait_for()
    assert fault.is_hidden()


def test_on_paper_the_visits_are_a_table_with_heads(page_of: PageOf, day: str) -> None:
    page = opened(page_of("rosa"), day)
    page.set_viewport_size({"width": 670, "height": 900})  # what A4 leaves between its margins
    page.emulate_media(media="print")
    head, who = page.locator(".list-table th").first, page.locator(".list-table .list-who").first
    assert head.is_visible()
    assert page.locator(".list-table tr").last.evaluate("e => getComputedStyle(e).display") == (
        "table-row"
    )
    assert who.is_visible() and page.locator("#cal-grid").is_hidden()


def test_a_visit_is_moved_without_a_drag(page_of: PageOf, day: str, sqlite_cast: Cast) -> None:
    page = opened(page_of("rosa"), day)
    visit(page, "Paula").locator("button").press("Enter")
    page.click("#visit-card >> text=Move…")
    page.locator(".slot", has_text="14:00").first.click()
    page.click("#booking-send")
    page.click("#telling >> text=Move and tell")
    page.locator(".toast", has_text="14:00").wait_for()
    assert starts(sqlite_cast, sqlite_cast.paula) == ["14:00"]


def test_the_clinics_time_is_converted_on_the_days_of_clock_change(
    page_of: PageOf, day: str
) -> None:
    page = opened(page_of("rosa"), day)
    ask = """async (walls) => {
        const zone = await import("/static/js/calendar/zone.js");
        zone.useZone("Europe/Madrid");
        return walls.map(zone.instantOf);
    }"""
    walls = [
        "2026-03-29T01:59",
        "2026-03-29T02:30",
        "2026-03-29T03:00",
        "2026-10-25T02:30",
        "2026-10-25T03:00",
    ]
    assert page.evaluate(ask, walls) == [
        "2026-03-29T00:59:00Z", None, "2026-03-29T01:00:00Z", "2026-10-25T00:30:00Z",
        "2026-10-25T02:00:00Z",
    ]  # fmt: skip


def test_every_view_has_an_address_and_the_way_back_works(page_of: PageOf, day: str) -> None:
    page = opened(page_of("rosa"), day)
    for key, view in (("w", "week"), ("m", "month"), ("l", "list")):
        page.keyboard.press(key)
        page.wait_for_url(f"**view={view}&date={day}")
    page.go_back()
    page.wait_for_url("**view=month*")
    page.get_by_role("button", name=re.compile(r"\d+ visits?")).first.wait_for()
    page.reload()
    assert page.locator("[data-view=month]").get_attribute("aria-current") == "page"


def test_the_keys_can_be_switched_off(page_of: PageOf, day: str) -> None:
    page = opened(page_of("rosa"), day)
    page.click("#cal-keys")
    page.uncheck("#keys-on")
    page.click("#keys >> text=Close")
    page.keyboard.press("m")
    assert "view=day" in page.url


def test_what_a_colleague_books_appears_by_itself_when_one_comes_back(
    page_of: PageOf, day: str, sqlite_cast: Cast
) -> None:
    page = opened(page_of("rosa"), day)
    with sqlite_cast.app.app_context():
        at = datetime.combine(datetime.fromisoformat(day), time(15), clinic_zone())
        seen = Appointment(
            patient_id=sqlite_cast.quentin, doctor_id=sqlite_cast.eriksen, appointment_datetime=at,
            minutes_duration=30,
        )  # fmt: skip
        db.session.add(seen)
        db.session.commit()
        db.session.remove()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    visit(page, "Quentin").nth(1).wait_for()


def test_the_list_opens_at_now(page_of: PageOf, sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    with cast.app.app_context():
        start, end = day_of(datetime.now(UTC), clinic_zone())
        for patient, at, status in (
            (cast.paula, start, "fulfilled"), (cast.quentin, end - timedelta(minutes=1), "booked"),
        ):  # fmt: skip
            visit = Appointment(
                patient_id=patient, doctor_id=cast.diaz, appointment_datetime=at,
                minutes_duration=1, status=status,
            )  # fmt: skip
            db.session.add(visit)
        db.session.commit()
        db.session.remove()
    page = page_of("rosa")
    page.goto("/calendar/?view=list")
    page.locator(".list-open", has_text="Quentin").wait_for()
    over = page.locator(".list-open", has_text="Paula").first
    assert not over.is_visible()
    page.get_by_role("button", name="1 earlier visit").click()
    assert over.is_visible()
    page.emulate_media(media="print")
    page.evaluate("document.querySelector('.list-earlier').click()")
    assert over.is_visible(), "on paper nothing is folded"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_wrong(
    page_of: PageOf, day: str, complaints: Callable[[Any], list[str]], width: int, scheme: str
) -> None:
    page = page_of("rosa", width=width, color_scheme=scheme)
    for view in ("day", "week", "month"):
        assert complaints(opened(page, day, f"view={view}")) == [], view
    page.goto(f"/calendar/?view=list&date={day}")
    page.locator(".list-open").first.wait_for()
    assert complaints(page) == []
    page.locator(".list-open").first.click()
    assert complaints(page) == []
    page.goto("/board/")
    page.locator("#board[aria-busy=false]").wait_for()
    assert complaints(page) == []
