"""The rota: what speaks against a week, nobody twice, drafts, publishing, templates, swaps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import (
    AuditEvent,
    Notification,
    OpeningHours,
    RotaPublication,
    Shift,
    ShiftSwap,
    Staff,
    TimeOff,
)
from app.models.base.itself import CLINIC
from app.models.base.refusals import sentence_for
from app.models.messages import message_defaults
from app.models.rota import rota
from app.models.rota.rota_rules import COVER, LEAVE, RESTED, TWICE, Problem, check_week
from app.spelling import spelled
from app.views.rota import rota_requests
from tests.cast import Cast

MADRID = ZoneInfo("Europe/Madrid")
MONDAY = date(2026, 5, 4)
COMING = datetime.now(UTC).date() + timedelta(days=60)
AHEAD = COMING - timedelta(days=COMING.weekday())
NORA = Staff(staff_id=1, name="Nora", role="nurse")
DIAZ = Staff(staff_id=2, name="Dr. Díaz", role="doctor")
_keys = iter(range(1, 10_000))


def shift(who: Staff, day: date, start: str, end: str, published: bool = False) -> Shift:
    return Shift(
        shift_id=next(_keys), staff=who, staff_id=who.staff_id, shift_date=day,
        start_time=time.fromisoformat(start), end_time=time.fromisoformat(end),
        published=published,
    )  # fmt: skip


def problems(*shifts: Shift, kind: str | None = None, **facts: Any) -> list[Problem]:
    given = {"opening": [], "time_off": [], "zone": MADRID, "monday": MONDAY} | facts
    monday = given.pop("monday")
    found = check_week(monday, shifts, **given)
    return [problem for problem in found if kind in (None, problem.kind)]


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def test_a_week_with_doctor_and_nurse_has_no_problem() -> None:
    assert (
        problems(shift(NORA, MONDAY, "08:00", "16:00"), shift(DIAZ, MONDAY, "08:00", "16:00")) == []
    )


def test_an_hour_without_a_nurse_is_named_and_may_be_published() -> None:
    (found,) = problems(
        shift(NORA, MONDAY, "09:30", "16:00"), shift(DIAZ, MONDAY, "08:00", "16:00")
    )
    assert found.sentence == "No nurse on Monday 4 May from 08:00 to 09:30."
    assert (found.day, found.blocks, found.kind) == (MONDAY, False, COVER)


def test_opening_hours_say_which_hours_need_someone() -> None:
    opening = [OpeningHours(weekday="Tuesday", start_time=time(8), end_time=time(12))]
    found = problems(shift(DIAZ, day(1), "08:00", "11:00"), opening=opening, kind=COVER)
    assert [problem.sentence for problem in found] == [
        "No doctor on Tuesday 5 May from 11:00 to 12:00.",
        "No nurse on Tuesday 5 May from 08:00 to 12:00.",
    ]


def test_a_holiday_needs_nobody() -> None:
    opening = [OpeningHours(weekday="Tuesday", start_time=time(8), end_time=time(12))]
    assert problems(opening=opening, holidays={day(1): "a feast"}) == []


def test_a_night_shift_of_the_day_before_covers_the_early_hours() -> None:
    opening = [OpeningHours(weekday="Monday", start_time=time(0), end_time=time(6))]
    before = day(-1)
    assert problems(
        shift(NORA, before, "22:00", "06:00"), shift(DIAZ, before, "22:00", "06:00"), opening=opening
    ) == []  # fmt: skip


def test_a_doctor_on_leave_covers_nothing() -> None:
    leave = away(DIAZ, MONDAY)
    found = problems(
        shift(NORA, MONDAY, "08:00", "16:00"), shift(DIAZ, MONDAY, "08:00", "16:00"),
        time_off=[leave],
    )  # fmt: skip
    assert [problem.kind for problem in found] == [LEAVE, COVER]
    assert found[1].sentence == "No doctor on Monday 4 May from 08:00 to 16:00."


def away(who: Staff, on: date, status: str = "approved") -> TimeOff:
    start = datetime.combine(on, time(), MADRID)
    return TimeOff(
        staff_id=who.staff_id, start_at=start, end_at=start + timedelta(days=1), status=status
    )


def test_nobody_works_on_approved_leave() -> None:
    (found,) = problems(
        shift(NORA, MONDAY, "08:00", "16:00"), time_off=[away(NORA, MONDAY)], kind=LEAVE
    )
    assert found.blocks
    assert found.sentence == "Nora is on approved leave during Monday 4 May 08:00–16:00."


@pytest.mark.parametrize("status", ["requested", "declined"])
def test_leave_that_is_not_approved_blocks_nothing(status: str) -> None:
    leave = away(NORA, MONDAY, status)
    assert problems(shift(NORA, MONDAY, "08:00", "16:00"), time_off=[leave], kind=LEAVE) == []


def test_a_night_shift_clashes_with_an_early_one_next_morning() -> None:
    night, early = shift(NORA, MONDAY, "22:00", "06:00"), shift(NORA, day(1), "05:00", "13:00")
    (found,) = problems(night, early, kind=TWICE)
    assert found.blocks
    assert found.shift_ids == (night.shift_id, early.shift_id)


def test_a_long_shift_hides_no_later_clash() -> None:
    shifts = [
        shift(NORA, MONDAY, "08:00", "20:00"),
        shift(NORA, MONDAY, "09:00", "10:00"),
        shift(NORA, MONDAY, "19:00", "21:00"),
    ]
    assert len(problems(*shifts, kind=TWICE)) == 2


@pytest.mark.parametrize(
    ("end", "start", "short"),
    [("22:00", "09:00", False), ("22:00", "08:59", True), ("20:00", "06:00", True)],
)
def test_eleven_hours_of_rest_also_across_midnight(end: str, start: str, short: bool) -> None:
    found = problems(
        shift(NORA, MONDAY, "12:00", end), shift(NORA, day(1), start, "14:00"), kind=RESTED
    )
    assert bool(found) == short
    assert not any(problem.blocks for problem in found)


def test_rest_after_a_night_shift_counts_from_its_end_on_the_next_day() -> None:
    (found,) = problems(
        shift(NORA, MONDAY, "22:00", "06:00"), shift(NORA, day(1), "16:00", "20:00"), kind=RESTED
    )
    assert "10 h of rest" in found.sentence


def test_rest_counts_over_the_end_of_the_week() -> None:
    sunday, monday = shift(NORA, day(-1), "14:00", "22:00"), shift(NORA, MONDAY, "07:00", "15:00")
    assert problems(sunday, monday, kind=RESTED)
    assert problems(sunday, monday, kind=RESTED, monday=day(-7))


@pytest.mark.parametrize(
    ("saturday", "rest"),
    [
        (date(2026, 3, 28), "10 h"),  # the clock is set forward: eleven on the wall, ten in truth
        (date(2026, 10, 24), None),  # back: eleven on the wall, twelve in truth
        (date(2026, 5, 9), None),
    ],
)
def test_rest_is_real_time_over_a_change_of_the_clock(saturday: date, rest: str | None) -> None:
    found = problems(
        shift(NORA, saturday, "14:00", "22:00"),
        shift(NORA, saturday + timedelta(days=1), "09:00", "15:00"),
        monday=saturday - timedelta(days=saturday.weekday()),
        kind=RESTED,
    )
    assert [rest in problem.sentence for problem in found] == ([True] if rest else [])


def test_a_shift_that_goes_on_where_another_ends_is_one() -> None:
    two = shift(NORA, MONDAY, "08:00", "12:00"), shift(NORA, MONDAY, "12:00", "16:00")
    assert problems(*two, kind=RESTED) == problems(*two, kind=TWICE) == []


# -- the database says no --------------------------------------------------------------


@pytest.fixture
def staff(cast: Cast) -> Iterator[dict[str, int]]:
    with cast.app.app_context():
        yield {s.name: s.staff_id for s in db.session.scalars(select(Staff))}
        db.session.rollback()


def add(
    session: Session, who: int, on: date, start: str, end: str, published: bool = True
) -> Shift:
    row = Shift(
        staff_id=who, shift_date=on, start_time=time.fromisoformat(start),
        end_time=time.fromisoformat(end), published=published,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        ((0, "08:00", "16:00"), (0, "15:59", "20:00"), True),
        ((0, "08:00", "16:00"), (0, "16:00", "20:00"), False),
        ((0, "22:00", "06:00"), (1, "05:00", "13:00"), True),
        ((0, "22:00", "06:00"), (1, "06:00", "13:00"), False),
        ((1, "05:00", "13:00"), (0, "22:00", "06:00"), True),
        ((0, "00:00", "00:00:00.5"), (0, "00:00", "12:00"), True),
        ((0, "12:00", "11:00"), (1, "10:00", "12:00"), True),
    ],
)
def test_the_database_refuses_a_person_twice(
    staff: dict[str, int], first: Any, second: Any, taken: bool, published: bool
) -> None:
    nora, session = staff["Nora Novak"], db.session()
    add(session, nora, day(first[0]), *first[1:])
    if not taken:
        add(session, nora, day(second[0]), *second[1:], published=published)
        return
    with pytest.raises(IntegrityError) as refused:
        add(session, nora, day(second[0]), *second[1:], published=published)
    assert sentence_for(refused.value).message == "This person already has a shift at that time."


def test_two_people_may_work_at_the_same_time(staff: dict[str, int]) -> None:
    add(db.session(), staff["Nora Novak"], MONDAY, "08:00", "16:00")
    add(db.session(), staff["Dr. Díaz"], MONDAY, "08:00", "16:00")


def test_a_shift_is_not_moved_onto_another(staff: dict[str, int]) -> None:
    session = db.session()
    add(session, staff["Nora Novak"], MONDAY, "08:00", "16:00")
    late = add(session, staff["Nora Novak"], MONDAY, "16:00", "20:00")
    late.start_time = time(15)
    with pytest.raises(IntegrityError, match="shift_staff_twice"):
        session.flush()


@pytest.mark.parametrize("start", ["07:00", "07:00:00", "07:00:00.000000"])
def test_raw_sql_is_refused_in_any_spelling(staff: dict[str, int], start: str) -> None:
    session = db.session()
    add(session, staff["Nora Novak"], MONDAY, "08:00", "16:00")
    insert = (
        "INSERT INTO shift (staff_id, shift_date, start_time, end_time)"
        f" VALUES ({staff['Nora Novak']}, '2026-05-04', '{start}', '08:00:01')"
    )
    with pytest.raises(IntegrityError, match="shift_staff_twice"):
        session.execute(text(insert))


@pytest.mark.parametrize(
    ("on", "start"),
    [("2026-02-30", "07:00"), ("2026-05-04", "07:00+09:00"), ("2026-05-04", "24:00"),
     ("2026-05-04", "07:00:00Z"), ("2026-05-04", "07:00\0")],
)  # fmt: skip
def test_sqlite_refuses_a_shift_that_is_on_no_calendar_and_no_clock(
    sqlite_cast: Cast, on: str, start: str
) -> None:
    insert = text(
        "INSERT INTO shift (staff_id, shift_date, start_time, end_time) VALUES (1, :on, :at, '08:00')"
    )
    with sqlite_cast.app.app_context(), pytest.raises(IntegrityError, match="shift_spelling"):
        db.session().execute(insert, {"on": on, "at": start})


def test_a_shift_is_seen_whatever_its_number(staff: dict[str, int]) -> None:
    session = db.session()
    add(session, staff["Nora Novak"], MONDAY, "08:00", "16:00")
    session.execute(text("UPDATE shift SET shift_id = -1"))
    with pytest.raises(IntegrityError, match="shift_staff_twice"):
        add(session, staff["Nora Novak"], MONDAY, "09:00", "10:00")


# -- over HTTP ------------------------------------------------------------------------------


@pytest.fixture
def amina(sqlite_cast: Cast) -> FlaskClient:
    return sqlite_cast.client("amina")


@pytest.fixture
def people(sqlite_cast: Cast) -> dict[str, int]:
    with sqlite_cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
        return {s.name: s.staff_id for s in db.session.scalars(select(Staff))}


def new(client: FlaskClient, who: int, on: date, start: str = "08:00", end: str = "16:00") -> Any:
    body = {"staff_id": who, "shift_date": on.isoformat(), "start_time": start, "end_time": end}
    return client.post("/rota/shift", json=body, headers=JSON)


def send(client: FlaskClient, path: str, **body: Any) -> Any:
    return client.post(f"/rota/{path}", json=body, headers=JSON)


JSON = {"Accept": "application/json"}
WEEK = AHEAD.isoformat()


def full_day(client: FlaskClient, people: dict[str, int], on: date = AHEAD) -> None:
    for name in ("Nora Novak", "Dr. Díaz"):
        assert new(client, people[name], on).status_code == 201


def count(cast: Cast, model: Any, **facts: Any) -> int:
    with cast.app.app_context():
        return db.session.scalar(select(func.count()).select_from(model).filter_by(**facts)) or 0


def test_a_new_shift_is_a_draft_with_an_audit_event(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    answer = new(amina, people["Nora Novak"], AHEAD)
    assert (answer.status_code, answer.json["published"]) == (201, False)
    assert count(sqlite_cast, AuditEvent, entity="Shift", action="add") == 1


def test_a_second_shift_at_the_same_time_is_a_sentence(
    amina: FlaskClient, people: dict[str, int]
) -> None:
    new(amina, people["Nora Novak"], AHEAD)
    answer = new(amina, people["Nora Novak"], AHEAD, "12:00", "20:00")
    assert answer.status_code == 409
    assert answer.json["message"] == "This person already has a shift at that time."


@pytest.mark.parametrize(
    "wrong",
    [
        {"staff_id": 999999}, {"staff_id": None}, {"staff_id": "x"}, {"shift_date": "yesterday"},
        {"start_time": "25:00"}, {"start_time": ["08:00"]}, {"end_time": "08:00"},
        {"start_time": "08:00:30"}, {"shift_date": {}},
    ],
)  # fmt: skip
def test_a_shift_that_cannot_be_is_refused_in_words(
    amina: FlaskClient, people: dict[str, int], wrong: dict[str, Any]
) -> None:
    body = {
        "staff_id": people["Nora Novak"], "shift_date": WEEK, "start_time": "08:00",
        "end_time": "16:00",
    }  # fmt: skip
    answer = send(amina, "shift", **body | wrong)
    assert 400 <= answer.status_code < 500
    assert answer.json["message"]


def test_an_edit_from_an_old_version_is_refused(amina: FlaskClient, people: dict[str, int]) -> None:
    made = new(amina, people["Nora Novak"], AHEAD).json
    assert send(amina, f"shift/{made['id']}", end_time="15:00", version=1).status_code == 200
    assert send(amina, f"shift/{made['id']}", end_time="14:00", version=1).status_code == 412
    assert send(amina, f"shift/{made['id']}/delete", version=1).status_code == 412
    assert send(amina, f"shift/{made['id']}/delete", version=2).status_code == 200


def test_publishing_tells_each_person_once(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    full_day(amina, people)
    full_day(amina, people, AHEAD + timedelta(days=1))
    asked = amina.get(f"/rota/problems?week={WEEK}").json
    assert (asked["drafts"], asked["people"]) == (4, 2)
    answer = send(amina, "publish", week=WEEK)
    assert (answer.status_code, answer.json) == (200, {"shifts": 4, "people": 2})
    assert count(sqlite_cast, Notification, channel="inbox") == 2
    assert count(sqlite_cast, Shift, published=False) == 0
    assert send(amina, "publish", week=WEEK).status_code == 422
    assert count(sqlite_cast, Notification, channel="inbox") == 2


def test_of_a_week_that_has_begun_only_what_is_to_come_is_told(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    full_day(amina, people)
    new(amina, people["Nora Novak"], AHEAD + timedelta(days=2))
    gone = AHEAD - timedelta(days=364)
    new(amina, people["Nora Novak"], gone)
    asked = amina.get(f"/rota/problems?week={gone.isoformat()}").json
    assert (asked["drafts"], asked["people"]) == (1, 0)
    with sqlite_cast.app.app_context():
        tuesday = datetime.combine(AHEAD + timedelta(days=1), time(12), UTC)
        done = rota.publish_week(db.session(), CLINIC, AHEAD, tuesday, "a course")
        assert (len(done.shifts), done.people) == (3, 1)
        said = db.session.scalars(select(Notification).filter_by(channel="inbox")).one().body
        assert said and "Wednesday" in said and "Monday" not in said.partition("\n\n")[2]


def test_missing_cover_asks_for_a_reason_and_keeps_it(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    new(amina, people["Dr. Díaz"], AHEAD)
    answer = send(amina, "publish", week=WEEK)
    assert (answer.status_code, answer.json["code"]) == (422, "reason_needed")
    assert [problem["kind"] for problem in answer.json["problems"]] == [COVER]
    assert count(sqlite_cast, Notification, channel="inbox") == 0
    assert send(amina, "publish", week=WEEK, reason="Nora is on a course").status_code == 200
    with sqlite_cast.app.app_context():
        kept = db.session.scalars(select(RotaPublication)).one()
        assert (kept.reason, kept.monday, kept.shifts) == ("Nora is on a course", AHEAD, 1)


def test_a_clinic_without_nurses_publishes_without_a_reason(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    with sqlite_cast.app.app_context():
        db.session.execute(update(Staff).where(Staff.role == "nurse").values(active=False))
        db.session.commit()
    new(amina, people["Dr. Díaz"], AHEAD)
    assert send(amina, "publish", week=WEEK).status_code == 200


def test_leave_blocks_publishing_whatever_the_reason(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    full_day(amina, people)
    with sqlite_cast.app.app_context():
        leave = away(db.session.get_one(Staff, people["Nora Novak"]), AHEAD)
        db.session.add(leave)
        db.session.commit()
    answer = send(amina, "publish", week=WEEK, reason="we must")
    assert (answer.status_code, answer.json["code"]) == (422, "blocked")
    assert count(sqlite_cast, Shift, published=True) == 0


def test_what_is_published_already_stops_no_later_draft(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    full_day(amina, people)
    send(amina, "publish", week=WEEK)
    with sqlite_cast.app.app_context():
        db.session.add(away(db.session.get_one(Staff, people["Nora Novak"]), AHEAD))
        db.session.commit()
    new(amina, people["Rosa Ricci"], AHEAD)
    assert send(amina, "publish", week=WEEK, reason="Nora fell ill").status_code == 200


def published_shift(amina: FlaskClient, people: dict[str, int], cast: Cast, name: str) -> int:
    """The key of the one shift of a person, on a day that was published."""
    full_day(amina, people)
    send(amina, "publish", week=WEEK)
    with cast.app.app_context():
        return db.session.scalars(select(Shift.shift_id).filter_by(staff_id=people[name])).one()


def test_a_changed_shift_is_a_draft_again_and_its_old_person_is_told(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    key = published_shift(amina, people, sqlite_cast, "Dr. Díaz")
    answer = send(amina, f"shift/{key}", staff_id=people["Dr. Eriksen"])
    assert answer.json["published"] is False
    with sqlite_cast.app.app_context():
        told = db.session.scalars(
            select(Notification).order_by(Notification.notification_id.desc())
        ).first()
        assert told.staff_id == people["Dr. Díaz"]
        assert "taken off" in told.subject


def test_a_published_shift_that_goes_by_the_api_is_told(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    key = published_shift(amina, people, sqlite_cast, "Dr. Díaz")
    assert amina.delete(f"/api/v1/shift/{key}").status_code == 200
    assert subjects(sqlite_cast, people["Dr. Díaz"])[-1].startswith(
        "A shift of yours was taken off"
    )


def test_leave_that_is_decided_by_the_api_is_told_once(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    nora = sqlite_cast.client("nora")
    key = send(nora, "time-off", first=WEEK, last=WEEK).json["id"]
    for note in ("", "enjoy"):  # the second change decides nothing
        body = {"status": "approved", "note": note}
        assert amina.put(f"/api/v1/time_off/{key}", json=body).status_code == 200
    assert len(subjects(sqlite_cast, people["Nora Novak"])) == 1


def subjects(cast: Cast, staff_id: int) -> list[str]:
    """Of what is in a person's inbox, oldest first."""
    of_inbox = select(Notification.subject).filter_by(staff_id=staff_id, channel="inbox")
    with cast.app.app_context():
        return list(db.session.scalars(of_inbox.order_by(Notification.notification_id)))


def test_a_copied_week_is_drafts_and_leaves_out_who_works_then(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    full_day(amina, people)
    send(amina, "publish", week=WEEK)
    following = AHEAD + timedelta(days=7)
    new(amina, people["Nora Novak"], following, "15:00", "20:00")
    answer = send(amina, "copy", week=following.isoformat())
    assert answer.json == {"shifts": 1, "left_out": 1}
    assert count(sqlite_cast, Shift, shift_date=following, published=False) == 2


def test_a_template_is_kept_and_laid_over_another_week(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    full_day(amina, people, AHEAD + timedelta(days=2))
    made = send(amina, "template", week=WEEK, name="Ordinary")
    assert made.status_code == 201
    again = send(amina, "template", week=WEEK, name="Ordinary")
    assert again.json["id"] == made.json["id"]
    other = AHEAD + timedelta(days=28)
    assert send(amina, f"template/{made.json['id']}/apply", week=other.isoformat()).json == {
        "shifts": 2, "left_out": 0,
    }  # fmt: skip
    assert count(sqlite_cast, Shift, shift_date=other + timedelta(days=2), published=False) == 2
    assert send(amina, f"template/{made.json['id']}/delete").status_code == 200
    assert send(amina, f"template/{made.json['id']}/apply", week=WEEK).status_code == 404


def test_time_off_is_asked_for_and_approved(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    nora = sqlite_cast.client("nora")
    for first, last in ((WEEK, f"{AHEAD + timedelta(days=400)}"), ("2020-03-02", "2020-03-03")):
        assert send(nora, "time-off", first=first, last=last).status_code == 422
    asked = send(nora, "time-off", first=WEEK, last=WEEK, note="wedding")
    assert (asked.status_code, asked.json["status"]) == (201, "requested")
    key = asked.json["id"]
    assert send(nora, f"time-off/{key}/decide", approve=True).status_code == 403
    assert send(amina, f"time-off/{key}/decide", approve=True, version=1).status_code == 200
    assert send(amina, f"time-off/{key}/decide", approve=False).status_code == 409
    days = spelled(AHEAD, "d MMM y")
    page = nora.get(f"/time_off/show/{key}").text
    assert page.count(days) == 2 and f"{days} 00:00" not in page
    assert count(sqlite_cast, Notification, channel="inbox", staff_id=people["Nora Novak"]) == 1


def test_leave_that_was_decided_keeps_its_days_unless_who_decides_moves_it(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    nora = sqlite_cast.client("nora")
    key = send(nora, "time-off", first=WEEK, last=WEEK).json["id"]
    url, longer = f"/api/v1/time_off/{key}", {"end_at": f"{AHEAD + timedelta(days=30)}T00:00"}
    assert nora.put(url, json=longer).status_code == 200  # it is only asked for as yet
    assert send(amina, f"time-off/{key}/decide", approve=True).status_code == 200
    refused = nora.put(url, json={"end_at": f"{AHEAD + timedelta(days=60)}T00:00"})
    assert refused.status_code == 422
    assert "approved already" in refused.text
    assert nora.put(url, json=longer | {"note": "by train"}).status_code == 200
    assert amina.put(url, json={"end_at": f"{AHEAD + timedelta(days=5)}T00:00"}).status_code == 200


@pytest.fixture
def swappable(amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast) -> tuple[int, int]:
    """Dr. Díaz works on the Monday, Dr. Eriksen from noon of the same day; both published."""
    for who, start, end in (("Dr. Díaz", "08:00", "16:00"), ("Dr. Eriksen", "12:00", "20:00")):
        new(amina, people[who], AHEAD, start, end)
    send(amina, "publish", week=WEEK, reason="no nurse yet")
    with sqlite_cast.app.app_context():
        rows = db.session.scalars(select(Shift.shift_id).order_by(Shift.shift_id)).all()
    return rows[0], rows[1]


def test_a_swap_is_asked_for_and_approved(
    amina: FlaskClient, people: dict[str, int], swappable: tuple[int, int], sqlite_cast: Cast
) -> None:
    diaz = sqlite_cast.client("diaz")
    asked = send(diaz, "swap", shift_id=swappable[0], other_shift_id=swappable[1])
    assert (asked.status_code, asked.json["status"]) == (201, "requested")
    assert send(diaz, "swap", shift_id=swappable[0], other_shift_id=swappable[1]).status_code == 409
    key = asked.json["id"]
    agree(sqlite_cast, key)
    assert send(amina, f"swap/{key}/decide", approve=True, version=2).status_code == 200
    with sqlite_cast.app.app_context():
        late = db.session.scalars(select(Shift).filter_by(start_time=time(12))).one()
        assert late.staff_id == people["Dr. Díaz"]
        assert db.session.scalars(select(ShiftSwap.status)).one() == "approved"


def agree(cast: Cast, key: int, yes: bool = True) -> int:
    """Dr. Eriksen's word; answers the status of the reply."""
    return send(cast.client("eriksen"), f"swap/{key}/answer", agree=yes).status_code


@pytest.fixture
def asked_for(swappable: tuple[int, int], sqlite_cast: Cast) -> int:
    asked = send(
        sqlite_cast.client("diaz"), "swap", shift_id=swappable[0], other_shift_id=swappable[1]
    )
    key: int = asked.json["id"]
    return key


def test_a_swap_is_approved_only_after_the_colleague_agreed(
    amina: FlaskClient, asked_for: int, sqlite_cast: Cast
) -> None:
    refused = send(amina, f"swap/{asked_for}/decide", approve=True)
    assert refused.json["message"] == "Dr. Eriksen has not agreed yet."
    assert agree(sqlite_cast, asked_for) == 200
    assert send(amina, f"swap/{asked_for}/decide", approve=True).status_code == 200


def test_a_colleague_who_declines_ends_the_swap(
    amina: FlaskClient, asked_for: int, sqlite_cast: Cast
) -> None:
    assert agree(sqlite_cast, asked_for, yes=False) == 200
    assert send(amina, f"swap/{asked_for}/decide", approve=True).status_code == 409
    assert agree(sqlite_cast, asked_for) == 409


def test_nobody_else_agrees_to_a_swap(asked_for: int, sqlite_cast: Cast) -> None:
    diaz, nora = sqlite_cast.client("diaz"), sqlite_cast.client("nora")
    assert send(diaz, f"swap/{asked_for}/answer", agree=True).status_code == 403
    assert send(nora, f"swap/{asked_for}/answer", agree=True).status_code == 404


def test_the_rota_asks_the_colleague_alone(asked_for: int, sqlite_cast: Cast) -> None:
    button = f'data-answer="swap/{asked_for}"'
    assert button in sqlite_cast.client("eriksen").get("/rota/").text
    assert button not in sqlite_cast.client("diaz").get("/rota/").text
    assert "Waits for Dr. Eriksen" in sqlite_cast.client("diaz").get("/rota/").text


def test_a_colleague_without_a_login_need_not_agree(
    amina: FlaskClient, asked_for: int, people: dict[str, int], sqlite_cast: Cast
) -> None:
    with sqlite_cast.app.app_context():
        db.session.get_one(Staff, people["Dr. Eriksen"]).user_id = None
        db.session.commit()
    assert send(amina, f"swap/{asked_for}/decide", approve=True).status_code == 200


def test_no_swap_is_asked_for_that_puts_somebody_at_work_twice(
    amina: FlaskClient, people: dict[str, int], swappable: tuple[int, int], sqlite_cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(rota_requests, "OFFERED_DAYS", 400)
    diaz, (mine, other) = sqlite_cast.client("diaz"), swappable
    offered = f"/rota/shift/{mine}/others"
    assert [row["id"] for row in diaz.get(offered).json["result"]] == [other]
    new(amina, people["Dr. Díaz"], AHEAD, "18:00", "22:00")
    assert diaz.get(offered).json["result"][0]["id"] == other  # of a draft nobody is told
    asked = send(diaz, "swap", shift_id=mine, other_shift_id=other)
    key = asked.json["id"]
    assert agree(sqlite_cast, key) == 200
    refused = send(amina, f"swap/{key}/decide", approve=True)
    assert (refused.status_code, refused.json["message"]) == (
        409, f"Dr. Díaz works then already: {spelled(AHEAD, 'd MMM y')} 18:00–22:00.",
    )  # fmt: skip
    assert send(amina, f"swap/{key}/decide", approve=False).status_code == 200
    send(amina, "publish", week=WEEK, reason="no nurse yet")
    assert diaz.get(offered).json["result"] == []
    again = send(diaz, "swap", shift_id=mine, other_shift_id=other)
    assert "Dr. Díaz works then already" in again.json["message"]


def test_the_rota_says_the_days_of_a_leave_and_not_its_midnights(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    last = (AHEAD + timedelta(days=2)).isoformat()
    for until in (WEEK, last):
        send(sqlite_cast.client("nora"), "time-off", first=WEEK, last=until)
    page = amina.get("/rota/").text
    first, third = (spelled(AHEAD + timedelta(days=n), "EEE d MMM") for n in (0, 2))
    assert f"<span>{first}</span>" in page
    assert f"<span>{first} – {third}</span>" in page


def test_nobody_offers_the_shift_of_another(swappable: tuple[int, int], sqlite_cast: Cast) -> None:
    nora = sqlite_cast.client("nora")
    answer = send(nora, "swap", shift_id=swappable[0], other_shift_id=swappable[1])
    assert answer.status_code == 422
    assert answer.json["message"] == "You can offer a shift of your own only."


def test_a_swap_that_leaves_too_little_rest_asks_for_a_reason(
    amina: FlaskClient, people: dict[str, int], swappable: tuple[int, int], sqlite_cast: Cast
) -> None:
    new(amina, people["Dr. Díaz"], AHEAD + timedelta(days=1), "06:00", "14:00")
    diaz = sqlite_cast.client("diaz")
    asked = send(diaz, "swap", shift_id=swappable[0], other_shift_id=swappable[1])
    key = asked.json["id"]
    agree(sqlite_cast, key)
    answer = send(amina, f"swap/{key}/decide", approve=True)
    assert (answer.status_code, answer.json["code"]) == (422, "reason_needed")
    assert count(sqlite_cast, ShiftSwap, status="requested") == 1
    assert send(amina, f"swap/{key}/decide", approve=True, reason="both agree").status_code == 200


def test_a_message_is_read_by_its_person_only(
    swappable: tuple[int, int], people: dict[str, int], sqlite_cast: Cast
) -> None:
    with sqlite_cast.app.app_context():
        key = db.session.scalars(
            select(Notification.notification_id).filter_by(
                staff_id=people["Dr. Díaz"], channel="inbox"
            )
        ).one()
    assert send(sqlite_cast.client("nora"), f"message/{key}/read").status_code == 404
    assert send(sqlite_cast.client("diaz"), f"message/{key}/read").status_code == 200
    assert count(sqlite_cast, Notification, channel="inbox", read_at=None) == 1


@pytest.mark.parametrize("who", ["diaz", "nora", "rosa"])
def test_everyone_reads_the_rota_and_only_the_admin_plans(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast, who: str
) -> None:
    full_day(amina, people)
    client = sqlite_cast.client(who)
    page = client.get(f"/rota/?week={WEEK}")
    assert page.status_code == 200
    assert "Nora Novak" in page.text
    assert 'data-act="publish"' not in page.text
    assert new(client, people["Nora Novak"], AHEAD + timedelta(days=1)).status_code == 403
    assert send(client, "publish", week=WEEK).status_code == 403


@pytest.mark.parametrize("week", ["tomorrow", "2026-13-01", "0001-01-01", "9999-12-31", "20260504"])
def test_a_week_that_is_none_is_a_bad_request(amina: FlaskClient, week: str) -> None:
    assert amina.get(f"/rota/?week={week}").status_code == 400
    assert send(amina, "copy", week=week).status_code == 400


@pytest.mark.parametrize("body", [None, [], "x", {"week": 5}, {"week": None}])
def test_a_body_that_cannot_be_meant_is_refused(amina: FlaskClient, body: Any) -> None:
    for path in ("copy", "publish", "template"):
        answer = amina.post(f"/rota/{path}", json=body, headers=JSON)
        assert 400 <= answer.status_code < 500


def test_the_page_costs_the_same_for_one_and_for_many(
    amina: FlaskClient, people: dict[str, int], sqlite_cast: Cast
) -> None:
    sent: list[str] = []

    def note(*arguments: Any) -> None:
        sent.append(arguments[2])

    full_day(amina, people)
    with sqlite_cast.app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    amina.get(f"/rota/?week={WEEK}")
    few = len(sent)
    for number in range(1, 5):
        full_day(amina, people, AHEAD + timedelta(days=number))
    sent.clear()
    amina.get(f"/rota/?week={WEEK}")
    with sqlite_cast.app.app_context():
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(sent) == few
