"""One client at a time, the programs in turns; then eight at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from typing import Any

from operations import Asking, Operation
from servers import Server

RUNS, QUICK_RUNS = 60, 15
SECONDS = 1.5
CLIENTS = 8


@dataclass
class Taken:
    """The milliseconds that one program took for one operation."""

    times: list[float] = field(default_factory=list)
    statements: int | None = None
    bytes: int = 0
    each_second: float | None = None

    @property
    def median(self) -> float:
        return median(self.times)

    @property
    def slow(self) -> float:
        """The 95th percentile."""
        return quantiles(self.times, n=20)[-1]


@dataclass
class Line:
    """One operation with what each program took."""

    operation: Operation
    taken: dict[str, Taken]

    @property
    def ratio(self) -> float | None:
        beside = self.taken.get(self.operation.beside)
        return self.taken["ours"].median / beside.median if beside else None


def in_turns(wanted: list[Operation], servers: dict[str, Server], quick: bool) -> list[Line]:
    """Every operation by every program that has it."""
    lines = []
    for operation in wanted:
        line = Line(operation, _alone_and_asked(operation, servers, QUICK_RUNS if quick else RUNS))
        if not quick and not operation.writes:
            for name in {"ours", "raw", "open"} & operation.asks.keys():
                line.taken[name].each_second = _at_once(operation.asks[name], servers[name])
        lines.append(line)
    return lines


def _alone_and_asked(
    operation: Operation, servers: dict[str, Server], runs: int
) -> dict[str, Taken]:
    taken = {name: Taken() for name in operation.asks}
    calls: list[tuple[Taken, Callable[[], Any]]] = []
    for name, asking in operation.asks.items():
        calls.append((taken[name], partial(_ask, asking, servers[name].connect(), taken[name])))
    if operation.alone:
        taken["alone"] = Taken()
        calls.append((taken["alone"], operation.alone))
    for _, call in calls * 8:  # each process of a server has served before it is measured
        call()
    for turn in range(runs):
        for place in range(len(calls)):
            into, call = calls[(turn + place) % len(calls)]
            begun = time.perf_counter()
            call()
            into.times.append(1000 * (time.perf_counter() - begun))
    return taken


def _ask(asking: Asking, connection: Any, into: Taken) -> None:
    said, headers = asking().send(connection)
    into.bytes = len(said)
    if "X-Statements" in headers:
        into.statements = int(headers["X-Statements"])


def _at_once(asking: Asking, server: Server) -> float:
    """Answers a second to eight clients."""
    until = time.perf_counter() + SECONDS

    def client(_number: int) -> int:
        connection, answered = server.connect(), 0
        while time.perf_counter() < until:
            asking().send(connection)
            answered += 1
        return answered

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(client, range(CLIENTS))) / SECONDS
