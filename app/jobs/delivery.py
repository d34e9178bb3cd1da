"""Delivery: the outbox is worked off, by a thread or by any number of workers, the same way.

A message is claimed by one conditional UPDATE with a lease, looked at a last time, sent, and
settled; no two workers hold it at once. A worker holds one message at a time, so that one that is
killed leaves at most one in doubt: it goes again when the lease has run out, with the same
Message-ID. While a worker lives it renews its lease, however slow the other side is.

How a message ended and the claim of the next are one transaction, which does not wait for the disk
(`database.not_waiting`): a process that is killed loses nothing by that.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from jinja2 import TemplateError
from sqlalchemy import Connection, Update, bindparam, case, select, text, update
from sqlalchemy.orm import Session

from app import database
from app.jobs import backoff, invitation
from app.jobs.channels import Channels, Down, Later, Refused
from app.jobs.lease import LEASE, kept_alive
from app.jobs.mail_body import Calendar
from app.models.messages import falling_back, freshness, outbox
from app.models.messages.freshness import Ready
from app.models.messages.notification import INBOX, Notification
from app.models.messages.notification_rule import NotificationRule
from app.models.messages.wording import VARIABLES

log = logging.getLogger(__name__)

BATCH = 50
AT_MOST = timedelta(seconds=10)
"""How long one run of the timetable delivers before other jobs have their turn."""

WAITING = text("state IN ('planned', 'failed')")
"""Spelled as in the index, so that SQLite takes it: old messages cost nothing."""

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
        TABLE.c.notification_id == bindparam("key"), TABLE.c.state.in_(outbox.UNSENT),
        TABLE.c.not_before <= bindparam("now"),
    )
    .values(
        state="claimed", lease_until=bindparam("until"), claimed_by=bindparam("me"),
        attempts=TABLE.c.attempts + 1, version=TABLE.c.version + 1,
    )
    .returning(TABLE)
)  # fmt: skip

Clock = Callable[[], datetime]
Facts = dict[str, object]
Held = Any
"""A message that is claimed: the columns of its row, which cost a fraction of an object."""
Rules = dict[int, NotificationRule]


def due(session: Session, now: datetime, limit: int = BATCH) -> Sequence[int]:
    """The keys of messages whose time has come, oldest first."""
    return session.scalars(DUE, {"now": now, "most": limit}).all()


def drain(session: Session, now: datetime) -> int:
    """The job: deliver what is due, for some seconds; answers how many messages it settled."""
    clock = ticking(now)
    engine: Any = session.get_bind()
    session.rollback()  # holds no lock while it sends
    return sum(deliver(engine, _all_due(engine, clock), clock).values())


def sweep(session: Session, now: datetime) -> int:
    """The job: give back what a worker held that is no longer there."""
    gone = (
        update(Notification)
        .where(text("state = 'claimed'"), Notification.lease_until < now)
        .values(
            state=case((Notification.attempts < backoff.MOST_ATTEMPTS, "failed"), else_="dead"),
            lease_until=None, claimed_by=None, not_before=now,
            reason="The worker that was sending it stopped.",
            version=Notification.version + 1,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def deliver(engine: Any, keys: Iterable[int], clock: Clock) -> Counter[str]:
    """Deliver these messages, those that are still due; answers how many ended in which state.

    On a connection of its own that commits for each message: what one of them meets never touches
    another.
    """
    me = _name()
    with (
        database.not_waiting(engine) as connection,
        Session(connection, expire_on_commit=False) as session,
        Channels() as channels,
        kept_alive(engine, me, clock),
    ):
        return _Run(connection, session, channels, clock, me).through(keys)


def ticking(now: datetime) -> Clock:
    """A clock that reads `now` at this moment and goes on from there."""
    since = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - since)


def _all_due(engine: Any, clock: Clock) -> Iterator[int]:
    """What is due, also what becomes so meanwhile, until the time of one run is over."""
    ends = clock() + AT_MOST
    while clock() < ends:
        with database.reading(), Session(engine) as session:
            keys = due(session, clock())
        if not keys:
            return
        for key in keys:
            if clock() >= ends:
                return
            yield key


class _Run:
    """One worker's way through some messages."""

    def __init__(
        self, connection: Connection, session: Session, channels: Channels, clock: Clock, me: str
    ) -> None:
        self._connection, self._session = connection, session
        self._channels, self._clock, self._me = channels, clock, me
        rules = outbox.rules_of(session, *VARIABLES)
        self._rules: Rules = {rule.notification_rule_id: rule for rule in rules}
        session.expunge_all()  # a rollback forgets what its session holds
        session.commit()

    def through(self, keys: Iterable[int]) -> Counter[str]:
        done: Counter[str] = Counter()
        for key in keys:
            row = _claim(self._connection, key, self._me, self._clock())
            self._commit()  # with it, how the one before ended
            if row is not None:
                facts = self._safely(row)
                done[str(facts["state"])] += 1
                self._end(row, facts)
        self._commit()
        return done

    def _commit(self) -> None:
        if self._session.in_transaction():
            self._session.commit()
        self._connection.commit()

    def _end(self, row: Held, facts: Facts) -> None:
        _settle(self._connection, row, facts)
        rule, state = self._rules.get(row.notification_rule_id or 0), str(facts["state"])
        if rule is not None and state in ("dead", "skipped"):
            falling_back.plan(self._session, row, rule, state, self._clock())

    def _safely(self, row: Held) -> Facts:
        """How it ended; whatever one message meets, the next one goes."""
        try:
            return self._one(row)
        except Down as down:
            _put_off(self._session, row, str(down), self._clock())
            return backoff.failed(row, str(down), self._clock())
        except TemplateError as error:
            return backoff.dead(f"Its words cannot be filled in: {error}")
        except Exception as error:
            self._session.rollback()
            log.exception("Message %s met something unexpected.", row.notification_id)
            return backoff.failed(row, type(error).__name__, self._clock())

    def _one(self, row: Held) -> Facts:
        """Look and send. Raises Down and TemplateError."""
        ready, calendar = self._look(row)
        if isinstance(ready, str):
            return {"state": "skipped", "reason": ready}
        said: Facts = {"subject": ready.words.subject, "body": ready.words.body}
        if row.channel == INBOX:
            return said | {"state": "sent", "sent_at": self._clock()}
        said["address"] = ready.address
        try:
            sent = self._channels.send(row, ready, calendar)
        except Refused as error:
            return said | backoff.dead(str(error))
        except Later as error:
            return said | backoff.failed(row, str(error), self._clock())
        return said | {
            "state": "sent", "sent_at": self._clock(), "reason": sent.note,
            "provider_id": sent.provider_id,
        }  # fmt: skip

    def _look(self, row: Held) -> tuple[Ready | str, Calendar | None]:
        """The message as it goes out, or why it does not, and its calendar file."""
        rule, now = self._rules.get(row.notification_rule_id or 0), self._clock()
        try:
            with database.reading():
                ready = freshness.look(self._session, row, rule, now)
                if isinstance(ready, str) or row.channel != "email":
                    return ready, None
                return ready, invitation.file_for(self._session, row.rule, ready, now)
        finally:
            self._session.rollback()  # nothing is locked while the other side takes its time


def _claim(connection: Connection, key: int, me: str, now: datetime) -> Held | None:
    """The message, if it is still due and now mine; one statement decides between workers."""
    found = {"key": key, "now": now, "until": now + LEASE, "me": me}
    return connection.execute(CLAIM, found).one_or_none()


def _settle(connection: Connection, row: Held, facts: Facts) -> None:
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


def _put_off(session: Session, row: Held, why: str, now: datetime) -> None:
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


def _name() -> str:
    """Of this run: a worker that comes back after a pause is not taken for its successor."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
