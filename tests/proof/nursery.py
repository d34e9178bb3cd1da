"""Starts workers of the clinic as fast as they are killed: a process that forks one a line it reads,
and answers with its process number."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from flask import Flask
from waitress import create_server

from app import create_app
from app.extensions import db
from app.jobs import queue
from run import serve


def run_py(app: Flask) -> None:
    """What `run.py` does once the clinic is set up: the web server, and the thread beside it."""
    serve(app, create_server(app, host="127.0.0.1", port=int(os.environ["CLINIC_PORT"])))


def worker(app: Flask) -> None:
    """What `flask clinic worker` does with REDIS_URL."""
    with app.app_context():
        queue.work(app.config["REDIS_URL"])


def cron(app: Flask) -> None:
    with app.app_context():
        queue.keep_time(app.config["REDIS_URL"])


KINDS: dict[str, Callable[[Flask], None]] = {"run.py": run_py, "worker": worker, "cron": cron}


def main() -> None:
    app = create_app()
    with app.app_context():
        db.engine.dispose()  # no child shares a connection
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            KINDS[line.strip()](app)
            os._exit(0)
        print(child, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
