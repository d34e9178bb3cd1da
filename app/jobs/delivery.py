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
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from jinja2 import TemplateError
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app import database
from app.jobs import backoff, claiming, invitation
from app.jobs.channels import Channels, Down, Later, Refused
from app.jobs.claiming import Facts, Held
from app.jobs.lease import kept_alive
from app.jobs.mail_body import Calendar
from app.models.messages import falling_back, freshness, outbox, reasons
from app.models.messages.freshness import Ready
from app.models.messages.notification import INBOX
from app.models.messages.notification_rule import NotificationRule
from app.models.messages.wording import VARIABLES

log = logging.getLogger(__name__)

AT_MOST = timedelta(seconds=10)
"""How long one run of the timetable delivers before other jobs have their turn."""

Clock = Callable[[], datetime]
Rules = dict[int, NotificationRule]


def drain(session: Session, now: datetime) -> int:
    """The job: deliver what is due, for some seconds; answers how many messages it settled."""
    clock = ticking(now)
    engine: Any = session.get_bind()
    session.rollback()  # holds no lock while it sends
    return sum(deliver(engine, _all_due(engine, clock), clock).values())


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
            keys = claiming.due(session, clock())
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
            row = claiming.claim(self._connection, key, self._me, self._clock())
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
        claiming.settle(self._connection, row, facts)
        rule, state = self._rules.get(row.notification_rule_id or 0), str(facts["state"])
        if rule is not None and state in ("dead", "skipped"):
            falling_back.plan(self._session, row, rule, state, self._clock())

    def _safely(self, row: Held) -> Facts:
        """How it ended; whatever one message meets, the next one goes."""
        try:
            return self._one(row)
        except Down as down:
            claiming.put_off(self._session, row, str(down), self._clock())
            return backoff.failed(row, str(down), self._clock())
        except TemplateError as error:
            return backoff.dead(reasons.WORDS % {"error": error})
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


def _name() -> str:
    """Of this run: a worker that comes back after a pause is not taken for its successor."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
