"""Who sends which message: the statements by which workers share the outbox.

Each decides between workers by itself, and costs the same however many old messages there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, case, select, text, update
from sqlalchemy.orm import Session

from app.jobs import backoff
from app.jobs.lease import LEASE
from app.models.messages import reasons
from app.models.messages.notification import TO_GO, Notification

BATCH = 50

WAITING = text(TO_GO)

TABLE: Any = Notification.__table__
DUE = (
    select(TABLE.c.notification_id)
    .where(WAITING, TABLE.c.not_before <= bindparam("now"))
    .order_by(TABLE.c.not_before)
    .limit(bindparam("most"))
)
CLAIM = (
    update(TABLE)
    .where(
        TABLE.c.notification_id == bindparam("key"), WAITING,
        TABLE.c.not_before <= bindparam("now"),
    )
    .values(
        state="claimed", lease_until=bindparam("until"), claimed_by=bindparam("me"),
        attempts=TABLE.c.attempts + 1, version=TABLE.c.version + 1,
    )
    .returning(TABLE)
)  # fmt: skip

GIVE_BACK = (
    update(TABLE)
    .where(text("state = 'claimed'"), TABLE.c.lease_until < bindparam("now"))
    .values(
        state=case((TABLE.c.attempts < backoff.MOST_ATTEMPTS, "failed"), else_="dead"),
        lease_until=None, claimed_by=None, not_before=bindparam("now"),
        reason=reasons.STOPPED, version=TABLE.c.version + 1,
    )
)  # fmt: skip

Facts = dict[str, object]
Held = Any
"""A message that is claimed: the columns of its row, which cost a fraction of an object."""


def due(session: Session, now: datetime, limit: int = BATCH) -> Sequence[int]:
    """The keys of messages whose time has come, oldest first."""
    return session.scalars(DUE, {"now": now, "most": limit}).all()


def claim(connection: Connection, key: int, me: str, now: datetime) -> Held | None:
    """The message, if it is still due and now mine; one statement decides between workers."""
    found = {"key": key, "now": now, "until": now + LEASE, "me": me}
    return connection.execute(CLAIM, found).one_or_none()


def settle(connection: Connection, row: Held, facts: Facts) -> None:
    """Write how it ended, unless the lease was lost and the message is another worker's."""
    found = {"key": row.notification_id, "me": row.claimed_by}
    connection.execute(_settlement(*facts), found | facts)


@cache
def _settlement(*columns: str) -> Update:
    mine = (TABLE.c.notification_id == bindparam("key"), TABLE.c.claimed_by == bindparam("me"))
    changed = {name: bindparam(name, type_=TABLE.c[name].type) for name in columns}
    return (
        update(TABLE)
        .where(*mine, TABLE.c.state == "claimed")
        .values(**changed, lease_until=None, claimed_by=None, version=TABLE.c.version + 1)
    )


def put_off(session: Session, row: Held, why: str, now: datetime) -> None:
    """The way is closed: what is due by it waits longer, without a try of its own."""
    waiting = (
        update(Notification)
        .where(WAITING, Notification.not_before <= now, Notification.channel == row.channel)
        .values(
            not_before=now + backoff.pause(row.attempts), reason=why,
            version=Notification.version + 1,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    session.execute(waiting)


def give_back(session: Session, now: datetime) -> int:
    """The job: free what a worker held that is no longer there; answers how many messages."""
    found: Any = session.connection().execute(GIVE_BACK, {"now": now})
    return int(found.rowcount)
