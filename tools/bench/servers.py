"""The programs that are measured, each under the same gunicorn."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORKERS, THREADS = 2, 4


@dataclass(frozen=True)
class Server:
    """One program, ready to answer; `pid` is that of the process that started the workers."""

    port: int
    pid: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def megabytes(self) -> float:
        """What all its processes hold, shared pages counted once (PSS)."""
        return sum(_pss(pid) for pid in (self.pid, *_children(self.pid))) / 1024


@contextmanager
def serving(module: str, environment: dict[str, str]) -> Iterator[Server]:
    """`module:create()` of this folder under gunicorn; stopped at the end."""
    port = _free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS),
        "--threads", str(THREADS), "--timeout", "120", "--keep-alive", "75",
        "--graceful-timeout", "3", "--log-level", "warning", "--chdir", str(HERE),
        "--pythonpath", str(ROOT), f"{module}:create()",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        _wait(port, process)
        yield Server(port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit("A server stopped at once.")
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
                connection.request("GET", "/bench/open")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("A server did not become ready.")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
