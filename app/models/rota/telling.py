"""What the people on the rota are told of it, by the rules of the clinic: in their inbox, by e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

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
    hours = f"{shift.start_time:%H:%M}–{shift.end_time:%H:%M}"
    return wording.in_each(lambda code: f"{wording.full_day(shift.shift_date, code)}, {hours}")


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


def removed(session: Session, shift: Shift, staff_id: int, was: Texts, now: datetime) -> None:
    """A published shift goes: its person is told in the same transaction what it `was`."""
    cause = f"shift:{shift.shift_id}:{shift.version}"
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
