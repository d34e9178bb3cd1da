"""docs/performance.md, written from what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

HEAD = """# Speed

What a request costs beside the SQL that it sends. `make bench` measures it, on a demo clinic of
{patients:,} patients, two years and four weeks of visits, in one process and with one caller: the
time of a request through the whole application (sign-in, grants, rules, audit, answer) divided by
the time of the very same statements, commits included, sent by the driver alone to a copy of the
database. The two take turns, and the quickest turn counts, which other programs disturb least; on
SQLite it is the processor's time, since all happens in one thread. Only ratios are kept, since times
are the machine's; these are of a small virtual machine of two busy cores. The statements are
counted with those of the session and of the audit trail.

| operation | {names} | statements |
|---|{rules}---:|
"""


FOOT = """
How to read it: a statement that answers from an index costs SQLite some hundredths of a millisecond,
less than it costs to write it down, so that a request of many small ones looks dear beside it; over
the wire to PostgreSQL the same request looks cheap. A week of all doctors is some 1,500 visits, whose
reasons are decrypted and put into words one by one. That no number of statements grows with the
clinic is held by `tests/test_statements.py`.
"""


class Line(NamedTuple):
    """How many times the SQL alone, and how many statements."""

    ratio: float
    statements: int


def write(path: Path, found: Mapping[str, Mapping[str, Line]], patients: int) -> None:
    """One row an operation, one column a database."""
    names = list(found)
    text = HEAD.format(patients=patients, names=" | ".join(names), rules="---:|" * len(names))
    for operation in found[names[0]]:
        lines = [found[name][operation] for name in names]
        counts = sorted({line.statements for line in lines})
        cells = [operation, *(f"{line.ratio:.1f}" for line in lines), "–".join(map(str, counts))]
        text += f"| {' | '.join(cells)} |\n"
    path.write_text(text + FOOT, encoding="utf-8")
