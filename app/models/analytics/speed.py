"""How long the clinic's answers take: a count for each day, page and step of time.

Each process counts what it answers and adds its counts once in a while. Steps instead of single
times keep a year of them small, and a median of steps is off by a quarter at most.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Date, String, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.language import _, _l
from app.models.analytics.figure import Column, Figure, Total, Value, percentile
from app.models.analytics.scope import Asked, Scope
from app.models.base.clock import day_at
from app.models.base.entity import Entity

STEPS = [n * 10**power for power in range(5) for n in (10, 12, 15, 20, 25, 30, 40, 50, 60, 80)]
"""In tenths of a millisecond: from 1 ms to 80 s, each at most a third above the one before."""

SHOWN = 15
KEPT = timedelta(days=800)
"""Two periods of a year and a month."""

MEANING = _l(
    "How long the server took to make an answer, from the arrival of the question, by "
    "address (what stands for a number is in angle brackets): the median, and the time "
    "that 95 of 100 did not exceed. Each time counts as the next step, which is at most "
    "a third above it. Shown are the addresses that were asked most often. The way "
    "through the network is not in it."
)


class AnswerTime(Entity):
    """How many answers of a page took at most `step` (tenths of a millisecond; more than the step
    before) on a day of the clinic."""

    __tablename__ = "answer_time"
    __screen__ = None

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    page: Mapped[str] = mapped_column(String(150), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    answers: Mapped[int] = mapped_column()


class Key(NamedTuple):
    """What is counted together."""

    day: date
    page: str
    step: int


def key_of(page: str, seconds: float, now: datetime) -> Key:
    """Under which an answer is counted; `page` is the pattern of its address, without numbers."""
    place = bisect_left(STEPS, round(seconds * 10_000))
    day = day_at(now)
    return Key(day, page[:150], STEPS[min(place, len(STEPS) - 1)])


def add(session: Session, counted: Mapping[Key, int]) -> None:
    """Add these counts to those of other processes."""
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[
        session.get_bind().dialect.name
    ]
    rows = [{**key._asdict(), "answers": count} for key, count in sorted(counted.items())]
    statement = insert(AnswerTime)
    more = {"answers": AnswerTime.answers + statement.excluded.answers}
    session.execute(
        statement.on_conflict_do_update(set_=more, index_elements=list(Key._fields)), rows
    )


def forget(session: Session, now: datetime) -> int:
    """The job: remove what is too old to be compared with; answers how many rows those were."""
    gone = delete(AnswerTime).where(AnswerTime.day < (now - KEPT).date())
    return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def times(session: Session, scope: Scope) -> dict[tuple[int, str], Counter[int]]:
    """By period (1 is the one asked for, 0 the one before) and page: answers by step."""
    now = scope.in_now(AnswerTime.day)
    query = (
        select(now, AnswerTime.page, AnswerTime.step, func.sum(AnswerTime.answers))
        .where(scope.both(AnswerTime.day))
        .group_by(now, AnswerTime.page, AnswerTime.step)
    )
    found: dict[tuple[int, str], Counter[int]] = {}
    for period, page, step, answers in session.execute(query):
        found.setdefault((period, page), Counter())[step] += int(answers)
    return found


def figure(asked: Asked) -> Figure:
    """The time to answer of the busiest addresses, in milliseconds, and of all together."""
    found = asked.once(times, asked.scope)
    pages = {page: steps for (period, page), steps in found.items() if period}
    busiest = sorted(pages, key=lambda page: (-pages[page].total(), page))[:SHOWN]
    now, before = (_all(found, period) for period in (1, 0))
    return Figure(
        "answer-times", _("Response times"), MEANING, "bars", _("Address"),
        [Column(_("Answers"), drawn=False), Column(_("Median"), "ms"), Column(_("95 of 100"), "ms")],
        [(page, [pages[page].total(), _ms(pages[page], 50), _ms(pages[page], 95)]) for page in busiest],
        [
            Total(_("Median response"), _ms(now, 50), _ms(before, 50), "ms", -1),
            Total(_("95 of 100 responses"), _ms(now, 95), _ms(before, 95), "ms", -1),
        ],
        empty=_("No answers were timed in this period."),
    )  # fmt: skip


def _all(found: Mapping[tuple[int, str], Counter[int]], wanted: int) -> Counter[int]:
    """The answers of a period, of all pages, by step."""
    whole: Counter[int] = Counter()
    for (period, *_rest), steps in found.items():
        if period == wanted:
            whole += steps
    return whole


def _ms(steps: Counter[int], rank: float) -> Value:
    found = percentile(steps, rank)
    return found / 10 if isinstance(found, int) else found
