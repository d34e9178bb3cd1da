"""Servers and gateways that hang, refuse or ask for patience: one try each, a pause, a reason."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.jobs import channels
from app.models import Appointment, ContactPreference, Patient
from tests.cast import Cast
from tests.notify.conftest import NOW, Planned
from tests.notify.sink import Sink
from tests.notify.test_delivery import LATER, run, write
from tests.notify.test_planning import book


@dataclass
class Gateway:
    """A provider of text messages that answers with `status`."""

    port: int
    status: int = 200
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def gateway(desk: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            found.asked.append(self.path)
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    found = Gateway(server.server_address[1])
    monkeypatch.setitem(desk.app.config, "SMS_URL", f"json://127.0.0.1:{found.port}/{{to}}")
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (200, "sent", None),
        (429, "failed", "The text message provider said 429."),
        (500, "failed", "The text message provider said 500."),
        (400, "dead", "The text message provider refused it (400)."),
    ],
)
def test_a_gateway_is_asked_once_a_message_and_its_answer_is_the_reason(
    session: Session, desk: Cast, gateway: Gateway, status: int, state: str, reason: str | None
) -> None:
    gateway.status = status
    rows = write(session, desk, 3, channel="sms")
    run(session)
    assert gateway.asked == ["/+34600123456"] * 3
    assert {(row.state, row.reason, row.attempts) for row in rows} == {(state, reason, 1)}
    if state == "failed":
        assert all(LATER < row.not_before <= LATER + timedelta(seconds=60) for row in rows)


@pytest.mark.parametrize("why", ["refused", "unwanted"])
def test_where_no_email_reaches_the_patient_the_rules_next_channel_is_tried(
    session: Session, desk: Cast, gateway: Gateway, sink: Sink, planned: Planned, why: str
) -> None:
    visit = book(session, desk)
    if why == "refused":
        sink.at_rcpt = lambda _address: "550 no such user"
    else:
        session.add(ContactPreference(patient_id=desk.paula, email=False, sms=True))
        session.commit()
    run(session)
    run(session, LATER + timedelta(minutes=1))
    booked = [row[1:] for row in planned(visit) if row[0] == "booked"]
    ended = "dead" if why == "refused" else "skipped"
    assert booked == [("inbox", "sent"), ("email", ended), ("sms", "sent")]
    assert gateway.asked == ["/+34600123456"]


def test_what_is_stale_is_said_by_no_other_channel_either(
    session: Session, desk: Cast, gateway: Gateway, sink: Sink
) -> None:
    visit = book(session, desk)
    table = Appointment.__table__
    session.execute(table.update().values(status="cancelled"))
    session.commit()
    run(session)
    assert (gateway.asked, sink.took, visit.status) == ([], [], "cancelled")


def test_a_gateway_that_let_nobody_in_is_asked_once_a_run(
    session: Session, desk: Cast, gateway: Gateway
) -> None:
    gateway.status = 401
    rows = write(session, desk, 5, channel="sms")
    run(session)
    assert len(gateway.asked) == 1
    assert {row.state for row in rows} == {"planned", "failed"}
    assert all("did not let us in (401)" in (row.reason or "") for row in rows)


def test_a_mail_server_that_hangs_is_left_alone_and_its_messages_wait(
    session: Session, desk: Cast, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "TIMEOUT", 0.2)
    rows = write(session, desk, 5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(desk.app.extensions["mail"], "port", silent.getsockname()[1])
        run(session)
    assert sum(row.attempts for row in rows) == 1
    assert all(row.not_before > LATER for row in rows)
    assert all("cannot be reached" in (row.reason or "") for row in rows)


def test_who_has_nothing_due_costs_the_mail_server_nothing(
    session: Session, desk: Cast, sink: Sink
) -> None:
    book(session, desk)
    session.get_one(Patient, desk.paula).email = None
    session.commit()
    run(session, NOW)
    assert sink.connections == 0
