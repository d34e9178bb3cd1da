"""One client at a time, the programs in turns; then eight at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from threading import Lock
from typing import Any

from asking import Ask, Asking, Program
from operations import Operation

RUNS, QUICK_RUNS = 60, 15
PATIENCE = 90
"""Seconds after which an operation that someone takes long for is measured less often."""
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
        return self.times_of("ours", self.operation.beside)

    def times_of(self, name: str, beside: str) -> float | None:
        """How many times as long one takes as the other, where both were measured."""
        one, other = self.taken.get(name), self.taken.get(beside)
        return one.median / other.median if one and other else None


def in_turns(wanted: list[Operation], programs: dict[str, Program], quick: bool) -> list[Line]:
    """Every operation by every program that has it."""
    lines = []
    for operation in wanted:
        having = {name: p for name, p in programs.items() if operation in p.asks}
        line = Line(operation, _one_client(operation, having, QUICK_RUNS if quick else RUNS))
        if not quick:
            for name, program in having.items():
                line.taken[name].each_second = _at_once(operation, program)
        lines.append(line)
    return lines


def _one_client(operation: Operation, programs: dict[str, Program], runs: int) -> dict[str, Taken]:
    taken = {name: Taken() for name in programs}
    calls: list[tuple[Taken, Callable[[], Callable[[], Any]]]] = []
    for name, program in programs.items():
        asking, connection = program.asks[operation], program.server.connect()
        calls.append((taken[name], partial(_ready, asking, connection, taken[name])))
        if alone := program.alone.get(operation):
            calls.append((taken.setdefault("alone", Taken()), partial(lambda call: call, alone)))
    for _, ready in calls * 8:  # each process of a server has served before it is measured
        ready()()
    begun_all = time.perf_counter()
    for turn in range(runs):
        if turn >= QUICK_RUNS and time.perf_counter() - begun_all > PATIENCE:
            break
        for place in range(len(calls)):
            into, ready = calls[(turn + place) % len(calls)]
            call = ready()
            begun = time.perf_counter()
            call()
            into.times.append(1000 * (time.perf_counter() - begun))
    return taken


def _ready(asking: Asking, connection: Any, into: Taken) -> Callable[[], None]:
    """The request, found before the clock runs: to find a free time to book is a request itself."""
    return partial(_send, asking(), connection, into)


def _send(ask: Ask, connection: Any, into: Taken) -> None:
    said, headers = ask.send(connection)
    into.bytes = len(said)
    if "X-Statements" in headers:
        into.statements = int(headers["X-Statements"])


def _at_once(operation: Operation, program: Program) -> float:
    """Answers a second to eight clients."""
    until, asking = time.perf_counter() + SECONDS, Lock()

    def client(_number: int) -> int:
        connection, answered = program.server.connect(), 0
        while time.perf_counter() < until:
            with asking:  # what is asked may be counted on
                ask = program.asks[operation]()
            ask.send(connection)
            answered += 1
        return answered

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(client, range(CLIENTS))) / SECONDS
