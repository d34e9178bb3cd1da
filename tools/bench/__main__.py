"""What the clinic costs beside bare routes and beside others: `make bench`.

Everything runs as in production, under gunicorn, on a demo clinic of 20,000 patients and 150,000
visits: ours on PostgreSQL and on SQLite, raw routes, and three admin frameworks as their own
documentation sets them up. The programs take turns, request by request, so that what else the
machine does hits all alike; only the ratios of one run mean anything. Then ours on ten times the
data, and messages.

`--quick` measures less often, and ours and raw alone; `--write` keeps the ratios in
docs/performance.md. BENCH_FOLDER keeps the databases for the next run, BENCH_PATIENTS makes them
smaller, BENCH_ONLY measures the operations in whose names it stands.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import asking_ours  # noqa: E402
import asking_peers  # noqa: E402
import asking_raw  # noqa: E402
import clinics  # noqa: E402
import growth  # noqa: E402
import measure  # noqa: E402
import messages  # noqa: E402
import operations  # noqa: E402
import page  # noqa: E402
from asking import Program  # noqa: E402
from clinics import Clinic  # noqa: E402
from servers import serving  # noqa: E402

PATIENTS = int(os.environ.get("BENCH_PATIENTS", "20000"))
WANTED = [o for o in operations.ALL if os.environ.get("BENCH_ONLY", "") in o.name]
QUICK = "--quick" in sys.argv


def main() -> None:
    if {"-h", "--help"} & set(sys.argv):
        print(__doc__)
        return
    with TemporaryDirectory() as scratch:
        folder = Path(os.environ.get("BENCH_FOLDER") or scratch)
        kept = clinics.on_postgresql(folder, PATIENTS)
        clinic = clinics.copied(kept, "measured", anew=True)  # each run books its times
        copies = None if QUICK else (asking_peers.copy_for_all(kept), growth.tenfold(kept))
        os.environ |= clinic.environment()  # the raw SQL is sent from here, too
        told = page.Page(clinic.facts | {"patients": PATIENTS})
        with ExitStack() as running:
            programs = _asked(clinic, running)
            if copies:
                programs |= _beside(folder, copies[0], running)
            told.beside(measure.in_turns(WANTED, programs, QUICK), programs)
        if copies:
            told.growth(_grown(clinics.copied(kept, "measured"), copies[1]))
            if list(operations.ALL) == WANTED:
                messages.measure()
    if "--write" in sys.argv:
        told.write(ROOT / "docs" / "performance.md")


def _asked(clinic: Clinic, running: ExitStack) -> dict[str, Program]:
    """Ours and the raw routes, running until the end."""
    ours = running.enter_context(serving("ours", clinic.environment()))
    raw = running.enter_context(serving("raw", clinic.environment()))
    return {
        "ours": asking_ours.program(clinic, ours),
        "raw": asking_raw.program(clinic, raw),
        "open": asking_ours.open_routes(ours),
    }


def _beside(folder: Path, copy: Clinic, running: ExitStack) -> dict[str, Program]:
    """Ours on SQLite, and the others."""
    file = clinics.on_sqlite(folder / "sqlite", PATIENTS)
    on_sqlite = running.enter_context(serving("ours", file.environment()))
    found = {"ours on SQLite": asking_ours.program(file, on_sqlite)}
    return found | asking_peers.programs(copy, running)


def _grown(clinic: Clinic, tenfold: Clinic) -> list[measure.Line]:
    """Ours on this clinic and on one with ten times the past, in turns."""
    with ExitStack() as running:
        programs = {
            name: asking_ours.program(
                one, running.enter_context(serving("ours", one.environment()))
            )
            for name, one in {"ours": clinic, "ten times": tenfold}.items()
        }
        return measure.in_turns(WANTED, programs, QUICK)


if __name__ == "__main__":
    main()
