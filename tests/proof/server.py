"""A clinic as in production, for the proofs: gunicorn with several processes on a real database."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from app.extensions import db
from tests.places import INSTANCE

ROOT = Path(__file__).resolve().parents[2]
WORKERS, THREADS = 4, 4


@dataclass(frozen=True)
class Server:
    """`pid` is that of the process that starts the workers."""

    port: int
    pid: int

    def call(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any,
        token: str = "",
    ) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        if not token:
            del headers["Authorization"]
        connection.request(method, path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def token(self, username: str, password: str) -> str:
        login = {"username": username, "password": password}
        with closing(self.connect()) as connection:
            status, answer = self.call(connection, "POST", "/api/v1/security/login", login)
        assert status == 200, answer
        return str(answer["access_token"])


@contextmanager
def serving(database_url: str, instance: Path, workers: int = WORKERS) -> Iterator[Server]:
    """The clinic on `database_url`, ready to answer; stopped at the end."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers),
        "--threads", str(THREADS), "--timeout", "120", "--keep-alive", "75", "--graceful-timeout", "5",
        "--log-level", "warning", "app:create_app()",
    ]  # fmt: skip
    settings = environment(database_url, instance)
    process = subprocess.Popen(command, cwd=ROOT, env=settings, start_new_session=True)
    try:
        _wait(port, process)
        yield Server(port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


@contextmanager
def serving_app(app: Flask, instance: Path, workers: int = WORKERS) -> Iterator[Server]:
    """As `serving`, on the database of `app`, whose own connections are given up."""
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
        db.engine.dispose()
    with serving(url, instance, workers) as running:
        yield running


def environment(database_url: str, instance: Path) -> dict[str, str]:
    """The settings of a process of the clinic beside the tests'."""
    keys = INSTANCE / "field_keys"
    if keys.exists():  # those with which the tests wrote the rows that are served
        shutil.copy(keys, instance)
    return os.environ | {"DATABASE_URL": database_url, "CLINIC_INSTANCE": str(instance)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server stopped at once"
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/ready")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not become ready")
