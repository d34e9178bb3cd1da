"""What was measured: on the screen, and as the tables of docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from asking import Program
from measure import Line, Taken
from servers import THREADS, WORKERS

START, END = "<!-- written by make bench -->\n", "<!-- until here -->\n"
FLOOR = ("open", "raw", "alone")


class Page:
    """Collects the tables of one run, and prints each as it is measured."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._text = (
            f"A clinic of {facts['patients']:,} patients and {facts['appointments']:,} visits;"
            f" {WORKERS} processes of {THREADS} threads.\n\n"
        )

    def beside(self, lines: list[Line], programs: Mapping[str, Program]) -> None:
        """Ours beside the least that it can cost, then beside the others."""
        _show(lines)
        head = "operation|SQL alone|raw route|ours|p95|raw of 8|ours of 8|statements|bytes|ratio|at most"
        self._add(head, [_own(line) for line in lines])
        others = [name for name in programs if name not in (*FLOOR, "ours")]
        if others:
            rows = [[line.operation.name, *(_other(line, name) for name in ("ours", *others))]
                    for line in lines]  # fmt: skip
            self._add("|".join(["operation", "ours", *others]), rows)
        held = [
            f"{name} {p.server.megabytes():.0f}" for name, p in programs.items() if name != "open"
        ]
        self._add_line(f"Memory of all processes of each, in MB: {', '.join(held)}.")

    def growth(self, lines: list[Line]) -> None:
        """Ours on ten times the data."""
        _show(lines)
        rows = []
        for line in lines:
            times, limit = line.times_of("ten times", "ours"), line.operation.growth
            now, then = line.taken["ours"].median, line.taken["ten times"].median
            rows.append([line.operation.name, f"{now:.1f}", f"{then:.1f}", *_held(times, limit)])
        self._add("operation|now|ten times|ratio|at most", rows)

    def write(self, path: Path) -> None:
        """Put the tables where they belong in the document."""
        before, _, rest = path.read_text(encoding="utf-8").partition(START)
        after = rest.partition(END)[2]
        path.write_text(before + START + "\n" + self._text + END + after, encoding="utf-8")

    def _add(self, head: str, rows: Sequence[Sequence[str]]) -> None:
        names = head.split("|")
        aligned = ["---", *["---:"] * (len(names) - 1)]
        for cells in (names, aligned, *rows):
            self._text += f"| {' | '.join(cells)} |\n"
        self._text += "\n"

    def _add_line(self, sentence: str) -> None:
        print(sentence)
        self._text += sentence + "\n\n"


def _own(line: Line) -> list[str]:
    taken, ours = line.taken, line.taken["ours"]
    raw, alone = taken.get("raw") or taken.get("open"), taken.get("alone")
    return [
        line.operation.name,
        f"{alone.median:.1f}" if alone else "",
        f"{raw.median:.1f}" if raw else "",
        f"{ours.median:.1f}",
        f"{ours.slow:.1f}",
        f"{raw.each_second:.0f}" if raw and raw.each_second else "",
        f"{ours.each_second:.0f}" if ours.each_second else "",
        str(ours.statements),
        f"{ours.bytes:,}",
        *_held(line.ratio, line.operation.limit),
    ]


def _other(line: Line, name: str) -> str:
    """The median and, of others, how many times ours."""
    taken, times = line.taken.get(name), line.times_of(name, "ours")
    if not taken or times is None:
        return ""
    return f"{taken.median:.1f}" + ("" if name == "ours" else f" ({times:.1f} ×)")


def _held(times: float | None, limit: float) -> list[str]:
    if times is None:
        return ["", ""]
    return [f"{times:.2f}" + (" **missed**" if times > limit else ""), f"{limit:g}"]


def _show(lines: list[Line]) -> None:
    """Every figure, in milliseconds."""
    print(f"\n{'operation':34}{'program':16}{'median':>9}{'p95':>9}{'/s of 8':>9}", end="")
    print(f"{'statements':>12}{'bytes':>9}{'ratio':>7}{'at most':>9}")
    for line in lines:
        for name, taken in line.taken.items():
            print(f"{line.operation.name:34}{name:16}{_figures(taken)}", end="")
            print(
                "  ".join(("", *_held(line.ratio, line.operation.limit))) if name == "ours" else ""
            )


def _figures(taken: Taken) -> str:
    rate = f"{taken.each_second:.0f}" if taken.each_second else ""
    sent = "" if taken.statements is None else taken.statements
    return f"{taken.median:9.2f}{taken.slow:9.2f}{rate:>9}{sent:>12}{taken.bytes or '':>9}"
