"""What sending costs beside plain `smtplib`: the part of `make bench` about messages.

In one run the same sink, a process of its own, takes messages from the outbox, then the same texts as
a plain script sends them (`EmailMessage` and `smtplib` over one connection, nothing looked up and
nothing kept), and then their bytes as they are, which is the least that SMTP can cost.
"""

from __future__ import annotations

import asyncio
import json
import os
import smtplib
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import func, text

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "1000"))
OLD = int(os.environ.get("BENCH_OLD_MESSAGES", "1000000"))
START = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)

GROW = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO notification (once, rule, channel, patient_id, subject, body, state, created,
    not_before, sent_at, message_id, attempts, version)
SELECT 'old:' || i, 'booked', 'email', 1, 'Old', 'Old', 'sent', '2025-01-01 08:00:00.000000',
    '2025-01-01 08:00:00.000000', '2025-01-01 08:00:00.000000', '<old-' || i || '@x>', 1, 1 FROM n
"""


def measure() -> None:
    """Print messages per second by either way, with few and with many old rows beside them."""
    with TemporaryDirectory() as folder:
        app = _clinic(folder)
        path = Path(folder) / "taken"
        with _Sink(path) as port:
            _send_to(app, port)
            print(f"\n{'messages per second at the sink':34}{'outbox':>8}", end="")
            print(f"{'plain script':>14}{'ratio':>7}{'bytes alone':>13}{'ratio':>7}")
            _compare("no old messages", app, port, path)
            _grow(app)
            _compare(f"{OLD:,} old messages", app, port, path)


def _compare(name: str, app: Any, port: int, path: Path) -> None:
    from app.extensions import db

    with app.app_context():
        _book(db.session())
        db.session.remove()
        driver = db.engine.raw_connection()
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the booking's work is not the sending's
        driver.close()
    path.write_bytes(b"")
    ours = _rate(lambda: _drain(app))
    taken = [json.loads(line) for line in path.read_text().splitlines()]
    if len(taken) != MESSAGES:
        sys.exit(f"Only {len(taken)} of {MESSAGES} messages came through.")
    letters = [(*said[:2], message_from_string(said[2], policy=default)) for said in taken]
    script = _rate(lambda: _scripted(port, letters))
    plain = _rate(lambda: _plainly(port, taken))
    print(f"{name:34}{ours:8.0f}{script:14.0f}{ours / script:7.2f}{plain:13.0f}{ours / plain:7.2f}")


def _rate(send: Any) -> float:
    begun = time.perf_counter()
    send()
    return MESSAGES / (time.perf_counter() - begun)


def _drain(app: Any) -> None:
    """As the timetable does it, again and again until all is sent."""
    from app.extensions import db
    from app.jobs import delivery

    with app.app_context():
        now = datetime.now(UTC)
        while delivery.drain(db.session(), now):
            pass
        db.session.remove()


def _plainly(port: int, taken: list[list[str]]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as host:
        for sender, address, content in taken:
            host.sendmail(sender, [address], content.encode())


def _clinic(folder: str) -> Any:
    """A clinic with its rules, and a patient with an address for each message."""
    from sqlalchemy import update

    from app import create_app
    from app.cli import set_up
    from app.extensions import db
    from app.models import Doctor, NotificationRule, Patient

    app = create_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/messages.db")
    with app.app_context():
        set_up()
        session = db.session()
        session.execute(update(NotificationRule).values(inbox=False))
        session.add(Doctor(name="Dr. Díaz", specialization="General practice"))
        session.add_all(
            Patient(name=f"Patient {n}", dob=date(1980, 1, 1), email=f"patient{n}@example.org")
            for n in range(MESSAGES)
        )
        session.commit()
        db.session.remove()
    return app


def _book(session: Any) -> None:
    """A visit to each patient, whose reminder is due at once; of the booking nobody is told."""
    from sqlalchemy import select, update

    from app.models import Appointment, Doctor, Notification, Patient

    begins = session.scalar(select(func.max(Appointment.appointment_datetime))) or START
    doctor = session.scalars(select(Doctor.doctor_id)).one()
    session.add_all(
        Appointment(
            patient_id=key, doctor_id=doctor, minutes_duration=5,
            appointment_datetime=begins + timedelta(minutes=5 * n),
        )
        for n, key in enumerate(session.scalars(select(Patient.patient_id)), 1)
    )  # fmt: skip
    session.commit()
    waiting = update(Notification).where(Notification.state == "planned")
    session.execute(waiting.where(Notification.rule == "booked").values(state="skipped"))
    session.execute(waiting.values(not_before=datetime.now(UTC)))
    session.commit()


def _grow(app: Any) -> None:
    """Many messages that were sent long ago."""
    from app.extensions import db

    with app.app_context():
        db.session.execute(text(GROW), {"count": OLD})
        db.session.commit()
        db.session.remove()


def _send_to(app: Any, port: int) -> None:
    """Let the clinic send to the sink."""
    mail = app.extensions["mail"]
    app.config["MAIL_SERVER"], mail.server, mail.port = "127.0.0.1", "127.0.0.1", port


def _scripted(port: int, letters: list[Any]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as host:
        for sender, address, said in letters:
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = sender, address, said["Subject"]
            plain, html = said.iter_parts()
            message.set_content(plain.get_content())
            message.add_alternative(html.get_content(), subtype="html")
            host.send_message(message)


class _Sink:
    """An SMTP server in a process of its own, so that it takes no time of the sender's."""

    def __init__(self, path: Path) -> None:
        self._command = [sys.executable, __file__, str(path)]

    def __enter__(self) -> int:
        self._process: Any = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        return int(self._process.stdout.readline())

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait()


class _Keep:
    def __init__(self, path: str) -> None:
        self._file = Path(path).open("a")  # noqa: SIM115

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        said = [envelope.mail_from, envelope.rcpt_tos[0], envelope.content.decode()]
        self._file.write(json.dumps(said) + "\n")
        self._file.flush()
        return "250 OK"


async def _listen(path: str) -> None:
    from aiosmtpd.smtp import SMTP

    keep, loop = _Keep(path), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(keep), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_listen(sys.argv[1]))
