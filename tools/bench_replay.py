"""The statements of a request, kept and sent again by the driver alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

COMMIT, ROLLBACK = "commit", "rollback"


@dataclass
class Sent:
    """What went over the wire, in order; an end of a transaction stands among the statements."""

    steps: list[tuple[str, Any, bool]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(step[0] not in (COMMIT, ROLLBACK) for step in self.steps)


class Recorder:
    """Notes what an engine sends."""

    def __init__(self, engine: Engine) -> None:
        self._sent = Sent()
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", lambda _c: self._end(COMMIT))
        event.listen(engine, "rollback", lambda _c: self._end(ROLLBACK))

    def take(self) -> Sent:
        """What was sent since it was last asked."""
        sent, self._sent = self._sent, Sent()
        return sent

    def _statement(
        self, _c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        self._sent.steps.append((statement, parameters, many))

    def _end(self, how: str) -> None:
        self._sent.steps.append((how, None, False))


class Replay:
    """Sends it to a copy of the database, where the same keys are given out again."""

    def __init__(self, copy: Engine) -> None:
        self.dialect = copy.dialect.name
        connection: Any = copy.raw_connection()
        self._connection = connection.driver_connection
        self._kept_open = connection

    def run(self, sent: Sent) -> None:
        for transaction in _transactions(sent):
            self._run(transaction)

    def _run(self, steps: list[tuple[str, Any, bool]]) -> None:
        cursor = self._connection.cursor()
        if self.dialect == "sqlite":
            reads = all(statement.lstrip().startswith("SELECT") for statement, _, _ in steps[:-1])
            cursor.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
        for statement, parameters, many in steps[:-1]:
            if many and isinstance(parameters, list):  # else many rows in one statement
                cursor.executemany(statement, parameters)
                continue
            cursor.execute(statement, parameters)
            if cursor.description:
                cursor.fetchall()
        cursor.close()
        self._connection.commit() if steps[-1][0] == COMMIT else self._connection.rollback()


def _transactions(sent: Sent) -> list[list[tuple[str, Any, bool]]]:
    found: list[list[tuple[str, Any, bool]]] = [[]]
    for step in sent.steps:
        found[-1].append(step)
        if step[0] in (COMMIT, ROLLBACK):
            found.append([])
    return [transaction for transaction in found if len(transaction) > 1]
