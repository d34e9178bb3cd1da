"""The table of what was measured, on the screen and in docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from measure import Line, Taken
from servers import THREADS, WORKERS, Server

HEAD = """# Speed

What the clinic costs beside bare routes and beside others. `make bench` measures it: a demo clinic
of {patients:,} patients and {appointments:,} visits on PostgreSQL, each program under the same
gunicorn ({workers} processes of {threads} threads). The programs take turns, request by request, so
that what else the machine does hits all alike. Milliseconds are those of one client on a small
virtual machine of two cores: only the ratios of one run mean anything.

The **raw route** is what a good engineer would write if there were no session, permission, row scope
or trail: a bare Flask route that sends the SQL by psycopg and answers JSON (`tools/bench/raw.py`).
**SQL alone** is that same code called without a server; for the login it is the hash of the password.
**Ours** is the whole request: session, permission, row scope, rules, audit, answer, for the list, the
form, the chart and the figures as a page. The **ratio** is ours to the raw route, with these exceptions:
the empty route and the form are set beside an empty route of the clinic that is open, the patient list
beside the raw search, and the login beside the hash alone. **Of 8** is answers a second to eight
clients at once.

| operation | SQL alone | raw route | ours | p95 | raw of 8 | ours of 8 | statements | bytes | ratio | at most |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
"""
FOOT = """
The processes of the clinic hold {ours:.0f} MB together, those of the raw routes {raw:.0f} MB.
"""


def show(lines: list[Line], servers: Mapping[str, Server]) -> None:
    """Every figure, in milliseconds."""
    print(f"{'operation':34}{'program':10}{'median':>8}{'p95':>8}{'/s of 8':>9}", end="")
    print(f"{'statements':>12}{'bytes':>9}{'ratio':>7}{'at most':>9}")
    for line in lines:
        for name, taken in line.taken.items():
            print(f"{line.operation.name:34}{name:10}{_figures(taken)}", end="")
            print(_verdict(line) if name == "ours" else "")
    for name, server in servers.items():
        print(f"memory of {name}: {server.megabytes():.0f} MB")


def write(
    path: Path, lines: list[Line], servers: Mapping[str, Server], facts: Mapping[str, int]
) -> None:
    """docs/performance.md, anew."""
    text = HEAD.format(
        patients=facts["patients"], appointments=facts["appointments"], workers=WORKERS,
        threads=THREADS,
    )  # fmt: skip
    text += "".join(_row(line) for line in lines)
    held = {name: server.megabytes() for name, server in servers.items()}
    path.write_text(text + FOOT.format(**held), encoding="utf-8")


def _row(line: Line) -> str:
    taken, ours = line.taken, line.taken["ours"]
    raw, alone = taken.get("raw") or taken.get("open"), taken.get("alone")
    missed = line.ratio and line.operation.limit and line.ratio > line.operation.limit
    cells = [
        line.operation.name,
        f"{alone.median:.1f}" if alone else "",
        f"{raw.median:.1f}" if raw else "",
        f"{ours.median:.1f}",
        f"{ours.slow:.1f}",
        f"{raw.each_second:.0f}" if raw and raw.each_second else "",
        f"{ours.each_second:.0f}" if ours.each_second else "",
        str(ours.statements),
        f"{ours.bytes:,}",
        "" if line.ratio is None else f"{line.ratio:.2f}" + (" **missed**" if missed else ""),
        f"{line.operation.limit:g}" if line.operation.limit else "",
    ]
    return f"| {' | '.join(cells)} |\n"


def _figures(taken: Taken) -> str:
    rate = f"{taken.each_second:.0f}" if taken.each_second else ""
    sent = "" if taken.statements is None else taken.statements
    return f"{taken.median:8.2f}{taken.slow:8.2f}{rate:>9}{sent:>12}{taken.bytes or '':>9}"


def _verdict(line: Line) -> str:
    if line.ratio is None or line.operation.limit is None:
        return ""
    held = "" if line.ratio <= line.operation.limit else "  missed"
    return f"{line.ratio:7.2f}{line.operation.limit:9}{held}"
