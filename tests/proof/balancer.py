"""A balancer before several servers: each request goes to the next one, so that no two in a row
are answered by the same process."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

OUR_OWN = {"connection", "transfer-encoding", "content-length", "server", "date"}


class Balancer(ThreadingHTTPServer):
    """`taken` counts the requests that each server got, by its port."""

    request_queue_size = 128

    def __init__(self, ports: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.taken = dict.fromkeys(ports, 0)
        self._ports, self._turns = cycle(ports), threading.Lock()

    def next_port(self) -> int:
        with self._turns:
            port = next(self._ports)
            self.taken[port] += 1
        return port


class _Request(BaseHTTPRequestHandler):
    timeout = 3  # a browser opens connections that it may never use
    server: Balancer

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = http.client.HTTPConnection("127.0.0.1", self.server.next_port(), timeout=60)
        with closing(server):
            server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() != "connection":
                    server.putheader(name, value)
            server.endheaders(body or None)
            answer = server.getresponse()
            self._give(answer, answer.read())

    do_GET = do_POST = do_PUT = do_DELETE = pass_on

    def _give(self, answer: http.client.HTTPResponse, body: bytes) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in OUR_OWN:
                self.send_header(name, value)
        if answer.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        """Nothing; what goes wrong fails the test."""


@contextmanager
def balancing(ports: list[int]) -> Iterator[Balancer]:
    """A balancer before the servers at these ports."""
    balancer = Balancer(ports)
    thread = threading.Thread(target=balancer.serve_forever, daemon=True)
    thread.start()
    yield balancer
    balancer.shutdown()
    balancer.server_close()
    thread.join(10)
