"""A real SMTP server that keeps what it takes, and can be made to misbehave."""

from __future__ import annotations

import email
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

Answer = Callable[[str, Message], str | None]


@dataclass
class Sink:
    """What came in, in order, and what is answered to it: nothing said is `250 OK`."""

    port: int = 0
    took: list[tuple[str, Message]] = field(default_factory=list)
    connections: int = 0
    at_rcpt: Callable[[str], str | None] = lambda _address: None
    at_data: Answer = lambda _address, _message: None

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        refusal = self.at_rcpt(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=default)
        address = envelope.rcpt_tos[0]
        answer = self.at_data(address, message)
        if answer is None or answer == "vanish":
            self.took.append((address, message))
        if answer == "vanish":  # it was taken, but nobody says so
            server.transport.close()
        return answer if answer and answer != "vanish" else "250 OK"

    @property
    def addresses(self) -> list[str]:
        return [address for address, _ in self.took]

    @property
    def message_ids(self) -> list[str]:
        return [str(message["Message-ID"]) for _, message in self.took]


@contextmanager
def listening() -> Iterator[Sink]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        sink = Sink(port=probe.getsockname()[1])
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    sink.connections = 0  # its own, by which it sees that it runs
    try:
        yield sink
    finally:
        controller.stop()
