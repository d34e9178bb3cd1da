"""The whole clinic in one process: migrated, filled with a demo the first time, and served."""

from __future__ import annotations

import logging
import os
import socket
import sys
from typing import Any

from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from waitress import create_server

from app import create_app
from app.cli import build_demo, no_answer, set_up
from app.extensions import db
from app.jobs import worker
from app.models import DeclarationError, Patient
from config import ConfigError
from setting_values import flag

THREADS = 8


def main() -> None:
    """Serve on CLINIC_PORT (8000) of CLINIC_LISTEN (this machine only) until stopped."""
    try:
        app = create_app()
        host, port = _host(), _port()
        demo = flag(os.environ, "CLINIC_DEMO", default=True)
    except (ConfigError, DeclarationError) as error:
        sys.exit(str(error))
    with app.app_context():
        try:
            set_up()
        except OperationalError as error:
            sys.exit(no_answer(error))
        if demo and _is_empty():
            sys.stdout.write("Building the demo clinic …\n")
            build_demo(patients=500, years=2)
    try:
        server = create_server(app, host=host, port=port, threads=THREADS)
    except OSError as error:
        sys.exit(
            f"Port {port} of {host} cannot be opened ({error.strerror}); set CLINIC_PORT or "
            "CLINIC_LISTEN to another."
        )
    sys.stdout.write(welcome(app, host, port))
    sys.stdout.flush()
    serve(app, server)


def serve(app: Flask, server: Any) -> None:
    """Answer requests until stopped; a thread beside does what the timetable says."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is no news
    # nor is whoever opens the clinic before signing in: they are shown the way to it
    logging.getLogger("flask_appbuilder.security.decorators").setLevel(logging.ERROR)
    worker.start(app)
    server.run()


def _host() -> str:
    host = os.environ.get("CLINIC_LISTEN") or "127.0.0.1"
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        raise ConfigError(f"CLINIC_LISTEN={host!r} is no address of this machine.") from None
    return host


def _port() -> int:
    raw = os.environ.get("CLINIC_PORT") or "8000"
    if not raw.isdecimal() or not 0 < int(raw) < 65536:
        raise ConfigError(f"CLINIC_PORT={raw!r} must be a port number.")
    return int(raw)


def _is_empty() -> bool:
    return not db.session.scalar(select(func.count()).select_from(Patient))


def welcome(app: Flask, host: str, port: int) -> str:
    """Where the clinic is open, and with which login; where there is none, how to get the first."""
    from app.exchange import demo

    lines = [f"\n{app.config['CLINIC_NAME']} is open at http://{host}:{port}/\n"]
    with app.app_context():
        if demo.is_there(db.session()):
            names = ", ".join(demo.USERNAMES)
            lines.append(f"Sign in as one of: {names}. The password of each is {demo.PASSWORD}")
        elif not db.session.scalar(select(func.count()).select_from(User)):
            lines.append("Nobody can sign in yet. In another terminal, in this folder:")
            lines.append("  . .venv/bin/activate && flask fab create-admin")
    return "\n".join(lines) + "\n\nStop with Ctrl-C.\n"


if __name__ == "__main__":
    main()
