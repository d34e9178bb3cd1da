"""The planner's week and a sick day in a real browser: draw, drag, publish, mark absent, undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Appointment, Doctor, Notification, Shift, Staff
from app.models.base.clock import clinic_zone
from app.models.messages import message_defaults
from tests.cast import Cast

pytestmark = pytest.mark.browser

PageOf = Callable[..., Any]
TODAY = datetime.now(UTC).date()
MONDAY = TODAY + timedelta(days=14 - TODAY.weekday())


@pytest.fixture
def people(sqlite_cast: Cast) -> dict[str, int]:
    with sqlite_cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
        return {row.name: row.staff_id for row in db.session.scalars(select(Staff))}


@pytest.fixture
def sick(sqlite_cast: Cast) -> date:
    """Dr. Díaz has two visits on the Monday; Dr. Eriksen is of the same field and free."""
    cast = sqlite_cast
    with cast.app.app_context():
        doctors = [db.session.get_one(Doctor, key) for key in (cast.diaz, cast.eriksen)]
        doctors[1].specialization = doctors[0].specialization
        for doctor in doctors:
            row = Shift(
                staff=doctor.staff, shift_date=MONDAY, start_time=time(8), end_time=time(16)
            )
            db.session.add(row)
        for patient, hour in ((cast.paula, 10), (cast.quentin, 12)):
            at = datetime.combine(MONDAY, time(hour), clinic_zone())
            db.session.add(
                Appointment(
                    patient_id=patient, doctor_id=cast.diaz, visit_type_id=cast.visit_type,
                    appointment_datetime=at, minutes_duration=30, status="booked",
                )
            )  # fmt: skip
        db.session.commit()
        db.session.remove()
    return MONDAY


def cell(page: Any, staff: int, day: date = MONDAY) -> Any:
    return page.locator(f".rota-cell[data-staff='{staff}'][data-date='{day}']")


def shifts(cast: Cast) -> list[tuple[int, date, str, str, bool]]:
    with cast.app.app_context():
        rows = db.session.scalars(select(Shift).order_by(Shift.shift_id))
        return [
            (s.staff_id, s.shift_date, f"{s.start_time:%H:%M}", f"{s.end_time:%H:%M}", s.published)
            for s in rows
        ]


def becomes(page: Any, ask: Callable[[], Any], expected: Any) -> None:
    """The page shows a change at once; the server has it a moment later."""
    for _ in range(80):
        if ask() == expected:
            return
        page.wait_for_timeout(100)
    assert ask() == expected


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def at_hour(place: Any, hour: float) -> tuple[float, float]:
    box = place.bounding_box()
    return box["x"] + box["width"] * hour / 24, box["y"] + box["height"] / 2


def test_a_week_is_drawn_moved_stretched_and_published(
    page_of: PageOf, sqlite_cast: Cast, people: dict[str, int], complaints: Any
) -> None:
    nora, rosa = people["Nora Novak"], people["Rosa Ricci"]
    page = page_of("amina")
    page.goto(f"/rota/?week={MONDAY}")

    drag(page, at_hour(cell(page, nora), 8), at_hour(cell(page, nora), 16))
    assert page.input_value("#shift-from") == "08:00"
    assert page.input_value("#shift-to") == "16:00"
    page.click("#shift-dialog [type=submit]")
    cell(page, nora).locator(".is-draft").wait_for()
    drawn = [(nora, MONDAY, "08:00", "16:00", False)]
    becomes(page, lambda: shifts(sqlite_cast), drawn)

    tuesday = MONDAY + timedelta(days=1)
    shift = cell(page, nora).locator(".shift")
    drag(page, at_hour(shift, 12), at_hour(cell(page, rosa, tuesday), 12))
    cell(page, rosa, tuesday).locator(".shift").wait_for()
    moved = [(rosa, tuesday, "08:00", "16:00", False)]
    becomes(page, lambda: shifts(sqlite_cast), moved)

    shift = cell(page, rosa, tuesday).locator(".shift")
    box = shift.bounding_box()
    drag(
        page,
        (box["x"] + box["width"] - 3, box["y"] + 10),
        at_hour(cell(page, rosa, tuesday), 20),
    )
    page.get_by_text("08:00–20:00", exact=True).wait_for()
    stretched = [(rosa, tuesday, "08:00", "20:00", False)]
    becomes(page, lambda: shifts(sqlite_cast), stretched)
    assert complaints(page) == []

    page.click("[data-act=publish]")
    page.locator("#publish-list").get_by_text("No nurse on Tuesday").wait_for()
    assert complaints(page) == []
    page.fill("#publish-reason", "a quiet day")
    page.click("#publish-send")
    cell(page, rosa, tuesday).locator(".is-published").wait_for()
    with sqlite_cast.app.app_context():
        told = select(Notification.staff_id).where(Notification.staff_id.is_not(None))
        assert set(db.session.scalars(told)) == {rosa}

    mine = page_of("rosa", width=390, height=844)
    mine.goto(f"/rota/?week={MONDAY}")
    mine.get_by_text("These shifts of yours were published").wait_for()
    assert complaints(mine) == []
    mine.get_by_role("button", name="Read").first.click()
    mine.get_by_text("These shifts of yours were published").wait_for(state="detached")


def test_a_shift_is_added_and_deleted_by_keys_alone(
    page_of: PageOf, sqlite_cast: Cast, people: dict[str, int]
) -> None:
    nora = people["Nora Novak"]
    page = page_of("amina")
    page.goto(f"/rota/?week={MONDAY}")
    cell(page, nora).locator(".cell-add").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator("#shift-dialog[open]").wait_for()
    page.keyboard.press("Enter")
    tuesday = MONDAY + timedelta(days=1)
    cell(page, nora, tuesday).locator(".shift").wait_for()
    assert shifts(sqlite_cast) == [(nora, tuesday, "08:00", "16:00", False)]
    page.wait_for_function("!document.querySelector('dialog[open]')")
    cell(page, nora, tuesday).locator(".shift").focus()
    page.keyboard.press("Enter")
    page.locator("#shift-delete").focus()
    page.keyboard.press("Enter")
    cell(page, nora, tuesday).locator(".shift").wait_for(state="detached")
    assert shifts(sqlite_cast) == []


def test_a_clash_is_told_in_the_dialog(
    page_of: PageOf, sqlite_cast: Cast, people: dict[str, int]
) -> None:
    page = page_of("amina")
    page.goto(f"/rota/?week={MONDAY}")
    for _ in range(2):
        place = cell(page, people["Nora Novak"])
        place.hover()
        place.locator(".cell-add").click()
        page.click("#shift-dialog [type=submit]")
        page.wait_for_timeout(400)
    assert "already has a shift" in page.inner_text("#shift-dialog .error")
    assert len(shifts(sqlite_cast)) == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_a_sick_day_is_marked_and_taken_back(
    page_of: PageOf, sqlite_cast: Cast, sick: date, complaints: Any, width: int
) -> None:
    def where() -> list[tuple[datetime, int, str]]:
        with sqlite_cast.app.app_context():
            rows = db.session.scalars(select(Appointment).order_by(Appointment.appointment_id))
            return [(v.appointment_datetime, v.doctor_id, v.status) for v in rows]

    before = where()
    page = page_of("rosa", width=width)
    page.goto("/absence/")
    assert complaints(page) == []
    page.select_option("#absence-doctor", str(sqlite_cast.diaz))
    page.fill("#absence-first", sick.isoformat())
    page.fill("#absence-last", sick.isoformat())
    page.get_by_role("button", name="Show the visits").click()
    page.locator("[data-visit]").nth(1).wait_for()
    assert page.locator("[data-visit]").count() == 2
    assert complaints(page) == []
    page.locator("[data-visit] [data-choice]").nth(1).select_option("other")
    page.get_by_role("button", name="Confirm all").click()
    assert "new time" in page.inner_text("[data-visit]:has([data-time]:focus) [data-error]")
    page.locator("[data-visit] [data-choice]").nth(1).select_option("cancel")
    assert page.inner_text("#plan-sum") == "1 to move, 1 to cancel, 0 to leave"
    page.get_by_role("button", name="Confirm all").click()
    page.get_by_text("1 moved, 1 cancelled").wait_for()
    assert complaints(page) == []
    after = where()
    assert after[1][1] == sqlite_cast.eriksen
    assert after[2][2] == "cancelled"
    page.click("#absence-undo")
    page.click("#confirm-yes")
    page.get_by_text("2 of 2 visits are where they were").wait_for()
    assert where() == before
    with sqlite_cast.app.app_context():
        told = select(Notification).where(Notification.patient_id.is_not(None))
        assert list(db.session.scalars(told)) == []
