"""The inbox: what the clinic tells a person on its own pages, and what of it is new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, or_, select, update
from sqlalchemy.orm import Session

from app.models.base.capped import count_up_to
from app.models.base.constants import constant
from app.models.messages.notification import INBOX, Notification
from app.models.people.linked import same_person

PAGE = 50
MOST_COUNTED = 100
"""So many unread ones are counted and no more, so that the count costs the same however long
somebody was away."""

_table: Any = Notification.__table__
_THERE = and_(_table.c.channel == constant(INBOX), _table.c.state == constant("sent"))
_NEW = and_(_THERE, _table.c.read_at.is_(None))


def of_patient(patient_id: int) -> ColumnElement[bool]:
    """The condition of the messages in a patient's inbox."""
    return and_(_THERE, same_person(_table.c.patient_id, patient_id))


def of_staff(user_id: int, staff_id: int | None) -> ColumnElement[bool]:
    """The condition of the messages to a login, and to the member of staff that it is."""
    mine: list[ColumnElement[bool]] = [_table.c.user_id == user_id]
    if staff_id is not None:
        mine.append(_table.c.staff_id == staff_id)
    return and_(_THERE, or_(*mine))


def page(
    session: Session, mine: ColumnElement[bool], before: int | None = None
) -> Sequence[Notification]:
    """The newest of them, else those that are older than the message `before`; one more than
    `PAGE` where there are more."""
    query = select(Notification).where(mine)
    if before is not None:
        query = query.where(Notification.notification_id < before)
    return session.scalars(
        query.order_by(Notification.notification_id.desc()).limit(PAGE + 1)
    ).all()


def words(row: Notification) -> str:
    """What a message says, without the line of its address: on a page a button leads there."""
    path = (row.context or {}).get("more", {}).get("link")
    lines = (row.body or "").splitlines()
    kept = [line for line in lines if not (path and _is_address(line.strip(), str(path)))]
    return "\n".join(kept).strip()


def unread(login: Any, staff: Any) -> ColumnElement[int]:
    """How many are new to the login and the member of staff of these columns (those of a statement
    that is sent anyway); at most `MOST_COUNTED` of each."""
    return _some(_table.c.user_id, login) + _some(_table.c.staff_id, staff)


def mark_read(
    session: Session, mine: ColumnElement[bool], now: datetime, key: int | None = None
) -> int:
    """Mark all of them read, or the one of this key; answers how many were new."""
    which = [mine, Notification.read_at.is_(None)]
    if key is not None:
        which.append(Notification.notification_id == key)
    done: Any = session.execute(
        update(Notification)
        .where(*which)
        .values(read_at=now, version=Notification.version + 1)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def _is_address(line: str, path: str) -> bool:
    return line.startswith(("http://", "https://")) and line.endswith(path) and " " not in line


def _some(column: Any, key: Any) -> ScalarSelect[int]:
    new = select(constant(1).label("one")).where(_NEW, column == key)
    return count_up_to(new.correlate(key.table), MOST_COUNTED)
