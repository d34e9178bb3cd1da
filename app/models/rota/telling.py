"""What the people on the rota are told of it, by the rules of the clinic: in their inbox, by e-mail.

The session itself is listened to: a leave that is decided, and a published shift that goes to somebody
else or off the rota, are told whichever way it came, by the page of the rota, a grid or the API.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from app.models.base.changes import was
from app.models.base.clock import clinic_zone
from app.models.clinic.opening import TimeOff
from app.models.messages import outbox, wording
from app.models.rota.rota_rules import week_of
from app.models.rota.rota_tables import RotaPublication, ShiftSwap
from app.models.rota.shift import Shift

Texts = dict[str, str]
"""A text in each language."""


def spelled(shift: Shift) -> Texts:
    """“Monday 4 May 2026, 08:00–16:00”."""
    return _spelled(shift.shift_date, shift.start_time, shift.end_time)


def published(
    session: Session, publication: RotaPublication, shifts: Sequence[Shift], now: datetime
) -> None:
    """The shifts of one person, in one message."""
    said = [spelled(shift) for shift in shifts]
    lines = wording.in_each(lambda code: "\n".join(texts[code] for texts in said))
    context = {
        "week": _day(publication.monday), "lines": lines, "link": _rota(publication.monday),
    }  # fmt: skip
    cause = f"rota:{publication.rota_publication_id}"
    outbox.announce(
        session, "shift_published", cause, now, staff_id=shifts[0].staff_id, context=context
    )


def removed(session: Session, cause: str, staff_id: int, was: Texts, now: datetime) -> None:
    """A published shift goes: its person is told in the same transaction what it `was`."""
    context = {"lines": was, "link": "/rota/"}
    outbox.announce(session, "shift_removed", cause, now, staff_id=staff_id, context=context)


def swap_asked(session: Session, asked: ShiftSwap, now: datetime) -> None:
    """The colleague is asked."""
    _swap(session, "swap_asked", asked, asked.other_id, now)


def swap_answered(session: Session, asked: ShiftSwap, agrees: bool, now: datetime) -> None:
    """Who asked learns what the colleague says."""
    _swap(session, "swap_agreed" if agrees else "swap_declined", asked, asked.staff_id, now)


def swap_decided(session: Session, asked: ShiftSwap, now: datetime) -> None:
    """Both learn what the planner decided; an exchange has been made already."""
    event = "swap_approved" if asked.status == "approved" else "swap_refused"
    for staff_id in (asked.staff_id, asked.other_id):
        _swap(session, event, asked, staff_id, now)


def time_off_decided(session: Session, row: TimeOff, now: datetime) -> None:
    """Who asked learns what was decided, with the first and the last day of it."""
    zone = clinic_zone()
    first, last = row.start_at.astimezone(zone), row.end_at.astimezone(zone)
    whole_days = last.time() == last.min.time() and last.date() > first.date()
    until = date.fromordinal(last.toordinal() - 1) if whole_days else last.date()
    context = {"first": _day(first.date()), "last": _day(until), "link": _rota(first.date())}
    cause = f"time_off:{row.time_off_id}:{row.version}"
    event = f"time_off_{row.status}"
    outbox.announce(session, event, cause, now, staff_id=row.staff_id, context=context)


def _swap(session: Session, event: str, asked: ShiftSwap, staff_id: int, now: datetime) -> None:
    """`shift` is the one of who asked, but of each one's own once it is decided."""
    is_asker = staff_id == asked.staff_id
    mine = asked.shift if is_asker or event == "swap_asked" else asked.other_shift
    other = asked.other_shift if mine is asked.shift else asked.shift
    context = {
        "who": (asked.other if is_asker else asked.staff).name,
        "shift": spelled(mine), "other": spelled(other), "link": _rota(mine.shift_date),
    }  # fmt: skip
    cause = f"swap:{asked.shift_swap_id}"
    outbox.announce(session, event, cause, now, staff_id=staff_id, context=context)


def _day(day: date) -> Texts:
    return wording.in_each(lambda code: wording.full_day(day, code))


def _rota(day: date) -> str:
    return f"/rota/?week={week_of(day).isoformat()}"


def _spelled(day: date, begins: time, ends: time) -> Texts:
    hours = f"{begins:%H:%M}–{ends:%H:%M}"
    return wording.in_each(lambda code: f"{wording.full_day(day, code)}, {hours}")


NOTED = "clinic_rota_news"


@event.listens_for(Session, "before_flush")
def _note(session: Session, _context: Any, _rows: Any) -> None:
    """Before the flush, which forgets what was: note what is to be told of it."""
    news = session.info.setdefault(NOTED, [])
    for row in chain(session.dirty, session.deleted):
        if isinstance(row, TimeOff) and was(row, "status") == "requested" != row.status:
            news.append(partial(time_off_decided, session, row))
        elif isinstance(row, Shift) and was(row, "published"):
            person = was(row, "staff_id")
            if row in session.deleted or person != row.staff_id:
                before = _spelled(*(was(row, n) for n in ("shift_date", "start_time", "end_time")))
                cause = f"shift:{row.shift_id}:{row.version}"
                news.append(partial(removed, session, cause, person, before))


@event.listens_for(Session, "before_commit")
def _tell(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    for tell in session.info.pop(NOTED, []):
        tell(now=datetime.now(UTC))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(NOTED, None)
