"""RQ: the timetable and the outbox worked by any number of workers on any number of machines.

Redis carries the names of two functions of ours and the keys of rows, as JSON, and nothing that is
true only there: it may be emptied or go away at any time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.cron import CronJob, CronScheduler
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import now

from app.jobs.timetable import TIMETABLE

log = logging.getLogger(__name__)

NAME = "clinic"
RUN, DELIVER = "app.jobs.tasks.run", "app.jobs.tasks.deliver"
ALLOWED = frozenset({RUN, DELIVER})
TIMEOUT = 120
TIMEOUTS = {"back up": 3600}
"""Seconds after which a job is given up, and those that may take longer."""

FULL = 20
"""With this many jobs waiting no more batches are put there: they would only wait."""

AGAIN = 2.0
"""Seconds to wait for a Redis that went away."""


class NotAllowed(Exception):
    """Someone put a function into Redis that is not a job of ours."""


class ClinicJob(Job):
    """A job that can be nothing but one of ours: whoever can write to Redis could run any function
    of the machine else."""

    @property
    def func(self) -> Any:
        """The function that the job names. Raises NotAllowed for any but our own."""
        if self.func_name not in ALLOWED or self.instance is not None:
            raise NotAllowed(f"{str(self.func_name)[:60]!r} is no job of the clinic.")
        return super().func

    def restore(self, raw_data: Any) -> Any:
        """As it was stored, without the functions and addresses that would be called after it."""
        answer = super().restore(raw_data)
        for name in ("_success_callback_name", "_failure_callback_name", "_stopped_callback_name"):
            setattr(self, name, None)
        self.webhooks = []
        return answer


class ClinicWorker(SimpleWorker):
    """Works in its own process, one job after the other: our jobs are short and end by themselves."""

    job_class = ClinicJob
    queue_class = Queue


class ClinicCron(CronScheduler):
    """RQ's timetable, putting our kind of jobs into our queue."""

    def enqueue_jobs(self) -> list[CronJob]:
        """Put the jobs that are due on the queue; one that no worker takes before it comes twice is
        dropped."""
        queue, done = queue_on(self.connection), []
        for name, every, _ in TIMETABLE:
            job = self._job(name, every)
            if job.should_run():
                put(queue, RUN, name, ttl=max(30, 2 * every))
                job.set_enqueue_time(now())
                done.append(job)
        return done

    def _job(self, name: str, every: int) -> CronJob:
        for job in self.get_jobs():
            if job.name == name:
                return job
        job = CronJob(NAME, func_name=RUN, args=(name,), interval=every, name=name)
        self.get_jobs().append(job)
        return job


def connect(url: str) -> Redis:
    """A connection to Redis, which is opened when it is first used; 5 seconds are waited for it."""
    return Redis.from_url(url, socket_connect_timeout=5)


def queue_on(connection: Redis) -> Queue:
    """The queue of the clinic: jobs as JSON, and of our own kind only."""
    return Queue(
        NAME, connection=connection, job_class=ClinicJob, serializer=JSONSerializer,
        default_timeout=TIMEOUT,
    )  # fmt: skip


def put(queue: Queue, name: str, *args: Any, ttl: int) -> None:
    """Put a job there for `ttl` seconds; it leaves nothing behind."""
    timeout = TIMEOUTS.get(str(args[0]), TIMEOUT) if name == RUN else TIMEOUT
    queue.enqueue_call(
        name, args=args, ttl=ttl, timeout=timeout, result_ttl=0, failure_ttl=600
    )  # fmt: skip


def put_batches(url: str, batches: Sequence[Sequence[int]]) -> None:
    """Let the workers deliver these, side by side. Raises RedisError where Redis is not there."""
    queue = queue_on(connect(url))
    for keys in batches[: max(0, FULL - queue.count)]:
        put(queue, DELIVER, list(keys), ttl=60)


def work(url: str) -> None:
    """Work for the queue until stopped, however often Redis goes away."""
    _outlive(lambda: _worker(url).work(logging_level="WARNING"))


def keep_time(url: str) -> None:
    """Put what is due into the queue until stopped; several at once do no harm."""
    _outlive(lambda: _cron(url).start())  # type: ignore[no-untyped-call]


def _worker(url: str) -> ClinicWorker:
    connection = connect(url)
    queue = queue_on(connection)
    return ClinicWorker(
        [queue], connection=connection, job_class=ClinicJob, serializer=JSONSerializer
    )


def _cron(url: str) -> ClinicCron:
    cron = ClinicCron(connect(url), logging_level="WARNING")
    for name, every, _ in TIMETABLE:
        cron._job(name, every)
    return cron


def _outlive(begin: Callable[[], Any]) -> None:
    while True:
        try:
            begin()
        except (RedisError, OSError):
            log.warning("Redis does not answer; waiting for it.")
            time.sleep(AGAIN)
        else:
            return
