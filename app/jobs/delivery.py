"""Delivery: the outbox is worked off, by a thread or by any number of workers, the same way.

A message is claimed by one conditional UPDATE with a lease, looked at a last time, sent, and
settled; no two workers hold it at once. A worker holds one message at a time, so that one that is
killed leaves at most one in doubt: it goes again when the lease has run out, with the same
Message-ID. While a worker lives it renews its lease, however slow the other side is.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from jinja2 import TemplateError
from sqlalchemy import case, select, text, update
from sqlalchemy.orm import Session

from app.jobs import backoff
from app.jobs.channels import Channels, Down, Later, Refused
from app.jobs.lease import LEASE, kept_alive
from app.models import freshness, outbox
from app.models.freshness import Ready
from app.models.notification import INBOX, Notification
from app.models.notification_rule import NotificationRule
from app.models.wording import VARIABLES

log = logging.getLogger(__name__)

BATCH = 50
AT_MOST = timedelta(seconds=10)
"""How long one run of the timetable delivers before other jobs have their turn."""

WAITING = text("state IN ('planned', 'failed')")
"""Spelled as in the index, so that SQLite takes it: old messages cost nothing."""

Clock = Callable[[], datetime]
Rules = dict[int, NotificationRule]


def due(session: Session, now: datetime, limit: int = BATCH) -> Sequence[int]:
    """The keys of messages whose time has come, oldest first."""
    query = select(Notification.notification_id).where(WAITING, Notification.not_before <= now)
    return session.scalars(query.order_by(Notification.not_before).limit(limit)).all()


def drain(session: Session, now: datetime) -> int:
    """The job: deliver what is due, for some seconds; answers how many messages it settled."""
    settled, clock = 0, ticking(now)
    while clock() - now < AT_MOST:
        keys = due(session, clock())
        session.rollback()  # holds no lock while it sends
        if not keys:
            break
        settled += sum(deliver(session.get_bind(), keys, clock).values())
    return settled


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

    In a session of its own that commits for each message: what one of them meets never touches
    another.
    """
    done: Counter[str] = Counter()
    me, queue = _name(), list(keys)
    with (
        Session(engine, expire_on_commit=False) as session,
        Channels() as channels,
        kept_alive(engine, me, clock),
    ):
        rules = {r.notification_rule_id: r for r in outbox.rules_of(session, *VARIABLES)}
        session.commit()
        while queue:
            row = _claim(session, queue.pop(0), me, clock())
            if row is None:
                continue
            try:
                state = _one(session, row, rules, channels, clock)
            except Down as down:
                state = _settle(session, row, backoff.failed(row, str(down), clock()))
                _put_off(session, queue, row, str(down), clock())
            except Exception as error:  # whatever one message meets, the next one goes
                session.rollback()
                log.exception("Message %s met something unexpected.", row.notification_id)
                state = _settle(session, row, backoff.failed(row, type(error).__name__, clock()))
            done[state] += 1
            session.commit()
    return done


def ticking(now: datetime) -> Clock:
    """A clock that reads `now` at this moment and goes on from there."""
    since = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - since)


def _one(
    session: Session, row: Notification, rules: Rules, channels: Channels, clock: Clock
) -> str:
    """Look, send, settle; answers the state that it ends in. Raises Down."""
    try:
        ready = freshness.look(session, row, rules.get(row.notification_rule_id or 0), clock())
    except TemplateError as error:
        return _settle(session, row, backoff.dead(f"Its words cannot be filled in: {error}"))
    if isinstance(ready, str):
        return _settle(session, row, {"state": "skipped", "reason": ready})
    said = {"subject": ready.words.subject, "body": ready.words.body, "address": ready.address}
    if row.channel == INBOX:
        return _settle(session, row, said | {"state": "sent", "sent_at": clock(), "address": None})
    session.commit()  # the claim stands; nothing is locked while the other side takes its time
    return _settle(session, row, said | _send(row, ready, channels, clock))


def _send(row: Notification, ready: Ready, channels: Channels, clock: Clock) -> dict[str, object]:
    try:
        sent = channels.send(row, ready)
    except Refused as error:
        return backoff.dead(str(error))
    except Later as error:
        return backoff.failed(row, str(error), clock())
    return {
        "state": "sent",
        "sent_at": clock(),
        "reason": sent.note,
        "provider_id": sent.provider_id,
    }


def _claim(session: Session, key: int, me: str, now: datetime) -> Notification | None:
    """The message, if it is still due and now mine; one statement decides between workers."""
    mine = (
        update(Notification)
        .where(
            Notification.notification_id == key, Notification.state.in_(outbox.UNSENT),
            Notification.not_before <= now,
        )
        .values(
            state="claimed", lease_until=now + LEASE, claimed_by=me,
            attempts=Notification.attempts + 1, version=Notification.version + 1,
        )
        .returning(Notification)
        .execution_options(synchronize_session=False, populate_existing=True)
    )  # fmt: skip
    row = session.scalars(mine).one_or_none()
    if row is not None:
        session.expunge(row)
    return row


def _settle(session: Session, row: Notification, facts: dict[str, object]) -> str:
    """Write how it ended, unless the lease was lost and the message is another worker's."""
    ended = (
        update(Notification)
        .where(
            Notification.notification_id == row.notification_id,
            Notification.state == "claimed",
            Notification.claimed_by == row.claimed_by,
        )
        .values(**facts, lease_until=None, claimed_by=None, version=Notification.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(ended)
    return str(facts["state"])


def _put_off(
    session: Session, queue: list[int], row: Notification, why: str, now: datetime
) -> None:
    """The way is closed: those waiting for it wait longer, without a try of their own."""
    waiting = (
        update(Notification)
        .where(
            Notification.notification_id.in_(queue),
            Notification.channel == row.channel,
            WAITING,
        )
        .values(
            not_before=now + backoff.pause(row.attempts), reason=why,
            version=Notification.version + 1,
        )
        .returning(Notification.notification_id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    later = set(session.scalars(waiting))
    queue[:] = [key for key in queue if key not in later]


def _name() -> str:
    """Of this run: a worker that comes back after a pause is not taken for its successor."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
